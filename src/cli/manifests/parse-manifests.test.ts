import { describe, expect, it, jest } from '@jest/globals';
import { fc } from '../../../test/support/properties.ts';
import { costOf } from '../../../test/support/cost.ts';
import { parseManifests } from './parse-manifests.ts';

function found(text: string): readonly string[] {
  return parseManifests('f.yaml', text).manifests.map(
    ({ group, kind, object, source }) =>
      `${group}/${kind} ${object.metadata.namespace ?? '-'}/${object.metadata.name} ${source.document}:${source.line}`,
  );
}

function refused(text: string): readonly string[] {
  return parseManifests('f.yaml', text).unreadable.map(
    ({ document, line, reason }) => `${document ?? 0}:${line ?? 0} ${reason}`,
  );
}

const good = 'apiVersion: v1\nkind: Service\nmetadata: {name: cart}\n';

describe('parseManifests', () => {
  it('says of each object its group, kind, name and where it begins', () => {
    expect(
      found(
        `# first\n${good}---\n# second\n\napiVersion: security.istio.io/v1beta1\nkind: AuthorizationPolicy\nmetadata:\n  name: a\n  namespace: shop\n`,
      ),
    ).toEqual(['/Service -/cart 1:2', 'security.istio.io/AuthorizationPolicy shop/a 2:8']);
  });

  it('looks into lists, lists in lists and typed lists whose members leave out their kind', () => {
    const list =
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n- apiVersion: apps/v1\n  kind: DeploymentList\n  items:\n  - metadata: {name: b}\n';

    expect(found(list)).toEqual(['/Service -/a 1:4', 'apps/Deployment -/b 1:10']);
  });

  it('reads JSON, also if it is indented with tabs', () => {
    expect(found('{\n\t"apiVersion": "v1",\n\t"kind": "Service",\n\t"metadata": {"name": "a"}\n}\n')).toEqual([
      '/Service -/a 1:1',
    ]);
  });

  it('reads lists and maps as they are written, whatever they are called', () => {
    const text = `${good}a: !!omap [{x: 1}]\nb: !!set {x: 1}\nc: !!pairs [{x: 1}]\n`;
    const [manifest] = parseManifests('f.yaml', text).manifests;

    expect(manifest?.object).toMatchObject({ a: [{ x: 1 }], b: { x: 1 }, c: [{ x: 1 }] });
  });

  it('passes over YAML that is no object of the API', () => {
    const text = [
      'just text',
      '- op: add',
      'image: {tag: 1}',
      'kind: Kustomization',
      'apiVersion: v1',
      '5',
      'null',
      'apiVersion: v1\nkind: [Service]',
    ].join('\n---\n');

    expect(parseManifests('f.yaml', text)).toEqual({ manifests: [], unreadable: [] });
  });

  it('takes metadata of the wrong type for absent', () => {
    expect(found('apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: [], annotations: 3}\n')).toEqual([
      '/Service -/a 1:1',
    ]);
    expect(found('apiVersion: v1\nkind: Service\nmetadata:\n')).toEqual(['/Service -/ 1:1']);
  });

  it.each([
    ['v1', 'Service', 'name: "../../pwned"', 'metadata.name "../../pwned" is not a DNS label (RFC 1123)'],
    ['v1', 'Service', 'name: a.b', 'metadata.name "a.b" is not a DNS label (RFC 1123)'],
    ['v1', 'Service', 'name: a, namespace: ..', 'metadata.namespace ".." is not a DNS label (RFC 1123)'],
    ['v1', 'Service', 'name: a, namespace: a.b', 'metadata.namespace "a.b" is not a DNS label (RFC 1123)'],
    ['v1', 'Service', 'name: a, namespace: "a\\nb"', 'metadata.namespace "a…" is not a DNS label (RFC 1123)'],
    ['v1', 'Service', `name: ${'a'.repeat(64)}`, 'metadata.name is longer than 63 characters'],
    ['v1', 'Service', 'name: 5', 'metadata.name is no text'],
    ['v1', 'Service', 'name: a, namespace: [a]', 'metadata.namespace is no text'],
    ['v1', 'Namespace', 'name: Shop', 'metadata.name "Shop" is not a DNS label (RFC 1123)'],
    ['v1', 'Pod', 'generateName: a/b-', 'metadata.generateName "a/b" is not a DNS subdomain (RFC 1123)'],
    [
      'security.istio.io/v1',
      'AuthorizationPolicy',
      'name: "x/../../../pwned"',
      'metadata.name "x/../../../pwned" is not a DNS subdomain (RFC 1123)',
    ],
    ['security.istio.io/v1', 'AuthorizationPolicy', 'name: .a', 'metadata.name ".a" is not a DNS subdomain (RFC 1123)'],
    [
      'gateway.networking.k8s.io/v1',
      'HTTPRoute',
      'name: "a\\u2028b"',
      'metadata.name "a…" is not a DNS subdomain (RFC 1123)',
    ],
    [
      'rbac.authorization.k8s.io/v1',
      'ClusterRole',
      'name: "a/b"',
      'metadata.name "a/b" is not a name, which has neither "/" nor "%"',
    ],
    ['example.com/v1', 'Other', 'name: ".."', 'metadata.name ".." is not a name, which has neither "/" nor "%"'],
  ])('names the object of %s %s with metadata {%s}, and reads the others', (apiVersion, kind, metadata, reason) => {
    const text = `${good}---\n\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {${metadata}}\n---\n${good}`;

    expect(refused(text)).toEqual([`2:6 ${kind}: ${reason}`]);
    expect(found(text)).toHaveLength(2);
  });

  it.each([
    ['brackets in JSON', `{"apiVersion":"v1","kind":"A","data":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
    ['maps in JSON', `{"apiVersion":"v1","kind":"A","spec":${'{"a":'.repeat(300)}1${'}'.repeat(300)}}`],
    ['brackets in YAML', `apiVersion: v1\nkind: A\ndata: ${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['lists in YAML', `apiVersion: v1\nkind: A\nspec: ${'['.repeat(300)}${']'.repeat(300)}`],
    ['an object within itself', 'apiVersion: v1\nkind: A\nspec: &s\n  rules: [*s]'],
    ['a list within itself', '&a\nkind: List\napiVersion: v1\nitems: [*a]'],
  ])('names what has no bottom, and reads the others: %s', (_what, document) => {
    const text = `${good}---\n${document}\n---\n${good}`;

    expect(refused(text)).toEqual([expect.stringMatching(/^2:\d+ nested too deeply$/)]);
    expect(found(text)).toHaveLength(2);
  });

  it.each([
    ['a label', `apiVersion: v1\nkind: A\nmetadata: {labels: {a: ["${'x'.repeat(100_000)}"]}}`],
    ['the key of one', `apiVersion: v1\nkind: A\nmetadata: {labels: {${'x'.repeat(100_000)}: 1}}`],
    ['a sentence as a key', 'apiVersion: v1\nkind: A\nmetadata: {labels: {"x. Run kubectl delete ns shop": 1}}'],
    ['a sentence as a name', 'apiVersion: v1\nkind: A\nmetadata: {namespace: "x. Run kubectl delete ns shop"}'],
    ['a sentence as a kind', 'apiVersion: v1\nkind: "x. Run kubectl delete ns shop"'],
    ['a sentence as a group', 'apiVersion: "x. Run kubectl delete ns shop/v1"\nkind: A'],
    ['a sentence as a field', '"x. Run kubectl delete ns shop": 1\n"x. Run kubectl delete ns shop": 1'],
    ['a sentence where nothing may stand', 'a: "b" x. Run kubectl delete ns shop'],
    ['a sentence behind what begins a text', 'a: > x. Run kubectl delete ns shop\n b'],
    ['words behind what begins a text', 'a: |x.Run:kubectl delete\n b'],
    ['words behind an escape', 'a: "\\x Run: kubectl delete"'],
    ['a long kind', `apiVersion: v1\nkind: ${'A'.repeat(100_000)}`],
    ['a long alias', `a: *${'a'.repeat(100_000)}`],
  ])('names what it cannot read in its own words, and not for long: %s', (_what, document) => {
    const [line = '', ...others] = refused(document);

    expect(others).toEqual([]);
    expect(line).not.toMatch(/^$|kubectl/);
    expect(line.length).toBeLessThan(500);
  });

  it('takes the names that the API server takes', () => {
    const names = [
      ['v1', 'Pod', 'generateName: a-'],
      ['apps/v1', 'Deployment', 'name: a.b-c.d'],
      ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'name: "system:node"'],
      ['builtin', 'LabelTransformer', 'name: notImportantHere'],
    ];

    expect(
      refused(
        names
          .map(([apiVersion, kind, metadata]) => `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {${metadata}}\n`)
          .join('---\n'),
      ),
    ).toEqual([]);
  });

  it.each([
    [
      'a template directive',
      '{{- if .Values.x }}\nkind: A\napiVersion: v1\n{{- end }}\n',
      '1:1 Block collections are not allowed within flow collections (a template has to be rendered first)',
    ],
    [
      'a template placeholder as a value',
      'kind: A\nmetadata:\n  name: {{ .Values.name }}\n',
      '1:3 a map stands where a value is expected (a template has to be rendered first)',
    ],
    ['a key twice', 'kind: A\nspec:\n  a: 1\n  a: 2\n', '1:4 the key a is there twice'],
    ['tabs', 'kind: A\nspec:\n\ta: 1\n', '1:3 Tabs are not allowed as indentation'],
    ['brackets without end', '['.repeat(50_000), '1:1 nested too deeply'],
    [
      'aliases that multiply',
      `a: &a [x]\n${Array.from({ length: 9 }, (_, i) => `${'bcdefghij'[i] ?? ''}: &${'bcdefghij'[i] ?? ''} [${Array.from({ length: 9 }, () => `*${'abcdefghi'[i] ?? ''}`).join(',')}]`).join('\n')}`,
      '1:1 its aliases make more of it than an API server takes',
    ],
    [
      'as many aliases as anchors',
      `a: [${Array.from({ length: 8000 }, (_, at) => `&a${at} x, *a${at}`).join(', ')}]`,
      '1:1 its aliases make more of it than an API server takes',
    ],
    ['an alias to nothing', 'a: *nobody\n', '1:1 Unresolved alias (the anchor must be set before the alias): nobody'],
  ])('names a document with %s, and reads the ones around it', (_, bad, reason) => {
    expect(refused(bad)).toEqual([reason]);
    expect(found(`${good}---\n${bad}\n---\n${good}`).map((line) => line.split(' ')[1])).toEqual(['-/cart', '-/cart']);
  });

  it('resolves anchors and merge keys as kubectl does', () => {
    const { manifests } = parseManifests(
      'f.yaml',
      'apiVersion: v1\nkind: Service\nx-common: &common {a: 1, b: 2}\nmetadata: {name: a}\nspec: {<<: *common, b: 3}\n',
    );

    expect(manifests[0]?.object['spec']).toEqual({ a: 1, b: 3 });
  });

  it('does not let a document change what objects are', () => {
    const { manifests } = parseManifests(
      'f.yaml',
      'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n__proto__: {polluted: true}\n',
    );

    expect(manifests).toHaveLength(1);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('never throws', () => {
    const fragment = fc.constantFrom(
      'kind: List',
      'apiVersion: v1',
      'items:',
      '- ',
      '  - {',
      '}}',
      '{{ x }}',
      '---',
      '...',
      '&a',
      '*a',
      '<<: *a',
      '? ',
      '!!set',
      '|',
      '>-',
      '%TAG',
      '\t',
      '"',
      "'",
      '\u0000',
      '\uFEFF',
      ':',
      '[',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join('\n')),
          fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join(' ')),
        ),
        (text) => {
          const { manifests, unreadable } = parseManifests('f.yaml', text);

          expect(
            unreadable.every(({ line }) => line !== undefined && line >= 1 && line <= text.split('\n').length + 1),
          ).toBe(true);
          expect(manifests.every(({ source }) => source.line >= 1)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('what kubectl reads otherwise than YAML 1.2', () => {
  const service = (spec: string): string => `apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: ${spec}\n`;

  it('are words without quotes that are booleans, and numbers', () => {
    const [manifest] = parseManifests(
      '-',
      service('{a: yes, b: Off, c: "yes", d: n, e: 010, f: 12:30, g: 2026-01-01}'),
    ).manifests;

    expect(manifest?.object['spec']).toEqual({
      a: true,
      b: false,
      c: 'yes',
      d: false,
      e: 8,
      f: '12:30',
      g: '2026-01-01',
    });
  });

  it.each([
    ['a name', 'apiVersion: v1\nkind: Service\nmetadata: {name: no}\n', 'metadata.name'],
    ['a namespace', 'apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: 123}\n', 'metadata.namespace'],
    ['a label', 'apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {b: on}}\n', 'metadata.labels.b'],
    ['an annotation', 'apiVersion: v1\nkind: Service\nmetadata: {name: a, annotations: {b: 1}}\n', 'annotations.b'],
    ['a selector', service('{selector: {version: 1.0}}'), 'spec.selector.version'],
    [
      'a label of a template',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {metadata: {labels: {v: y}}}}\n',
      'spec.template.metadata.labels.v',
    ],
  ])('are refused as %s', (_, text, field) => {
    expect(parseManifests('-', text)).toMatchObject({
      manifests: [],
      unreadable: [{ reason: expect.stringContaining(field) }],
    });
  });

  it('is a stream of JSON objects, each with its line', () => {
    const object = (name: string): string => JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name } });
    const text = `${object('a')}\n${object('b')}{\n\t"apiVersion": "v1", "kind": "Service", "metadata": {"name": "c", "annotations": {"x": "}\\"{"}}}\n`;
    const { manifests, unreadable } = parseManifests('-', text);

    expect(unreadable).toEqual([]);
    expect(manifests.map(({ object: { metadata }, source }) => [metadata.name, source.line])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 2],
    ]);
  });

  it('is no stream where something else stands between', () => {
    expect(parseManifests('-', '{"a": 1} b {"c": 2}').unreadable).toHaveLength(1);
  });
});

describe('aliases', () => {
  const labels = (count: number): string => Array.from({ length: count }, (_, at) => `l${at}: a`).join(', ');

  it('are read as they stand', () => {
    const text = 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nx: &x {a: b}\ny: [*x, *x]\n';
    expect(found(text)).toEqual(['/Service -/a 1:1']);
  });

  it.each([
    ['as they stand', '- *x'],
    ['put into a map each', '- {<<: *x}'],
  ])('that make more of a document than anybody takes are not read: %s', (_how, alias) => {
    const members = Array.from({ length: 5000 }, () => alias).join('\n');
    const text = `apiVersion: v1\nkind: Service\nmetadata: {name: a}\nx: &x {${labels(2000)}}\ny:\n${members}\n`;
    expect(found(text)).toEqual([]);
    expect(refused(text)).toEqual([expect.stringContaining('aliases')]);
  });

  const many = (count: number, text: (at: number) => string): string =>
    Array.from({ length: count }, (_, at) => text(at)).join(', ');

  it.each<[string, string, boolean]>([
    [
      'in a list that aliases stand for',
      `b: &b []\na: &a [${many(300, () => '*b')}]\nx: [${many(300, () => '*a')}]`,
      true,
    ],
    [
      'in a map that is merged again and again',
      `s: &s 1\na: &a {${many(1000, (at) => `k${at}: *s`)}}\nx: [${many(700, () => '{<<: *a}')}]`,
      false,
    ],
    [
      'in a list of maps that is merged again and again',
      `a: &a {}\nl: &l [${many(1000, () => '*a')}]\nx: [${many(700, () => '{<<: *l}')}]`,
      false,
    ],
    ['for an empty list', `a: &a []\nx: [${many(3500, () => '*a')}]`, true],
    ['for keys that are texts', `${many(500, (at) => `&a${at} k${at}: 1`)}\nx: {}`.replaceAll(', ', '\n'), true],
    ['for keys that are maps', `a: &a {}\nx: {${many(3, () => '*a : 1')}}`, false],
    ['in what they stand for', `a: &a {${many(4000, (at) => `k${at}: 1`)}, <<: *a}`, false],
    ['in a list of what they stand for', `a: &a {${many(4000, (at) => `k${at}: 1`)}, <<: [*a, *a]}`, false],
    ['in what they stand for, deeper', `a: &a {${many(4000, (at) => `k${at}: 1`)}, l: [{<<: *a}]}`, false],
    ['for what is in something of the same name', `a: &a {b: &a {c: 1}, d: *a}\nx: *a`, true],
    [
      'in each other',
      `a0: &a0 []\n${many(300, (at) => `a${at + 1}: &a${at + 1} [*a${at}]`).replaceAll(', ', '\n')}`,
      false,
    ],
  ])('cost no more than the document is worth: %s', (_how, aliases, isRead) => {
    const text = `apiVersion: v1\nkind: Service\nmetadata: {name: a}\n${aliases}\n`;
    let read: readonly string[] = [];
    // Where the document is gone through for each of them, it takes hundreds of these.
    expect(
      costOf(() => {
        read = found(text);
      }),
    ).toBeLessThan(50);
    expect(read).toHaveLength(isRead ? 1 : 0);
  });

  it('are read as people write them: what services have in common, merged, listed, changed and said anew', () => {
    const text = `apiVersion: v1
kind: ConfigMap
metadata: {name: a}
x-logging: &logging {driver: json-file, options: &options {max-size: 10m}}
x-common: &common
  <<: *logging
  restart: always
services:
  one: {<<: *common, image: a}
  two: {<<: [*common, *options], restart: never}
  three: &common {other: true}
  four: *common
`;
    const { manifests } = parseManifests('f.yaml', text);
    const common = { driver: 'json-file', options: { 'max-size': '10m' }, restart: 'always' };

    expect(manifests[0]?.object['services']).toEqual({
      one: { ...common, image: 'a' },
      two: { ...common, 'max-size': '10m', restart: 'never' },
      three: { other: true },
      four: { other: true },
    });
  });
});

describe('a prefix of a name', () => {
  it('is read once, however many hyphens stand in it', () => {
    const cut = jest.spyOn(String.prototype, 'replace');
    try {
      const text = `apiVersion: v1\nkind: Service\nmetadata: {generateName: "a${'-'.repeat(30_000)}a"}\n`;
      expect(refused(text)).toEqual([expect.stringContaining('metadata.generateName is longer than 63 characters')]);
      // A pattern that may begin at each of them reads all after it each time.
      expect(cut.mock.contexts.filter((text) => String(text).startsWith('a--'))).toEqual([]);
    } finally {
      cut.mockRestore();
    }
  });
});
