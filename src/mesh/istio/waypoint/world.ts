import type { Surroundings } from '../../adapter.ts';
import type { ConfigView, ServiceView, WorkloadView } from '../../views.ts';
import { useWaypointLabel } from '../vocabulary/labels.ts';
import { onlyRevision } from '../settings/mesh-config.ts';
import { policyOptionsOf } from '../settings/policy-options.ts';
import { parsed } from '../policy/parsed.ts';
import type { Original, WorkloadFacts, World } from '../policy/translate/world.ts';
import type { AuthorizationPolicy, Policy, RequestAuthentication } from '../policy/types.ts';
import { isMade } from '../policy/translate/names.ts';
import { boundBefore, chosenWaypoint } from './chosen.ts';
import { areHereOrComing } from './here-or-coming.ts';
import { makesGateway } from '../vocabulary/gateway-pods.ts';
import { gatewayNameLabel } from '../vocabulary/gateway.ts';
import { nearAuthorizersOf } from './near-authorizers.ts';
import { isNeverTaken, leadsOutside } from './never-taken.ts';
import { podsWithoutWorkload } from './other-pods.ts';
import { requestedIn } from './requested.ts';
import { routesOf } from './routes-of.ts';

const extensions = ['Telemetry', 'WasmPlugin', 'TrafficExtension', 'EnvoyFilter'];

function originals<P extends Policy>(
  kind: P['kind'],
  objects: readonly ConfigView[],
): readonly Original<P & (AuthorizationPolicy | RequestAuthentication)>[] {
  return objects.flatMap((object) => {
    const policy = parsed(object);
    return policy?.kind === kind
      ? [{ object, policy: policy as P & (AuthorizationPolicy | RequestAuthentication) }]
      : [];
  });
}

function workloadFacts({ kind, name, templateLabels, containerPorts }: WorkloadView): WorkloadFacts {
  const named = containerPorts.flatMap((port): readonly (readonly [string, number])[] =>
    port.name === undefined ? [] : [[port.name, port.port]],
  );
  return {
    kind,
    name,
    labels: templateLabels,
    ports: Object.fromEntries(named),
    declared: containerPorts.map(({ port }) => port),
  };
}

/** The waypoint's own pods, and others that no data plane takes, are no destinations of policies. */
function isDestination(workload: WorkloadView): boolean {
  return !makesGateway(workload) && !isNeverTaken(workload);
}

/**
 * One that nobody enforces anything for is none for a waypoint; where it is behind one already nothing is taken away.
 */
function isForWaypoint(service: ServiceView, surroundings: Surroundings): boolean {
  return (
    service.labels[gatewayNameLabel] === undefined &&
    (service.labels[useWaypointLabel] !== undefined || !leadsOutside(service, surroundings))
  );
}

/**
 * All pods that policies decide about: those that workloads will have, and those that are there, or come, without one.
 */
export function workloadsIn(surroundings: Surroundings): readonly WorkloadFacts[] {
  const templates = surroundings.workloads.filter(isDestination).map(workloadFacts);
  return [...templates, ...podsWithoutWorkload(surroundings, templates)];
}

function inScope(kind: string, surroundings: Surroundings): readonly ConfigView[] {
  const { mesh, namespace } = surroundings;
  return [...new Set([namespace.name, mesh.rootNamespace])]
    .flatMap((name) => mesh.configs(kind, name))
    .filter((config) => !isMade(config, surroundings));
}

/** The AuthorizationPolicies that apply in a namespace, without those that a migration made. */
export function originalPolicies(surroundings: Surroundings): readonly ConfigView[] {
  return inScope('AuthorizationPolicy', surroundings);
}

/** As much of it as says who calls the Services of a namespace: it is asked of many others. */
export function policyWorldOf(surroundings: Surroundings): Pick<World, 'policies' | 'workloads'> {
  return {
    policies: originals<AuthorizationPolicy>('AuthorizationPolicy', originalPolicies(surroundings)),
    workloads: workloadsIn(surroundings),
  };
}

/** The picture of a namespace in the words of the translation. */
export function worldOf(surroundings: Surroundings): World {
  const { mesh, namespace } = surroundings;
  const revision = onlyRevision(mesh);
  return {
    namespace: namespace.name,
    ...(revision !== undefined && { revision }),
    options: { ...policyOptionsOf(mesh), nearAuthorizers: nearAuthorizersOf(surroundings) },
    waypoint: chosenWaypoint(surroundings),
    boundBefore: boundBefore(surroundings),
    requested: requestedIn(surroundings),
    exceptions: surroundings.spec.policies.direct.find((entry) => entry.namespace === namespace.name) ?? {
      principals: [],
      ports: [],
    },
    sidecars: areHereOrComing('Sidecar', surroundings),
    ...policyWorldOf(surroundings),
    requestAuthentications: originals<RequestAuthentication>(
      'RequestAuthentication',
      inScope('RequestAuthentication', surroundings),
    ),
    peerAuthentications: inScope('PeerAuthentication', surroundings),
    extensions: extensions.flatMap((kind) => inScope(kind, surroundings)),
    routes: routesOf(namespace.name, mesh),
    services: surroundings.services.filter((service) => isForWaypoint(service, surroundings)),
  };
}
