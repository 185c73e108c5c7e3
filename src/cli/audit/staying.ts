import { memoize } from '../../base/memoize.ts';
import { systemNamespaces } from '../../api/names.ts';
import { namespaceIn, ofNamespace, templatesIn } from './inventory.ts';
import type { AuditedPolicy, Read } from './context.ts';
import { isGateway } from './reach.ts';

/** The way that is looked at. */
export const route = { from: 'IstioSidecar', to: 'IstioAmbient' } as const;

/** Whether a namespace is where the way leads, by its labels: nothing of it is lost by a migration. */
export function isInAmbient(name: string, { mesh, inventory }: Pick<Read, 'mesh' | 'inventory'>): boolean {
  return mesh.arrived(route, namespaceIn(name, inventory).labels);
}

const nameLabel = 'app.kubernetes.io/name';
/** As the installation labels the pods of the operator (deploy/kustomize). */
const operatorName = 'mesh-migration-operator';

/** Why nobody migrates it. */
export function whyNever(name: string, { inventory, options }: Read): string | undefined {
  if (name === options.rootNamespace)
    return 'the namespace of the control plane is never migrated; its policies count in every namespace';
  const isOurs = ofNamespace(name, templatesIn(inventory)).some(
    ({ templateLabels }) => templateLabels[nameLabel] === operatorName,
  );
  if (isOurs) return 'the operator itself runs there, and never migrates itself';
  return (systemNamespaces as readonly string[]).includes(name) ? 'system namespaces are never migrated' : undefined;
}

/** Why a namespace stays as it is in which only these run. */
export const onlyGateways = 'gateways only: they keep a proxy of their own';

/** Policies by their namespaces: of each namespace it is asked what its own are about. */
export const policiesByNamespace = memoize((policies: readonly AuditedPolicy[]) =>
  Map.groupBy(policies, ({ policy }) => policy.namespace),
);

/** Whether all that runs there are gateways, which keep a proxy of their own. */
export function hasOnlyGateways(name: string, { inventory, policies }: Read): boolean {
  const templates = ofNamespace(name, templatesIn(inventory));
  const own = policiesByNamespace(policies).get(name) ?? [];
  return (
    templates.length + own.length > 0 &&
    own.every(({ reach }) => reach === 'Gateways') &&
    templates.every((template) => isGateway(template, inventory))
  );
}
