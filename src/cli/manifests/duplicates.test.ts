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
    const { report, overlay, doubt } = planned(environments);
    const [shop] = report.namespaces;

    expect(shop?.services).toHaveLength(1);
    expect(shop?.services[0]?.reasons).toHaveLength(1);
    expect(new Set(overlay.map(({ path }) => path)).size).toBe(overlay.length);
    expect(doubt).toBe('AuthorizationPolicy shop/web is there more than once, and not the same (MM008)');
  });

  it('hinders nobody where its places say the same, in another version too', () => {
    const { doubt } = planned({
      'a.yaml': [...base, policy('GET')],
      'b.yaml': [...base, policy('GET', 'security.istio.io/v1beta1')],
    });

    expect(doubt).toBeUndefined();
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

describe('what was not rendered', () => {
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
      expect(planned({ 'a.yaml': [...base, caller] }).doubt).toContain('a.yaml is not rendered');
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
