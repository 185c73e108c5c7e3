import { memoize, memoizeLast } from '../../../base/memoize.ts';
import type { MeshState } from '../../adapter.ts';
import { record, records, text } from '../../json.ts';
import { callsMore, callsOf } from '../../outside-kinds.ts';
import type { ConfigView, ServiceView } from '../../views.ts';
import { nameOf } from '../vocabulary/objects.ts';
import { costed, recount, spend } from '../../../base/effort.ts';

/*
 * What shows that a Service is called from outside the mesh, whatever anybody says of its callers: they have no identity, never use a waypoint, and nobody moves them.
 */

type Service = Pick<ServiceView, 'namespace' | 'name' | 'opensBy'>;

const entering = ['Ingress', 'Route', 'IngressRoute', 'HTTPProxy'];
const ofApiServer = [
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'APIService',
  'CustomResourceDefinition',
];

/** By `NAMESPACE/NAME` of each Service: what calls it; by `NAMESPACE/*` what names more of them than are read. */
const callersIn = memoize((objects: readonly ConfigView[]): ReadonlyMap<string, string> => {
  const all = objects.flatMap((object) => {
    const by = nameOf(object);
    const called = callsOf(object.spec).map(
      ({ namespace = object.namespace, name }) => [`${namespace}/${name}`, by] as const,
    );
    return callsMore(object.spec)
      ? [...called, [`${object.namespace}/*`, `${by}, which names more Services than are read,`] as const]
      : called;
  });
  return new Map(all.reverse()); // The first of several is told.
});

type Texts = ReadonlyMap<string, string | undefined>;

/** Classes of all Gateways, by `NAMESPACE/NAME`, and controllers of all classes: what a route names is looked up. */
const classesIn = memoize(
  (gateways: readonly ConfigView[]): Texts =>
    new Map(gateways.map(({ namespace, name, spec }) => [`${namespace}/${name}`, text(spec['gatewayClassName'])])),
);
const controllersIn = memoize(
  (classes: readonly ConfigView[]): Texts =>
    new Map(classes.map(({ name, spec }) => [name, text(spec['controllerName'])])),
);

/** Controllers of classes of Gateways that are Istio's own (gatewaycommon/classinfo.go). */
function isIstios(gatewayClass: string, controllers: Texts): boolean {
  return controllers.get(gatewayClass)?.startsWith('istio.io/') ?? gatewayClass.startsWith('istio');
}

/** What a route says, read once for as long as it stays as it is: the Gateways that it is of. */
const gatewaysOf = memoize((route: ConfigView): readonly string[] => [
  ...new Set(
    records(route.spec['parentRefs'])
      .filter(({ kind = 'Gateway' }) => kind === 'Gateway')
      .map(({ namespace, name }) => `${text(namespace) ?? route.namespace}/${text(name) ?? ''}`),
  ),
]);

/** The Services of its own namespace to which it leads; those elsewhere it decides nothing about. */
const destinationsOf = memoize((route: ConfigView): readonly string[] => {
  const names = records(route.spec['rules'])
    .flatMap((rule) => records(record(rule)['backendRefs']))
    .filter(
      ({ kind = 'Service', namespace }) =>
        kind === 'Service' && (text(namespace) ?? route.namespace) === route.namespace,
    )
    .map(({ name }) => text(name) ?? '');
  return [...new Set(names)];
});

/** By the name of a Service, the first route by which it is called, of some kind. */
const routesIn = memoizeLast(
  (routes: readonly ConfigView[], gateways: readonly ConfigView[], classes: readonly ConfigView[]) =>
    costed(() => {
      const [gatewayClasses, controllers] = [classesIn(gateways), controllersIn(classes)];
      const found = new Map<string, ConfigView>();
      for (const route of routes) {
        const parents = gatewaysOf(route);
        spend(1 + parents.length / 8);
        const isForeign = parents.some((gateway) => {
          const gatewayClass = gatewayClasses.get(gateway);
          return gatewayClass !== undefined && !isIstios(gatewayClass, controllers);
        });
        if (!isForeign) continue;
        const names = destinationsOf(route);
        spend(names.length / 8);
        for (const name of names) if (!found.has(name)) found.set(name, route);
      }
      return found;
    }),
);

/** Routes of gateways of others; those that stand elsewhere are anybody's, and decide about nobody here. */
function routeTo(service: Service, mesh: MeshState): string | undefined {
  const [gateways, classes] = [mesh.configs('Gateway'), mesh.configs('GatewayClass')];
  const route = ['HTTPRoute', 'GRPCRoute']
    .map((kind) => mesh.configs(kind, service.namespace))
    .map((routes) => (routes.length === 0 ? undefined : recount(routesIn(routes, gateways, classes)).get(service.name)))
    .find((found) => found !== undefined);
  return route && `${nameOf(route)} brings clients in by a gateway that is not Istio's`;
}

/** The first object of some kinds that calls a Service. */
function told(kinds: readonly string[], key: string, mesh: MeshState, namespace?: string): string | undefined {
  return kinds
    .map((kind) => callersIn(mesh.configs(kind, namespace)))
    .map((callers) => callers.get(key) ?? callers.get(`${namespace}/*`))
    .find((found) => found !== undefined);
}

/** Whether the API server is among them, which nobody sends elsewhere. */
export function isCalledByApiServer({ namespace, name }: Service, mesh: MeshState): boolean {
  return told(ofApiServer, `${namespace}/${name}`, mesh) !== undefined;
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
