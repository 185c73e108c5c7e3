import type { PlannedRestart } from '../../../api/namespace-migration.ts';
import type { Surroundings } from '../../adapter.ts';
import { selects, type WorkloadView } from '../../views.ts';
import { guardedServices, isOf } from './callers.ts';
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

/** Those that have to be restarted before a workload, each with the Services for which it calls it and how that is known. */
type Before = ReadonlyMap<string, ReadonlySet<string>>;

/** For each workload those that have to be restarted before it: whoever calls it through its sidecar is refused once it has none. */
function callersFirst(surroundings: Surroundings): ReadonlyMap<string, Before> {
  const { workloads, namespace } = surroundings;
  const before = new Map<string, Map<string, Set<string>>>();
  for (const { service, callers } of guardedServices(surroundings)) {
    if (callers.kind === 'Unknown') continue;
    const calling = workloads.filter(({ name, serviceAccount, templateLabels }) =>
      callers.callers.some((caller) => isOf(caller, { namespace: namespace.name, serviceAccount, workload: nameInMetrics(templateLabels, name) })));
    for (const called of workloads.filter(({ templateLabels }) => selects({ matchLabels: service.selector }, templateLabels))) {
      const others = before.get(keyOf(called)) ?? new Map<string, Set<string>>();
      before.set(keyOf(called), others);
      for (const key of calling.map(keyOf).filter((each) => each !== keyOf(called))) others.set(key, new Set([...others.get(key) ?? [], `Service ${service.name}, by ${callers.from}`]));
    }
  }
  return before;
}

function reasonFor(others: Before): string {
  return `after ${[...others].sort(([a], [b]) => (a < b ? -1 : 1)).map(([caller, services]) => `${caller}, which calls it (${[...services].sort().join('; ')})`).join(', and ')}`;
}

/** The order that was stored when the namespace was started: metrics may be away now, or show the move itself. What has appeared since comes last. */
export function stored(workloads: readonly WorkloadView[], planned: readonly PlannedRestart[]): Order {
  const places = new Map(planned.map((each, index) => [keyOf(each), index]));
  const placeOf = (workload: WorkloadView): number => places.get(keyOf(workload)) ?? planned.length;
  return { workloads: [...workloads].sort((a, b) => placeOf(a) - placeOf(b)), reasons: new Map(), circle: [] };
}

/** The workloads, each after those that `before` names for it; what is in a circle comes last, in the order of its names. */
export function inOrder(workloads: readonly WorkloadView[], before: ReadonlyMap<string, { has(key: string): boolean }>): Pick<Order, 'workloads' | 'circle'> {
  const sorted: WorkloadView[] = [];
  let left = workloads;
  for (;;) {
    const free = left.filter((workload) => !left.some((other) => before.get(keyOf(workload))?.has(keyOf(other)) === true));
    if (free.length === 0) break;
    sorted.push(...free);
    left = left.filter((workload) => !free.includes(workload));
  }
  return { workloads: [...sorted, ...left], circle: left };
}

/** The workloads in the order of their restart: callers before the Services that refuse callers with sidecars. */
export function restartOrder(surroundings: Surroundings): Order {
  if (surroundings.order !== undefined) return stored(surroundings.workloads, surroundings.order);
  const before = callersFirst(surroundings);
  const reasons = new Map([...before].filter(([, others]) => others.size > 0).map(([called, others]) => [called, reasonFor(others)]));
  return { ...inOrder(surroundings.workloads, before), reasons };
}
