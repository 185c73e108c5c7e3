import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import type { WorkloadView } from '../../../views.ts';
import { spend } from '../../../../base/effort.ts';
import { selecting } from '../../policy/selecting.ts';
import { isEnforcedFor } from '../../policy/translate/to-sidecar/served.ts';
import { decidedServices } from '../../policy/translate/to-sidecar/translate.ts';
import type { ServiceFacts, World } from '../../policy/translate/world.ts';
import { toldCallers, type Callers } from '../callers.ts';
import { makesGateway } from '../../vocabulary/gateway-pods.ts';
import { orderOf, type Order } from '../order.ts';
import { callingAmong, keysAmong, type Wait } from '../waits.ts';
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
  // Each is one of its own for each Service, and asked whether it selects the pods.
  spend(enforced.length);
  const policies = enforced.map(({ object, policy }) => ({
    object,
    policy: { ...policy, targetRefs: [], selector: service.selector },
  }));
  return toldCallers(service, { ...world, policies }, declared);
}

/** Whom a workload calls through a waypoint comes before it: it goes around that once it has its sidecar. */
function calledFirst(surroundings: Surroundings, workloads: readonly WorkloadView[]): () => readonly Wait[] {
  const world = exitWorldOf(surroundings);
  const decided = decidedServices(world).map((served) => {
    spend(world.policies.length / 2);
    const enforced = world.policies.filter(({ policy }) => isEnforcedFor(policy, served, world));
    return {
      service: served.service,
      callers: callersThrough(served.service, enforced, world, surroundings.spec.callers),
    };
  });
  return () => {
    const keysOf = keysAmong(workloads);
    const calling = callingAmong(workloads, world.namespace);
    const all = workloads.map((_each, place) => place);
    const select = selecting(
      workloads.map(({ templateLabels }) => templateLabels),
      spend,
    );
    return decided.map(({ service, callers }) => ({
      first: keysOf(select(service.selector)),
      later: keysOf(callers.kind === 'Unknown' ? all : calling(callers.callers)),
      why: service.name,
    }));
  };
}

/**
 * The workloads in the order of their restart: the called before their callers, because a caller with a sidecar is
 * refused by pods that are still behind their waypoint. Of a Service whose callers nobody names everybody in the
 * namespace may be one.
 */
export const exitOrder: (surroundings: Surroundings) => Order = memoize((surroundings: Surroundings) => {
  const workloads = surroundings.workloads.filter((workload) => !makesGateway(workload));
  const order = orderOf({
    surroundings,
    workloads,
    waits: () => calledFirst(surroundings, workloads),
    say: (before, more) =>
      `after ${before.map(([called]) => called).join(', ')}${more ? ' and others' : ''}, which it calls through a waypoint or may call`,
  });
  if (surroundings.order !== undefined) return order;
  return { ...order, workloads: [...order.workloads, ...surroundings.workloads.filter(makesGateway)] };
});
