import { describe, expect, it } from '@jest/globals';
import { parseManifests } from '../manifests/parse-manifests.ts';
import { plan } from '../plan/plan.ts';
import { audit, type AuditOptions } from './audit.ts';
import { meshes } from '../../mesh/meshes.ts';

const options: AuditOptions = {
  istioVersion: { major: 1, minor: 31 },
  namespace: 'default',
  rootNamespace: 'istio-system',
  meshes,
};

const shop = [
  '{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}',
  deployment('shop', 'web', '{app: web}'),
];

function deployment(namespace: string, name: string, labels: string, annotations = '{}'): string {
  return `{apiVersion: apps/v1, kind: Deployment, metadata: {name: ${name}, namespace: ${namespace}}, spec: {template: {metadata: {labels: ${labels}, annotations: ${annotations}}, spec: {containers: [{name: a, image: a}]}}}}`;
}

/** Needs HTTP, and so a waypoint wherever it is about pods with sidecars. */
function tokens(namespace: string, selector: string): string {
  return `{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: tokens, namespace: ${namespace}}, spec: {${selector}action: DENY, rules: [{from: [{source: {notRequestPrincipals: ["*"]}}]}]}}`;
}

const injected = '{inject.istio.io/templates: gateway}';

function idsOf(documents: readonly string[]): readonly string[] {
  return audit(parseManifests('-', documents.join('\n---\n')), options).findings.map(({ id }) => id);
}

function planned(documents: readonly string[]): readonly string[] {
  const { report } = plan(parseManifests('-', documents.join('\n---\n')), { ...options, now: 0 });
  return report.namespaces.flatMap(({ name, findings }) =>
    findings.filter(({ severity }) => severity === 'Critical').map(({ id }) => `${name} ${id}`),
  );
}

describe('policies of gateways', () => {
  it.each([
    '{istio: ingressgateway}',
    '{istio: egressgateway}',
    '{istio: ingress}',
    '{istio: eastwest}',
    '{istio: my-gateway}',
    '{istio: ingressgateway-internal}',
    '{app: istio-ingressgateway}',
    '{app: istio-ingress}',
    '{app: istio-egressgateway-partners}',
    '{app: edge, istio: edge}',
    '{app: istio-edge, istio: edge}',
    '{app.kubernetes.io/name: istio-ingressgateway}',
    '{gateway.networking.k8s.io/gateway-name: public}',
  ])('are known by labels of the chart, in the root namespace and elsewhere: %s', (matchLabels) => {
    const selector = `selector: {matchLabels: ${matchLabels}}, `;

    expect(idsOf([...shop, tokens('istio-system', selector)])).toEqual(['MM067']);
    expect(idsOf([...shop, tokens('edge', selector)])).toEqual(['MM067']);
    expect(planned([...shop, tokens('istio-system', selector)])).toEqual([]);
  });

  it.each([
    ['the injector', [deployment('edge', 'edge', '{app: edge}', injected)]],
    [
      'a Gateway',
      [
        deployment('edge', 'edge', '{app: edge, tier: outer}'),
        '{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: public, namespace: edge}, spec: {selector: {tier: outer}, servers: []}}',
      ],
    ],
  ])('are known by what their pods are, as %s makes them, wherever they run', (_, gateway) => {
    const policy = tokens('istio-system', 'selector: {matchLabels: {app: edge}}, ');

    expect(idsOf([...shop, ...gateway, policy])).toEqual(['MM067']);
    expect(planned([...shop, ...gateway, policy])).toEqual([]);
  });

  it.each([
    ['of an application too', [deployment('shop', 'edge', '{app: edge}')], 'selector: {matchLabels: {app: edge}}, '],
    ['of an application that is labelled like one', [deployment('shop', 'in', '{istio: ingress}')], ''],
    ['of everything', [], ''],
    ['of something that is not here', [], 'selector: {matchLabels: {istio: pilot}}, '],
  ])('are none where they are %s', (_, more, selector) => {
    const gateway = deployment('edge', 'edge', '{app: edge}', injected);

    expect(idsOf([...shop, gateway, ...more, tokens('istio-system', selector)])).toContain('MM020');
  });
});

describe('a namespace of gateways only', () => {
  it.each([
    '{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: f, namespace: edge}, spec: {configPatches: [{applyTo: HTTP_FILTER}]}}',
    '{apiVersion: telemetry.istio.io/v1, kind: Telemetry, metadata: {name: t, namespace: edge}, spec: {accessLogging: [{}]}}',
  ])('loses nothing, because they keep a proxy of their own: %s', (document) => {
    const gateway = deployment('edge', 'edge', '{app: edge}', injected);

    expect(idsOf([...shop, gateway, document])).toEqual([]);
    expect(idsOf([...shop, gateway, deployment('edge', 'web', '{app: web}'), document])).not.toEqual([]);
  });
});

describe('a namespace of which nothing is here but its name', () => {
  it('is not supposed to have the pods that the root namespace selects', () => {
    const empty = '{apiVersion: v1, kind: Namespace, metadata: {name: empty, labels: {istio-injection: enabled}}}';

    expect(planned([empty, tokens('istio-system', 'selector: {matchLabels: {app: edge}}, ')])).toEqual([]);
    expect(planned([empty, tokens('empty', 'selector: {matchLabels: {app: edge}}, ')])).toEqual(['empty MM020']);
  });
});
