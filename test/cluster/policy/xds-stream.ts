import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { systemClock } from '../../../src/base/clock.ts';
import { record, stringMap, text, type Json } from '../../../src/mesh/json.ts';

/** Type URLs of what the data planes subscribe to. */
export const xdsTypes = {
  authorization: 'type.googleapis.com/istio.security.Authorization',
  address: 'type.googleapis.com/istio.workload.Address',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
} as const;

/** A security filter in a listener: an RBAC filter, or one that checks tokens. */
export interface PlacedFilter {
  readonly kind: 'http' | 'tcp' | 'jwt';
  readonly digest: string;
}

/** One way through a listener; each connection takes exactly one. */
export interface FilterChain {
  readonly name: string;
  /** In the order in which they run. */
  readonly filters: readonly PlacedFilter[];
}

/** What a stream needs to know: whom it asks, as whom, for what. */
export interface XdsOptions {
  /** The program of test/cluster/tools/istio/xds. */
  readonly program: string;
  readonly port: number;
  /** `type~ip~name.namespace~domain`. */
  readonly node: string;
  readonly metadata?: Json;
  readonly types: readonly string[];
}

/** Occurs when istiod ends a stream, or the program that holds it ends. */
export class XdsError extends Error {
  override readonly name = 'XdsError';
}

const patienceMs = 20_000;

/** Plays one node of the mesh for as long as it is open, and knows what istiod has told it so far. */
export class XdsStream {
  /** For messages. */
  readonly node: string;
  readonly #child: ChildProcess;
  readonly #resources = new Map<string, Map<string, Json>>();
  readonly #listeners = new Map<string, readonly FilterChain[]>();
  readonly #filters = new Map<string, Json>();
  readonly #waiting = new Set<() => void>();
  #responses = 0;
  #failure: XdsError | undefined;

  constructor(options: XdsOptions) {
    const { program, port, node, metadata = {}, types } = options;
    const args = [
      '--address',
      `127.0.0.1:${port}`,
      '--node',
      node,
      '--metadata',
      JSON.stringify(metadata),
      '--types',
      types.join(','),
    ];
    this.node = node;
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const errors: string[] = [];
    this.#child.stderr?.setEncoding('utf8').on('data', (part: string) => errors.push(part));
    this.#child.on('error', (error) => {
      this.#fail(`${program}: ${error.message}`);
    });
    this.#child.on('close', () => {
      this.#fail(`${node}: the stream ended: ${errors.join('')}`);
    });
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.#receive(line);
      });
  }

  /** How many responses have come: what was compared with one of them is still true while it does not change. */
  get responses(): number {
    return this.#responses;
  }

  /** The resources of a type by name, as protojson. */
  resources(type: string): ReadonlyMap<string, Json> {
    return this.#resources.get(type) ?? new Map<string, Json>();
  }

  /** The filter chains of each listener. */
  get listeners(): ReadonlyMap<string, readonly FilterChain[]> {
    return this.#listeners;
  }

  /** The configuration of a filter, as protojson. */
  filter(digest: string): Json {
    return this.#filters.get(digest) ?? {};
  }

  /**
   * Waits until `holds`, which is asked again after each response; `what` completes the sentence "istiod did not tell
   * ...".
   */
  async until(what: string, holds: () => boolean, signal: AbortSignal): Promise<void> {
    const patience = new AbortController();
    const cancel = systemClock.timer(patienceMs, () => {
      patience.abort(new XdsError(`istiod did not tell ${what} within ${patienceMs / 1000} s`));
    });
    try {
      while (!holds()) await this.#next(AbortSignal.any([signal, patience.signal]));
    } finally {
      cancel();
    }
  }

  /** Waits for one more response. */
  async #next(signal: AbortSignal): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(wake);
        reject(signal.reason as Error);
      };
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', abort);
        if (this.#failure === undefined) resolve();
        else reject(this.#failure);
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** Ends the program. */
  close(): void {
    this.#child.kill('SIGTERM');
  }

  #fail(message: string): void {
    this.#failure ??= new XdsError(message);
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #receive(line: string): void {
    const { type, resources, removed, filters = {} } = JSON.parse(line) as Response;
    const known = this.#resources.get(type) ?? new Map<string, Json>();
    this.#resources.set(type, known);
    for (const { name, value, chains = [] } of resources) {
      known.set(name, record(value));
      if (type === xdsTypes.listener) this.#listeners.set(name, chains);
    }
    for (const name of removed) {
      known.delete(name);
      this.#listeners.delete(name);
    }
    for (const [digest, config] of Object.entries(filters)) this.#filters.set(digest, config);
    this.#forgetUnused();
    this.#responses += 1;
    this.#wake();
  }

  #forgetUnused(): void {
    const used = new Set(
      [...this.#listeners.values()].flat().flatMap(({ filters }) => filters.map(({ digest }) => digest)),
    );
    for (const digest of this.#filters.keys()) if (!used.has(digest)) this.#filters.delete(digest);
  }
}

interface Response {
  readonly type: string;
  readonly resources: readonly {
    readonly name: string;
    readonly value?: unknown;
    readonly chains?: readonly FilterChain[];
  }[];
  readonly removed: readonly string[];
  readonly filters?: Readonly<Record<string, Json>>;
}

/** The policies that each workload is told to apply, by `namespace/pod`. */
export function attachedPolicies(stream: XdsStream): ReadonlyMap<string, readonly string[]> {
  const attached = new Map<string, readonly string[]>();
  for (const address of stream.resources(xdsTypes.address).values()) {
    const workload = record(address['workload']);
    const { namespace, name } = stringMap(workload);
    const policies = workload['authorizationPolicies'];
    const names = Array.isArray(policies) ? policies.map(text).filter((policy) => policy !== undefined) : [];
    if (namespace !== undefined && name !== undefined) attached.set(`${namespace}/${name}`, names);
  }
  return attached;
}
