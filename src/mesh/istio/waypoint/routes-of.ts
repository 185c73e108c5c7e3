import type { MeshState } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { leadsInto } from '../policy/translate/gateway-routes.ts';
import { isOfCallers } from '../policy/translate/route-features.ts';

const kinds = ['HTTPRoute', 'GRPCRoute', 'VirtualService', 'DestinationRule'];

/**
 * The routes, of any namespace, that can say something about how Services of one are called: those of its own and of
 * the root namespace, and those of gateways that send requests to it. All others are a matter of their callers, and
 * cost a look at this namespace no more than to pass them by.
 */
export function routesOf(namespace: string, mesh: MeshState): readonly ConfigView[] {
  return kinds
    .flatMap((kind) => mesh.configs(kind))
    .filter((object) => !isOfCallers(object, { namespace }, mesh) || leadsInto(object, namespace));
}
