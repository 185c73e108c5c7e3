import { bounded } from '../../../../base/effort.ts';
import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import type { ConfigView } from '../../../views.ts';
import type { Served } from '../../policy/translate/to-sidecar/served.ts';
import { policyOptionsOf } from '../../settings/policy-options.ts';
import { decides, enforcedAt, policiesByTarget, type Enforced } from '../by-target.ts';
import { certainOf, declaredCallers, type Callers } from '../callers.ts';
import { callersNamedBy } from '../named-callers.ts';
import { callersThrough } from './order.ts';
import { isExit } from './route.ts';
import { servedServices } from './served.ts';

/** What decides at the waypoint about requests for a Service, and who calls that. */
export interface Behind {
  /** The first of the policies. */
  readonly policy: ConfigView;
  readonly callers: Callers;
}

/** Of all Services of one namespace. */
const steps = 200_000;

function callersOf(service: Served['service'], enforced: readonly Enforced[], { spec }: Surroundings): Callers {
  const policies = enforced.flatMap(({ object, policy }) =>
    policy.kind === 'AuthorizationPolicy' ? [{ object, policy }] : [],
  );
  return callersThrough(service, policies, { workloads: [] }, spec.callers);
}

/**
 * Safe: E, whoever is named counts, whatever else is open beside it. Dying before or after: nothing is written for it.
 */
function behindOf({ service, waypoint }: Served, surroundings: Surroundings): readonly Behind[] {
  const { mesh, namespace } = surroundings;
  const target = { kind: 'Service', namespace: namespace.name, name: service.name } as const;
  const enforced = enforcedAt(target, waypoint, policiesByTarget(mesh), policyOptionsOf(mesh)).filter(decides);
  const [first] = enforced;
  if (first === undefined) return [];
  const callers = callersOf(service, enforced, surroundings);
  const certain = callers.kind === 'Known' ? [] : certainOf(callers);
  return [callers, ...certain].map((each) => ({ policy: first.object, callers: each }));
}

/** Whom any policy here names, where it takes too long to tell who calls which Service: more than call, and nobody is missing. */
export function namedAnywhere({ mesh, namespace, spec }: Surroundings): readonly Behind[] {
  const homes = [...new Set([namespace.name, mesh.rootNamespace])];
  const policies = homes.flatMap((home) => mesh.configs('AuthorizationPolicy', home));
  const [policy] = policies;
  if (policy === undefined) return [];
  const names = new Set(policies.flatMap(callersNamedBy).map((each) => each.namespace));
  const named = [...names].map((name) => ({ namespace: name }));
  const declared = declaredCallers(namespace.name, spec.callers);
  return declared === undefined
    ? [
        { policy, callers: { kind: 'Known', callers: named, from: 'its ALLOW policies' } },
        { policy, callers: { kind: 'Unknown', why: 'it takes more steps to tell than one look may take' } },
      ]
    : [{ policy, callers: declared }];
}

/** Of each Service that goes through a waypoint. Where that is too much to tell, nobody is let past who is named. */
export const callersBehind: (surroundings: Surroundings) => readonly Behind[] = memoize(
  (surroundings: Surroundings): readonly Behind[] => {
    if (!isExit(surroundings.route)) return [];
    const served = servedServices(surroundings);
    const told = bounded(steps, () => served.flatMap((each) => behindOf(each, surroundings)));
    return told.kind === 'Done' ? told.value : namedAnywhere(surroundings);
  },
);
