import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GoMissingError } from './binaries.ts';
import { cacheRoot } from './cache.ts';
import { readClusterState, type ClusterState } from './cluster-state.ts';
import { CommandError } from './command.ts';
import { ComponentError, componentHealth, componentRecords } from './component.ts';
import { auditLogOf, kubeconfigOf } from './control-plane.ts';
import { withFileLock } from './file-lock.ts';
import { enableAmbient, sharedClusterDirectory, startCluster, stopCluster, sweepAbandoned } from './lifecycle.ts';
import { NotReadyError } from './readiness.ts';

const usage = `A real Kubernetes control plane with Istio on this machine, for tests and for trying things out.

  npm run -s cluster -- up [--sidecar-only]   start it; on a cluster with sidecars only, add ambient
  npm run -s cluster -- status                what runs, and whether it works
  npm run -s cluster -- env [--json]          settings for a shell: eval "$(npm run -s cluster -- env)"
  npm run -s cluster -- down                  end it and remove everything that was in it
`;

/** Occurs when the command line makes no sense, or not with the cluster that is there. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Flags {
  readonly sidecarOnly: boolean;
  readonly json: boolean;
}

type Command = (flags: Flags, signal: AbortSignal) => Promise<number>;

const commands: Readonly<Record<string, Command>> = { up, down, status, env };
const directory = sharedClusterDirectory();

/** Progress goes to the error output, so that the output of `env` can be evaluated. */
function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function up(flags: Flags, signal: AbortSignal): Promise<number> {
  return await exclusively(signal, async () => {
    const present = readClusterState(directory);
    const broken = present === undefined ? [] : await notHealthy(present, signal);
    if (present !== undefined && broken.length === 0) {
      if (flags.sidecarOnly && present.ambient)
        throw new UsageError('The cluster that is up has ambient already; end it first: npm run -s cluster -- down');
      log('The cluster is already up.');
      if (!flags.sidecarOnly) await enableAmbient(present, log, signal);
    } else {
      if (present !== undefined) log(`The cluster that is there does not work (${broken.join(', ')}): starting over.`);
      await stopCluster(directory);
      await sweepAbandoned(log);
      await startCluster({ directory, sidecarOnly: flags.sidecarOnly, log, signal });
      log('The cluster is up.');
    }
    log('To use it in this shell:  eval "$(npm run -s cluster -- env)"');
    return 0;
  });
}

async function down(_flags: Flags, signal: AbortSignal): Promise<number> {
  return await exclusively(signal, async () => {
    const present = readClusterState(directory);
    await stopCluster(directory);
    log(present === undefined ? 'No cluster was up.' : 'The cluster is down.');
    return 0;
  });
}

async function status(_flags: Flags, signal: AbortSignal): Promise<number> {
  const state = readClusterState(directory);
  if (state === undefined) {
    log('No cluster is up.');
    return 1;
  }
  for (const record of componentRecords(directory)) {
    const health = await componentHealth(record, signal);
    process.stdout.write(`${record.name.padEnd(24)} ${String(record.process.pid).padStart(8)}  ${health}\n`);
  }
  const broken = await notHealthy(state, signal);
  process.stdout.write(
    `mesh: ${state.ambient ? 'sidecars and ambient' : 'sidecars only'}; logs: ${join(directory, 'logs')}\n`,
  );
  if (broken.length > 0) log(`not working: ${broken.join(', ')}`);
  return broken.length === 0 ? 0 : 1;
}

async function env(flags: Flags, signal: AbortSignal): Promise<number> {
  const state = readClusterState(directory);
  if (state?.phase !== 'up' || (await notHealthy(state, signal)).length > 0) {
    throw new UsageError('No working cluster is up. Start one with: npm run -s cluster -- up');
  }
  const settings = {
    KUBECONFIG: kubeconfigOf(state, 'admin'),
    MESH_CLUSTER_BIN: state.tools.binDir,
    MESH_CLUSTER_SHARE: state.tools.shareDir,
    MESH_CLUSTER_AUDIT_LOG: auditLogOf(state),
    MESH_CLUSTER_LOGS: join(directory, 'logs'),
    ...Object.fromEntries(
      Object.entries(state.ports).map(([name, port]) => [`MESH_CLUSTER_${constantCase(name)}_PORT`, String(port)]),
    ),
  };
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(settings, undefined, 2)}\n`);
  } else {
    for (const [name, value] of Object.entries(settings))
      process.stdout.write(`export ${name}=${shellQuoted(value)}\n`);
    process.stdout.write(`export PATH=${shellQuoted(state.tools.binDir)}:"$PATH"\n`);
  }
  return 0;
}

/** What does not work, in words; empty when everything does. */
async function notHealthy(state: ClusterState, signal: AbortSignal): Promise<string[]> {
  if (state.phase === 'starting') return ['its start was interrupted'];
  const checks = componentRecords(directory).map(async (record) => ({
    name: record.name,
    health: await componentHealth(record, signal),
  }));
  return (await Promise.all(checks))
    .filter(({ health }) => health !== 'healthy')
    .map(({ name, health }) => `${name} ${health}`);
}

/** Two `up` or `down` at once would undo each other's work. */
async function exclusively(signal: AbortSignal, work: () => Promise<number>): Promise<number> {
  mkdirSync(cacheRoot(), { recursive: true });
  return await withFileLock(`${directory}.lock`, log, signal, work);
}

/** `etcdClient` becomes `ETCD_CLIENT`. */
function constantCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function shellQuoted(value: string): string {
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseCommandLine(args);
  const [name = '', ...rest] = positionals;
  const command = commands[name];
  if (command === undefined || rest.length > 0)
    throw new UsageError(
      `${name === '' ? 'Name a command.' : `There is no command "${positionals.join(' ')}".`}\n\n${usage}`,
    );
  return await command({ sidecarOnly: values['sidecar-only'], json: values.json }, signal);
}

function parseCommandLine(args: readonly string[]): {
  readonly values: { readonly 'sidecar-only': boolean; readonly json: boolean };
  readonly positionals: readonly string[];
} {
  const boolean = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { 'sidecar-only': boolean, json: boolean } });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${usage}`);
  }
}

const expected = [UsageError, GoMissingError, CommandError, ComponentError, NotReadyError];
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    interrupted.abort(new UsageError(`Interrupted (${name}).`));
  });
}
try {
  process.exitCode = await main(process.argv.slice(2), interrupted.signal);
} catch (error) {
  process.exitCode = 1;
  log(
    expected.some((kind) => error instanceof kind) ? (error as Error).message : String((error as Error).stack ?? error),
  );
}
