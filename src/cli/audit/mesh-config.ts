import type { MeshState } from '../../mesh/adapter.ts';
import { text } from '../../mesh/json.ts';
import { parseMeshConfig } from '../../mesh/istio/settings/mesh-config.ts';
import { settingsIn } from '../../mesh/istio/settings/mesh-settings.ts';
import { authorizersOf, sentToAuthorizers } from '../../mesh/istio/policy/authorizer.ts';
import { defaultOptions, type PolicyOptions } from '../../mesh/istio/policy/options.ts';
import type { ConfigView } from '../../mesh/views.ts';
import type { Inventory } from './inventory.ts';

/** The ConfigMap of the mesh; undefined if none is among the manifests. */
function meshConfigMap(inventory: Inventory): ConfigView | undefined {
  return inventory
    .configs('ConfigMap')
    .find(({ name, spec }) => (name === 'istio' || name.startsWith('istio-')) && text(spec['mesh']) !== undefined);
}

/**
 * The settings of the mesh that change what policies mean, from the ConfigMap `istio` if it is among the manifests, and
 * can be read (the plan says where it cannot: MM016).
 */
export function policyOptions(
  inventory: Inventory,
  version: PolicyOptions['version'],
  rootNamespace: string,
): PolicyOptions {
  const found = meshConfigMap(inventory);
  const config = found && parseMeshConfig(text(found.spec['mesh']) ?? '');
  const settings = config && settingsIn(config);
  if (config === undefined || settings === undefined) return { ...defaultOptions, version, rootNamespace };
  const { trustDomain, trustDomainAliases } = settings;
  return {
    ...defaultOptions,
    version,
    rootNamespace: settings.rootNamespace,
    trustDomain,
    trustDomainAliases,
    authorizers: authorizersOf(config, version),
    sentToAuthorizers: sentToAuthorizers(config),
  };
}

/** What manifests tell of the mesh. Without its ConfigMap among them it is as in a bare installation. */
export function meshOf(
  inventory: Inventory,
  { rootNamespace }: Pick<PolicyOptions, 'rootNamespace'>,
): Pick<MeshState, 'controlPlaneNamespace' | 'rootNamespace' | 'assumesDefaults' | 'configs'> {
  const controlPlaneNamespace = meshConfigMap(inventory)?.namespace ?? rootNamespace;
  return {
    controlPlaneNamespace,
    rootNamespace,
    assumesDefaults: true,
    configs: (kind, namespace) => inventory.configs(kind, namespace),
  };
}
