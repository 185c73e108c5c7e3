import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import type { SimApiServer } from './apiserver/sim-api-server.ts';
import { customResource } from './apiserver/custom-resource.ts';
import { invalid, type StatusCause } from './apiserver/errors.ts';
import type { Schema } from './apiserver/schema.ts';
import type { Strategy } from './apiserver/served-resource.ts';
import { modelCauses } from './models.ts';

/** One kind of Istio or of the Gateway API as its CRD has it; made by `npm run schemas`. */
export interface KindSchema {
  /** Go module and version. */
  readonly source: string;
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly scope: 'Cluster' | 'Namespaced';
  readonly versions: readonly string[];
  /** Of all these versions. */
  readonly schema: Schema;
}

const folder = join(import.meta.dirname, 'schemas');
const strategies = new Map<string, Strategy | undefined>();

/** The schema of a kind; undefined when it belongs to neither Istio nor the Gateway API. */
export function kindSchema({ plural, group }: Pick<Resource, 'plural' | 'group'>): KindSchema | undefined {
  const file = join(folder, `${plural}.${group}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as KindSchema) : undefined;
}

/** Read and compiled when the first object of its kind is written, and then kept. */
function strategyOf(resource: Resource): Strategy | undefined {
  const key = `${resource.plural}.${resource.group}`;
  if (!strategies.has(key)) strategies.set(key, compiled(kindSchema(resource)));
  return strategies.get(key);
}

function compiled(found: KindSchema | undefined): Strategy | undefined {
  if (found === undefined) return undefined;
  const { group, kind, plural, scope, schema } = found;
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } };
  return customResource({ group, scope, names: { kind, plural }, versions: [version] }, version).strategy;
}

/** What the real CRDs say against an object; unknown fields too, which an API server drops with a warning. */
export function schemaCauses(
  resource: Resource,
  object: KubeObject,
  previous: KubeObject | undefined,
): readonly StatusCause[] {
  const strategy = strategyOf(resource);
  if (strategy === undefined) return [];
  const known = strategy.decode(object);
  return [
    ...known.unknownFields.map((field) => ({ reason: 'FieldValueInvalid', message: 'unknown field', field })),
    ...strategy.validate(strategy.default(known.object), previous),
  ];
}

function isSame(object: KubeObject, previous: KubeObject | undefined): boolean {
  return object['spec'] === previous?.['spec'] && object['status'] === previous?.['status'];
}

/** Refuses what the real CRDs refuse, or the models do; the simulation's own CRDs take anything. */
export function addSchemas(server: SimApiServer): void {
  server.addValidatingAdmission((resource, object, previous) => {
    if (previous !== undefined && isSame(object, previous)) return;
    const causes = [...schemaCauses(resource, object, previous), ...(modelCauses(resource, object) ?? [])];
    if (causes.length > 0) throw invalid(resource, object.metadata.name, causes);
  });
}
