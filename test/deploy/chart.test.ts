import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PlaceMissingError, templates, templateText } from '../../scripts/chart.ts';
import { valuesSchema, valuesYaml, type ValueSchema } from '../../scripts/chart-values.ts';
import { version } from '../../src/base/version.ts';

const root = join(import.meta.dirname, '..', '..');

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Each schema of an object, and of what is in it, by its path. */
function within(schema: ValueSchema, path = ''): readonly (readonly [string, ValueSchema])[] {
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => within(field, `${path}.${name}`));
  return [[path, schema], ...below, ...(schema.items === undefined ? [] : within(schema.items, `${path}[]`))];
}

describe('the values of the chart', () => {
  const all = within(valuesSchema());

  it('are described, each of them', () => {
    const described = all.filter(([path]) => path !== '' && !path.endsWith('[]'));
    expect(described.filter(([, { description = '' }]) => description === '').map(([path]) => path)).toEqual([]);
  });

  it('are refused where nobody knows them', () => {
    const open = all.filter(([, { properties, additionalProperties }]) => properties && additionalProperties !== false);
    expect(open.map(([path]) => path)).toEqual([]);
  });

  it('are all read by a template, and templates read no others', () => {
    const folder = join(root, 'deploy', 'helm', 'templates');
    const text = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
    // `index $.Values $field` of the Deployment reads four by their names.
    const listed = [...text.join('\n').matchAll(/range \$field := list ([^}]*)\}\}/g)].flatMap(([, names = '']) =>
      [...names.matchAll(/"(\w+)"/g)].map(([, name = '']) => name),
    );
    const asked = [...text.join('\n').matchAll(/\.Values\.(\w+)/g)].map(([, name = '']) => name);
    const known = Object.keys(valuesSchema().properties ?? {}).filter((name) => name !== 'global');

    expect([...new Set([...asked, ...listed])].sort()).toEqual(known.sort());
  });

  it('have in values.yaml the defaults of the schema', () => {
    const values = parse(valuesYaml(valuesSchema())) as Readonly<Record<string, unknown>>;
    expect(values).toMatchObject({ replicas: 2, image: { tag: '' }, crds: { install: true }, tolerations: [] });
    expect(values).not.toHaveProperty('global');
  });
});

describe('the templates of the chart', () => {
  const [template] = templates.filter(({ to }) => to === 'pdb.yaml');

  it('come from every object that kustomize installs, but for the namespace', () => {
    const { resources } = parse(read('deploy/kustomize/kustomization.yaml')) as { readonly resources: string[] };
    const crds = readdirSync(join(root, 'crds')).filter((file) => file.startsWith('meshmigration.dev_'));
    const wanted = resources.filter((file) => file.endsWith('.yaml') && file !== 'namespace.yaml');
    const from = templates.map((each) => each.from);

    expect(from).toEqual(expect.arrayContaining(wanted.map((file) => `deploy/kustomize/${file}`)));
    expect(from).toEqual(expect.arrayContaining(crds.map((file) => `crds/${file}`)));
  });

  it('are not made where a place that the chart exchanges is not there any more', () => {
    const edits = [{ find: 'minAvailable: 2', put: 'minAvailable: 1' }];
    expect(() => templateText({ from: 'pdb.yaml', to: 'pdb.yaml', edits }, 'minAvailable: 1')).toThrow(
      PlaceMissingError,
    );
  });

  it('leave to others what only looks like a template of Helm', () => {
    expect(templateText({ from: 'a', to: 'a' }, 'summary: {{ $value }}')).toContain('summary: {{ "{{" }} $value }}');
  });

  it('are in the namespace of the release', () => {
    expect(templateText(template ?? { from: '', to: '' }, read('deploy/kustomize/pdb.yaml'))).not.toContain(
      'mesh-migration-system',
    );
  });
});

it('chart, operator and the tag of kustomize have one version', () => {
  const chart = parse(read('deploy/helm/Chart.yaml')) as { readonly version: string; readonly appVersion: string };
  const { images } = parse(read('deploy/kustomize/kustomization.yaml')) as { readonly images: readonly object[] };

  expect(chart).toMatchObject({ version, appVersion: version });
  expect(images).toEqual([{ name: 'mesh-migration-operator', newTag: version }]);
});

describe('the examples', () => {
  interface Example {
    readonly spec: {
      readonly source?: { readonly path: string; readonly helm: { readonly valuesObject: object } };
      readonly chart?: { readonly spec: { readonly chart: string } };
      readonly values?: object;
    };
  }

  it.each(['deploy/argocd/application.yaml', 'deploy/flux/helm-release.yaml'])(
    '%s sets values of the chart',
    (file) => {
      const { spec } = parse(read(file)) as Example;
      const values = spec.source?.helm.valuesObject ?? spec.values ?? {};

      expect(join(spec.source?.path ?? spec.chart?.spec.chart ?? '')).toBe('deploy/helm');
      expect(Object.keys(values).length).toBeGreaterThan(0);
      expect(Object.keys(valuesSchema().properties ?? {})).toEqual(expect.arrayContaining(Object.keys(values)));
    },
  );

  it('of Argo CD labels the namespace as kustomize does', () => {
    const { spec } = parse(read('deploy/argocd/application.yaml')) as {
      readonly spec: { readonly syncPolicy: { readonly managedNamespaceMetadata: { readonly labels: object } } };
    };
    const { metadata } = parse(read('deploy/kustomize/namespace.yaml')) as { readonly metadata: { labels: object } };
    expect(spec.syncPolicy.managedNamespaceMetadata.labels).toEqual(metadata.labels);
  });
});
