import { parse } from 'yaml';
import { record, strings, text, type Json } from '../../mesh/json.ts';
import { defaultOptions, type PolicyOptions } from '../../mesh/istio/policy/options.ts';
import type { Inventory } from './inventory.ts';

function meshConfig(inventory: Inventory): Json {
  const config = inventory.configs('ConfigMap').find(({ name, spec }) => (name === 'istio' || name.startsWith('istio-')) && text(spec['mesh']) !== undefined);
  try {
    return record(parse(text(config?.spec['mesh']) ?? '', { logLevel: 'silent' }));
  } catch {
    return {};
  }
}

/** The settings of the mesh that change what policies mean, from the ConfigMap `istio` if it is among the manifests. */
export function policyOptions(inventory: Inventory, version: PolicyOptions['version'], rootNamespace: string): PolicyOptions {
  const config = meshConfig(inventory);
  return {
    ...defaultOptions, version, rootNamespace,
    trustDomain: text(config['trustDomain']) ?? defaultOptions.trustDomain,
    trustDomainAliases: strings(config['trustDomainAliases']),
  };
}
