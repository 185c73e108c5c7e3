import { createHash } from 'node:crypto';
import type { Surroundings } from '../../adapter.ts';
import { records, strings, text } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { useWaypointLabel } from '../labels.ts';
import { guarded } from '../guarded.ts';
import { policyOptionsOf } from '../policy-options.ts';
import { waypointReads, type WaypointName } from '../policy/attachment.ts';
import { describe } from '../policy/describe.ts';
import { bounded } from '../policy/effort.ts';
import type { PolicyOptions } from '../policy/options.ts';
import { parsed } from '../policy/parsed.ts';
import type { AuthorizationPolicy, Policy } from '../policy/types.ts';
import { allowed, asked, intersect, matching, subtract, union, type RequestSet } from '../policy/space.ts';
import { ofProtocol, someRequest } from '../policy/translate/reach.ts';
import { asWaypoints } from '../policy/waypoint.ts';
import { isWaypoint, namedWaypoint } from '../waypoint/bound.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { chosenWaypoint } from '../waypoint/chosen.ts';
import { isStranger } from './reach.ts';
import { nameOf, targetRefs, type Evidence, type Rule } from './rule.ts';

/*
 * Hosts outside the mesh behind a waypoint: callers in ambient reach the ServiceEntry through it, callers with sidecars never do
 * (findServiceWaypoint in pilot/pkg/xds/endpoints/endpoint_builder.go is for gateways). So what its policies refuse to the pods of a
 * namespace changes with their data plane, although nothing of the namespace itself does. `exportTo` of a ServiceEntry keeps no pod in ambient from it:
 * ztunnel is not told of it (`service_entry_visibility` in istio.io/api/mesh/v1alpha1/config.proto: "ambient ignores `exportTo`").
 */

/** The waypoint that a ServiceEntry is bound to or names, from its status, or else from its labels: those of its namespace are seen by istiod only. */
function waypointOf({ namespace, labels, status }: ConfigView): WaypointName | undefined {
  const bound = records(status['conditions']).find(({ type }) => type === 'istio.io/WaypointBound');
  // Of the reasons against it this one passes by itself.
  if (bound?.['status'] === 'False' && bound['reason'] !== 'WaypointIsNotReady') return undefined;
  const [, home, said] = /waypoint "?([a-z0-9.-]+)\/([a-z0-9-]+)/.exec(text(bound?.['message']) ?? '') ?? [];
  if (home !== undefined && said !== undefined) return { namespace: home, name: said };
  const named = namedWaypoint(labels, namespace);
  return named === 'none' ? undefined : named;
}

/** Policies that a waypoint could enforce for a ServiceEntry; there are few of them, and each look at a namespace asks. */
function candidates({ mesh }: Surroundings): readonly Policy[] {
  const forOthers = ['AuthorizationPolicy', 'RequestAuthentication'].flatMap((kind) => mesh.configs(kind)).filter((config) => targetRefs(config).some(({ kind }) => kind !== 'Service'));
  return forOthers.flatMap((config) => parsed(config) ?? []);
}

/** Whom the pods of the namespace call as. */
function ownIdentities({ pods, workloads, otherTemplates, namespace, mesh }: Surroundings): readonly string[] {
  const { trustDomain } = policyOptionsOf(mesh);
  return [...new Set([...pods, ...workloads, ...otherTemplates].map(({ serviceAccount }) => serviceAccount))].map((account) => `${trustDomain}/ns/${namespace.name}/sa/${account}`).sort();
}

function requestsOf(identities: readonly string[]): RequestSet {
  return matching([[{ anyOf: identities.map((value) => ({ of: 'identity', part: 'Principal', match: { kind: 'Exact', value } } as const)), negated: false }]]);
}

/** Steps for what the policies of one host refuse to one namespace: they are of others, so that it must not take long. */
const steps = 200_000;

/** What was found, by all that decides about it: each look at each namespace asks. */
const known = new Map<string, string | undefined>();
const mostKnown = 1000;

/** A request of the namespace that the policies refuse, or leave to an external authorizer, in words; undefined if they let every one through. */
function refusedRequest(policies: readonly Policy[], surroundings: Surroundings): string | undefined {
  if (policies.some(({ kind }) => kind === 'RequestAuthentication')) return 'one with a token that is not valid';
  const options = policyOptionsOf(surroundings.mesh);
  const identities = ownIdentities(surroundings);
  const readable = policies.filter((policy) => policy.kind === 'AuthorizationPolicy');
  const key = createHash('sha256').update(JSON.stringify([readable, identities, options])).digest('base64');
  if (known.has(key)) return known.get(key);
  const found = bounded(steps, () => refusedTo(identities, readable, options));
  const answer = found.kind === 'Done' ? found.value : untold;
  if (known.size >= mostKnown) known.clear();
  known.set(key, answer);
  return answer;
}

const untold = 'which ones cannot be told: there are too many values';

function refusedTo(identities: readonly string[], policies: readonly AuthorizationPolicy[], options: PolicyOptions): string | undefined {
  for (const protocol of ['http', 'tcp'] as const) {
    const readings = asWaypoints(policies, protocol, options);
    const request = someRequest(intersect(ofProtocol(protocol), requestsOf(identities), union(subtract(matching([[]]), allowed(readings)), asked(readings))));
    if (request !== undefined) return request === 'TooLarge' ? untold : describe(request);
  }
  return undefined;
}

function nameOfHosts({ spec }: ConfigView): string {
  return strings(spec['hosts']).join(', ');
}

function judge(entry: ConfigView, waypoint: WaypointName, all: readonly Policy[], surroundings: Surroundings): Evidence | undefined {
  const { route: { from, to }, namespace, mesh } = surroundings;
  const [object, hosts, through] = [nameOf(entry), nameOfHosts(entry), `${waypoint.namespace}/${waypoint.name}`];
  const chosen = chosenWaypoint(surroundings);
  if (isWaypoint(waypoint, chosen) && getsWaypoint(surroundings)) {
    // A Gateway without allowedRoutes has nothing of other namespaces bound to it by istiod (pilot/pkg/serviceregistry/ambient/waypoints.go); one that is adopted has none.
    if (entry.namespace !== namespace.name) return undefined;
    return { object, message: `it names the waypoint ${through}, which is going to stand before Services of the namespace: callers in ambient would reach ${hosts} through it, and the policies copied for the namespace would decide about that`, fix: `Take the label ${useWaypointLabel} from it, and bind it to a waypoint of its own.` };
  }
  // What names a waypoint that nobody has made goes through none (fetchWaypointForTarget in pilot/pkg/serviceregistry/ambient/waypoints.go).
  if (!mesh.configs('Gateway', waypoint.namespace).some(({ name }) => name === waypoint.name)) return undefined;
  const policies = all.filter((policy) => waypointReads(policy, waypoint, { kind: 'ServiceEntry', namespace: entry.namespace, name: entry.name }, policyOptionsOf(mesh)));
  const refused = policies.length === 0 ? undefined : refusedRequest(policies, surroundings);
  if (refused === undefined) return undefined;
  const names = policies.map(nameOf).join(', ');
  if (to === 'IstioAmbient') return { object, message: `in ambient the pods of ${namespace.name} reach ${hosts} through waypoint ${through}, and ${names} would refuse there what passes today, for example ${refused}`, severity: 'Warning' };
  return from === 'IstioAmbient' ? { object, message: `outside of ambient the pods of ${namespace.name} reach ${hosts} past waypoint ${through}, and what ${names} refuses there would pass, for example ${refused}`, fix: 'Refuse it by a NetworkPolicy or at an egress gateway first, or keep this namespace in ambient.', ...([entry, ...policies].some((each) => isStranger(each, surroundings)) && { others: 'Protects' as const }) } : undefined;
}

/** What one that cannot be judged stumbles over is its owner's: that one is not known, and all others are. */
function judgeSafely(bound: { readonly entry: ConfigView; readonly waypoint: WaypointName }, all: readonly Policy[], surroundings: Surroundings): Evidence | undefined {
  const { entry, waypoint } = bound;
  const object = nameOf(entry);
  return guarded<Evidence | undefined>(surroundings, `what policies refuse at ${object}`, () => judge(entry, waypoint, all, surroundings), (why) => ({
    object, message: `${why}: what the policies of waypoint ${waypoint.namespace}/${waypoint.name} refuse there cannot be told`,
    ...(surroundings.route.to === 'IstioAmbient' && { severity: 'Warning' as const }), ...(isStranger(entry, surroundings) && { others: 'Protects' as const }),
  }));
}

/** What the pods of the namespace may reach outside the mesh. */
export const egressRules: readonly Rule[] = [
  {
    id: 'MM098', severity: 'Critical', when: 'Always', title: 'ServiceEntry behind a waypoint',
    fix: `Let the policies admit what the pods of this namespace need, or take the label ${useWaypointLabel} from the ServiceEntry until they are migrated.`,
    find: (surroundings) => {
      const bound = surroundings.mesh.configs('ServiceEntry').flatMap((entry) => {
        const waypoint = waypointOf(entry);
        return waypoint === undefined ? [] : [{ entry, waypoint }];
      });
      const policies = bound.length === 0 ? [] : candidates(surroundings);
      return bound.flatMap((each) => judgeSafely(each, policies, surroundings) ?? []);
    },
  },
];
