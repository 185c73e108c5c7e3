import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../src/api/object.ts';
import { at, fields, labels } from './json.ts';
import type { Scopes } from './scope.ts';
import type { Committed, States } from './states.ts';
import { differences, essence } from './writes.ts';

const restored = ['Namespace', 'Service', 'Deployment', 'StatefulSet', 'DaemonSet'] as const;
const workloads: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet'];
const journal = 'meshmigration.dev/journal';

/** Objects as people want them: how they were, with what people have changed since. */
export class Wanted {
  readonly #states: States;
  readonly #scopes: Scopes;
  /** By kind and key. */
  readonly #objects = new Map<string, KubeObject>();
  /** By namespace: what the operator has written into templates since it began there. */
  readonly #restarts = new Map<string, Set<string>>();
  /**
   * Workloads whose template somebody gave back such a value. It is the operator's until all is back, which takes it
   * out as it does everywhere; once more after that it stays. Neither is anything of a person's.
   */
  readonly #putBack = new Set<string>();

  constructor(states: States, scopes: Scopes) {
    this.#states = states;
    this.#scopes = scopes;
  }

  /** What is there now is how people want it. */
  start(): void {
    for (const kind of restored)
      for (const object of this.#states.all(kind)) this.#objects.set(idOf(kind, keyOf(object)), object);
  }

  get(kind: (typeof restored)[number], key: string): KubeObject | undefined {
    return this.#objects.get(idOf(kind, key));
  }

  /** What a person writes is what he wants, from then on. */
  edited(change: Committed): void {
    if (!restored.some((each) => each === change.kind)) return;
    this.#merge(change);
    const [was, is] = [change.before, change.after].map(restartOf);
    if (!workloads.includes(change.kind) || was === is) return;
    const isOurs = is !== undefined && this.#restartsIn(namespaceOf(change)).has(is);
    if (isOurs) this.#putBack.add(idOf(change.kind, change.key));
    else this.#putBack.delete(idOf(change.kind, change.key));
  }

  /** The operator has written something: how it restarts a namespace that stays is how that one is from then on. */
  written(change: Committed): void {
    const { kind, before, after } = change;
    if (kind === 'Namespace' && hasJournal(before) && !hasJournal(after)) this.#restarts.delete(change.key);
    if (!workloads.includes(kind)) return;
    const namespace = namespaceOf(change);
    const restart = restartOf(after);
    if (restart !== undefined) this.#restarts.set(namespace, this.#restartsIn(namespace).add(restart));
    const stays = this.#states
      .all('NamespaceMigration', namespace)
      .some((record) => at(record['status'], 'itinerary') === 'Hbone');
    if (stays && this.#scopes.isNamed(namespace)) this.#merge(change);
  }

  /** The namespace has gone. */
  forget(namespace: string): void {
    for (const id of [...this.#objects.keys()])
      if (id === idOf('Namespace', namespace) || id.includes(` ${namespace}/`)) this.#objects.delete(id);
  }

  /** Sentences about what is not as it is wanted, but for what `isLeft` says of its namespace. */
  notBack(isLeft: (namespace: string) => boolean): readonly string[] {
    return [...this.#objects].flatMap(([id, wanted]) => {
      const [kind = '', where = ''] = id.split(' ');
      const [namespace, name] = where.includes('/') ? (where.split('/') as [string, string]) : [undefined, where];
      if (isLeft(namespace ?? name)) return [];
      const found = this.#states.get(kind as (typeof restored)[number], namespace, name);
      if (found === undefined) return [];
      const isRestarted = this.#scopes.isOnlyRestarted(namespace ?? name) || this.#putBack.has(id);
      const bad = differences(essence(found, isRestarted), essence(wanted, isRestarted));
      return bad.length === 0 ? [] : [`${id} is not as it was: ${bad.join('; ')}`];
    });
  }

  #merge({ kind, key, before, after }: Committed): void {
    const id = idOf(kind, key);
    const wanted = this.#objects.get(id);
    if (after === undefined) this.#objects.delete(id);
    else if (before === undefined || wanted === undefined) this.#objects.set(id, after);
    else this.#objects.set(id, merged(wanted, before, after));
  }

  #restartsIn(namespace: string): Set<string> {
    return this.#restarts.get(namespace) ?? new Set();
  }
}

function idOf(kind: string, key: string): string {
  return `${kind} ${key}`;
}

function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function namespaceOf({ key }: Committed): string {
  return key.split('/')[0] ?? '';
}

function restartOf(workload: KubeObject | undefined): string | undefined {
  return labels(at(workload?.['spec'], 'template', 'metadata', 'annotations'))['meshmigration.dev/restart'];
}

function hasJournal(namespace: KubeObject | undefined): boolean {
  return namespace?.metadata.annotations?.[journal] !== undefined;
}

/** What was wanted, with what was changed between two states. */
function merged(wanted: KubeObject, before: KubeObject, after: KubeObject): KubeObject {
  return mergedJson(wanted, before, after) as KubeObject;
}

function mergedJson(wanted: unknown, before: unknown, after: unknown): unknown {
  if (isDeepStrictEqual(before, after)) return wanted;
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(after) || !isObject(before)) return after;
  const [was, is, have] = [fields(before), fields(after), fields(wanted)];
  const keys = new Set([...Object.keys(was), ...Object.keys(is), ...Object.keys(have)]);
  const entries = [...keys].map((key) => [key, mergedJson(have[key], was[key], is[key])] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
