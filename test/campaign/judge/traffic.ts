import type { KubeObject } from '../../../src/api/object.ts';
import { at, fields, hasLabels, items, labels } from './json.ts';
import { lets, selects, targets, type Reader, type Seen } from './policies.ts';
import type { States } from './states.ts';

/*
 * Who reaches whom, from nothing but the objects in the API server and the documentation of the data planes. Requests are examples: each method
 * and path that the policies of the campaign tell apart, from each kind of pod to each kind of pod.
 */

/** How a pod is in the mesh, by what was done to it. */
export type Plane = 'Sidecar' | 'Ambient' | 'None';

/** Pods that no policy and no proxy tells apart. */
export interface Peer {
  readonly namespace: string;
  readonly account: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly plane: Plane;
  /** A sidecar that was injected before ambient was enabled takes no HBONE. */
  readonly hbone: boolean;
  /** Somebody had taken these pods out of the mesh before the migration, and nobody has put them back. */
  readonly isStray?: boolean;
}

/** A request that gets through, or does not. */
export interface Call {
  readonly from: Peer;
  readonly to: Peer;
  /** Absent: the address of the pod. */
  readonly service?: string;
  readonly method: string;
  readonly path: string;
}

/** Each method and path that the policies of the campaign tell apart. */
export const requests = [
  ['GET', '/'],
  ['DELETE', '/'],
  ['GET', '/admin'],
] as const;
const containerPort = 8080;

export function planeOf(pod: KubeObject): Plane {
  const sidecar = [...items(at(pod['spec'], 'containers')), ...items(at(pod['spec'], 'initContainers'))].some(
    ({ name }) => name === 'istio-proxy',
  );
  if (sidecar && pod.metadata.labels?.['gateway.networking.k8s.io/gateway-name'] === undefined) return 'Sidecar';
  return pod.metadata.annotations?.['ambient.istio.io/redirection'] === 'enabled' ? 'Ambient' : 'None';
}

export function isWaypoint({ metadata }: KubeObject): boolean {
  return metadata.labels?.['gateway.networking.k8s.io/gateway-name'] !== undefined;
}

/** Of a template that somebody made so that no node agent enrols its pods. */
export function isUnenrolled({ metadata: { annotations = {} } }: KubeObject): boolean {
  return annotations['test.meshmigration.dev/enrol'] !== undefined;
}

export function isServing(pod: KubeObject): boolean {
  return (
    pod.metadata.deletionTimestamp === undefined &&
    items(at(pod['status'], 'conditions')).some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}

/** The kinds of pods that serve in the namespaces. */
export function peersOf(
  states: States,
  namespaces: readonly string[],
  isStray: (pod: KubeObject) => boolean,
): readonly Peer[] {
  const found = new Map<string, Peer>();
  for (const namespace of namespaces) {
    for (const pod of states.all('Pod', namespace)) {
      if (isWaypoint(pod) || !isServing(pod) || isUnenrolled(pod)) continue;
      const {
        'pod-template-hash': _hash,
        'controller-revision-hash': _revision,
        'statefulset.kubernetes.io/pod-name': _name,
        'apps.kubernetes.io/pod-index': _index,
        ...own
      } = labels(pod.metadata.labels);
      const account = at(pod['spec'], 'serviceAccountName');
      const peer: Peer = {
        namespace,
        account: typeof account === 'string' ? account : 'default',
        labels: own,
        plane: planeOf(pod),
        hbone: own['networking.istio.io/tunnel'] === 'http',
        ...(isStray(pod) && { isStray: true }),
      };
      found.set(JSON.stringify(peer), peer);
    }
  }
  return [...found.values()];
}

/** The names of the Services before these pods. */
export function servicesOf(states: States, { namespace, labels: own }: Peer): readonly string[] {
  return states
    .all('Service', namespace)
    .filter((each) => {
      const selector = labels(at(each['spec'], 'selector'));
      return Object.keys(selector).length > 0 && hasLabels(own, selector);
    })
    .map(({ metadata }) => metadata.name);
}

/** Every call that the campaign tells apart. */
export function callsBetween(states: States, from: readonly Peer[], to: readonly Peer[]): readonly Call[] {
  return to.flatMap((called) => {
    const addresses = [undefined, ...servicesOf(states, called)];
    return from.flatMap((caller) =>
      addresses.flatMap((service) =>
        requests.map(([method, path]): Call => ({
          from: caller,
          to: called,
          method,
          path,
          ...(service !== undefined && { service }),
        })),
      ),
    );
  });
}

/** As whom a caller is known; nobody outside of a mesh is. */
function identityOf({ plane, namespace, account }: Peer): string | undefined {
  return plane === 'None' ? undefined : `cluster.local/ns/${namespace}/sa/${account}`;
}

/** Whether a request with this identity gets past the proxy of the pod. */
function admits(states: States, policies: readonly KubeObject[], to: Peer, seen: Seen): boolean {
  if (to.plane === 'None') return true;
  const strict = states
    .all('PeerAuthentication', to.namespace)
    .some((each) => at(each['spec'], 'mtls', 'mode') === 'STRICT' && at(each['spec'], 'selector') === undefined);
  if (strict && seen.identity === undefined) return false;
  const reader: Reader = to.plane === 'Sidecar' ? 'Http' : 'Ztunnel';
  return lets(
    policies.filter((policy) => selects(policy, to)),
    seen,
    reader,
  );
}

/** How things were before the migration, as far as it decides who reads a policy. */
export interface Before {
  readonly plane: (namespace: string) => Plane;
  /** The waypoint to which its owner has bound a Service. */
  readonly gateway: (namespace: string, service: string) => string | undefined;
}

/** As sidecars read policies, of which no waypoint reads any. */
export const asSidecarsDo: Before = { plane: () => 'Sidecar', gateway: () => undefined };

/** What these policies mean for a call if the called pod were still in the plane of before: what their owners have. */
export function meant(states: States, originals: readonly KubeObject[], call: Call, before: Before): boolean {
  const { from, to, service, method, path } = call;
  const planeBefore = ({ namespace, isStray }: Peer): Plane => (isStray === true ? 'None' : before.plane(namespace));
  // A sidecar sends to the address of a pod without mTLS; ambient sends with it. Refused means refused either way.
  // Whoever had an identity is meant by it, in the mesh or no more; whoever comes in is known from then on.
  const was = planeBefore(from);
  const identity = identityOf(was === 'None' ? from : { ...from, plane: was });
  const identities = service === undefined ? [undefined, identity] : [identity];
  const called: Peer = {
    ...to,
    plane: planeBefore(to),
    labels: { ...to.labels, 'security.istio.io/tlsMode': 'istio' },
  };
  const target = service === undefined ? undefined : states.get('Service', to.namespace, service);
  const gateway = service === undefined ? undefined : before.gateway(to.namespace, service);
  if (target !== undefined && gateway !== undefined && called.plane === 'Ambient' && was === 'Ambient')
    return throughWaypoint(states, originals, called, { target, gateway, identity, method, path });
  return identities.some((as) =>
    admits(states, originals, called, { method, path, port: containerPort, ...(as !== undefined && { identity: as }) }),
  );
}

/** A request on its way through a waypoint. */
interface Through extends Pick<Call, 'method' | 'path'> {
  readonly target: KubeObject;
  readonly gateway: string;
  readonly identity: string | undefined;
}

/** A waypoint is called at the port of the Service, and that is the port that its policies see. */
function throughWaypoint(
  states: States,
  policies: readonly KubeObject[],
  to: Peer,
  { target, gateway, identity, method, path }: Through,
  isKnown = true,
): boolean {
  const request = { method, path };
  const waypoint = `cluster.local/ns/${to.namespace}/sa/${gateway}`;
  return (
    lets(
      policies.filter((policy) => targets(policy, target, gateway)),
      { ...request, port: servicePort(target), ...(identity !== undefined && { identity }) },
      'Http',
    ) && admits(states, policies, to, { ...request, port: containerPort, ...(isKnown && { identity: waypoint }) })
  );
}

/** What becomes of a call now. `inForce`: the policies that istiod has read. */
export function passes(
  states: States,
  inForce: readonly KubeObject[],
  { from, to, service, method, path }: Call,
): boolean {
  const identity = identityOf(from);
  const seen = (as: string | undefined): Seen => ({
    method,
    path,
    port: containerPort,
    ...(as !== undefined && { identity: as }),
  });
  if (from.plane === 'Sidecar') return admits(states, inForce, to, seen(service === undefined ? undefined : identity));
  if (from.plane === 'None') return admits(states, inForce, to, seen(undefined));
  const target = service === undefined ? undefined : states.get('Service', to.namespace, service);
  const gateway = target === undefined ? undefined : boundTo(target);
  const reached = to.plane === 'Ambient' || to.hbone;
  if (target === undefined || gateway === undefined)
    return admits(states, inForce, to, seen(reached ? identity : undefined));
  return throughWaypoint(states, inForce, to, { target, gateway, identity, method, path }, reached);
}

/** The waypoint that serves a Service, as istiod says. */
function boundTo({ metadata, ...service }: KubeObject): string | undefined {
  const holds = items(at(fields(service)['status'], 'conditions')).some(
    ({ type, status }) => type === 'istio.io/WaypointBound' && status === 'True',
  );
  const named = metadata.labels?.['istio.io/use-waypoint'];
  return holds && named !== 'none' ? named : undefined;
}

function servicePort({ spec }: KubeObject & { readonly spec?: unknown }): number {
  return Number(items(at(spec, 'ports'))[0]?.['port']);
}

/** Whether istiod has written about this generation of a policy. */
export function isInForce({ metadata: { generation = 0 }, ...policy }: KubeObject): boolean {
  return items(at(fields(policy)['status'], 'conditions')).some(
    ({ observedGeneration }) => Number(observedGeneration) >= generation,
  );
}
