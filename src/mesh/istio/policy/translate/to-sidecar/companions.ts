import { sidecarReads, ztunnelReads } from '../../attachment.ts';
import { spend } from '../../../../../base/effort.ts';
import { memoize } from '../../../../../base/memoize.ts';
import type { Matcher } from '../../../../../requests/semantics.ts';
import { asSidecars } from '../../sidecar.ts';
import { allowed, has, intersect, matching, type RequestSet, unionOf } from '../../../../../requests/space.ts';
import { asZtunnel } from '../../ztunnel.ts';
import { guardField, nobody } from '../companions.ts';
import { manifest, type Manifest } from '../manifest.ts';
import { ofProtocol, sidecarAction, someRequest } from '../reach.ts';
import { coverage, podsBehind, tlsModeLabel } from '../selection.ts';
import { titleOf, waypointPrincipal, type ConfigObject, type WorkloadFacts } from '../world.ts';
import { sidecarsOf } from './copies.ts';
import { coveredPorts, isEnforcedFor, neighbours, worldFor, type ExitWorld, type Served } from './served.ts';
import { tokenRulesAt } from './tokens.ts';

const apiVersion = 'security.istio.io/v1';
const kind = 'AuthorizationPolicy';

/** Titles of the ALLOW policies for which `isMeant` holds. */
function allows(
  { policies, options }: ExitWorld,
  isMeant: (policy: ExitWorld['policies'][number]['policy']) => boolean,
): readonly string[] {
  return policies
    .filter(({ policy }) => sidecarAction(policy, options) === 'ALLOW' && isMeant(policy))
    .map(({ object }) => titleOf(object));
}

/** What ztunnel lets in to pods with these labels today. */
function letIn({ labels }: Pick<WorkloadFacts, 'labels'>, { namespace, options, policies }: ExitWorld): RequestSet {
  return allowed(
    policies
      .map(({ policy }) => policy)
      .filter((policy) => ztunnelReads(policy, { namespace, labels }, options))
      .flatMap((policy) => asZtunnel(policy, options) ?? []),
  );
}

/**
 * The container ports of a Service to which its waypoint gets through today; nobody's address counts (`exactness.ts`
 * keeps them out).
 */
function openPorts(served: Served, world: ExitWorld): readonly number[] {
  const identity = waypointPrincipal(worldFor(served, world));
  const facts = {
    identity,
    sourceIp: '169.254.169.250',
    remoteIp: '169.254.169.250',
    destinationIp: '169.254.169.251',
    metadata: {},
  };
  const sets = podsBehind(served.service, world.workloads).map((pod) => letIn(pod, world));
  return coveredPorts([served], world.workloads).filter((workloadPort) =>
    sets.every((set) => has(set, { ...facts, workloadPort })),
  );
}

function onPorts(ports: readonly number[], negated: boolean): RequestSet {
  return matching([[{ anyOf: ports.map((port) => ({ of: 'port', side: 'Workload', port })), negated }]]);
}

/** Whether ztunnel refuses all of these requests at every pod of the Service today. */
function refusesAll(requests: RequestSet, { service }: Served, world: ExitWorld): boolean {
  const pods = podsBehind(service, world.workloads);
  return pods.length > 0 && pods.every((pod) => someRequest(intersect(letIn(pod, world), requests)) === undefined);
}

/** Whoever has an identity, of the waypoints aside. */
function others(around: readonly Served[], world: ExitWorld): RequestSet {
  const waypoints = around.map((one): Matcher => ({
    of: 'identity',
    part: 'Principal',
    match: { kind: 'Exact', value: waypointPrincipal(worldFor(one, world)) },
  }));
  return matching([[{ anyOf: waypoints, negated: true }]]);
}

/** Requests of callers other than the waypoints on ports that no waypoint has a say in. */
function elsewhere(around: readonly Served[], world: ExitWorld): RequestSet {
  return intersect(onPorts(coveredPorts(around, world.workloads), true), others(around, world));
}

/**
 * What the first ALLOW of a pod would refuse besides what it is about, and who comes through the waypoint:
 * - the waypoint on the ports to which it gets through today: behind it the sidecars see its identity, and it has
 *   decided by the originals;
 * - everybody on these ports where the waypoint itself has no ALLOW: an ALLOW beside it, "only the waypoint" as a rule,
 *   would refuse all who
 * come directly from now on. What the waypoint refuses is refused by copies;
 * - everybody on the ports that no waypoint has a say in, where no ALLOW selects the pods today and ztunnel does not
 *   refuse them all. Undefined where no ALLOW would be: then nothing is refused for want of one.
 */
export function allowAtSidecars(served: Served, world: ExitWorld): Manifest | undefined {
  const { service } = served;
  const around = neighbours(served, world);
  const selecting = allows(world, (policy) => coverage(policy, service, world.workloads) !== 'None');
  const own = allows(world, (policy) => isEnforcedFor(policy, served, world));
  const all = [
    ...new Set([
      ...selecting,
      ...allows(world, (policy) => around.some((other) => isEnforcedFor(policy, other, world))),
    ]),
  ];
  if (all.length === 0) return undefined;
  const ports = openPorts(served, world);
  const from =
    own.length === 0 ? {} : { from: [{ source: { principals: [waypointPrincipal(worldFor(served, world))] } }] };
  const through = ports.length === 0 ? [] : [{ ...from, to: [{ operation: { ports: ports.map(String) } }] }];
  const isOpen = selecting.length === 0 && !refusesAll(elsewhere(around, world), served, world);
  const beside = isOpen
    ? [{ to: [{ operation: { notPorts: coveredPorts(around, world.workloads).map(String) } }] }]
    : [];
  const rules = [...through, ...beside];
  return rules.length === 0
    ? undefined
    : manifest(worldFor(served, world), {
        role: 'SidecarAllow',
        apiVersion,
        kind,
        originals: all,
        target: { kind: 'Service', namespace: service.namespace, name: service.name },
        spec: { selector: sidecarsOf(service), action: 'ALLOW', rules },
      });
}

/** What the sidecar of a pod would let in by the policies that select it. */
function letInBySidecar(
  { labels }: Pick<WorkloadFacts, 'labels'>,
  { namespace, options, policies }: ExitWorld,
): RequestSet {
  const pod = { namespace, labels: { ...labels, [tlsModeLabel]: 'istio' } };
  return unionOf(
    (['http', 'tcp'] as const).map((protocol) =>
      intersect(
        ofProtocol(protocol),
        allowed(
          asSidecars(
            policies.map(({ policy }) => policy).filter((policy) => sidecarReads(policy, pod, options)),
            protocol,
            options,
          ),
        ),
      ),
    ),
  );
}

/** Requests without an identity on the ports that a waypoint has a say in. */
function plaintext(ports: readonly number[]): RequestSet {
  return intersect(
    onPorts(ports, false),
    matching([[{ anyOf: [{ of: 'identity', part: 'Principal', match: { kind: 'Present' } }], negated: true }]]),
  );
}

/**
 * What ztunnel refuses today and sidecars would let in, by a guard that they do not enforce or for want of an ALLOW
 * that ztunnel can evaluate: everybody but waypoints on the ports that these have no say in, and plaintext, which never
 * came through a waypoint, on the others.
 */
export function denyAtSidecars(served: Served, world: ExitWorld): Manifest | undefined {
  const { service } = served;
  const around = neighbours(served, world);
  const covered = coveredPorts(around, world.workloads);
  const requests = elsewhere(around, world);
  const isLetIn = podsBehind(service, world.workloads).some(
    (pod) => someRequest(intersect(letInBySidecar(pod, world), requests)) !== undefined,
  );
  const waypoints = [...new Set(around.map((other) => waypointPrincipal(worldFor(other, world))))];
  const rules = [
    ...(isLetIn && refusesAll(requests, served, world)
      ? [{ from: [{ source: { notPrincipals: waypoints } }], to: [{ operation: { notPorts: covered.map(String) } }] }]
      : []),
    ...(covered.length > 0 && refusesAll(plaintext(covered), served, world)
      ? [{ from: [{ source: { notPrincipals: ['*'] } }], to: [{ operation: { ports: covered.map(String) } }] }]
      : []),
  ];
  return rules.length === 0
    ? undefined
    : manifest(worldFor(served, world), {
        role: 'SidecarDeny',
        apiVersion,
        kind,
        originals: [],
        target: { kind: 'Service', namespace: service.namespace, name: service.name },
        spec: { selector: sidecarsOf(service), action: 'DENY', rules },
      });
}

/** Policies that decide something at some proxy, the same for all Services. */
const decidingIn = memoize(({ policies, options }: ExitWorld) =>
  policies.filter(({ policy }) => sidecarAction(policy, options) !== undefined),
);

/** The objects that a waypoint enforces for a Service: each policy is asked of each. */
export function enforcedAt(served: Served, world: ExitWorld): readonly ConfigObject[] {
  const deciding = decidingIn(world);
  spend(deciding.length / 2);
  const enforced = deciding.filter(({ policy }) => isEnforcedFor(policy, served, world));
  return [...enforced, ...tokenRulesAt(served, world)].map(({ object }) => object);
}

/**
 * Sidecars never use a waypoint, so a workload that has its sidecar goes around the waypoints of those that are still
 * in ambient. This refuses it there: only callers of this namespace, because only those change, only on ports where a
 * waypoint has a say, and only at ztunnel, by the field that ztunnel drops from a DENY and that never matches at a
 * sidecar (`../companions.ts`).
 */
export function guardUntilSidecars(served: Served, world: ExitWorld): Manifest | undefined {
  const originals = enforcedAt(served, world).map(titleOf);
  const { service } = served;
  const ports = coveredPorts([served], world.workloads).map(String);
  if (originals.length === 0 || ports.length === 0) return undefined;
  const waypoints = [...new Set(neighbours(served, world).map((other) => waypointPrincipal(worldFor(other, world))))];
  return manifest(worldFor(served, world), {
    role: 'SidecarGuard',
    apiVersion,
    kind,
    originals,
    target: { kind: 'Service', namespace: service.namespace, name: service.name },
    spec: {
      selector: { matchLabels: service.selector },
      action: 'DENY',
      rules: [
        {
          from: [{ source: { namespaces: [world.namespace], notPrincipals: waypoints, [guardField]: [nobody] } }],
          to: [{ operation: { ports } }],
        },
      ],
    },
  });
}
