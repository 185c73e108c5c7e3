import { apiVersionOf } from '../../../src/api/object.ts';
import { equal } from '../apiserver/json.ts';
import { startQueue, watchKind, type ControllerContext } from './controller.ts';
import { endpointSlices, pods, services } from './kinds.ts';
import { selects } from './label-selector.ts';
import type { Container, Pod } from './pod-types.ts';
import { isFinished, isReady, isTerminating } from './pods.ts';
import type { Endpoint, EndpointSlice, Service, ServicePort } from './service-types.ts';
import { controllerReference, getByKey, keyOf, listOf, modify } from './typed-api.ts';

const manager = 'kube-controller-manager';
const managedBy = 'endpointslice-controller.k8s.io';
/** Label of a slice: the Service that it belongs to. */
const serviceNameLabel = 'kubernetes.io/service-name';

/**
 * The EndpointSlice controller (pkg/controller/endpointslice of Kubernetes 1.36): one IPv4 slice for each Service with
 * a selector. Named target ports are looked up in the first pod, where upstream makes a slice for each set of numbers.
 */
export function startEndpointSliceController(context: ControllerContext): void {
  const { api } = context;
  const queue = startQueue(context, (key) => {
    reconcile(context, key);
    return undefined;
  });
  watchKind(context, services, (service) => {
    queue.add(keyOf(service));
  });
  watchKind(context, pods, ({ metadata }) => {
    for (const service of listOf(api, services, metadata.namespace)) queue.add(keyOf(service));
  });
}

/** The slices of a Service. */
export function slicesOf(api: ControllerContext['api'], serviceKey: string): readonly EndpointSlice[] {
  const [namespace, name] = serviceKey.split('/');
  return listOf(api, endpointSlices, namespace).filter(({ metadata }) => metadata.labels?.[serviceNameLabel] === name);
}

function reconcile({ api }: ControllerContext, key: string): void {
  const service = getByKey(api, services, key);
  if (
    service?.spec.selector === undefined ||
    service.spec.type === 'ExternalName' ||
    service.metadata.deletionTimestamp !== undefined
  )
    return;
  const wanted = sliceFor(service, listOf(api, pods, service.metadata.namespace));
  const [current] = slicesOf(api, key);
  if (current === undefined) {
    api.create(endpointSlices, wanted, { manager });
    return;
  }
  const { labels } = wanted.metadata;
  if (
    equal(current.endpoints, wanted.endpoints) &&
    equal(current.ports, wanted.ports) &&
    equal(current.metadata.labels, labels)
  )
    return;
  modify(api, endpointSlices, current, { manager }, ({ metadata }) => ({
    ...wanted,
    metadata: { ...metadata, ...(labels && { labels }) },
  }));
}

function sliceFor(service: Service, candidates: readonly Pod[]): EndpointSlice {
  const { name, namespace = '', labels } = service.metadata;
  const { selector = {}, ports = [], publishNotReadyAddresses = false } = service.spec;
  const backends = candidates.filter(
    (pod) =>
      selects({ matchLabels: selector }, pod.metadata.labels) && pod.status?.podIP !== undefined && !isFinished(pod),
  );
  const [first] = backends;
  return {
    apiVersion: apiVersionOf(endpointSlices),
    kind: endpointSlices.kind,
    metadata: {
      ...{ generateName: `${name}-` },
      name: '',
      namespace,
      labels: { ...labels, [serviceNameLabel]: name, 'endpointslice.kubernetes.io/managed-by': managedBy },
      ownerReferences: [controllerReference(services, service)],
    },
    addressType: 'IPv4',
    endpoints: first === undefined ? null : backends.map((pod) => endpointOf(pod, publishNotReadyAddresses)),
    ports: first === undefined ? null : ports.flatMap((port) => portOf(port, first)),
  };
}

function endpointOf(pod: Pod, publishNotReady: boolean): Endpoint {
  const { name, namespace = '', uid = '' } = pod.metadata;
  const terminating = isTerminating(pod);
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready: publishNotReady || (isReady(pod) && !terminating), serving: isReady(pod), terminating },
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', name, namespace, uid },
  };
}

function portOf(
  { name = '', port, protocol = 'TCP', appProtocol, targetPort = port }: ServicePort,
  pod: Pod,
): NonNullable<EndpointSlice['ports']> {
  const number = typeof targetPort === 'number' ? targetPort : namedPort(pod, targetPort);
  return number === undefined
    ? []
    : [{ name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
}

function namedPort({ spec }: Pod, wanted: string): number | undefined {
  const ports = spec.containers.flatMap((container) => portsOf(container));
  return ports.find(({ name }) => name === wanted)?.containerPort;
}

function portsOf(container: Container): readonly { readonly name?: string; readonly containerPort: number }[] {
  return (container['ports'] ?? []) as readonly { readonly name?: string; readonly containerPort: number }[];
}
