import { systemClock, type Clock } from '../base/clock.ts';
import { systemRandom, type Random } from '../base/random.ts';
import type { ConnectionOptions } from '../kube/config.ts';
import type { HttpTransport } from '../kube/http-transport.ts';
import { meshes } from '../mesh/meshes.ts';
import type { Meshes } from '../mesh/registry.ts';

/** Where a command writes; a terminal has columns and rows. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** The streams of a process, or those of a test. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
}

/** All that a command has of the world around it. */
export interface Host extends Streams {
  /** The meshes that are known. */
  readonly meshes: Meshes;
  /** As it was called: what is told to be typed begins with it. */
  readonly program: string;
  readonly env: Readonly<Partial<Record<string, string>>>;
  readonly clock: Clock;
  readonly random: Random;
  /** Somebody has had enough. */
  readonly signal: AbortSignal;
  connect(options: ConnectionOptions): Promise<HttpTransport>;
}

/** Loaded only where a cluster is asked: the library takes longer to load than all the rest, at each key of Tab. */
async function connect(options: ConnectionOptions): Promise<HttpTransport> {
  const { loadConnection } = await import('../kube/config.ts');
  const { createHttpTransport } = await import('../kube/http-transport.ts');
  return createHttpTransport(await loadConnection(options));
}

/** The world of a process, but for what is given. */
export function hostOf(given: Streams & Partial<Host>): Host {
  return {
    program: 'mesh-migration',
    meshes,
    env: {},
    clock: systemClock,
    random: systemRandom,
    signal: new AbortController().signal,
    connect,
    ...given,
  };
}

/** kubectl calls a plugin by the name of its file. */
export function programFrom(path: string): string {
  return /(?:^|[/\\])kubectl-mesh_migration(?:\.\w+)?$/.test(path) ? 'kubectl mesh-migration' : 'mesh-migration';
}
