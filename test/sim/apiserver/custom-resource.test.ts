import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from './json.ts';
import { dig, startTestServer, widget, widgetDefinition, type Answer, type TestClient } from './testing.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const widgets = '/apis/example.com/v1/namespaces/shop/widgets';

async function serving(spec: JsonObject, more: JsonObject = {}): Promise<TestClient> {
  const { client } = await startTestServer();
  const created = await client.post(definitions, widgetDefinition(spec, more));
  expect(created.status).toBe(201);
  return client;
}

function causes(answer: Answer): readonly string[] {
  expect([answer.status, answer.body['reason']]).toEqual([422, 'Invalid']);
  return (dig(answer.body, 'details', 'causes') as readonly { field: string; message: string }[]).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

describe('CustomResourceDefinition', () => {
  it('is served as soon as it is established, and its objects go with it', async () => {
    const client = await serving({ properties: {} });
    expect(dig((await client.get(`${definitions}/widgets.example.com`)).body, 'status', 'conditions', 1)).toMatchObject(
      { type: 'Established', status: 'True' },
    );
    await client.post(widgets, { ...widget('w', {}), metadata: { name: 'w', finalizers: ['example.com/hold'] } });
    const watch = await client.watch(`${widgets}?watch=true`);
    await client.call('DELETE', `${definitions}/widgets.example.com`);
    expect((await client.get(`${widgets}/w`)).status).toBe(200);
    await client.patch('merge', `${widgets}/w`, { metadata: { finalizers: null } });
    expect((await client.get(`${definitions}/widgets.example.com`)).status).toBe(404);
    const gone = await client.get(widgets);
    expect([gone.status, gone.body]).toEqual([404, { text: '404 page not found\n' }]);
    expect([watch.lines.map(({ type }) => type), watch.outcome()]).toEqual([['ADDED', 'MODIFIED', 'DELETED'], 'ended']);
  });

  it('must be structural, and its rules must compile', async () => {
    const { client } = await startTestServer();
    const answer = await client.post(
      definitions,
      widgetDefinition({
        properties: { a: {}, b: { type: 'array' } },
        'x-kubernetes-validations': [{ rule: 'self.a.nonsense()' }],
      }),
    );
    expect(causes(answer)).toEqual([
      'spec.validation.openAPIV3Schema.properties[spec].properties[a].type: Required value: must not be empty for specified object fields',
      'spec.validation.openAPIV3Schema.properties[spec].properties[b].items: Required value: must be specified',
      expect.stringContaining('compilation failed'),
    ]);
  });

  it('serves several versions of one object', async () => {
    const { client } = await startTestServer();
    const definition = widgetDefinition({ properties: { a: { type: 'string' } } });
    const [v1] = dig(definition, 'spec', 'versions') as readonly JsonObject[];
    await client.post(definitions, {
      ...definition,
      spec: { ...(definition['spec'] as JsonObject), versions: [v1, { ...v1, name: 'v1beta1', storage: false }] },
    });
    await client.post('/apis/example.com/v1beta1/namespaces/shop/widgets', {
      ...widget('w', { a: 'x' }),
      apiVersion: 'example.com/v1beta1',
    });
    expect((await client.get(`${widgets}/w`)).body).toMatchObject({ apiVersion: 'example.com/v1', spec: { a: 'x' } });
    expect((await client.get('/apis/example.com/v1beta1/widgets')).body).toMatchObject({
      items: [{ apiVersion: 'example.com/v1beta1' }],
    });
    expect(dig((await client.get('/apis/example.com')).body, 'preferredVersion', 'version')).toBe('v1');
  });
});

describe('a schema', () => {
  const limits = {
    properties: {
      name: { type: 'string', pattern: '^[a-z]+$', minLength: 2, maxLength: 4 },
      size: { type: 'integer', minimum: 1, maximum: 5, exclusiveMaximum: true },
      mode: { type: 'string', enum: ['On', 'Off'] },
      share: { 'x-kubernetes-int-or-string': true },
      wait: { type: 'string', format: 'duration' },
      parts: { type: 'array', minItems: 1, maxItems: 2, 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      inner: {
        type: 'object',
        required: ['need'],
        maxProperties: 1,
        properties: { need: { type: 'boolean' }, extra: { type: 'string' } },
      },
    },
  };

  it('accepts what fits', async () => {
    const client = await serving(limits);
    const spec = {
      name: 'abc',
      size: 4,
      mode: 'On',
      share: '25%',
      wait: '1h30m',
      parts: ['a', 'b'],
      inner: { need: true },
    };
    expect((await client.post(widgets, widget('w', spec))).body['spec']).toEqual(spec);
  });

  it.each<[string, JsonObject, readonly string[]]>([
    ['type', { name: 3 }, ['spec.name: Invalid value: "integer": spec.name in body must be of type string: "integer"']],
    ['pattern', { name: 'ABC' }, ['spec.name: Invalid value: "ABC": spec.name in body should match \'^[a-z]+$\'']],
    ['minLength', { name: 'a' }, ['spec.name: Invalid value: "a": spec.name in body should be at least 2 chars long']],
    ['maxLength', { name: 'abcde' }, ['spec.name: Too long: may not be more than 4 bytes']],
    ['minimum', { size: 0 }, ['spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1']],
    ['exclusiveMaximum', { size: 5 }, ['spec.size: Invalid value: 5: spec.size in body should be less than 5']],
    [
      'integer',
      { size: 1.5 },
      ['spec.size: Invalid value: "number": spec.size in body must be of type integer: "number"'],
    ],
    [
      'integer, of 64 bits',
      { size: 1e19 },
      ['spec.size: Invalid value: "number": spec.size in body must be of type integer: "number"'],
    ],
    ['enum', { mode: 'Maybe' }, ['spec.mode: Unsupported value: "Maybe": supported values: "On", "Off"']],
    [
      'int-or-string',
      { share: true },
      ['spec.share: Invalid value: "boolean": spec.share in body must be of type integer,string: "boolean"'],
    ],
    [
      'format',
      { wait: 'soon' },
      ['spec.wait: Invalid value: "soon": spec.wait in body must be of type duration: "soon"'],
    ],
    ['minItems', { parts: [] }, ['spec.parts: Invalid value: 0: spec.parts in body should have at least 1 items']],
    ['maxItems', { parts: ['a', 'b', 'c'] }, ['spec.parts: Too many: 3: must have at most 2 items']],
    ['duplicates', { parts: ['a', 'a'] }, ['spec.parts[1]: Duplicate value: "a"']],
    ['required', { inner: {} }, ['spec.inner.need: Required value']],
    ['maxProperties', { inner: { need: true, extra: 'x' } }, ['spec.inner: Too many: 2: must have at most 1 item']],
    ['null', { name: null }, ['spec.name: Invalid value: "null": spec.name in body must be of type string: "null"']],
  ])('refuses a wrong %s in the words of the API server', async (_, spec, expected) => {
    const client = await serving(limits);
    expect(causes(await client.post(widgets, widget('w', spec)))).toEqual(expected);
  });

  it('fills in defaults, also below and for null', async () => {
    const client = await serving({
      properties: {
        mode: { type: 'string', default: 'On' },
        deep: { type: 'object', default: {}, properties: { size: { type: 'integer', default: 3 } } },
        list: { type: 'array', items: { type: 'object', properties: { port: { type: 'integer', default: 80 } } } },
      },
    });
    const created = await client.post(widgets, widget('w', { mode: null, list: [{}, { port: 1 }] }));
    expect(created.body['spec']).toEqual({ mode: 'On', deep: { size: 3 }, list: [{ port: 80 }, { port: 1 }] });
    const removed = await client.patch('json', `${widgets}/w`, [{ op: 'remove', path: '/spec/deep' }]);
    expect([dig(removed.body, 'spec', 'deep'), dig(removed.body, 'metadata', 'generation')]).toEqual([{ size: 3 }, 1]);
  });

  it('prunes unknown fields with a warning, refuses them when strict, keeps them where it may', async () => {
    const client = await serving({
      properties: { a: { type: 'string' }, free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    });
    const body = { ...widget('w', { a: 'x', typo: 1, free: { any: { thing: 1 } } }), top: 1 };
    const strict = await client.post(`${widgets}?fieldValidation=Strict`, body);
    expect([strict.status, strict.body['message']]).toEqual([
      400,
      'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.typo", unknown field "top"',
    ]);
    const warned = await client.post(widgets, body);
    expect(warned.headers['warning']).toBe('299 - "unknown field \\"spec.typo\\"", 299 - "unknown field \\"top\\""');
    expect(warned.body).toMatchObject({ spec: { a: 'x', free: { any: { thing: 1 } } } });
    expect([warned.body['top'], dig(warned.body, 'spec', 'typo')]).toEqual([undefined, undefined]);
    const silent = await client.call(
      'PATCH',
      `${widgets}/w?fieldValidation=Ignore`,
      { spec: { typo: 1 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(silent.headers['warning']).toBeUndefined();
  });
});

describe('rules', () => {
  const rules = {
    properties: {
      from: { type: 'string' },
      to: { type: 'string' },
      count: { type: 'integer' },
      list: { type: 'array', maxItems: 5, items: { type: 'string' } },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      namespace: { type: 'string' },
    },
    'x-kubernetes-validations': [
      { rule: 'self.from != self.to', message: 'from and to are the same' },
      { rule: 'self.from == oldSelf.from', message: 'from cannot be changed' },
      { rule: '!has(self.count) || self.count + 1 <= 10', messageExpression: "'count is ' + string(self.count)" },
      { rule: '!has(self.list) || self.list.all(n, n.startsWith("a")) && self.list.exists_one(n, n.size() == 1)' },
      {
        rule: '!has(self.labels) || self.labels.all(k, self.labels[k].matches("^[a-z]*$"))',
        reason: 'FieldValueForbidden',
        fieldPath: '.labels',
        message: 'letters only',
      },
      { rule: '!has(self.__namespace__) || self.__namespace__ != "kube-system"', message: 'not there' },
    ],
  };

  it.each<[JsonObject, string]>([
    [{ to: 'a' }, 'spec: Invalid value: from and to are the same'],
    [{ count: 10 }, 'spec: Invalid value: count is 10'],
    [
      { list: ['a', 'ab', 'b'] },
      'spec: Invalid value: failed rule: !has(self.list) || self.list.all(n, n.startsWith("a")) && self.list.exists_one(n, n.size() == 1)',
    ],
    [{ labels: { x: 'A' } }, 'spec.labels: Forbidden: letters only'],
    [{ namespace: 'kube-system' }, 'spec: Invalid value: not there'],
  ])('refuse %j', async (wrong, message) => {
    const client = await serving(rules);
    const good = { from: 'a', to: 'b', count: 9, list: ['a', 'ab'], labels: { x: 'y' }, namespace: 'shop' };
    expect((await client.post(widgets, widget('good', good))).status).toBe(201);
    expect(causes(await client.post(widgets, widget('w', { ...good, ...wrong })))).toEqual([message]);
  });

  it('compare with the old object on updates only', async () => {
    const client = await serving(rules);
    await client.post(widgets, widget('w', { from: 'a', to: 'b' }));
    expect(causes(await client.patch('merge', `${widgets}/w`, { spec: { from: 'c' } }))).toEqual([
      'spec: Invalid value: from cannot be changed',
    ]);
    expect((await client.patch('merge', `${widgets}/w`, { spec: { to: 'c' } })).status).toBe(200);
  });

  it('are not tried on an object that is malformed, and say so', async () => {
    const client = await serving(rules);
    expect(causes(await client.post(widgets, widget('w', { from: 1, to: 1 })))).toContain(
      '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    );
  });
});

describe('the status subresource', () => {
  it('keeps spec and status apart and counts generations of the spec', async () => {
    const client = await serving({ properties: { a: { type: 'string' } } });
    const created = await client.post(widgets, { ...widget('w', { a: '1' }), status: { ready: true } });
    expect([created.body['status'], dig(created.body, 'metadata', 'generation')]).toEqual([undefined, 1]);
    const status = await client.patch('merge', `${widgets}/w/status`, {
      status: { ready: true },
      spec: { a: '2' },
      metadata: { labels: { x: 'y' } },
    });
    expect(status.body).toMatchObject({ status: { ready: true }, spec: { a: '1' }, metadata: { generation: 1 } });
    expect(dig(status.body, 'metadata', 'labels')).toBeUndefined();
    const spec = await client.patch('merge', `${widgets}/w`, { spec: { a: '2' }, status: { ready: false } });
    expect(spec.body).toMatchObject({ status: { ready: true }, spec: { a: '2' }, metadata: { generation: 2 } });
    const labelled = await client.patch('merge', `${widgets}/w`, { metadata: { labels: { x: 'y' } } });
    expect(dig(labelled.body, 'metadata', 'generation')).toBe(2);
    const stale = await client.call('PUT', `${widgets}/w/status`, created.body);
    expect([stale.status, stale.body['reason']]).toEqual([409, 'Conflict']);
  });
});

describe('printer columns', () => {
  it('find their cells by JSONPath', async () => {
    const client = await serving(
      { properties: { a: { type: 'string' } } },
      {
        additionalPrinterColumns: [
          { name: 'A', type: 'string', jsonPath: '.spec.a' },
          { name: 'Count', type: 'integer', jsonPath: '.status.count' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          { name: 'Label', type: 'string', jsonPath: '.metadata.labels.example\\.com/x', priority: 1 },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
      },
    );
    await client.post(widgets, {
      ...widget('w', { a: 'x' }),
      metadata: { name: 'w', labels: { 'example.com/x': 'y' } },
    });
    await client.patch('merge', `${widgets}/w/status`, {
      status: {
        count: 3,
        conditions: [
          { type: 'Other', status: 'False' },
          { type: 'Ready', status: 'True' },
        ],
      },
    });
    const table = await client.get(widgets, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(dig(table.body, 'rows', 0, 'cells')).toEqual(['w', 'x', 3, 'True', 'y', '0s']);
  });
});
