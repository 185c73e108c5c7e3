import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import { stoodBefore } from '../../../made-since.ts';
import { asPod, type ConfigView, type PodView, type TemplateView } from '../../../views.ts';
import { asleep, inhabitantsOf, serves } from '../calls/asleep.ts';
import { dataplaneModeLabel } from '../../vocabulary/labels.ts';
import { nextMode } from '../../vocabulary/next-mode.ts';
import { modeOf } from '../../vocabulary/pod-mode.ts';
import type { Served } from '../../policy/translate/to-sidecar/served.ts';
import { bounded, spend } from '../../../../base/effort.ts';
import { policyOptionsOf } from '../../settings/policy-options.ts';
import { everywhere, ofEach } from '../calls/question.ts';
import { decides, enforcedAt, policiesByTarget, type Enforced } from '../by-target.ts';
import { anyOf, type Callers } from '../callers.ts';
import { callersThrough } from './order.ts';
import { isExit } from './route.ts';
import { servedServices } from './served.ts';

/*
 * Out of sidecars pods go back behind their waypoint, and callers that still have sidecars go around it: on the way there the called came first (MM092), so on
 * the way back its callers do. Asked of pods, and not of what a namespace says of itself: it may be back but for a Job, or have been made since. Whoever has had
 * sidecars all along went around it before.
 */

/** A policy at the waypoint that somebody would not meet. */
export interface Around {
  readonly policy: ConfigView;
  /** Of the caller. */
  readonly namespace: string;
}

/** Of all Services of one namespace and all its callers: nobody is let past for want of time. */
const steps = 200_000;

/** Somebody who has a sidecar, or will as soon as he wakes. */
type Holder = Pick<PodView, 'namespace' | 'serviceAccount' | 'labels'>;

/** Why what has sidecars in a namespace counts. */
interface Leaving {
  readonly namespace: string;
  readonly holders: readonly Holder[];
  /** Only as a caller that somebody names: anybody may make a namespace, and would keep everybody from his way back. */
  readonly ifNamed: boolean;
}

function ofTemplate({ namespace, serviceAccount, templateLabels }: TemplateView): Holder {
  return { namespace, serviceAccount, labels: templateLabels };
}

/** Pods with sidecars, and what would be some. */
function withSidecars(there: Surroundings): readonly Holder[] {
  const awake = there.pods.filter((pod) => serves(pod) && modeOf(pod) === 'Sidecar');
  return [...awake, ...asleep(inhabitantsOf(there.namespace.name, there), 'Sidecar', there.mesh).map(ofTemplate)];
}

/** Pods with a sidecar that their successors will not have: what is left of a migration. */
function leftOver({ pods, mesh, namespace: { labels } }: Surroundings): readonly Holder[] {
  return pods.filter((pod) => {
    const next = asPod({ templateLabels: pod.labels, templateAnnotations: pod.annotations });
    return serves(pod) && modeOf(pod) === 'Sidecar' && nextMode(mesh, labels, next) === 'Ambient';
  });
}

/** What counts in another namespace; undefined if nothing does. */
function leavingIn(there: Surroundings, surroundings: Surroundings): Leaving | undefined {
  const { scope, mesh } = surroundings;
  const { name, labels } = there.namespace;
  if (scope !== undefined && scope.wayBack(name) !== 'Stays')
    return { namespace: name, holders: withSidecars(there), ifNamed: false };
  if (labels[dataplaneModeLabel] === 'ambient') return { namespace: name, holders: leftOver(there), ifNamed: false };
  const made = mesh.madeAt?.(name);
  return made === undefined || stoodBefore(made, surroundings)
    ? undefined
    : { namespace: name, holders: withSidecars(there), ifNamed: true };
}

/** All that has to leave its sidecars first, if it calls. */
function leavers(surroundings: Surroundings): readonly Leaving[] {
  const others = everywhere(surroundings).filter((name) => name !== surroundings.namespace.name);
  return ofEach(others, surroundings, (there) => {
    const leaving = leavingIn(there, surroundings);
    return leaving === undefined || leaving.holders.length === 0 ? [] : [leaving];
  });
}

function callersOf(service: Served['service'], enforced: readonly Enforced[], { spec }: Surroundings): Callers {
  const policies = enforced.flatMap(({ object, policy }) =>
    policy.kind === 'AuthorizationPolicy' ? [{ object, policy }] : [],
  );
  return callersThrough(service, policies, { workloads: [] }, spec.callers);
}

function aroundOf(
  { service, waypoint }: Served,
  all: readonly Leaving[],
  surroundings: Surroundings,
): readonly Around[] {
  const { mesh, namespace } = surroundings;
  const target = { kind: 'Service', namespace: namespace.name, name: service.name } as const;
  const enforced = enforcedAt(target, waypoint, policiesByTarget(mesh), policyOptionsOf(mesh)).filter(decides);
  const [first] = enforced;
  if (first === undefined) return [];
  const callers = callersOf(service, enforced, surroundings);
  const isCaller = callers.kind === 'Unknown' ? undefined : anyOf(callers.callers);
  return all
    .filter(({ holders, ifNamed }) => {
      spend(1 + holders.length / 4);
      return isCaller === undefined ? !ifNamed : holders.some(isCaller);
    })
    .map((each) => ({ policy: first.object, namespace: each.namespace }));
}

/** Who would go around waypoints of the namespace if it went back behind them now, and did not before. */
export const aroundBack = memoize((surroundings: Surroundings): readonly Around[] => {
  if (!isExit(surroundings.route)) return [];
  const served = servedServices(surroundings);
  const all = served.length === 0 ? [] : leavers(surroundings);
  if (all.length === 0) return [];
  const found = bounded(steps, () => served.flatMap((each) => aroundOf(each, all, surroundings)));
  if (found.kind === 'Done') return found.value;
  // Too many to tell: all that was moved counts, and nobody of whom it matters who he is.
  const [policy] = surroundings.mesh.configs('AuthorizationPolicy', surroundings.namespace.name);
  const moved = all.filter(({ ifNamed }) => !ifNamed);
  return policy === undefined ? [] : moved.map(({ namespace }) => ({ policy, namespace }));
});
