import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import type { Ports } from './ports.ts';
import type { ProcessIdentity } from './process-identity.ts';

/**
 * One cluster, as written to `cluster.json` in its directory: enough for any later process to use, change or end it.
 */
export interface ClusterState {
  readonly directory: string;
  readonly tools: Binaries;
  readonly ports: Ports;
  /** Whether Istio's ambient components are installed. */
  readonly ambient: boolean;
  /** `starting` until everything works: a cluster whose start was interrupted is of no use. */
  readonly phase: 'starting' | 'up';
  /** The process without which nobody needs this cluster; none for one that `cluster up` left running. */
  readonly owner?: ProcessIdentity;
}

const fileName = 'cluster.json';

/** Replaces the file in one step, so that a reader never sees half of it. */
export function writeClusterState(state: ClusterState): void {
  mkdirSync(state.directory, { recursive: true, mode: 0o700 });
  const draft = join(state.directory, `${fileName}.new`);
  writeFileSync(draft, `${JSON.stringify(state, undefined, 2)}\n`);
  renameSync(draft, join(state.directory, fileName));
}

/** Undefined when there is no cluster in this directory. */
export function readClusterState(directory: string): ClusterState | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, fileName), 'utf8')) as ClusterState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
