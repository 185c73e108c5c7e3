import { memoize } from '../../base/memoize.ts';
import type { MeshState } from '../adapter.ts';
import { record, records, text } from '../json.ts';
import { callsOf } from '../outside-kinds.ts';
import type { ConfigView, ServiceView } from '../views.ts';
import { nameOf } from './findings/rule.ts';
import { spend } from './policy/effort.ts';

/*
 * What shows that a Service is called from outside the mesh, whatever anybody says of its callers: they have no identity, never use a waypoint, and nobody moves them.
 */

type Service = Pick<ServiceView, 'namespace' | 'name' | 'opensBy'>;

const entering = ['Ingress', 'Route', 'IngressRoute', 'HTTPProxy'];
const ofApiServer = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration', 'APIService'];

/** By `NAMESPACE/NAME` of each Service: what calls it. */
const callersIn = memoize((objects: readonly ConfigView[]): ReadonlyMap<string, string> => {
  const all = objects.flatMap((object) =>
    callsOf(object.spec).map(
      ({ namespace = object.namespace, name }) => [`${namespace}/${name}`, nameOf(object)] as const,
    ),
  );
  return new Map(all.reverse()); // The first of several is told.
});

/** Controllers of classes of Gateways that are Istio's own (gatewaycommon/classinfo.go). */
function isIstios(gatewayClass: string, mesh: MeshState): boolean {
  const controller = mesh.configs('GatewayClass').find(({ name }) => name === gatewayClass)?.spec['controllerName'];
  return text(controller)?.startsWith('istio.io/') ?? gatewayClass.startsWith('istio');
}

function isOfForeignGateway(route: ConfigView, mesh: MeshState): boolean {
  return records(route.spec['parentRefs']).some(({ kind = 'Gateway', namespace, name }) => {
    if (kind !== 'Gateway') return false;
    const home = text(namespace) ?? route.namespace;
    const gateway = mesh.configs('Gateway', home).find((each) => each.name === name);
    const gatewayClass = text(gateway?.spec['gatewayClassName']);
    return gatewayClass !== undefined && !isIstios(gatewayClass, mesh);
  });
}

function leadsTo(route: ConfigView, service: Service): boolean {
  return records(route.spec['rules'])
    .flatMap((rule) => records(record(rule)['backendRefs']))
    .some(
      ({ kind = 'Service', namespace, name }) =>
        kind === 'Service' && name === service.name && (text(namespace) ?? route.namespace) === service.namespace,
    );
}

/** Routes of gateways of others; those that stand elsewhere are anybody's, and decide about nobody here. */
function routeTo(service: Service, mesh: MeshState): string | undefined {
  const routes = ['HTTPRoute', 'GRPCRoute'].flatMap((kind) => mesh.configs(kind, service.namespace));
  spend(routes.length);
  const route = routes.find((each) => leadsTo(each, service) && isOfForeignGateway(each, mesh));
  return route && `${nameOf(route)} brings clients in by a gateway that is not Istio's`;
}

/** The first object of some kinds that calls a Service. */
function told(kinds: readonly string[], key: string, mesh: MeshState, namespace?: string): string | undefined {
  return kinds.map((kind) => callersIn(mesh.configs(kind, namespace)).get(key)).find((found) => found !== undefined);
}

/** How it is known that somebody calls a Service from outside the mesh; undefined where nothing shows it. */
export function calledFromOutside(service: Service, mesh: MeshState): string | undefined {
  const key = `${service.namespace}/${service.name}`;
  if (service.opensBy !== undefined) return service.opensBy;
  const ingress = told(entering, key, mesh, service.namespace);
  if (ingress !== undefined) return `${ingress} brings clients in, and its controller calls the pods`;
  const asked = told(ofApiServer, key, mesh);
  return asked === undefined ? routeTo(service, mesh) : `the API server calls it by ${asked}`;
}
