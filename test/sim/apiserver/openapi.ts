import { apiVersionOf, pathOf } from '../../../src/api/object.ts';
import { asObject, type JsonObject } from './json.ts';
import type { Registry } from './registry.ts';
import type { ServedResource } from './served-resource.ts';

/** The parameters of writes by which kubectl recognises server-side dry run and field validation. */
const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
  name,
  in: 'query',
  schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
}));

const metadataSchema = {
  type: 'object',
  description: 'Standard object metadata.',
  properties: {
    name: { type: 'string', description: 'Name, unique within a namespace.' },
    namespace: { type: 'string', description: 'The space within which the name is unique.' },
    labels: { type: 'object', additionalProperties: { type: 'string' }, description: 'Keys and values to select by.' },
    annotations: { type: 'object', additionalProperties: { type: 'string' }, description: 'Keys and values to keep.' },
  },
};

function groupPath(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

function componentName(served: ServedResource): string {
  const { group, version, kind } = served.resource;
  const reversed = group === '' ? 'io.k8s.api.core' : group.split('.').toReversed().join('.');
  return `${reversed}.${version}.${kind}`;
}

function schemaOf(served: ServedResource): JsonObject {
  const { group, version, kind } = served.resource;
  const properties = {
    apiVersion: { type: 'string', description: 'Versioned schema of this representation of the object.' },
    kind: { type: 'string', description: 'The REST resource that this object represents.' },
    metadata: metadataSchema,
    ...asObject(served.openapi['properties']),
  };
  return {
    ...served.openapi,
    properties: { ...properties, metadata: metadataSchema },
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  };
}

function operations(served: ServedResource): JsonObject {
  const { group, version, kind } = served.resource;
  const schema = { $ref: `#/components/schemas/${componentName(served)}` };
  const content = { 'application/json': { schema } };
  const common = {
    'x-kubernetes-group-version-kind': { group, version, kind },
    responses: { 200: { description: 'OK', content } },
  };
  const write = { ...common, parameters: writeParameters };
  const patchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];
  return {
    get: { ...common, 'x-kubernetes-action': 'get' },
    put: { ...write, 'x-kubernetes-action': 'put', requestBody: { content } },
    patch: {
      ...write,
      'x-kubernetes-action': 'patch',
      requestBody: { content: Object.fromEntries(patchTypes.map((type) => [type, { schema: { type: 'object' } }])) },
    },
    delete: { ...write, 'x-kubernetes-action': 'delete' },
  };
}

/** `/openapi/v3`: one document for each group and version. */
export function openapiIndex(registry: Registry): JsonObject {
  const paths = new Set(registry.all().map(({ resource }) => groupPath(resource.group, resource.version)));
  return { paths: Object.fromEntries([...paths].map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }])) };
}

/** The document of one group and version, for example `apis/apps/v1`. */
export function openapiDocument(registry: Registry, path: string): JsonObject | undefined {
  const members = registry.all().filter(({ resource }) => groupPath(resource.group, resource.version) === path);
  const [first] = members;
  if (first === undefined) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: apiVersionOf(first.resource) },
    paths: Object.fromEntries(
      members.map((served) => [
        pathOf(served.resource, '{namespace}', '{name}').replaceAll('%7B', '{').replaceAll('%7D', '}'),
        operations(served),
      ]),
    ),
    components: { schemas: Object.fromEntries(members.map((served) => [componentName(served), schemaOf(served)])) },
  };
}
