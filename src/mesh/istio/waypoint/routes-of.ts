import type { MeshState } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { isOfCallers } from '../policy/translate/route-features.ts';

const kinds = ['HTTPRoute', 'GRPCRoute', 'VirtualService', 'DestinationRule'];

/**
 * The routes that can say something about how Services of a namespace are called: those of its own and of the root
 * namespace. All others are a matter of their callers, and cost a look at this namespace no more than to pass them by.
 */
export function routesOf(namespace: string, mesh: MeshState): readonly ConfigView[] {
  return kinds.flatMap((kind) => mesh.configs(kind)).filter((object) => !isOfCallers(object, { namespace }, mesh));
}

/** Routes of any namespace by which gateways send requests somewhere. */
export function gatewayRoutes(mesh: MeshState): readonly ConfigView[] {
  return kinds.filter((kind) => kind !== 'DestinationRule').flatMap((kind) => mesh.configs(kind));
}
