import { kinds, type KindDefinition } from './kinds.ts';
import { complaints } from './schema-rules.ts';
import { structuralSchema, type StructuralSchema } from './structural-schema.ts';

/** Thrown while generating, when a schema could not be served or explained; the message lists every place. */
export class UnservableSchemaError extends Error {
  override readonly name = 'UnservableSchemaError';
}

/** A CustomResourceDefinition as JSON, as far as we fill it in. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The schema of a whole object of the kind. Throws UnservableSchemaError. */
export function objectSchema(definition: KindDefinition): StructuralSchema {
  const { kind } = definition.resource;
  const schema: StructuralSchema = {
    description: definition.description,
    type: 'object',
    ...(definition.rules.length > 0 && { 'x-kubernetes-validations': definition.rules }),
    required: ['spec'],
    properties: {
      apiVersion: { description: 'Version of the schema of this object.', type: 'string' },
      kind: { description: `Always ${kind}.`, type: 'string' },
      // The API server puts its own schema here and refuses any other.
      metadata: { type: 'object' },
      spec: { description: 'What is wanted.', ...structuralSchema(definition.spec) },
      status: {
        description: 'What was observed and done; written by the operator.',
        ...structuralSchema(definition.status),
      },
    },
  };
  // apiVersion, kind and metadata are fixed by the API server, which also bounds them.
  const { spec, status } = schema.properties ?? {};
  const found = [...complaints(spec ?? {}, `${kind}.spec`), ...complaints(status ?? {}, `${kind}.status`)];
  if (found.length > 0)
    throw new UnservableSchemaError(`the schema of ${kind} cannot be served:\n  ${found.join('\n  ')}`);
  return schema;
}

/** The CustomResourceDefinition of a kind, with its status as a subresource. Throws UnservableSchemaError. */
export function customResourceDefinition(definition: KindDefinition): CustomResourceDefinition {
  const { group, version, kind, plural, namespaced } = definition.resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [definition.shortName],
        categories: ['mesh-migration'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: definition.columns,
          selectableFields: definition.selectableFields.map((jsonPath) => ({ jsonPath })),
          schema: { openAPIV3Schema: objectSchema(definition) },
        },
      ],
    },
  };
}

/** The CustomResourceDefinitions of all our kinds. */
export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return kinds.map(customResourceDefinition);
}
