import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, systemClock } from '../../src/base/clock.ts';
import { tail } from './command.ts';
import { answersOk } from './probe.ts';
import { identityOf, isRunning, isThere, signalProcess, type ProcessIdentity } from './process-identity.ts';

/** Occurs when a component ends or stays unhealthy while it is being started. */
export class ComponentError extends Error {
  override readonly name = 'ComponentError';
  /** Another program took the port first: starting over with other ports helps. */
  readonly portClash: boolean;
  constructor(message: string, portClash: boolean) {
    super(message);
    this.portClash = portClash;
  }
}

/** A program to run beside others, and how to see that it works. */
export interface ComponentSpec {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Answers 200 when it works; without one it works as long as it runs. */
  readonly healthUrl?: string;
}

/** A component that was started; kept in a file, so that any later process can see and end it. */
export interface ComponentRecord extends ComponentSpec {
  readonly process: ProcessIdentity;
}

const startTimeoutMs = 90_000;

/**
 * Starts it in a session of its own (a Ctrl-C in the terminal reaches only the parent) and waits until it is healthy.
 */
export async function startComponent(stateDir: string, spec: ComponentSpec, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  mkdirSync(recordsOf(stateDir), { recursive: true });
  mkdirSync(join(stateDir, 'logs'), { recursive: true });
  const log = openSync(logOf(stateDir, spec.name), 'a');
  const { PATH = '', HOME = '' } = process.env;
  // Nothing else of our environment: no proxy settings, no KUBECONFIG of the user's own cluster.
  const child = spawn(spec.file, spec.args, {
    cwd: stateDir,
    env: { PATH, HOME, ...spec.env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  await once(child, 'spawn');
  child.unref();
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  if (identity !== undefined) {
    const record: ComponentRecord = { ...spec, process: identity };
    writeFileSync(join(recordsOf(stateDir), `${spec.name}.json`), JSON.stringify(record));
  }
  await waitHealthy(stateDir, spec, identity, signal);
}

/** Ends the component of that name, if there is one, and starts it as described now. */
export async function restartComponent(stateDir: string, spec: ComponentSpec, signal: AbortSignal): Promise<void> {
  await stopComponents(
    stateDir,
    componentRecords(stateDir).filter(({ name }) => name === spec.name),
  );
  await startComponent(stateDir, spec, signal);
}

/** Ends it by force, and starts the same again: with what it has in files, and nothing that it had in memory. */
export async function crashComponent(stateDir: string, record: ComponentRecord, signal: AbortSignal): Promise<void> {
  signalProcess(record.process, 'SIGKILL');
  // Its port is free when its last thread has ended, which is later than that it does not run any more.
  while (isThere(record.process)) await sleep(systemClock, 10, signal);
  await startComponent(stateDir, record, signal);
}

async function waitHealthy(
  stateDir: string,
  spec: ComponentSpec,
  identity: ProcessIdentity | undefined,
  signal: AbortSignal,
): Promise<void> {
  const deadline = systemClock.monotonic() + startTimeoutMs;
  for (;;) {
    if (identity === undefined || !isRunning(identity)) throw startError(stateDir, spec, 'ended while it was starting');
    if (spec.healthUrl === undefined || (await answersOk(spec.healthUrl, signal))) return;
    if (systemClock.monotonic() > deadline)
      throw startError(stateDir, spec, `did not become healthy within ${startTimeoutMs / 1000} s`);
    await sleep(systemClock, 100, signal);
  }
}

function startError(stateDir: string, spec: ComponentSpec, what: string): ComponentError {
  const log = readFileSync(logOf(stateDir, spec.name), 'utf8');
  return new ComponentError(
    `${spec.name} ${what}; the end of its log:\n${tail(log)}`,
    log.includes('address already in use'),
  );
}

/** What was started and not yet ended, in no particular order. */
export function componentRecords(stateDir: string): ComponentRecord[] {
  try {
    return readdirSync(recordsOf(stateDir)).map(
      (file) => JSON.parse(readFileSync(join(recordsOf(stateDir), file), 'utf8')) as ComponentRecord,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Whether it runs, and whether it also answers. */
export async function componentHealth(
  record: ComponentRecord,
  signal: AbortSignal,
): Promise<'healthy' | 'unhealthy' | 'ended'> {
  if (!isRunning(record.process)) return 'ended';
  if (record.healthUrl === undefined) return 'healthy';
  return (await answersOk(record.healthUrl, signal)) ? 'healthy' : 'unhealthy';
}

/** Asks all to end, waits up to `graceMs`, ends the rest by force. Takes no signal: it is what runs after an abort. */
export async function stopComponents(
  stateDir: string,
  records: readonly ComponentRecord[],
  graceMs = 5_000,
): Promise<void> {
  for (const record of records) signalProcess(record.process, 'SIGTERM');
  const deadline = systemClock.monotonic() + graceMs;
  let running = records;
  while (running.length > 0) {
    if (systemClock.monotonic() > deadline) for (const record of running) signalProcess(record.process, 'SIGKILL');
    await sleep(systemClock, 50);
    running = running.filter((record) => isRunning(record.process));
  }
  for (const record of records) rmSync(join(recordsOf(stateDir), `${record.name}.json`), { force: true });
}

function recordsOf(stateDir: string): string {
  return join(stateDir, 'components');
}

function logOf(stateDir: string, name: string): string {
  return join(stateDir, 'logs', `${name}.log`);
}
