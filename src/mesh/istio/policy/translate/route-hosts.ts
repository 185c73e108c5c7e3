import { memoize } from '../../../../base/memoize.ts';
import { record, records, strings, text, type Json } from '../../../json.ts';
import { Names } from './host-names.ts';
import type { ConfigObject, ServiceFacts } from './world.ts';

/**
 * `reviews`, `reviews.shop`, `reviews.shop.svc` and the full name all mean Service shop/reviews; a short name is of the
 * object's own namespace.
 */
export function namesService(
  host: string,
  home: string,
  { namespace, name }: Pick<ServiceFacts, 'namespace' | 'name'>,
): boolean {
  const full = `${name}.${namespace}.svc.cluster.local`;
  if (host.startsWith('*')) return full.endsWith(host.slice(1));
  const parts = host.split('.');
  if (parts.length === 1) return host === name && home === namespace;
  return (
    parts[0] === name && parts[1] === namespace && (parts.length === 2 || full.startsWith(`${host}.`) || host === full)
  );
}

/** A VirtualService without gateways, or with `mesh` among them, is for callers in the mesh. */
export const isForMesh: (object: ConfigObject) => boolean = memoize(({ spec }: ConfigObject) => {
  const gateways = strings(spec['gateways']);
  return gateways.length === 0 || gateways.includes('mesh');
});

/** Fields by which a route of a VirtualService does nothing else than to lead on. */
const leading: readonly string[] = ['name', 'route'];

/** Whether a destination is a host itself, of whatever version and port the call is. */
function isItself({ destination, weight: _, ...others }: Json, host: string, home: string): boolean {
  const { host: to, ...more } = record(destination);
  const full = (name: string): string => (name.includes('.') ? name : `${name}.${home}.svc.cluster.local`);
  return (
    typeof to === 'string' && full(to) === full(host) && Object.keys(more).length + Object.keys(others).length === 0
  );
}

/**
 * Whether a VirtualService does what is done without it: each call goes where it was meant to go. (What it leaves out,
 * such as retries, is as without it, too.)
 */
export const changesNothing: (object: ConfigObject) => boolean = memoize(({ namespace, spec }: ConfigObject) => {
  const { hosts, gateways: _, exportTo: __, http, ...others } = spec;
  const [host, ...more] = strings(hosts);
  const [route, ...routes] = records(http);
  if (host === undefined || route === undefined || more.length + routes.length + Object.keys(others).length > 0)
    return false;
  const [destination, ...destinations] = records(route['route']);
  return (
    Object.keys(route).every((field) => leading.includes(field)) &&
    destination !== undefined &&
    destinations.length === 0 &&
    isItself(destination, host, namespace)
  );
});

/** What the hosts of a VirtualService name. */
const virtualNames = memoize(
  ({ namespace, spec }: ConfigObject): Names =>
    new Names(() => strings(spec['hosts']).map((host) => ({ host, home: namespace }))),
);

/** Whether a VirtualService, DestinationRule, HTTPRoute or GRPCRoute is about calls to a Service. */
export function concernsService(object: ConfigObject, service: ServiceFacts): boolean {
  const { kind, namespace, spec } = object;
  switch (kind) {
    case 'VirtualService':
      return isForMesh(object) && virtualNames(object).has(service);
    case 'DestinationRule':
      return namesService(text(spec['host']) ?? '', namespace, service);
    case 'HTTPRoute':
    case 'GRPCRoute':
      return records(spec['parentRefs']).some(
        (parent) =>
          parent['kind'] === 'Service' &&
          (text(parent['group']) ?? '') === '' &&
          parent['name'] === service.name &&
          (text(parent['namespace']) ?? namespace) === service.namespace,
      );
    default:
      return false;
  }
}
