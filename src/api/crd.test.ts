import { describe, expect, it } from '@jest/globals';
import { evaluate } from '@marcbachmann/cel-js';
import { customResourceDefinition, objectSchema, UnservableSchemaError } from './crd.ts';
import { kinds } from './kinds.ts';
import type { KindDefinition } from './kinds.ts';
import { MeshMigrationSpec } from './mesh-migration-spec.ts';
import { NamespaceMigrationSpec } from './namespace-migration.ts';
import { meshMigrations, namespaceMigrations } from './resources.ts';
import type { StructuralSchema } from './structural-schema.ts';
import { z } from 'zod';

type Json = Readonly<Record<string, unknown>>;

function definitionOf(kind: string): KindDefinition {
  const definition = kinds.find((candidate) => candidate.resource.kind === kind);
  if (definition === undefined) throw new Error(`no kind ${kind}`);
  return definition;
}

/**
 * Defaults as the API server fills them in: from the outside inwards, also into objects that are defaulted themselves.
 */
function withDefaults(schema: StructuralSchema, value: unknown): unknown {
  if (schema.properties === undefined || typeof value !== 'object' || value === null) return value;
  const present: Json = { ...value };
  return Object.fromEntries(
    Object.entries(schema.properties).flatMap(([name, field]) => {
      const given = present[name] ?? field.default;
      return given === undefined ? [] : [[name, withDefaults(field, given)]];
    }),
  );
}

/**
 * Messages of the CEL rules that do not hold; rules about the old object are skipped on creation, as the API server
 * does.
 */
function refusals(schema: StructuralSchema, self: unknown, old?: unknown): readonly string[] {
  const own = (schema['x-kubernetes-validations'] ?? [])
    .filter(({ rule }) => old !== undefined || !rule.includes('oldSelf'))
    .filter(({ rule }) => evaluate(rule, { self, oldSelf: old }) !== true)
    .map(({ message }) => message);
  const items = schema.items;
  if (items !== undefined && Array.isArray(self)) return [...own, ...self.flatMap((item) => refusals(items, item))];
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const value = (self as Json)[name];
    return value === undefined ? [] : refusals(field, value, (old as Json | undefined)?.[name]);
  });
  return [...own, ...fields];
}

function migration(spec: Json, name = 'shop'): unknown {
  const minimal = { from: 'IstioSidecar', to: 'IstioAmbient', namespaces: { names: ['shop'] } };
  return withDefaults(objectSchema(definitionOf('MeshMigration')), {
    metadata: { name },
    spec: { ...minimal, ...spec },
  });
}

/** A migration with one gate. */
function gateOf(prometheus: Json, more: Json = {}): Json {
  return { gates: [{ name: 'errors', prometheus, ...more }] };
}

describe('the CustomResourceDefinitions', () => {
  it.each(kinds.map((definition) => [definition.resource.kind, definition] as const))(
    '%s names itself consistently',
    (kind, definition) => {
      const { metadata, spec } = customResourceDefinition(definition);

      expect(metadata.name).toBe(`${definition.resource.plural}.meshmigration.dev`);
      expect(spec).toMatchObject({
        group: 'meshmigration.dev',
        scope: definition.resource.namespaced ? 'Namespaced' : 'Cluster',
        names: { kind, singular: kind.toLowerCase(), categories: ['mesh-migration'] },
        versions: [{ name: 'v1alpha1', served: true, storage: true, subresources: { status: {} } }],
      });
    },
  );

  it.each(
    kinds.flatMap((definition) => [
      ...definition.columns.map((column) => [definition.resource.kind, column.jsonPath] as const),
      ...definition.selectableFields.map((path) => [definition.resource.kind, path] as const),
    ]),
  )('%s has the field %s that a column or selector names', (kind, jsonPath) => {
    const names = jsonPath
      .replaceAll(/\[.*?\)\]/g, '[]')
      .split('.')
      .slice(1);
    const walked = names.reduce<StructuralSchema | undefined>(
      (schema, name) => {
        const field = schema?.properties?.[name.replace('[]', '')];
        return name.endsWith('[]') ? field?.items : field;
      },
      objectSchema(definitionOf(kind)),
    );

    expect(jsonPath === '.metadata.creationTimestamp' || walked?.type !== undefined).toBe(true);
  });

  it('refuses to be generated from a schema without descriptions and bounds, and names every place', () => {
    const bad = {
      ...definitionOf('MeshMigration'),
      spec: z.object({ a: z.string(), b: z.object({ c: z.array(z.boolean()) }).describe('b') }),
    };

    expect(() => objectSchema(bad)).toThrow(UnservableSchemaError);
    expect(() => objectSchema(bad)).toThrow(
      /spec\.a has no description[^]*spec\.a is a string[^]*spec\.b\.c is a list without maxItems/,
    );
  });

  it('makes the API server default exactly what zod defaults', () => {
    const minimal = { from: 'None', to: 'IstioAmbient', namespaces: { names: ['shop'] } };

    expect(migration(minimal)).toEqual({ metadata: { name: 'shop' }, spec: MeshMigrationSpec.parse(minimal) });
  });
});

/** Every field with a default of its own, and rules below it. */
function defaulted(schema: StructuralSchema, path = ''): readonly (readonly [string, StructuralSchema])[] {
  const own = schema.default === undefined ? [] : [[path, schema] as const];
  return [
    ...own,
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => defaulted(field, `${path}.${name}`)),
  ];
}

// The API server tries the rules of a field on its default as it stands there, before the defaults inside are filled
// in.
it.each(kinds.flatMap((kind) => defaulted(objectSchema(definitionOf(kind.resource.kind)))))(
  'the default of %s satisfies its own rules, or the CRD would be refused',
  (_path, schema) => {
    expect(refusals(schema, schema.default)).toEqual([]);
  },
);

describe('the rules of MeshMigration', () => {
  const schema = objectSchema(definitionOf(meshMigrations.kind));

  it.each<[string, Json]>([
    ['names', { namespaces: { names: ['shop', 'pay'], exclude: ['tools'] } }],
    ['labels', { namespaces: { selector: { matchLabels: { team: 'shop' } } } }],
    [
      'an expression',
      { namespaces: { selector: { matchExpressions: [{ key: 'team', operator: 'In', values: ['shop'] }] } } },
    ],
    [
      'what is accepted',
      {
        accept: [
          { finding: 'MM030', object: 'VirtualService mallory/evil' },
          { finding: 'MM094', object: 'VirtualService mallory/evil' },
          { finding: 'MM098', object: 'ServiceEntry mallory/evil', digest: 'a'.repeat(32) },
        ],
      },
    ],
    [
      'what is accepted of all in a namespace',
      {
        accept: [
          { finding: 'MM030', object: 'VirtualService mallory/*' },
          { finding: 'MM098', object: 'ServiceEntry mallory/*', digest: '0'.repeat(32) },
        ],
      },
    ],
    ['waypoints on request', { waypoint: { services: ['shop/web', 'pay/*', '1-shop/a-1'] } }],
    [
      'what somebody answers for',
      {
        acknowledge: [
          { id: 'MM055', reason: 'at night', until: '2027-01-01T00:00:00Z' },
          {
            id: 'MM139',
            namespace: 'shop',
            object: 'NetworkPolicy shop/ports',
            reason: 'x',
            until: '2027-01-01T00:00:00+02:00',
          },
        ],
      },
    ],
    ['a gate', { gates: [{ name: 'errors', prometheus: { preset: 'ErrorRate', max: '0.5%', maxIncrease: '50%' } }] }],
    [
      'a gate about one of several clusters',
      gateOf({ preset: 'Refusals', maxIncrease: '1%', extraMatchers: [{ label: 'cluster', value: 'eu "1"' }] }),
    ],
    [
      'a gate about alerts',
      { gates: [{ name: 'pager', alerts: { matchers: [{ label: 'namespace', value: '$namespace' }] } }] },
    ],
    ['a gate about plaintext', gateOf({ preset: 'MtlsShare' }, { onFail: 'Pause' })],
    ['a gate about slow requests', gateOf({ preset: 'Latency', maxIncrease: '2%', slowerThan: '500ms' })],
    [
      'a gate by queries',
      {
        gates: [
          {
            name: 'own',
            prometheus: { query: 'bad{a="$namespace"}[$range]', total: 'all{a="$namespace"}[$range]', interval: '1m' },
            soak: '0s',
          },
        ],
      },
    ],
    [
      'an expression without values',
      { namespaces: { selector: { matchExpressions: [{ key: 'team', operator: 'Exists' }] } } },
    ],
  ])('accept %s', (_title, spec) => {
    expect(refusals(schema, migration(spec))).toEqual([]);
  });

  it.each<[string, Json, string]>([
    ['no selection', { namespaces: {} }, 'selects nothing'],
    ['empty names', { namespaces: { names: [] } }, 'selects nothing'],
    ['an empty selector', { namespaces: { selector: {} } }, 'selector is empty'],
    [
      'an empty selector beside names',
      { namespaces: { names: ['shop'], selector: { matchLabels: {} } } },
      'selector is empty',
    ],
    ['kube-system', { namespaces: { names: ['shop', 'kube-system'] } }, 'system namespaces'],
    ['istio-system', { namespaces: { names: ['istio-system'] } }, 'system namespaces'],
    [
      'a name that is also excluded',
      { namespaces: { names: ['a', 'b'], exclude: ['b'] } },
      'both in names and in exclude',
    ],
    [
      'In without values',
      { namespaces: { selector: { matchExpressions: [{ key: 'team', operator: 'In' }] } } },
      'need values',
    ],
    [
      'Exists with values',
      { namespaces: { selector: { matchExpressions: [{ key: 'team', operator: 'Exists', values: ['x'] }] } } },
      'must not have any',
    ],
    ['one data plane on both sides', { to: 'IstioSidecar' }, 'from and to are the same'],
    ['more waypoints at least than at most', { waypoint: { replicas: { min: 3, max: 2 } } }, 'min is larger than max'],
    ['nobody who stays', { restart: { hboneNamespaces: {} } }, 'names nobody'],
    ['everybody who stays', { restart: { hboneNamespaces: { selector: {} } } }, 'selector is empty'],
    ['nobody who comes directly', { policies: { direct: [{ namespace: 'shop' }] } }, 'names nobody'],
    [
      'whatever becomes of what is accepted',
      { accept: [{ finding: 'MM098', object: 'ServiceEntry mallory/evil' }] },
      'give the digest',
    ],
    [
      'whatever becomes of all that is accepted',
      { accept: [{ finding: 'MM098', object: 'ServiceEntry mallory/*' }] },
      'give the digest',
    ],
    [
      'whatever becomes of a NetworkPolicy that is accepted',
      { accept: [{ finding: 'MM139', object: 'NetworkPolicy mallory/ports' }] },
      'give the digest',
    ],
    [
      'waypoints on request on another way',
      { from: 'None', waypoint: { services: ['shop/web'] } },
      'waypoint.services is for the way from IstioSidecar to IstioAmbient',
    ],
    ['a gate that asks nothing', gateOf({}), 'give either preset, or query and total'],
    ['a gate that asks one half', gateOf({ query: '$namespace $range' }), 'give either preset, or query and total'],
    [
      'a gate that asks twice',
      gateOf({ preset: 'ErrorRate', total: '$namespace $range' }),
      'give either preset, or query and total',
    ],
    ['a gate about nothing', { gates: [{ name: 'pager' }] }, 'give either prometheus or alerts'],
    [
      'a gate about two things',
      gateOf({ preset: 'ErrorRate' }, { alerts: { matchers: [{ label: 'severity', value: 'page' }] } }),
      'give either prometheus or alerts',
    ],
    [
      'alerts that do not fire',
      { gates: [{ name: 'pager', alerts: { matchers: [{ label: 'alertstate', value: 'pending' }] } }] },
      'alertstate is always firing',
    ],
    ['slow requests of no time', gateOf({ preset: 'Latency', maxIncrease: '1%' }), 'slowerThan is what Latency needs'],
    ['errors that are slow', gateOf({ preset: 'ErrorRate', slowerThan: '1s' }), 'slowerThan is what Latency needs'],
    [
      'plaintext as it was before',
      gateOf({ preset: 'MtlsShare', maxIncrease: '1%' }, { onFail: 'Pause' }),
      'MtlsShare is compared with max alone',
    ],
    ['plaintext by which somebody goes back', gateOf({ preset: 'MtlsShare' }), 'give onFail Pause'],
    ['refusals whatever was before', gateOf({ preset: 'Refusals' }), 'give maxIncrease'],
    [
      'labels beside a query',
      gateOf({
        query: '$namespace $range',
        total: '$namespace $range',
        extraMatchers: [{ label: 'cluster', value: 'a' }],
      }),
      'extraMatchers are for a preset',
    ],
    ['a query about everybody', gateOf({ query: '$range', total: '$namespace $range' }), 'query needs $namespace'],
    ['a total without a range', gateOf({ query: '$namespace $range', total: '$namespace' }), 'total needs $namespace'],
    ['pieces of time without a scrape', gateOf({ preset: 'ErrorRate', interval: '10s' }), 'between 1m and 1h'],
    [
      'a year of before',
      gateOf({ preset: 'ErrorRate' }, { baseline: { window: '8000h' } }),
      'window must be between 1h and 168h',
    ],
    [
      'a soak beyond the deadline',
      gateOf({ preset: 'ErrorRate' }, { soak: '3h', deadline: '2h' }),
      'soak is longer than deadline',
    ],
    ['a deadline of nothing', { restart: { progressDeadline: '0s' } }, 'must be longer than 0s'],
  ])('refuse %s', (_title, spec, message) => {
    expect(refusals(schema, migration(spec))).toEqual([expect.stringContaining(message)]);
  });

  it('refuse a name that would not fit into a label', () => {
    expect(refusals(schema, migration({}, 'a'.repeat(63)))).toEqual([]);
    expect(refusals(schema, migration({}, 'a'.repeat(64)))).toEqual([expect.stringContaining('at most 63 characters')]);
  });

  it('refuse another direction later, but let everything else change', () => {
    const old = migration({});

    expect(refusals(schema, migration({ action: 'Migrate', namespaces: { names: ['pay'] } }), old)).toEqual([]);
    expect(refusals(schema, migration({ from: 'None' }), old)).toEqual([expect.stringContaining('cannot be changed')]);
  });

  it.each<[string, Json]>([
    ['no pods per minute', { restart: { podsPerMinute: 0 } }],
    ['a deadline in words', { restart: { progressDeadline: 'soon' } }],
    ['a percentage of x', { restart: { maxUnavailablePerWorkload: 'x%' } }],
    ['more than all pods', { restart: { maxUnavailablePerWorkload: '101%' } }],
    ['fewer than no pods', { restart: { maxUnavailablePerWorkload: -1 } }],
    ['an unknown action', { action: 'Go' }],
    ...[
      'spiffe://cluster.local/ns/mon/sa/p',
      ' ',
      'prometheus',
      'cluster.local/ns/Mon/sa/p',
      'cluster.local/ns/mon/sa/',
      'cluster.local/ns/mon/sa/p ',
      'cluster.local/sa/p',
      'a*b',
      '**',
      'spiffe://*',
    ].map((principal): [string, Json] => [
      `a principal ${JSON.stringify(principal)} that nobody has`,
      { policies: { direct: [{ namespace: 'shop', principals: [principal] }] } },
    ]),
    ...[' ', 'Web', 'web/web', 'a b'].map((serviceAccount): [string, Json] => [
      `a ServiceAccount ${JSON.stringify(serviceAccount)} that cannot be`,
      { callers: [{ namespace: 'shop', from: [{ namespace: 'web', serviceAccount }] }] },
    ]),
    ...['shop', 'shop/', '/web', 'Shop/web', 'shop/web*', '*/web', '*/*', 'shop/web/80', 'shop/web '].map(
      (service): [string, Json] => [
        `a Service ${JSON.stringify(service)} for a waypoint`,
        { waypoint: { services: [service] } },
      ],
    ),
    ['a caller in a namespace that cannot be', { callers: [{ namespace: 'shop', from: [{ namespace: 'Web' }] }] }],
    ['a namespace that stays and cannot be', { restart: { hboneNamespaces: { names: ['Web'] } } }],
    ['a label value that no namespace can have', { namespaces: { selector: { matchLabels: { team: 'a b' } } } }],
    [
      'a label key that no namespace can have',
      { namespaces: { selector: { matchExpressions: [{ key: 'a b', operator: 'Exists' }] } } },
    ],
    ['a name that no namespace can have', { namespaces: { names: ['Shop_1'] } }],
    [
      'an acceptance of a request that would get through',
      { accept: [{ finding: 'MM086', object: 'AuthorizationPolicy shop/it' }] },
    ],
    ['an acceptance of an object without its kind', { accept: [{ finding: 'MM030', object: 'mallory/evil' }] }],
    ['an acceptance of everything in a namespace', { accept: [{ finding: 'MM030', object: '* mallory/*' }] }],
    ['an acceptance of everything of a kind', { accept: [{ finding: 'MM030', object: 'VirtualService */*' }] }],
    ['an acceptance of some of a kind', { accept: [{ finding: 'MM030', object: 'VirtualService mallory/evil-*' }] }],
    [
      'what would let a request through and somebody answers for',
      { acknowledge: [{ id: 'MM086', reason: 'x', until: '2027-01-01T00:00:00Z' }] },
    ],
    ['an answer without a reason', { acknowledge: [{ id: 'MM055', until: '2027-01-01T00:00:00Z' }] }],
    ...['', 'a b', 'a"', '__name__', '1a', 'a='].map((label): [string, Json] => [
      `a label ${JSON.stringify(label)} that no series has`,
      gateOf({ preset: 'ErrorRate', extraMatchers: [{ label, value: 'x' }] }),
    ]),
    ...['', 'a\n', 'x'.repeat(65)].map((value): [string, Json] => [
      `a value ${JSON.stringify(value)} of a label`,
      gateOf({ preset: 'ErrorRate', extraMatchers: [{ label: 'cluster', value }] }),
    ]),
    ['all alerts', { gates: [{ name: 'pager', alerts: { matchers: [] } }] }],
    ['a preset that is none', gateOf({ preset: 'Errors' })],
    ...['0s', '500', '1.5s', '1m', '-1ms', '1h'].map((slowerThan): [string, Json] => [
      `slower than ${slowerThan}`,
      gateOf({ preset: 'Latency', maxIncrease: '1%', slowerThan }),
    ]),
    ['an answer for ever', { acknowledge: [{ id: 'MM055', reason: 'x' }] }],
    ['an answer until a time that is none', { acknowledge: [{ id: 'MM055', reason: 'x', until: 'tomorrow' }] }],
    [
      'an answer about an object without its kind',
      { acknowledge: [{ id: 'MM055', reason: 'x', until: '2027-01-01T00:00:00Z', object: 'shop/api' }] },
    ],
    [
      'an acceptance by another digest',
      { accept: [{ finding: 'MM030', object: 'VirtualService mallory/*', digest: 'abc' }] },
    ],
  ])('leave %s to the schema, which refuses it', (_title, spec) => {
    expect(
      MeshMigrationSpec.safeParse({ from: 'None', to: 'IstioAmbient', namespaces: { names: ['shop'] }, ...spec })
        .success,
    ).toBe(false);
  });
});

it.each([
  'cluster.local/ns/monitoring/sa/prometheus',
  'corp.example/ns/a-b/sa/c.d-e',
  '*',
  'cluster.local/ns/mon/*',
  '*/sa/prometheus',
])('a principal %s may come directly', (principal) => {
  expect(
    MeshMigrationSpec.safeParse({
      from: 'IstioSidecar',
      to: 'IstioAmbient',
      namespaces: { names: ['shop'] },
      policies: { direct: [{ namespace: 'shop', principals: [principal] }] },
    }).success,
  ).toBe(true);
});

describe('the rules of NamespaceMigration', () => {
  const schema = objectSchema(definitionOf(namespaceMigrations.kind));
  const spec = { migration: 'shop', from: 'IstioSidecar', to: 'IstioAmbient' };

  it('refuse every change of the spec', () => {
    expect(NamespaceMigrationSpec.safeParse(spec).success).toBe(true);
    expect(refusals(schema, { metadata: { name: 'shop' }, spec }, { spec })).toEqual([]);
    expect(refusals(schema, { metadata: { name: 'shop' }, spec: { ...spec, from: 'None' } }, { spec })).toEqual([
      expect.stringContaining('cannot be changed'),
    ]);
  });
});
