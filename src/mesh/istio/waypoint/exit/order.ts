import type { Surroundings } from '../../../adapter.ts';
import { selects, type WorkloadView } from '../../../views.ts';
import { isEnforcedFor } from '../../policy/translate/to-sidecar/served.ts';
import { decidedServices } from '../../policy/translate/to-sidecar/translate.ts';
import type { ServiceFacts, World } from '../../policy/translate/world.ts';
import { isOf, toldCallers, type Callers } from '../callers.ts';
import { gatewayNameLabel } from '../gateway.ts';
import { inOrder, keyOf, stored, type Order } from '../order.ts';
import { exitWorldOf } from './served.ts';

/** Who calls a Service, by what the user declared or by the policies that its waypoint enforces for it, as if they selected its pods. */
export function callersThrough(service: ServiceFacts, enforced: World['policies'], world: World, declared: Surroundings['spec']['callers']): Callers {
  const policies = enforced.map(({ object, policy }) => ({ object, policy: { ...policy, targetRefs: [], selector: service.selector } }));
  return toldCallers(service, { ...world, policies }, declared);
}

/** For each workload those that have to be restarted before it: whom it calls through a waypoint, which it goes around once it has its sidecar. */
function calledFirst(surroundings: Surroundings, workloads: readonly WorkloadView[]): ReadonlyMap<string, ReadonlySet<string>> {
  const world = exitWorldOf(surroundings);
  const before = new Map<string, Set<string>>();
  for (const served of decidedServices(world)) {
    const callers = callersThrough(served.service, world.policies.filter(({ policy }) => isEnforcedFor(policy, served, world)), world, surroundings.spec.callers);
    const calls = ({ serviceAccount }: WorkloadView): boolean =>
      callers.kind === 'Unknown' || callers.callers.some((caller) => isOf(caller, { namespace: world.namespace, serviceAccount }));
    const called = workloads.filter(({ templateLabels }) => selects({ matchLabels: served.service.selector }, templateLabels)).map(keyOf);
    for (const caller of workloads.filter(calls).map(keyOf)) before.set(caller, new Set([...before.get(caller) ?? [], ...called.filter((key) => key !== caller)]));
  }
  return before;
}

/**
 * The workloads in the order of their restart: the called before their callers, because a caller with a sidecar is refused by pods
 * that are still behind their waypoint. Of a Service whose callers nobody names everybody in the namespace may be one.
 */
export function exitOrder(surroundings: Surroundings): Order {
  if (surroundings.order !== undefined) return stored(surroundings.workloads, surroundings.order);
  const workloads = surroundings.workloads.filter(({ templateLabels }) => templateLabels[gatewayNameLabel] === undefined);
  const before = calledFirst(surroundings, workloads);
  const { workloads: ordered, circle } = inOrder(workloads, before);
  const reasons = new Map([...before].filter(([, others]) => others.size > 0).map(([caller, others]) => [caller, `after ${[...others].sort().join(', ')}, which it calls through a waypoint or may call`]));
  return { workloads: [...ordered, ...surroundings.workloads.filter((workload) => !workloads.includes(workload))], reasons, circle };
}
