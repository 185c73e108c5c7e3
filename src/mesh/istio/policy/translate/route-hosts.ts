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

/** A short name is of the object's own namespace. */
function fullName(name: string, home: string): string {
  return name.includes('.') ? name : `${name}.${home}.svc.cluster.local`;
}

/** The host of a destination of all calls, of whatever version and port they are. */
function wholeHost({ destination, weight: _, ...others }: Json): string | undefined {
  const { host, ...more } = record(destination);
  return Object.keys(more).length + Object.keys(others).length === 0 ? text(host) : undefined;
}

/**
 * Whether a VirtualService does what is done without it: each call goes where it was meant to go. (What it leaves out,
 * such as retries, is as without it, too.)
 */
export const changesNothing: (object: ConfigObject) => boolean = memoize(({ namespace, spec }: ConfigObject) => {
  const { hosts, gateways: _, exportTo: __, http, ...others } = spec;
  const [route, ...routes] = records(http);
  if (route === undefined || routes.length + Object.keys(others).length > 0) return false;
  const [destination, ...destinations] = records(route['route']);
  const to = destination && wholeHost(destination);
  return (
    to !== undefined &&
    destinations.length === 0 &&
    Object.keys(route).every((field) => leading.includes(field)) &&
    strings(hosts).length > 0 &&
    strings(hosts).every((host) => fullName(host, namespace) === fullName(to, namespace))
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
