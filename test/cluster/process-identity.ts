import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/**
 * A process that can be told apart from a later one with the same number: pids are reused, so a pid read from a file
 * may by now belong to somebody else, and that one must never be ended.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /**
   * When it started. Not its command line: that changes with an exec, and reads as empty for an instant while the
   * kernel is still setting up the new program, after Node has already reported it as spawned.
   */
  readonly birth: string;
}

/** Undefined when no such process runs; a zombie does not run. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const birth = existsSync('/proc/self/stat') ? birthFromProc(pid) : birthFromPs(pid);
  return birth === undefined ? undefined : { pid, birth };
}

/** Whether exactly this process still runs. */
export function isRunning(process: ProcessIdentity): boolean {
  return identityOf(process.pid)?.birth === process.birth;
}

/** Whether anything is left of it: a process that has ended, but that its parent has not heard of, does not run. */
export function isThere({ pid }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Sends a signal to exactly this process; nothing happens when it is gone. */
export function signalProcess(target: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(target)) return;
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Fields after the command's closing parenthesis, see proc(5): 3 is the state, 22 the start time in ticks since boot.
 */
function birthFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return fields[19];
  } catch {
    return undefined;
  }
}

function birthFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-ww', '-p', String(pid), '-o', 'stat=,lstart='], { encoding: 'utf8' }).trim();
    const [state = '', ...rest] = line.split(/\s+/);
    return state === '' || state.startsWith('Z') ? undefined : rest.join(' ');
  } catch {
    return undefined;
  }
}
