import type { MeshState } from '../../adapter.ts';
import { meshAuthorizers, meshExports, meshSentToAuthorizers } from './mesh-config.ts';
import { meshKnowledge } from './mesh-settings.ts';
import { parseIstioVersion } from '../policy/istio-version.ts';
import { defaultOptions, type PolicyOptions } from '../policy/options.ts';

/** What the mesh of a cluster adds to the meaning of its policies. A version that is not known counts as the newest. */
export function policyOptionsOf(mesh: MeshState): PolicyOptions {
  const version = parseIstioVersion(mesh.version ?? '') ?? defaultOptions.version;
  // Where it is not known nothing is made of it (MM016).
  const known = meshKnowledge(mesh);
  const authorizers = meshAuthorizers(mesh, version);
  return {
    ...defaultOptions,
    version,
    rootNamespace: mesh.rootNamespace,
    ...(known.kind === 'Known' && {
      trustDomain: known.settings.trustDomain,
      trustDomainAliases: known.settings.trustDomainAliases,
    }),
    ...(authorizers !== undefined && { authorizers }),
    sentToAuthorizers: meshSentToAuthorizers(mesh),
    exportTo: meshExports(mesh),
  };
}
