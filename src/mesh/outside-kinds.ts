import type { KubeObject } from '../api/object.ts';
import { record, records, text, type Json } from './json.ts';

/*
 * Objects by which somebody outside of every mesh calls Services: the API server, and controllers that bring in clients from outside the cluster.
 */

/** A Service, in the namespace of the object where none is said. */
export interface CalledService {
  readonly namespace?: string;
  readonly name: string;
}

/** What such an object is kept as. */
export interface Calling {
  readonly calls: readonly CalledService[];
  /** It names more than these: it may call any Service of its namespace. */
  readonly more?: true;
}

/** Of one object; who names more of them is an operator of a platform, and each is a line. */
const most = 1000;

function calling(called: readonly Json[]): Json {
  const known = new Map(
    called.flatMap(({ namespace, name }) => {
      const service: CalledService = {
        ...(text(namespace) !== undefined && { namespace: text(namespace) ?? '' }),
        name: text(name) ?? '',
      };
      return service.name === '' ? [] : [[`${service.namespace ?? ''}/${service.name}`, service] as const];
    }),
  );
  return { calls: [...known.values()].slice(0, most), ...(known.size > most && { more: true }) } satisfies Calling;
}

/** Services that the API server asks about objects. */
export function calledByWebhooks(object: KubeObject): Json {
  return calling(records(object['webhooks']).map(({ clientConfig }) => record(record(clientConfig)['service'])));
}

/** The Service that the API server has convert objects of a kind from one version to another. */
export function calledByConversion({ spec }: KubeObject): Json {
  const { clientConfig } = record(record(record(spec)['conversion'])['webhook']);
  return calling([record(record(clientConfig)['service'])]);
}

/** The Service that answers for a group of the API. */
export function calledByApi({ spec }: KubeObject): Json {
  return calling([record(record(spec)['service'])]);
}

/** By which a controller sends to the address of the Service instead of those of its pods. */
const byAddress = 'nginx.ingress.kubernetes.io/service-upstream';
const classAnnotation = 'kubernetes.io/ingress.class';

/**
 * Services to which an Ingress sends. Not one of Istio, whose gateways are in the mesh; nor one that has its controller
 * call Services by their address, who is a caller like any other.
 */
export function calledByIngress({ spec: value, metadata: { annotations = {} } }: KubeObject): Json {
  const spec = record(value);
  const named = text(spec['ingressClassName']) ?? annotations[classAnnotation];
  if (named === 'istio' || annotations[byAddress] === 'true') return calling([]);
  const backends = [
    record(spec['defaultBackend']),
    ...records(spec['rules'])
      .flatMap((rule) => records(record(rule['http'])['paths']))
      .map((path) => record(path['backend'])),
  ];
  return calling(backends.map(({ service }) => ({ name: record(service)['name'] })));
}

/** Services to which a Route of OpenShift sends. */
export function calledByRoute({ spec: value }: KubeObject): Json {
  const spec = record(value);
  return calling([record(spec['to']), ...records(spec['alternateBackends'])]);
}

/**
 * Services to which an IngressRoute of Traefik sends, or an HTTPProxy of Contour, but for those whose controller calls
 * the address of the Service (`nativeLB`).
 */
export function calledByRoutes({ spec: value }: KubeObject): Json {
  const spec = record(value);
  const services = [...records(spec['routes']), record(spec['tcpproxy'])].flatMap((route) =>
    records(record(route)['services']),
  );
  return calling(services.filter(({ kind = 'Service', nativeLB }) => kind === 'Service' && nativeLB !== true));
}

/** Whether an object names more Services than were kept. */
export function callsMore(spec: Json): boolean {
  return spec['more'] === true;
}

/** What is kept of such an object; nothing of another one. */
export function callsOf(spec: Json): readonly CalledService[] {
  return records(spec['calls']).map(({ namespace, name }) => ({
    ...(text(namespace) !== undefined && { namespace: text(namespace) ?? '' }),
    name: text(name) ?? '',
  }));
}
