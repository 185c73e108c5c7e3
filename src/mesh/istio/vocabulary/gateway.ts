import type { Resource } from '../../../api/object.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Manifest } from '../../manifest.ts';
import { revisionLabel } from './labels.ts';

/**
 * The Gateway that the operator makes, and so the waypoint's Deployment, Service and ServiceAccount: istiod names them
 * all alike.
 */
export const waypointName = 'waypoint';

/** The GatewayClass of waypoints that Istio runs. */
export const waypointClass = 'istio-waypoint';

/** Label of everything that istiod makes for a Gateway. */
export const gatewayNameLabel = 'gateway.networking.k8s.io/gateway-name';

/**
 * ConfigMap that the Gateway's `parametersRef` names. One that nobody else is likely to use, because ConfigMaps of
 * users are not watched; and a fixed one, because the right to read and change it is by this name.
 */
export const parametersName = 'mesh-migration-waypoint';

export const gateways: Resource = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  kind: 'Gateway',
  plural: 'gateways',
  namespaced: true,
};
export const configMaps: Resource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

/**
 * Requests that are under way when load ends keep their pod: connections of ztunnel to a waypoint live long
 * (istio/istio#56864).
 */
const scaleDownWindowSeconds = 300;

/**
 * Strategic merge patches of what istiod creates for the Gateway
 * (pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go). Istio gives a waypoint one pod and neither autoscaler
 * nor budget: every request that needs HTTP policies would hang on it. The number of pods is left to the autoscaler,
 * whose minimum holds without metrics too.
 */
function parameters({ spec: { waypoint } }: Surroundings): Readonly<Record<string, string>> {
  const {
    replicas: { min, max },
    resources,
  } = waypoint;
  const pod = {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { [gatewayNameLabel]: waypointName } },
      },
    ],
    ...(resources !== undefined && { containers: [{ name: 'istio-proxy', resources }] }),
  };
  const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } };
  const patches = {
    deployment: { spec: { template: { spec: pod } } },
    horizontalPodAutoscaler: {
      spec: {
        minReplicas: min,
        maxReplicas: max,
        metrics: [cpu],
        behavior: { scaleDown: { stabilizationWindowSeconds: scaleDownWindowSeconds } },
      },
    },
    ...(min > 1 && { podDisruptionBudget: { spec: { maxUnavailable: 1 } } }),
  };
  return Object.fromEntries(Object.entries(patches).map(([key, patch]) => [key, JSON.stringify(patch, undefined, 2)]));
}

/**
 * The waypoint that the operator makes for a namespace. The Gateway carries the namespace's revision itself: without it
 * a namespace that loses the label would orphan it (pkg/revisions/tag_watcher.go). The parameters stand in an
 * annotation too, so that a change of them changes the Gateway, which is what is watched.
 */
export function waypointManifests(surroundings: Surroundings): readonly Manifest[] {
  const revision = surroundings.namespace.labels[revisionLabel];
  const data = parameters(surroundings);
  const { replicas, resources } = surroundings.spec.waypoint;
  return [
    // istiod only logs that a ConfigMap is missing, so it comes first and goes first.
    { resource: configMaps, unwatched: true, object: { metadata: { name: parametersName }, data } },
    {
      resource: gateways,
      object: {
        metadata: {
          name: waypointName,
          labels: { 'istio.io/waypoint-for': 'service', ...(revision !== undefined && { [revisionLabel]: revision }) },
          annotations: { 'meshmigration.dev/parameters': JSON.stringify({ replicas, resources }) },
        },
        spec: {
          gatewayClassName: waypointClass,
          listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
          infrastructure: { parametersRef: { group: '', kind: 'ConfigMap', name: parametersName } },
        },
      },
    },
  ];
}
