import { memoize } from '../../../../../base/memoize.ts';
import { Once } from '../../../../../base/once.ts';
import { records, type Json } from '../../../../json.ts';
import type { AuthorizationPolicy, RequestAuthentication } from '../../types.ts';
import { unattached } from '../copies.ts';
import { manifest, type Manifest } from '../manifest.ts';
import { tlsModeLabel } from '../selection.ts';
import { countRewriting } from '../size.ts';
import { titleOf, waypointPrincipal, type ConfigObject, type Original, type ServiceFacts } from '../world.ts';
import { ruleForPods, type ToPods } from './rewrite.ts';
import { portPairs, worldFor, type ExitWorld, type Served } from './served.ts';

/**
 * Selects the pods of a Service that have a sidecar. The label is set by injection and by nothing else
 * (injection-template.yaml), so ztunnel never reads what is narrowed by it: it may be there before the first pod
 * changes. One and the same for all that is made for the Service, whose selector may be long.
 */
export const sidecarsOf: (service: ServiceFacts) => Json = memoize(({ selector }: ServiceFacts) => ({
  matchLabels: { ...selector, [tlsModeLabel]: 'istio' },
}));

function copy(served: Served, object: ConfigObject, spec: Json, world: ExitWorld): Manifest {
  const { service } = served;
  return manifest(worldFor(served, world), {
    role: 'SidecarCopy',
    apiVersion: 'security.istio.io/v1',
    kind: object.kind,
    original: object,
    originals: [titleOf(object)],
    target: { kind: 'Service', namespace: service.namespace, name: service.name },
    spec: { selector: sidecarsOf(service), ...spec },
  });
}

/**
 * A policy of a waypoint for the sidecars of one Service. What refuses, asks or logs leaves the waypoint itself alone:
 * for whoever still comes through it the original has decided, about the caller and not about the waypoint, and with
 * the token that the waypoint may have taken out of the request. An ALLOW needs no such exception (`companions.ts`
 * admits the waypoint).
 */
export function copyForSidecars(
  { object, policy }: Original<AuthorizationPolicy>,
  served: Served,
  world: ExitWorld,
): readonly Manifest[] {
  const { service } = served;
  const except = policy.action === 'ALLOW' ? {} : { except: waypointPrincipal(worldFor(served, world)) };
  const home = object.namespace === service.namespace ? {} : { home: object.namespace };
  const toPods = { ports: portPairs(service, world.workloads), ...home, ...except };
  const spec = rewritten.of(world, object, JSON.stringify(toPods), () => specForPods(object, policy, toPods));
  return spec === 'Nothing' ? [] : [copy(served, object, spec, world)];
}

/** For all Services that lead to the same ports: most of a namespace do. */
const rewritten = new Once<ExitWorld, ConfigObject, Json | 'Nothing'>();

function specForPods(object: ConfigObject, policy: AuthorizationPolicy, toPods: ToPods): Json | 'Nothing' {
  const written = records(object.spec['rules']);
  countRewriting(object);
  const rules = written.map((rule) => ruleForPods(rule, toPods)).filter((rule) => rule !== undefined);
  // Without rules an ALLOW still refuses everything; the others never match, and Istio does not accept them.
  if (rules.length === 0 && policy.action !== 'ALLOW') return 'Nothing';
  const { rules: _rules, ...rest } = unattached(object.spec) as Json & { readonly rules?: unknown };
  return { ...rest, ...(rules.length > 0 && { rules }) };
}

/** A RequestAuthentication of a waypoint for the sidecars of one Service. */
export function copyTokenRules(
  { object }: Original<RequestAuthentication>,
  served: Served,
  world: ExitWorld,
): Manifest {
  return copy(served, object, unattached(object.spec), world);
}
