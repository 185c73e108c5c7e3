import type { KubeObject } from '../../../src/api/object.ts';
import { at, labels, text } from './json.ts';
import type { Committed, States } from './states.ts';

const journal = 'meshmigration.dev/journal';
const restart = 'meshmigration.dev/restart';

const made: readonly string[] = ['AuthorizationPolicy', 'PeerAuthentication', 'Gateway', 'ConfigMap'];
const restarted: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** Which write of the operator is the first in a namespace: everything after it belongs to what has begun. */
export class Beginnings {
  readonly #states: States;
  /** Namespaces in which something is under way, or at rest, until the operator takes the journal away, by uid. */
  readonly #begun = new Set<string>();

  constructor(states: States) {
    this.#states = states;
  }

  has(name: string): boolean {
    return this.#begun.has(this.#uid(name));
  }

  /** Whoever puts a journal back has begun nothing. */
  edited({ kind, key, after }: Committed): void {
    if (kind === 'Namespace' && journalOf(after) !== undefined) this.#begun.add(this.#uid(key));
  }

  /** The namespace that begins by a write of the operator; undefined where none does. */
  written(change: Committed): string | undefined {
    const { kind, key, after } = change;
    if (kind === 'MeshMigration' || kind === 'NamespaceMigration') return undefined;
    const name = kind === 'Namespace' ? key : (key.split('/')[0] ?? '');
    const uid = this.#uid(name);
    if (uid === '' || name === 'mesh-migration-system') return undefined;
    const hadBegun = this.#begun.has(uid);
    if (kind === 'Namespace' && journalOf(after) === undefined) this.#begun.delete(uid);
    else if (kind === 'Namespace') this.#begun.add(uid);
    return !hadBegun && isFirst(change) ? name : undefined;
  }

  #uid(name: string): string {
    return this.#states.get('Namespace', undefined, name)?.metadata.uid ?? '';
  }
}

/** Whether a write begins something, in a namespace in which nothing has begun. What is taken away begins nothing. */
function isFirst({ kind, before, after }: Committed): boolean {
  if (after === undefined) return false;
  if (made.includes(kind)) return before === undefined;
  if (restarted.includes(kind)) return restartOf(after) !== undefined && restartOf(after) !== restartOf(before);
  if (kind !== 'Namespace') return false;
  const now = journalOf(after);
  if (now !== undefined) return text(at(now, 'direction')) !== 'Backward';
  return JSON.stringify(before?.metadata.labels) !== JSON.stringify(after.metadata.labels);
}

const planes: readonly string[] = ['istio-injection', 'istio.io/dataplane-mode'];

/** Whether a write changes the data plane of new pods, or has a workload make some. */
export function isStep({ kind, before, after }: Committed): boolean {
  if (after === undefined || before === undefined) return false;
  if (restarted.includes(kind)) return restartOf(after) !== undefined && restartOf(after) !== restartOf(before);
  if (kind !== 'Namespace') return false;
  return planes.some((label) => before.metadata.labels?.[label] !== after.metadata.labels?.[label]);
}

function restartOf(workload: KubeObject | undefined): string | undefined {
  return labels(at(workload?.['spec'], 'template', 'metadata', 'annotations'))[restart];
}

/** The journal on a namespace; an empty one where it cannot be read. */
export function journalOf(namespace: KubeObject | undefined): unknown {
  const json = namespace?.metadata.annotations?.[journal];
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return {};
  }
}
