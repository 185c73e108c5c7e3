import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import type { ConfigView } from '../../../views.ts';
import { isThere } from '../../asleep.ts';
import { nameOf } from '../../findings/rule.ts';
import { markOf } from '../../mark.ts';
import type { Served } from '../../policy/translate/to-sidecar/served.ts';
import { bounded, spend } from '../../policy/effort.ts';
import { policyOptionsOf } from '../../policy-options.ts';
import { everywhere, ofEach } from '../../question.ts';
import { decides, enforcedAt, policiesByTarget, type Enforced } from '../by-target.ts';
import type { Callers } from '../callers.ts';
import { callersThrough } from './order.ts';
import { isExit } from './route.ts';
import { servedServices } from './served.ts';

/*
 * Out of sidecars pods go back behind their waypoint, and callers that still have sidecars go around it: on the way there the called came first (MM092), so on
 * the way back its callers do. Asked of pods, and not of what a namespace says of itself: it may be back but for a Job, have lost its journal, or have been made
 * since. Whoever had sidecars at the start went around it before, which the journal remembers.
 */

/** A policy at the waypoint that somebody would not meet. */
export interface Around {
  readonly policy: ConfigView;
  /** Of the caller. */
  readonly namespace: string;
}

/** Of all Services of one namespace and all its callers: nobody is let past for want of time. */
const steps = 200_000;

/** Namespaces in which something has a sidecar, or would as soon as it wakes. */
function withSidecars(surroundings: Surroundings): readonly string[] {
  const others = everywhere(surroundings).filter((name) => name !== surroundings.namespace.name);
  return ofEach(others, surroundings, (there) => (isThere(there, 'Sidecar') ? [there.namespace.name] : []));
}

function callersOf(service: Served['service'], enforced: readonly Enforced[], { spec }: Surroundings): Callers {
  const policies = enforced.flatMap(({ object, policy }) =>
    policy.kind === 'AuthorizationPolicy' ? [{ object, policy }] : [],
  );
  return callersThrough(service, policies, { workloads: [] }, spec.callers);
}

function aroundOf(
  { service, waypoint }: Served,
  names: readonly string[],
  surroundings: Surroundings,
): readonly Around[] {
  const { mesh, namespace } = surroundings;
  const target = { kind: 'Service', namespace: namespace.name, name: service.name } as const;
  const enforced = enforcedAt(target, waypoint, policiesByTarget(mesh), policyOptionsOf(mesh)).filter(decides);
  const [first] = enforced;
  if (first === undefined) return [];
  const callers = callersOf(service, enforced, surroundings);
  spend(names.length);
  const calling = callers.kind === 'Unknown' ? undefined : new Set(callers.callers.map((each) => each.namespace));
  return names
    .filter((name) => calling?.has(name) !== false)
    .map((name) => ({ policy: first.object, namespace: name }));
}

/** Who would go around waypoints of the namespace if it went back behind them now. */
const aroundNow = memoize((surroundings: Surroundings): readonly Around[] => {
  if (!isExit(surroundings.route)) return [];
  const served = servedServices(surroundings);
  const names = served.length === 0 ? [] : withSidecars(surroundings);
  if (names.length === 0) return [];
  const all = bounded(steps, () => served.flatMap((each) => aroundOf(each, names, surroundings)));
  if (all.kind === 'Done') return all.value;
  const [policy] = surroundings.mesh.configs('AuthorizationPolicy', surroundings.namespace.name);
  return policy === undefined ? [] : names.map((namespace) => ({ policy, namespace }));
});

/** So many are remembered one by one; of more that there were more, and then only those count that were moved. */
const mostRemembered = 150;

function markOfCaller(namespace: string): string {
  return markOf('around', nameOf({ kind: 'Namespace', name: namespace }), 'goes around');
}

const markOfAll = markOfCaller('*');

/** Marks of those that have sidecars at the start: whatever a policy comes to say of them, they go around it since before. */
export function goAroundNow(surroundings: Surroundings): readonly string[] {
  if (!isExit(surroundings.route) || servedServices(surroundings).length === 0) return [];
  const names = withSidecars(surroundings);
  return names.length > mostRemembered ? [markOfAll] : names.map(markOfCaller);
}

/** Whether a migration has moved it, and can take it back: before that it did not, whoever was moved first. */
function wasMoved(name: string, { scope }: Surroundings): boolean {
  return scope !== undefined && scope.wayBack(name) !== 'Stays';
}

/** Who would go around waypoints of the namespace if it went back now, and did not before the start. */
export const aroundBack = memoize((surroundings: Surroundings): readonly Around[] => {
  const { heldBefore } = surroundings;
  const did = (name: string): boolean =>
    heldBefore?.has(markOfAll) === true || heldBefore?.has(markOfCaller(name)) === true;
  return aroundNow(surroundings).filter(({ namespace }) => wasMoved(namespace, surroundings) || !did(namespace));
});
