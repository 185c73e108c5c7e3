import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseManifests } from './parse-manifests.ts';

function found(text: string): readonly string[] {
  return parseManifests('f.yaml', text).manifests.map(({ group, kind, object, source }) => `${group}/${kind} ${object.metadata.namespace ?? '-'}/${object.metadata.name} ${source.document}:${source.line}`);
}

function refused(text: string): readonly string[] {
  return parseManifests('f.yaml', text).unreadable.map(({ document, line, reason }) => `${document ?? 0}:${line ?? 0} ${reason}`);
}

const good = 'apiVersion: v1\nkind: Service\nmetadata: {name: cart}\n';

describe('parseManifests', () => {
  it('says of each object its group, kind, name and where it begins', () => {
    expect(found(`# first\n${good}---\n# second\n\napiVersion: security.istio.io/v1beta1\nkind: AuthorizationPolicy\nmetadata:\n  name: a\n  namespace: shop\n`)).toEqual([
      '/Service -/cart 1:2', 'security.istio.io/AuthorizationPolicy shop/a 2:8',
    ]);
  });

  it('looks into lists, lists in lists and typed lists whose members leave out their kind', () => {
    const list = 'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n- apiVersion: apps/v1\n  kind: DeploymentList\n  items:\n  - metadata: {name: b}\n';

    expect(found(list)).toEqual(['/Service -/a 1:4', 'apps/Deployment -/b 1:10']);
  });

  it('reads JSON, also if it is indented with tabs', () => {
    expect(found('{\n\t"apiVersion": "v1",\n\t"kind": "Service",\n\t"metadata": {"name": "a"}\n}\n')).toEqual(['/Service -/a 1:1']);
  });

  it('passes over YAML that is no object of the API', () => {
    const text = ['just text', '- op: add', 'image: {tag: 1}', 'kind: Kustomization', 'apiVersion: v1', '5', 'null', 'apiVersion: v1\nkind: [Service]'].join('\n---\n');

    expect(parseManifests('f.yaml', text)).toEqual({ manifests: [], unreadable: [] });
  });

  it('takes metadata of the wrong type for absent', () => {
    expect(found('apiVersion: v1\nkind: Service\nmetadata: {name: 5, namespace: [a], labels: [], annotations: 3}\n')).toEqual(['/Service -/ 1:1']);
    expect(found('apiVersion: v1\nkind: Service\nmetadata:\n')).toEqual(['/Service -/ 1:1']);
  });

  it.each([
    ['a template directive', '{{- if .Values.x }}\nkind: A\napiVersion: v1\n{{- end }}\n', '1:1 Block collections are not allowed within flow collections (a template has to be rendered first)'],
    ['a template placeholder as a value', 'kind: A\nmetadata:\n  name: {{ .Values.name }}\n', '1:3 a map stands where a value is expected (a template has to be rendered first)'],
    ['a key twice', 'kind: A\nspec:\n  a: 1\n  a: 2\n', '1:4 the key a is there twice'],
    ['tabs', 'kind: A\nspec:\n\ta: 1\n', '1:3 Tabs are not allowed as indentation'],
    ['brackets without end', '['.repeat(50_000), '1:1 nested too deeply'],
    ['aliases that multiply', `a: &a [x]\n${Array.from({ length: 9 }, (_, i) => `${'bcdefghij'[i] ?? ''}: &${'bcdefghij'[i] ?? ''} [${Array.from({ length: 9 }, () => `*${'abcdefghi'[i] ?? ''}`).join(',')}]`).join('\n')}`, '1:1 Excessive alias count indicates a resource exhaustion attack'],
    ['an alias to nothing', 'a: *nobody\n', '1:1 Unresolved alias (the anchor must be set before the alias): nobody'],
  ])('names a document with %s, and reads the ones around it', (_, bad, reason) => {
    expect(refused(bad)).toEqual([reason]);
    expect(found(`${good}---\n${bad}\n---\n${good}`).map((line) => line.split(' ')[1])).toEqual(['-/cart', '-/cart']);
  });

  it('resolves anchors and merge keys as kubectl does', () => {
    const { manifests } = parseManifests('f.yaml', 'apiVersion: v1\nkind: Service\nx-common: &common {a: 1, b: 2}\nmetadata: {name: a}\nspec: {<<: *common, b: 3}\n');

    expect(manifests[0]?.object['spec']).toEqual({ a: 1, b: 3 });
  });

  it('does not let a document change what objects are', () => {
    const { manifests } = parseManifests('f.yaml', 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n__proto__: {polluted: true}\n');

    expect(manifests).toHaveLength(1);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('never throws', () => {
    const fragment = fc.constantFrom('kind: List', 'apiVersion: v1', 'items:', '- ', '  - {', '}}', '{{ x }}', '---', '...', '&a', '*a', '<<: *a', '? ', '!!set', '|', '>-', '%TAG', '\t', '"', "'", '\u0000', '\uFEFF', ':', '[');
    fc.assert(fc.property(fc.oneof(fc.string(), fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join('\n')), fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join(' '))), (text) => {
      const { manifests, unreadable } = parseManifests('f.yaml', text);

      expect(unreadable.every(({ line }) => line !== undefined && line >= 1 && line <= text.split('\n').length + 1)).toBe(true);
      expect(manifests.every(({ source }) => source.line >= 1)).toBe(true);
    }), { numRuns: 500 });
  });
});
