import { strings, text, type Json } from '../../mesh/json.ts';
import { parseMeshConfig } from '../../mesh/istio/mesh-config.ts';
import { authorizersOf } from '../../mesh/istio/policy/authorizer.ts';
import { defaultOptions, type PolicyOptions } from '../../mesh/istio/policy/options.ts';
import type { Inventory } from './inventory.ts';

/** Undefined if none is among the manifests, or it cannot be read. */
function meshConfig(inventory: Inventory): Json | undefined {
  const config = inventory.configs('ConfigMap').find(({ name, spec }) => (name === 'istio' || name.startsWith('istio-')) && text(spec['mesh']) !== undefined);
  return config && parseMeshConfig(text(config.spec['mesh']) ?? '');
}

/** The settings of the mesh that change what policies mean, from the ConfigMap `istio` if it is among the manifests. */
export function policyOptions(inventory: Inventory, version: PolicyOptions['version'], rootNamespace: string): PolicyOptions {
  const config = meshConfig(inventory);
  return {
    ...defaultOptions, version, rootNamespace,
    trustDomain: text(config?.['trustDomain']) ?? defaultOptions.trustDomain,
    trustDomainAliases: strings(config?.['trustDomainAliases']),
    ...(config && { authorizers: authorizersOf(config, version) }),
  };
}
