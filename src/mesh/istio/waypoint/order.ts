import type { Surroundings } from '../../adapter.ts';
import { selects, type WorkloadView } from '../../views.ts';
import { guardedServices, isOf } from './callers.ts';

/** The order of the workloads of a namespace, or those that call each other in a circle. */
export interface Order {
  readonly workloads: readonly WorkloadView[];
  /** One line for each workload that has to wait for others: whom, and why. */
  readonly reasons: readonly string[];
  readonly circle: readonly WorkloadView[];
}

/** By which an order tells workloads apart. */
export function keyOf({ kind, name }: WorkloadView): string {
  return `${kind} ${name}`;
}

/** For each workload those that have to be restarted before it: whoever calls it through its sidecar is refused once it has none. */
function callersFirst(surroundings: Surroundings): ReadonlyMap<string, ReadonlySet<string>> {
  const { workloads, namespace } = surroundings;
  const before = new Map<string, Set<string>>();
  for (const { service, callers } of guardedServices(surroundings)) {
    if (callers.kind === 'Unknown') continue;
    const calling = workloads.filter((workload) => callers.callers.some((caller) => isOf(caller, { namespace: namespace.name, serviceAccount: workload.serviceAccount })));
    for (const called of workloads.filter(({ templateLabels }) => selects({ matchLabels: service.selector }, templateLabels))) {
      const others = calling.map(keyOf).filter((key) => key !== keyOf(called));
      before.set(keyOf(called), new Set([...before.get(keyOf(called)) ?? [], ...others]));
    }
  }
  return before;
}

/** The workloads, each after those that `before` names for it; what is in a circle comes last, in the order of its names. */
export function inOrder(workloads: readonly WorkloadView[], before: ReadonlyMap<string, ReadonlySet<string>>): Pick<Order, 'workloads' | 'circle'> {
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
  const before = callersFirst(surroundings);
  const reasons = [...before].filter(([, others]) => others.size > 0).map(([called, others]) => `${called} after ${[...others].sort().join(', ')}, which call it`);
  return { ...inOrder(surroundings.workloads, before), reasons };
}
