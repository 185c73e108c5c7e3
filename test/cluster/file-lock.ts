import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { sleep, systemClock } from '../../src/base/clock.ts';
import { identityOf, isRunning, type ProcessIdentity } from './process-identity.ts';

/**
 * Runs `work` while no other process holds the lock at `path`. The lock file names its holder, so one that a killed
 * process left behind is recognised and taken over.
 */
export async function withFileLock<Result>(
  path: string,
  log: (line: string) => void,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  let told = false;
  while (!tryLock(path)) {
    const holder = holderOf(path);
    if (holder !== undefined && isRunning(holder)) {
      if (!told) log(`waiting for process ${holder.pid}, which holds ${path}`);
      told = true;
      await sleep(systemClock, 500, signal);
    } else {
      breakStaleLock(path);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** `link` fails when the name exists, and the content is there from the first instant on. */
function tryLock(path: string): boolean {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(identityOf(process.pid)));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function holderOf(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

/** Two processes may break the same lock at once; the one that moved away a fresh lock by mistake puts it back. */
function breakStaleLock(path: string): void {
  const moved = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, moved);
    const holder = holderOf(moved);
    if (holder !== undefined && isRunning(holder)) linkSync(moved, path);
  } catch {
    // Somebody else broke or took it first: the caller looks again.
  } finally {
    rmSync(moved, { force: true });
  }
}
