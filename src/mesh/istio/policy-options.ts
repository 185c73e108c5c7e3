import type { MeshState } from '../adapter.ts';
import { meshConfigValue, trustDomainAliases } from './findings/rule.ts';
import { meshAuthorizers, meshExports } from './mesh-config.ts';
import { parseIstioVersion } from './policy/istio-version.ts';
import { defaultOptions, type PolicyOptions } from './policy/options.ts';

/** What the mesh of a cluster adds to the meaning of its policies. A version that is not known counts as the newest. */
export function policyOptionsOf(mesh: MeshState): PolicyOptions {
  const version = parseIstioVersion(mesh.version ?? '') ?? defaultOptions.version;
  const authorizers = meshAuthorizers(mesh, version);
  return {
    ...defaultOptions, version,
    rootNamespace: mesh.rootNamespace,
    trustDomain: meshConfigValue(mesh, 'trustDomain') ?? defaultOptions.trustDomain,
    trustDomainAliases: trustDomainAliases(mesh),
    ...(authorizers !== undefined && { authorizers }),
    exportTo: meshExports(mesh),
  };
}
