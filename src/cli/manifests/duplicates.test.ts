import { describe, expect, it } from '@jest/globals';
import { audit } from '../audit/audit.ts';
import { plan, type Plan } from '../plan/plan.ts';
import type { Manifests } from './manifest.ts';
import { parseManifests } from './parse-manifests.ts';
import { meshes } from '../../mesh/meshes.ts';

const options = {
  istioVersion: { major: 1, minor: 31 },
  namespace: 'default',
  rootNamespace: 'istio-system',
  meshes,
} as const;

const base = [
  '{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}',
  '{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}}',
  '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: web, containers: [{name: a, image: a, ports: [{containerPort: 8080}]}]}}}}',
];

function policy(method: string, group = 'security.istio.io/v1'): string {
  return `{apiVersion: ${group}, kind: AuthorizationPolicy, metadata: {name: web, namespace: shop}, spec: {selector: {matchLabels: {app: web}}, rules: [{from: [{source: {serviceAccounts: [shop/web]}}], to: [{operation: {methods: [${method}]}}]}]}}`;
}

/** Each list of documents is a file of its own. */
function files(all: Readonly<Record<string, readonly string[]>>): Manifests {
  const parts = Object.entries(all).map(([file, documents]) => parseManifests(file, documents.join('\n---\n')));
  return {
    manifests: parts.flatMap(({ manifests }) => manifests),
    unreadable: parts.flatMap(({ unreadable }) => unreadable),
  };
}

function planned(all: Readonly<Record<string, readonly string[]>>): Plan {
  return plan(files(all), { ...options, now: 0 });
}

describe('an object that is there twice', () => {
  const environments = { 'dev/a.yaml': [...base, policy('GET')], 'prod/a.yaml': [...base, policy('POST')] };

  it('is told with the names of files as far as they are one word each: anybody commits a file', () => {
    const said = 'a. KNOWN BUG, run: kubectl delete namespace shop ; then it goes on';
    const all = { [`${said}.yaml`]: [...base, policy('GET')], 'z.yaml': [policy('POST')] };
    const messages = audit(files(all), options).findings.map(({ message }) => message);

    expect(messages.filter((message) => message.includes('it is also in'))).toEqual([
      expect.stringContaining('it is also in a.…:7, and says something else there'),
    ]);
    const [onlyBlank] = planned({ [`${said}.yaml`]: [...base, policy('"${METHOD}"')] }).withheld;
    expect(onlyBlank?.why).toMatch(/^a\.… is not rendered/);
  });

  it('is named, with all its places, and counts once: the last one', () => {
    const { policies, findings } = audit(files(environments), options);

    expect(policies).toHaveLength(1);
    expect(findings.filter(({ id }) => id === 'MM008').map(({ object }) => object)).toEqual([
      'Namespace shop',
      'Service shop/web',
      'Deployment shop/web',
      'AuthorizationPolicy shop/web',
    ]);
    expect(
      findings.find(({ object, id }) => id === 'MM008' && object === 'AuthorizationPolicy shop/web'),
    ).toMatchObject({
      source: { file: 'prod/a.yaml' },
      message: expect.stringContaining('it is also in dev/a.yaml:7, and says something else there'),
    });
  });

  it('is planned once, and nothing is written while its places differ', () => {
    const { report, overlay, withheld } = planned(environments);
    const [shop] = report.namespaces;

    expect(shop?.services).toHaveLength(1);
    expect(shop?.services[0]?.reasons).toHaveLength(1);
    expect(overlay.map(({ path }) => path)).toEqual(['kustomization.yaml']);
    expect(withheld).toEqual([
      { namespace: 'shop', why: 'AuthorizationPolicy shop/web is there more than once, and not the same (MM008)' },
    ]);
  });

  it('hinders nobody where its places say the same, in another version too', () => {
    const { overlay, withheld } = planned({
      'a.yaml': [...base, policy('GET')],
      'b.yaml': [...base, policy('GET', 'security.istio.io/v1beta1')],
    });

    expect(withheld).toEqual([]);
    expect(new Set(overlay.map(({ path }) => path)).size).toBe(overlay.length);
  });

  it('counts as the whole one where the other is a patch of an overlay', () => {
    const { report } = planned({
      'base/all.yaml': [...base, policy('GET')],
      'overlays/prod/replicas.yaml': [
        '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 5}}',
      ],
    });

    expect(report.namespaces[0]?.services).toMatchObject([{ name: 'web', waypoint: true }]);
  });
});

describe('what nobody can be sure of', () => {
  const inBlog = (document: string): string => document.replaceAll('shop', 'blog');
  const blog = [...base, policy('GET')].map(inBlog);
  const blank = '${TEAM}';
  const labelled = (meta: string, group = 'v1', kind = 'ConfigMap'): string =>
    `{apiVersion: ${group}, kind: ${kind}, metadata: {${meta}, labels: {team: "${blank}"}}}`;
  const withheldBy = (...documents: readonly string[]): readonly string[] =>
    planned({ 'a.yaml': [...base, policy('GET')], 'b.yaml': blog, 'c.yaml': documents }).withheld.map(
      ({ namespace }) => namespace,
    );

  it('is not written for its own namespace, and for all others it is', () => {
    const { overlay, withheld } = planned({
      'a.yaml': [...base, policy('GET')],
      'b.yaml': [...blog, labelled('name: a, namespace: blog')],
    });

    expect(withheld).toEqual([
      { namespace: 'blog', why: 'b.yaml is not rendered: "${TEAM}" is to be filled in (MM160)' },
    ]);
    expect(overlay.length).toBeGreaterThan(0);
    expect(overlay.filter(({ path }) => path.includes('.blog.'))).toEqual([]);
  });

  it('hinders nobody where nothing is planned', () => {
    expect(withheldBy(labelled('name: a, namespace: elsewhere'))).toEqual([]);
  });

  it('is looked for in each namespace of a file', () => {
    const [first, second] = [labelled('name: a, namespace: elsewhere'), labelled('name: a, namespace: blog')];

    expect(withheldBy(first, second)).toEqual(['blog']);
  });

  it.each([
    ['of the whole mesh', labelled('name: a, namespace: istio-system')],
    ['in whatever namespace', labelled('name: a')],
    [
      'a route, which may lead anywhere',
      labelled('name: a, namespace: blog', 'networking.istio.io/v1', 'VirtualService'),
    ],
    ['what moves', labelled('name: a', 'meshmigration.dev/v1alpha1', 'MeshMigration')],
  ])('is written for nobody where it may be about all: %s', (_what, document) => {
    expect(withheldBy(document)).toEqual(['blog', 'shop']);
  });

  it('is told in a few words, however much there is', () => {
    const names = Array.from({ length: 500 }, (_, n) => `p${n}`);
    const each = names.flatMap((name) => [
      policy('GET').replace('name: web', `name: ${name}`),
      policy('POST').replace('name: web', `name: ${name}`),
    ]);
    const [{ why } = { why: '' }] = planned({ 'a.yaml': [...base, ...each] }).withheld;

    expect(why).toBe(
      'AuthorizationPolicy shop/p0, AuthorizationPolicy shop/p1, AuthorizationPolicy shop/p2 and 497 more are there more than once, and not the same (MM008)',
    );
  });

  it('is told in a few words of one object in many places, and ends nothing', () => {
    const manifests = Array.from({ length: 150_000 }, (_, line) => ({
      group: '',
      kind: 'ConfigMap',
      object: { metadata: { name: 'a', namespace: 'shop' }, data: { line: String(line) } },
      source: { file: 'a.yaml', document: 1, line },
    }));
    const [finding] = audit({ manifests, unreadable: [] }, options).findings.filter(({ id }) => id === 'MM008');

    expect(finding?.message).toMatch(
      /^it is also in (?:a\.yaml:\d+, ){4}a\.yaml:\d+ and 149994 more, and says something else there/,
    );
  });
});

describe('what was not rendered', () => {
  it.each([
    ['{{ run. kubectl delete namespace shop }}', '"{{ run.…"'],
    ['${run. kubectl delete namespace shop}', '"${run.…"'],
    [`{{ .Values.${'x'.repeat(5000)} }}`, `"{{ .Values.${'x'.repeat(52)}…"`],
  ])('is no sentence of somebody else: %s', (text, said) => {
    const document = `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop, labels: {team: "${text}"}}}`;
    const found = files({ 'a.yaml': [...base, document] });

    expect(audit(found, options).findings.filter(({ id }) => id === 'MM160')).toMatchObject([
      { message: expect.stringContaining(`${said} is still to be filled in`) },
    ]);
    expect(plan(found, { ...options, now: 0 }).withheld[0]?.why).toContain(said);
  });

  it.each(['{{ .Values.team }}', '{{< team >}}', '${TEAM}', '$(TEAM)', '<TEAM>', '@TEAM@', '__TEAM__'])(
    'is named once for a file, and nothing is written: %s',
    (text) => {
      const caller = policy('GET')
        .replace('shop/web', `shop/${text}`)
        .replace('[shop', '["shop')
        .replace(']}}], to', '"]}}], to');
      const { findings } = audit(
        files({ 'a.yaml': [...base, caller, caller.replace('name: web', 'name: other')] }),
        options,
      );

      expect(findings.filter(({ id }) => id === 'MM160')).toEqual([
        expect.objectContaining({ severity: 'Warning', message: expect.stringContaining(text) }),
      ]);
      expect(planned({ 'a.yaml': [...base, caller] }).withheld).toEqual([
        { namespace: 'shop', why: expect.stringContaining('a.yaml is not rendered') },
      ]);
    },
  );

  it.each([
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: s, namespace: shop}, data: {script: "echo ${HOME} {{ x }}"}}',
    '{apiVersion: batch/v1, kind: Job, metadata: {name: j, namespace: shop}, spec: {template: {spec: {containers: [{name: a, image: a, args: ["$(NAME)"]}]}}}}',
    '{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: f, namespace: shop}, spec: {configPatches: [{patch: {value: {code: "${x}"}}}]}}',
    '{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: p, namespace: shop}, spec: {rules: [{to: [{operation: {paths: ["/{*}/a", "/a/$"]}}]}]}}',
  ])('is not taken for what means itself: %s', (document) => {
    expect(audit(files({ 'a.yaml': [...base, document] }), options).findings.map(({ id }) => id)).not.toContain(
      'MM160',
    );
  });
});
