import type { Surroundings } from '../../../adapter.ts';
import { selects, type WorkloadView } from '../../../views.ts';
import { isEnforcedFor } from '../../policy/translate/to-sidecar/served.ts';
import { decidedServices } from '../../policy/translate/to-sidecar/translate.ts';
import type { ServiceFacts, World } from '../../policy/translate/world.ts';
import { anyOf, toldCallers, type Callers } from '../callers.ts';
import { makesGateway } from '../gateway-pods.ts';
import { inOrder, keyOf, reasonsOf, stored, type Order, type Wait } from '../order.ts';
import { exitWorldOf } from './served.ts';

/**
 * Who calls a Service, by what the user declared or by the policies that its waypoint enforces for it, as if they
 * selected its pods.
 */
export function callersThrough(
  service: ServiceFacts,
  enforced: World['policies'],
  world: Pick<World, 'workloads'>,
  declared: Surroundings['spec']['callers'],
): Callers {
  const policies = enforced.map(({ object, policy }) => ({
    object,
    policy: { ...policy, targetRefs: [], selector: service.selector },
  }));
  return toldCallers(service, { ...world, policies }, declared);
}

/** Whom a workload calls through a waypoint comes before it: it goes around that once it has its sidecar. */
function calledFirst(surroundings: Surroundings, workloads: readonly WorkloadView[]): readonly Wait[] {
  const world = exitWorldOf(surroundings);
  return decidedServices(world).map((served): Wait => {
    const callers = callersThrough(
      served.service,
      world.policies.filter(({ policy }) => isEnforcedFor(policy, served, world)),
      world,
      surroundings.spec.callers,
    );
    const isCaller = callers.kind === 'Unknown' ? () => true : anyOf(callers.callers);
    const called = workloads.filter(({ templateLabels }) =>
      selects({ matchLabels: served.service.selector }, templateLabels),
    );
    const calling = workloads.filter(({ serviceAccount }) => isCaller({ namespace: world.namespace, serviceAccount }));
    return { first: new Set(called.map(keyOf)), later: new Set(calling.map(keyOf)), why: served.service.name };
  });
}

/**
 * The workloads in the order of their restart: the called before their callers, because a caller with a sidecar is
 * refused by pods that are still behind their waypoint. Of a Service whose callers nobody names everybody in the
 * namespace may be one.
 */
export function exitOrder(surroundings: Surroundings): Order {
  const workloads = surroundings.workloads.filter((workload) => !makesGateway(workload));
  if (surroundings.order !== undefined)
    return stored(surroundings.workloads, surroundings.order, () => calledFirst(surroundings, workloads));
  const waits = calledFirst(surroundings, workloads);
  const { workloads: ordered, circle } = inOrder(workloads, waits);
  const reasons = reasonsOf(
    waits,
    (before, more) =>
      `after ${before.map(([called]) => called).join(', ')}${more ? ' and others' : ''}, which it calls through a waypoint or may call`,
  );
  return { workloads: [...ordered, ...surroundings.workloads.filter(makesGateway)], reasons, circle };
}
