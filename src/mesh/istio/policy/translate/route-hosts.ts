import { memoize } from '../../../../base/memoize.ts';
import { records, strings, text } from '../../../json.ts';
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
