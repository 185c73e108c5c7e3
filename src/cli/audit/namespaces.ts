import type { AuditContext } from './context.ts';
import { templatesIn } from './inventory.ts';

/** Every namespace that the manifests say something about. */
export function namespacesOf({
  inventory,
  policies,
}: Pick<AuditContext, 'inventory' | 'policies'>): ReadonlySet<string> {
  const routes = [
    'VirtualService',
    'DestinationRule',
    'HTTPRoute',
    'GRPCRoute',
    'EnvoyFilter',
    'WasmPlugin',
    'Telemetry',
    'Sidecar',
    'WorkloadEntry',
    'WorkloadGroup',
  ];
  return new Set([
    ...inventory.namespaces.map(({ name }) => name),
    ...templatesIn(inventory).map(({ namespace }) => namespace),
    ...inventory.services.map(({ namespace }) => namespace),
    ...policies.map(({ policy }) => policy.namespace),
    ...routes.flatMap((kind) => inventory.configs(kind).map(({ namespace }) => namespace)),
  ]);
}
