import type { PlannedRestart } from '../../../api/namespace-migration.ts';
import type { Surroundings } from '../../adapter.ts';
import { selects, type WorkloadView } from '../../views.ts';
import { anyOf, guardedServices } from './callers.ts';
import { nameInMetrics } from './observed.ts';

/** The order of the workloads of a namespace, or those that call each other in a circle. */
export interface Order {
  readonly workloads: readonly WorkloadView[];
  /** For each workload that has to wait for others (`Deployment api`): for whom, and how that is known. */
  readonly reasons: ReadonlyMap<string, string>;
  readonly circle: readonly WorkloadView[];
}

/** `Deployment web`. */
export function keyOf({ kind, name }: Pick<WorkloadView, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

/**
 * Workloads of which each of `later` has to be restarted after each of `first` but itself, and why. In groups: where
 * everybody may call everybody, there would be a pair for every two of them.
 */
export interface Wait {
  readonly first: ReadonlySet<string>;
  readonly later: ReadonlySet<string>;
  readonly why: string;
}

/** Whoever calls a workload through its sidecar is refused once that one has none, and so comes before it. */
function callersFirst(surroundings: Surroundings): readonly Wait[] {
  const { workloads, namespace } = surroundings;
  return guardedServices(surroundings).flatMap(({ service, callers }): readonly Wait[] => {
    if (callers.kind === 'Unknown') return [];
    const isCaller = anyOf(callers.callers);
    const calling = workloads.filter(({ name, serviceAccount, templateLabels }) =>
      isCaller({ namespace: namespace.name, serviceAccount, workload: nameInMetrics(templateLabels, name) }),
    );
    const called = workloads.filter(({ templateLabels }) => selects({ matchLabels: service.selector }, templateLabels));
    return [
      {
        first: new Set(calling.map(keyOf)),
        later: new Set(called.map(keyOf)),
        why: `Service ${service.name}, by ${callers.from}`,
      },
    ];
  });
}

/** Waits by the keys of some of their workloads. */
function byKey<T extends Wait>(
  waits: readonly T[],
  keysOf: (wait: T) => ReadonlySet<string>,
): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const wait of waits) {
    for (const key of keysOf(wait)) {
      const known = found.get(key);
      if (known === undefined) found.set(key, [wait]);
      else known.push(wait);
    }
  }
  return found;
}

/** As many are named as somebody reads. */
const mostNamed = 20;

/** For each workload that waits: those before it, each with why, and whether there are more than are named. */
export function reasonsOf(
  waits: readonly Wait[],
  say: (before: readonly (readonly [key: string, why: readonly string[]])[], more: boolean) => string,
): ReadonlyMap<string, string> {
  const named = new Map(waits.map((wait) => [wait, [...wait.first].sort().slice(0, mostNamed + 1)]));
  return new Map(
    [...byKey(waits, ({ later }) => later)].flatMap(([key, all]) => {
      const before = new Map<string, Set<string>>();
      for (const wait of all.slice(0, mostNamed)) {
        for (const other of named.get(wait)?.filter((each) => each !== key) ?? [])
          before.set(other, (before.get(other) ?? new Set()).add(wait.why));
      }
      if (before.size === 0) return [];
      const sorted = [...before]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([other, why]) => [other, [...why].sort()] as const);
      return [[key, say(sorted.slice(0, mostNamed), sorted.length > mostNamed || all.length > mostNamed)] as const];
    }),
  );
}

/**
 * The order that was stored when the namespace was started: metrics may be away now, or show the move itself. What has
 * appeared since comes right before the first that waits for it, as far as that can be told, else last.
 */
export function stored(
  workloads: readonly WorkloadView[],
  planned: readonly PlannedRestart[],
  waitsNow: () => readonly Wait[],
): Order {
  const places = new Map(planned.map((each, index) => [keyOf(each), index]));
  const { known = [], fresh = [] } = Object.groupBy(workloads, (workload) =>
    places.has(keyOf(workload)) ? 'known' : 'fresh',
  );
  const order = known.toSorted((a, b) => (places.get(keyOf(a)) ?? 0) - (places.get(keyOf(b)) ?? 0));
  const waits = fresh.length === 0 ? [] : waitsNow();
  for (const workload of fresh) {
    const leads = waits.filter(({ first }) => first.has(keyOf(workload)));
    const at = order.findIndex((other) => leads.some(({ later }) => later.has(keyOf(other))));
    order.splice(at < 0 ? order.length : at, 0, workload);
  }
  return { workloads: order, reasons: new Map(), circle: [] };
}

/** The workloads, each after those that it waits for; what is in a circle comes last, in the order of its names. */
export function inOrder(
  workloads: readonly WorkloadView[],
  waits: readonly Wait[],
): Pick<Order, 'workloads' | 'circle'> {
  const all = new Set(workloads.map(keyOf));
  const open = waits.map((wait) => ({ ...wait, left: [...wait.first].filter((key) => all.has(key)).length }));
  const [leading, waiting] = [byKey(open, ({ first }) => first), byKey(open, ({ later }) => later)];
  const isFree = (key: string): boolean =>
    waiting.get(key)?.every(({ first, left }) => left === (first.has(key) ? 1 : 0)) !== false;
  const sorted: WorkloadView[] = [];
  let left = workloads;
  for (;;) {
    const { free = [], held = [] } = Object.groupBy(left, (workload) => (isFree(keyOf(workload)) ? 'free' : 'held'));
    if (free.length === 0) break;
    for (const workload of free) {
      sorted.push(workload);
      for (const wait of leading.get(keyOf(workload)) ?? []) wait.left -= 1;
    }
    left = held;
  }
  return { workloads: [...sorted, ...left], circle: left };
}

/** The workloads in the order of their restart: callers before the Services that refuse callers with sidecars. */
export function restartOrder(surroundings: Surroundings): Order {
  if (surroundings.order !== undefined)
    return stored(surroundings.workloads, surroundings.order, () => callersFirst(surroundings));
  const waits = callersFirst(surroundings);
  const reasons = reasonsOf(
    waits,
    (before, more) =>
      `after ${before.map(([caller, why]) => `${caller}, which calls it (${why.join('; ')})`).join(', and ')}${more ? ', and others' : ''}`,
  );
  return { ...inOrder(surroundings.workloads, waits), reasons };
}
