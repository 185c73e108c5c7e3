import type { KubeObject } from '../../src/api/object.ts';
import { definitionSpec } from '../sim/apiserver/crd-types.ts';
import { gatewayDefinitions, istioDefinitions } from '../sim/fixtures/custom-resource-definitions.ts';
import { schemaCauses } from '../sim/schemas.ts';

const specs = [...istioDefinitions, ...gatewayDefinitions].map(definitionSpec);

/** What the CRD of its kind says against an object of Istio or the Gateway API, unknown fields included. */
export function refusals(
  object: Readonly<Record<'apiVersion' | 'kind', string>> & { readonly spec: object },
): readonly string[] {
  const [group = '', version = ''] = object.apiVersion.split('/');
  const spec = specs.find((each) => each.group === group && each.names.kind === object.kind);
  if (spec === undefined) throw new Error(`${object.apiVersion} ${object.kind} has no CRD here`);
  const resource = { group, version, kind: object.kind, plural: spec.names.plural, namespaced: true };
  const causes = schemaCauses(resource, object as unknown as KubeObject, undefined);
  return causes.map(({ field = '', message }) => `${field}: ${message}`);
}
