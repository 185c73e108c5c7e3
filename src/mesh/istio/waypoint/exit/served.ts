import { originalLabelsAnnotation } from '../../../../api/resources.ts';
import type { Surroundings } from '../../../adapter.ts';
import { record, text } from '../../../json.ts';
import type { ServiceView } from '../../../views.ts';
import { useWaypointLabel, useWaypointNamespaceLabel } from '../../labels.ts';
import type { ExitWorld, Served } from '../../policy/translate/to-sidecar/served.ts';
import { gatewayNameLabel } from '../gateway.ts';
import { worldOf } from '../world.ts';

type Labels = Readonly<Record<string, string>>;

/** Whose identity a waypoint has (pilot/pkg/config/kube/gateway/gateway_collection.go). */
const serviceAccountAnnotation = 'gateway.istio.io/service-account';

/** The labels of a Service as they were before it was unbound: what it is bound to must not depend on how far the way is gone. */
export function labelsBefore({ labels, annotations }: Pick<ServiceView, 'labels' | 'annotations'>): Labels {
  const raw = annotations[originalLabelsAnnotation];
  if (raw === undefined) return labels;
  let kept: Readonly<Record<string, unknown>>;
  try {
    kept = record(JSON.parse(raw));
  } catch {
    return labels; // Somebody wrote something else there: then what is there now counts.
  }
  const { [useWaypointLabel]: _now, ...others } = labels;
  const before = text(kept[useWaypointLabel]);
  return { ...others, ...(before !== undefined && { [useWaypointLabel]: before }) };
}

/** The waypoint that labels name; `none` for an explicit no, undefined without a label (GetUseWaypoint in pilot/pkg/serviceregistry/ambient/waypoints.go). */
export function waypointOf(labels: Labels, home: string): { readonly namespace: string; readonly name: string } | 'none' | undefined {
  const name = labels[useWaypointLabel];
  if (name === undefined || name === 'none') return name;
  return { name, namespace: labels[useWaypointNamespaceLabel] ?? home };
}

/** The ServiceAccount of a waypoint: that of its pods, else what istiod would give them. */
function accountOf(name: string, { workloads, mesh, namespace }: Surroundings): string {
  const deployment = workloads.find(({ templateLabels }) => templateLabels[gatewayNameLabel] === name);
  const gateway = mesh.configs('Gateway', namespace.name).find((candidate) => candidate.name === name);
  return deployment?.serviceAccount ?? gateway?.annotations[serviceAccountAnnotation] ?? name;
}

/** The Services that go through a waypoint, by their own label or by that of the namespace. A waypoint's own Service has none, and an ExternalName is none to ztunnel. */
export function servedServices(surroundings: Surroundings): readonly Served[] {
  const { namespace, services } = surroundings;
  return services.filter(({ labels, externalName }) => labels[gatewayNameLabel] === undefined && !externalName).flatMap((service) => {
    const waypoint = waypointOf(labelsBefore(service), namespace.name) ?? waypointOf(namespace.labels, namespace.name);
    return waypoint === undefined || waypoint === 'none' ? [] : [{ service, waypoint: { ...waypoint, serviceAccount: accountOf(waypoint.name, surroundings) } }];
  });
}

/** Whether Services of the namespace go through a waypoint, those too that are created later. */
export function usesWaypoint(surroundings: Surroundings): boolean {
  const { namespace } = surroundings;
  const inherited = waypointOf(namespace.labels, namespace.name);
  return (inherited !== undefined && inherited !== 'none') || servedServices(surroundings).length > 0;
}

/** The picture of a namespace behind waypoints in the words of the translation. */
export function exitWorldOf(surroundings: Surroundings): ExitWorld {
  return { ...worldOf(surroundings), served: servedServices(surroundings) };
}
