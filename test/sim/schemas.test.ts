import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { simulateMesh } from './controllers/mesh-simulation.ts';
import { testNamespace } from './controllers/simulation.ts';
import { definitionSpec } from './apiserver/crd-types.ts';
import { rulesOf } from './apiserver/schema-cel.ts';
import { gatewayDefinitions, istioDefinitions } from './fixtures/custom-resource-definitions.ts';
import { kindSchema } from './schemas.ts';

const specs = [...istioDefinitions, ...gatewayDefinitions].map(definitionSpec);
const schemas = specs.map(({ group, names: { plural } }) => kindSchema({ group, plural })!);

function policy(spec: object): KubeObject {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'web', namespace: testNamespace },
    spec,
  };
}

function route(rules: readonly object[]): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'web', namespace: testNamespace },
    spec: { rules },
  };
}

const rewrite = { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } };

describe('the schemas of Istio and the Gateway API', () => {
  it('are those of the versions that ring 3 is built of', () => {
    const pinned = readFileSync(join(import.meta.dirname, '../cluster/tools/istio/go.mod'), 'utf8');
    for (const { source } of schemas) expect(pinned).toContain(`\t${source}`);
  });

  it('belong to kinds, versions and names as the simulation serves them', () => {
    const sort = (versions: readonly string[]) => [...versions].sort();
    expect(
      specs.map(({ group, scope, names, versions }) => [
        `${names.plural}.${group}`,
        names.kind,
        scope,
        names.shortNames,
        sort(versions.map(({ name }) => name)),
      ]),
    ).toEqual(
      schemas.map(({ group, kind, plural, scope, shortNames, versions }) => [
        `${plural}.${group}`,
        kind,
        scope,
        shortNames,
        sort(versions),
      ]),
    );
  });

  it('have no rule that the model of CEL cannot read', () => {
    expect(schemas.flatMap(({ schema }) => rulesOf(schema).errors)).toEqual([]);
  });

  it.each([
    ['a field that is misspelt', policy({ acton: 'DENY' }), 'spec.acton: unknown field'],
    ['a value that is none', policy({ action: 'REFUSE' }), 'Unsupported value: "REFUSE"'],
    ['a value of another type', policy({ rules: [{ from: 'anybody' }] }), 'must be of type array'],
    ['what a rule of the CRD forbids', policy({ selector: { matchLabels: { app: 'a*' } } }), 'wildcard not allowed'],
    [
      'what a rule about the first match forbids',
      route([{ filters: [rewrite], matches: [{ path: { type: 'Exact', value: '/a' } }] }]),
      'exactly one PathPrefix match',
    ],
  ])('refuse %s', async (_what, object, message) => {
    const { cluster } = await simulateMesh();
    const resource = cluster.server.resourceFor(object.apiVersion!.split('/')[0]!, object.kind!)!;
    expect(() => cluster.server.create(resource, object, { manager: 'test' })).toThrow(message);
    await cluster.stop();
  });
});
