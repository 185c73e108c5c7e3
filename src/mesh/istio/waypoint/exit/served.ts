import { memoize } from '../../../../base/memoize.ts';
import { own } from '../../../../base/own.ts';
import type { Surroundings } from '../../../adapter.ts';
import { configByName } from '../../../look-up.ts';
import type { ConfigView, ServiceView } from '../../../views.ts';
import { useWaypointLabel } from '../../vocabulary/labels.ts';
import type { WaypointName } from '../../policy/attachment.ts';
import { isOurs, roleOf, targetOf } from '../../policy/translate/names.ts';
import type { ExitWorld, Served } from '../../policy/translate/to-sidecar/served.ts';
import { labelsBefore, namedWaypoint } from '../bound.ts';
import { principalsOf } from '../standing-principals.ts';
import { makesGateway } from '../../vocabulary/gateway-pods.ts';
import { gatewayNameLabel } from '../../vocabulary/gateway.ts';
import { worldOf } from '../world.ts';

/** Whose identity a waypoint has (pilot/pkg/config/kube/gateway/gateway_collection.go). */
const serviceAccountAnnotation = 'gateway.istio.io/service-account';

/** What was made for a Service and names its waypoint, by the name of the Service. */
const standingGuards = memoize(
  ({ mesh, namespace }: Surroundings): ReadonlyMap<string | undefined, readonly ConfigView[]> =>
    Map.groupBy(
      mesh
        .configs('AuthorizationPolicy', namespace.name)
        .filter((config) => isOurs(config) && roleOf(config) === 'SidecarGuard'),
      (config) => targetOf(config)?.name,
    ),
);

/**
 * The ServiceAccount by which what was made names the waypoint of a Service; undefined where nothing does, or more than
 * one.
 */
function standingAccount(service: string, surroundings: Surroundings): string | undefined {
  const { name } = surroundings.namespace;
  const guards = standingGuards(surroundings).get(service) ?? [];
  const [account, ...others] = new Set(
    guards.flatMap(principalsOf).flatMap((principal) => principal.split(`/ns/${name}/sa/`)[1] ?? []),
  );
  return others.length === 0 ? account : undefined;
}

const gateways = memoize(
  (workloads: Surroundings['workloads']): ReadonlyMap<string | undefined, Surroundings['workloads']> =>
    Map.groupBy(workloads.filter(makesGateway), ({ templateLabels }) => templateLabels[gatewayNameLabel]),
);

/** The workloads that istiod has made for a Gateway. */
export function workloadsOf(gateway: string, workloads: Surroundings['workloads']): Surroundings['workloads'] {
  return gateways(workloads).get(gateway) ?? [];
}

/** The ServiceAccount of a waypoint: that of its pods, else what istiod would give them; undefined of one that is gone. */
function accountOf(name: string, { workloads, mesh, namespace }: Surroundings): string | undefined {
  const [deployment] = workloadsOf(name, workloads);
  const gateway = configByName(mesh.configs('Gateway', namespace.name), name);
  return deployment?.serviceAccount ?? gateway?.annotations[serviceAccountAnnotation] ?? (gateway && name);
}

/**
 * The same of the waypoint of a Service: of one that is gone what stands tells it, because to name another would let in
 * whoever has that by now.
 */
function accounts(surroundings: Surroundings): (waypoint: string, service: string) => string {
  const known = new Map<string, string | undefined>();
  return (waypoint, service) => {
    if (!known.has(waypoint)) known.set(waypoint, accountOf(waypoint, surroundings));
    return known.get(waypoint) ?? standingAccount(service, surroundings) ?? waypoint;
  };
}

/** The waypoint of a Service that the journal has, whether that is there or not. */
function waypointBefore(service: string, surroundings: Surroundings): WaypointName | undefined {
  const { namespace, records, back } = surroundings;
  const known = own(records, service);
  const name = known?.[useWaypointLabel] ?? back?.[useWaypointLabel] ?? namespace.labels[useWaypointLabel];
  if (known === undefined || name === undefined) return undefined;
  const named = namedWaypoint({ [useWaypointLabel]: name }, namespace.name);
  return named === 'none' ? undefined : named;
}

/**
 * The waypoint of a Service. What the journal has of it counts, whatever its labels and those of the namespace are by
 * now: who takes one off that the operator has set says nothing about what protects the pods. It began behind a waypoint
 * of its own namespace, so labels that lead elsewhere since take nothing from it either.
 */
function waypointOf(service: ServiceView, surroundings: Surroundings): WaypointName | 'none' | undefined {
  const { namespace, records } = surroundings;
  if (own(records, service.name) !== undefined) return waypointBefore(service.name, surroundings);
  return (
    namedWaypoint(labelsBefore(service, 'none'), namespace.name) ?? namedWaypoint(namespace.labels, namespace.name)
  );
}

/**
 * The Services that go through a waypoint, or did before they were taken from it, by their own label or by that of the namespace. A waypoint's own Service has
 * none, and an ExternalName is none to ztunnel.
 */
export const servedServices: (surroundings: Surroundings) => readonly Served[] = memoize(
  (surroundings: Surroundings) => {
    const { services } = surroundings;
    const serviceAccountOf = accounts(surroundings);
    return services
      .filter(({ labels, externalName }) => labels[gatewayNameLabel] === undefined && !externalName)
      .flatMap((service) => {
        const waypoint = waypointOf(service, surroundings);
        return waypoint === undefined || waypoint === 'none'
          ? []
          : [{ service, waypoint: { ...waypoint, serviceAccount: serviceAccountOf(waypoint.name, service.name) } }];
      });
  },
);

/** Whether Services of the namespace go through a waypoint, those too that are created later. */
export function usesWaypoint(surroundings: Surroundings): boolean {
  const { namespace } = surroundings;
  const inherited = namedWaypoint(namespace.labels, namespace.name);
  return (inherited !== undefined && inherited !== 'none') || servedServices(surroundings).length > 0;
}

/** The picture of a namespace behind waypoints in the words of the translation. */
export function exitWorldOf(surroundings: Surroundings): ExitWorld {
  return { ...worldOf(surroundings), served: servedServices(surroundings) };
}
