import { apiVersionOf, type KubeObject, type OwnerReference, type Resource } from '../../../src/api/object.ts';
import {
  deployments,
  gateways,
  horizontalPodAutoscalers,
  podDisruptionBudgets,
  serviceAccounts,
  services,
} from './kinds.ts';
import type { Gateway } from './gateway-types.ts';
import type { ServicePort } from './service-types.ts';

/** Label of everything that belongs to a Gateway: its name. */
export const gatewayNameLabel = 'gateway.networking.k8s.io/gateway-name';
/** Label by which istiod knows what it manages, and what is a waypoint. */
export const managedLabel = 'gateway.istio.io/managed';
/** Value of {@link managedLabel} for waypoints. */
export const meshController = 'istio.io-mesh-controller';

const classNameLabel = 'gateway.networking.k8s.io/gateway-class-name';
const nameOverride = 'gateway.istio.io/name-override';
const accountOverride = 'gateway.istio.io/service-account';
/** Annotations that are about the Gateway alone (the `omit` calls in files/waypoint.yaml). */
const ownAnnotations = [
  'kubectl.kubernetes.io/last-applied-configuration',
  nameOverride,
  accountOverride,
  'gateway.istio.io/controller-version',
];

type Strings = Readonly<Record<string, string>>;
type Json = Readonly<Record<string, unknown>>;

/** One object of a waypoint, and the key of the parameters that change it. */
export interface WaypointObject {
  readonly resource: Resource;
  readonly object: KubeObject;
  readonly parameter: 'serviceAccount' | 'deployment' | 'service' | 'horizontalPodAutoscaler' | 'podDisruptionBudget';
  /** Made only when the parameters ask for it (requiredOverlays in deploymentcontroller.go). */
  readonly optional: boolean;
}

/** The name of a waypoint's Deployment and Service. */
export function deploymentNameOf({ metadata }: Gateway): string {
  return metadata.annotations?.[nameOverride] ?? metadata.name;
}

/**
 * What a Gateway's children inherit; keys of the Gateway API itself do not count (extractInfrastructureMetadata in
 * deploymentcontroller.go).
 */
function inherited({ metadata, spec }: Gateway, part: 'labels' | 'annotations'): Strings {
  const given = spec.infrastructure?.[part];
  if (given === undefined) return metadata[part] ?? {};
  return Object.fromEntries(Object.entries(given).filter(([key]) => !key.startsWith('gateway.networking.k8s.io/')));
}

/**
 * The objects that istiod makes for a waypoint before parameters are applied (charts istio-discovery
 * files/waypoint.yaml).
 */
export function waypointObjects(gateway: Gateway, image: string): readonly WaypointObject[] {
  const { name } = gateway.metadata;
  const own = deploymentNameOf(gateway);
  const account = gateway.metadata.annotations?.[accountOverride] ?? name;
  const annotations = Object.fromEntries(
    Object.entries(inherited(gateway, 'annotations')).filter(([key]) => !ownAnnotations.includes(key)),
  );
  const labels = {
    ...inherited(gateway, 'labels'),
    [gatewayNameLabel]: name,
    [classNameLabel]: gateway.spec.gatewayClassName,
    [managedLabel]: meshController,
  };
  const make = (
    resource: Resource,
    parameter: WaypointObject['parameter'],
    objectName: string,
    content: Json = {},
    more: Strings = {},
  ): WaypointObject => ({
    resource,
    parameter,
    optional: parameter === 'horizontalPodAutoscaler' || parameter === 'podDisruptionBudget',
    object: {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      metadata: {
        name: objectName,
        namespace: gateway.metadata.namespace ?? '',
        labels,
        annotations: { ...more, ...annotations },
        ownerReferences: [ownerOf(gateway)],
      },
      ...content,
    },
  });
  const template = podTemplate(own, account, image, labels, annotations);
  const scaleTargetRef = { apiVersion: apiVersionOf(deployments), kind: deployments.kind, name: own };
  return [
    make(serviceAccounts, 'serviceAccount', account),
    make(deployments, 'deployment', own, {
      spec: { selector: { matchLabels: { [gatewayNameLabel]: name } }, template },
    }),
    make(
      services,
      'service',
      own,
      {
        spec: {
          ipFamilyPolicy: 'PreferDualStack',
          ports: servicePorts(gateway),
          selector: { [gatewayNameLabel]: name },
          type: 'ClusterIP',
        },
      },
      { 'networking.istio.io/traffic-distribution': 'PreferClose' },
    ),
    make(horizontalPodAutoscalers, 'horizontalPodAutoscaler', own, { spec: { scaleTargetRef, maxReplicas: 1 } }),
    make(podDisruptionBudgets, 'podDisruptionBudget', own, {
      spec: { selector: { matchLabels: { [gatewayNameLabel]: name } } },
    }),
  ];
}

/** Not a controller reference: the template leaves out `controller` and `blockOwnerDeletion`. */
function ownerOf({ metadata }: Gateway): OwnerReference {
  return { apiVersion: apiVersionOf(gateways), kind: gateways.kind, name: metadata.name, uid: metadata.uid ?? '' };
}

function podTemplate(
  name: string,
  serviceAccountName: string,
  image: string,
  labels: Strings,
  annotations: Strings,
): Json {
  return {
    metadata: {
      labels: {
        'sidecar.istio.io/inject': 'false',
        'istio.io/dataplane-mode': 'none',
        'service.istio.io/canonical-name': name,
        'service.istio.io/canonical-revision': 'latest',
        ...labels,
      },
      annotations: {
        ...annotations,
        'istio.io/rev': 'default',
        'prometheus.io/path': '/stats/prometheus',
        'prometheus.io/port': '15020',
        'prometheus.io/scrape': 'true',
      },
    },
    spec: {
      serviceAccountName,
      containers: [
        {
          name: 'istio-proxy',
          image,
          args: ['proxy', 'waypoint'],
          ports: [
            { containerPort: 15020, name: 'metrics' },
            { containerPort: 15021, name: 'status-port' },
            { containerPort: 15090, name: 'http-envoy-prom' },
          ],
          resources: { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '100m', memory: '128Mi' } },
        },
      ],
    },
  };
}

/** One port for the status and one for each port of a listener (extractServicePorts in deploymentcontroller.go). */
function servicePorts({ spec }: Gateway): readonly ServicePort[] {
  const status = { name: 'status-port', port: 15021, protocol: 'TCP', appProtocol: 'tcp' };
  const first = spec.listeners.filter(
    ({ port }, index) => spec.listeners.findIndex((other) => other.port === port) === index,
  );
  return [
    status,
    ...first.map(({ name, port, protocol }) => ({ name, port, protocol: 'TCP', appProtocol: protocol.toLowerCase() })),
  ];
}
