import { parse, stringify } from 'yaml';
import type { KubeObject } from '../../../src/api/object.ts';
import { authorizersOf } from '../../../src/mesh/istio/policy/authorizer.ts';
import { defaultOptions, type PolicyOptions } from '../../../src/mesh/istio/policy/options.ts';
import { record, text, type Json } from '../../../src/mesh/json.ts';
import { homes, kinds, type StageOptions } from './stage-options.ts';

const service = `api.${homes.home}.svc.cluster.local`;

/**
 * External authorizers that istiod can use, and some that it finds fault with. Nobody asks them: only what istiod makes
 * of them counts.
 */
const extensionProviders: readonly Json[] = [
  { name: 'ext-http', envoyExtAuthzHttp: { service, port: 80 } },
  { name: 'ext-grpc', envoyExtAuthzGrpc: { service, port: 9000 } },
  { name: 'Ext-Upper', envoyExtAuthzGrpc: { service, port: 9000 } },
  { name: 'ext-prefix', envoyExtAuthzHttp: { service, port: 80, pathPrefix: 'check' } },
  { name: 'ext-tracing', zipkin: { service, port: 80 } },
];

/** The providers of the policies of one batch: each kind alone, and several that spoil each other. */
export const providersOfBatches: readonly (readonly string[])[] = [
  ['gone', 'gone'],
  ['ext-http'],
  ['ext-grpc'],
  ['ext-http', 'ext-grpc', 'gone'],
  ['Ext-Upper'],
  ['ext-tracing'],
  ['ext-prefix'],
];

/** How istiod reads policies while these authorizers are declared. */
export const stagePolicyOptions: PolicyOptions = {
  ...defaultOptions,
  authorizers: authorizersOf({ extensionProviders }, defaultOptions.version),
};

/** Declares the authorizers in the mesh configuration; what it returns puts it back as it was. */
export async function declareAuthorizers({ client, signal }: StageOptions): Promise<() => Promise<void>> {
  const object: KubeObject = await client.get(kinds.ConfigMap, homes.root, 'istio', signal);
  const before = text(record(object['data'])['mesh']) ?? '';
  const write = async (mesh: string): Promise<void> => {
    await client.mergePatch(kinds.ConfigMap, homes.root, 'istio', { data: { mesh } }, { signal });
  };
  await write(stringify({ ...record(parse(before)), extensionProviders }));
  return async () => {
    await write(before);
  };
}
