import type { KubeObject } from '../../../src/api/object.ts';
import { at, fields, hasLabels, labels, strings, text } from './json.ts';
import type { Committed, States } from './states.ts';

const journal = 'meshmigration.dev/journal';

/** How long a namespace that has left the scope may be started by somebody who cannot know it yet. */
const graceMs = 100;

/** When something happens, and whether anything keeps the operator from knowing it. */
export interface Moments {
  readonly now: () => number;
  readonly isTroubled: () => boolean;
}

/** What the operator may write of a namespace that stays and is only restarted. */
const restarting: readonly string[] = ['NamespaceMigration', 'Pod', 'Deployment', 'StatefulSet', 'DaemonSet'];

/** Who is in the scope of a migration, by its spec and the labels of namespaces, and who ever was. */
export class Scopes {
  readonly #states: States;
  readonly #moments: Moments;
  /** Namespaces that were ever in scope since they exist, by uid. */
  readonly #ever = new Set<string>();
  /** Those that were ever named to be restarted where they are. */
  readonly #restarted = new Set<string>();
  /** Records that people have written, by uid. */
  readonly #asked = new Set<string>();
  /** Since when those are not in scope that were. */
  readonly #outSince = new Map<string, number>();
  /** Those that have a journal, until the operator itself takes it away. */
  readonly #begun = new Set<string>();

  constructor(states: States, moments: Moments) {
    this.#states = states;
    this.#moments = moments;
  }

  /** A spec or labels have changed. */
  note(): void {
    for (const { metadata } of this.#states.all('Namespace')) {
      const uid = metadata.uid ?? '';
      const [isIn, isNamed] = this.#isIn(metadata);
      if (isIn) this.#ever.add(uid);
      if (isNamed) this.#restarted.add(uid);
      if (isIn || isNamed) this.#outSince.delete(uid);
      else if (!this.#outSince.has(uid)) this.#outSince.set(uid, this.#moments.now());
    }
  }

  /** Whether the namespace was ever in scope since it exists. */
  has(name: string): boolean {
    return this.#ever.has(this.#states.get('Namespace', undefined, name)?.metadata.uid ?? '');
  }

  /** Whether it was ever named to be restarted where it is. */
  isNamed(name: string): boolean {
    return this.#restarted.has(this.#states.get('Namespace', undefined, name)?.metadata.uid ?? '');
  }

  /** Whether it stays and was only restarted, which a rollback does not take back. */
  isOnlyRestarted(name: string): boolean {
    const uid = this.#states.get('Namespace', undefined, name)?.metadata.uid ?? '';
    return this.#restarted.has(uid) && !this.#ever.has(uid);
  }

  /** A person has written a record: what the operator answers to it is no work on the namespace. */
  edited({ kind, after }: Committed): void {
    if (kind === 'NamespaceMigration') this.#asked.add(after?.metadata.uid ?? '');
  }

  /** What a write of the operator does where it has nothing to do. */
  written(change: Committed): readonly string[] {
    const { kind, key } = change;
    if (kind === 'MeshMigration') return [];
    const name = kind === 'Namespace' ? key : (key.split('/')[0] ?? '');
    const uid = this.#states.get('Namespace', undefined, name)?.metadata.uid;
    if (uid === undefined || name === 'mesh-migration-system') return [];
    const isRestart = this.#restarted.has(uid) && (restarting.includes(kind) || isOfAnnotations(change));
    const isAnswer =
      kind === 'NamespaceMigration' && this.#asked.has((change.after ?? change.before)?.metadata.uid ?? '');
    if (!this.#ever.has(uid) && !isRestart && !isAnswer)
      return [`Scope: the operator wrote ${kind} ${key}, which was never in scope`];
    return kind === 'Namespace' ? this.#started(change, uid) : [];
  }

  #started({ key, before, after }: Committed, uid: string): readonly string[] {
    const [had, has] = [before, after].map((each) => each?.metadata.annotations?.[journal]);
    if (has === undefined) this.#begun.delete(uid);
    if (had !== undefined || has === undefined || this.#begun.has(uid)) return [];
    this.#begun.add(uid);
    const out = this.#outSince.get(uid);
    const isForward = text(at(parsed(has), 'direction')) === 'Forward';
    return out !== undefined && isForward && !this.#moments.isTroubled() && this.#moments.now() - out > graceMs
      ? [`Scope: ${key} was started although it has left the scope`]
      : [];
  }

  #isIn(metadata: KubeObject['metadata']): readonly [isIn: boolean, isNamed: boolean] {
    const specs = this.#states.all('MeshMigration').map(({ spec }: KubeObject & { spec?: unknown }) => spec);
    return [specs.some((spec) => isSelected(spec, metadata)), specs.some((spec) => isNamedIn(spec, metadata))];
  }
}

/** Whether a migration of this spec is to move the namespace. */
export function isSelected(spec: unknown, { name, labels: own = {} }: KubeObject['metadata']): boolean {
  const { names, selector, exclude } = fields(at(spec, 'namespaces'));
  const wanted = labels(at(selector, 'matchLabels'));
  const matched = Object.keys(wanted).length > 0 && hasLabels(own, wanted);
  return (strings(names).includes(name) || matched) && !strings(exclude).includes(name);
}

/** Whether it is to be restarted where it is, and stays. */
export function isNamedIn(spec: unknown, { name }: Pick<KubeObject['metadata'], 'name'>): boolean {
  return strings(at(spec, 'restart', 'hboneNamespaces', 'names')).includes(name);
}

function isOfAnnotations({ kind, before, after }: Committed): boolean {
  return kind === 'Namespace' && JSON.stringify(before?.metadata.labels) === JSON.stringify(after?.metadata.labels);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}
