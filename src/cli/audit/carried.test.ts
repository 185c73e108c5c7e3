import { describe, expect, it } from '@jest/globals';
import { parseManifests } from '../manifests/parse-manifests.ts';
import { audit } from './audit.ts';
import type { AuditFinding } from './report.ts';
import { meshes } from '../../mesh/meshes.ts';

const namespace = '{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}';
const inAmbient =
  '{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}}';
const web =
  '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: web, containers: [{name: a, image: a, ports: [{containerPort: 8080}]}]}}}}';
const service =
  '{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}}';

function object(apiVersion: string, kind: string, spec: string, home = 'shop'): string {
  return `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: it, namespace: ${home}}, spec: ${spec}}`;
}

function found(...documents: readonly string[]): readonly AuditFinding[] {
  return audit(parseManifests('-', documents.join('\n---\n')), {
    istioVersion: { major: 1, minor: 31 },
    namespace: 'default',
    rootNamespace: 'istio-system',
    meshes,
  }).findings;
}

function severities(...documents: readonly string[]): readonly string[] {
  return found(...documents)
    .filter(({ object: about }) => about.endsWith('/it'))
    .map(({ id, severity }) => `${severity} ${id}`);
}

/** What a waypoint does, and ztunnel does not. */
const ordinary: Readonly<Record<string, string>> = {
  MM024: object('security.istio.io/v1', 'RequestAuthentication', '{jwtRules: [{issuer: a}]}'),
  MM030: object(
    'networking.istio.io/v1',
    'VirtualService',
    '{hosts: [web], http: [{timeout: 5s, route: [{destination: {host: web}}]}]}',
  ),
  MM031: object(
    'gateway.networking.k8s.io/v1',
    'HTTPRoute',
    '{parentRefs: [{group: "", kind: Service, name: web}], rules: [{backendRefs: [{name: web, port: 80}]}]}',
  ),
  MM032: object(
    'networking.istio.io/v1',
    'DestinationRule',
    '{host: web, trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}}',
  ),
  MM041: object('extensions.istio.io/v1alpha1', 'WasmPlugin', '{url: "oci://a/b", phase: STATS}'),
  MM042: object('telemetry.istio.io/v1', 'Telemetry', '{accessLogging: [{}]}'),
};

describe('what a waypoint does', () => {
  it.each(Object.entries(ordinary))('is a warning where there is a Service for it: %s', (id, document) => {
    const [finding] = found(namespace, web, service, document).filter((each) => each.id === id);

    expect(finding).toMatchObject({ severity: 'Warning', fix: expect.stringContaining('mesh-migration plan') });
  });

  it.each(Object.entries(ordinary))('is a warning where nothing is known of its namespace: %s', (id, document) => {
    expect(severities(document)).toContain(`Warning ${id}`);
  });

  it.each(Object.entries(ordinary))('is critical where no waypoint can stand there: %s', (id, document) => {
    expect(severities(namespace, web, document)).toContain(`Critical ${id}`);
  });

  it.each([
    ['by HTTP', '{rules: [{to: [{operation: {methods: [GET]}}]}]}', 'MM020'],
    ['by trust domains', '{rules: [{from: [{source: {trustDomains: [a]}}]}]}', 'MM065'],
    ['by accounts', '{rules: [{when: [{key: source.serviceAccount, values: [shop/a]}]}]}', 'MM077'],
  ])('is one of policies %s too, but not where nothing is known', (_by, spec, id) => {
    const policy = object('security.istio.io/v1', 'AuthorizationPolicy', spec);

    expect(severities(namespace, web, service, policy)).toContain(`Warning ${id}`);
    expect(severities(namespace, web, policy)).toContain(`Critical ${id}`);
    expect(severities(policy)).toContain(`Critical ${id}`);
  });

  it.each([
    [
      'addresses',
      '{rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}], to: [{operation: {paths: [/a]}}]}]}',
      'ipBlocks',
    ],
    ['server names', '{rules: [{when: [{key: connection.sni, values: [a.example]}]}]}', 'server name'],
  ])('is none where it would not do it: %s', (_what, spec, why) => {
    const policy = object('security.istio.io/v1', 'AuthorizationPolicy', spec);
    const report = found(namespace, web, service, policy);

    expect(report.filter(({ id }) => id === 'MM020')).toEqual([
      expect.objectContaining({ severity: 'Critical', message: expect.stringContaining('nor would a waypoint: ') }),
    ]);
    expect(report[0]?.message).toContain(why);
    expect(report.map(({ id }) => id)).not.toContain('MM071');
  });

  it('is no loss of the root namespace itself', () => {
    const telemetry = object('telemetry.istio.io/v1', 'Telemetry', '{tracing: [{}]}', 'istio-system');

    expect(severities(telemetry)).toEqual([]);
    expect(severities(namespace, web, telemetry)).toEqual([]);
  });

  it('is no loss where the namespace is in ambient already', () => {
    const policy = object(
      'security.istio.io/v1',
      'AuthorizationPolicy',
      '{rules: [{to: [{operation: {methods: [GET]}}]}]}',
    );

    for (const [id, document] of Object.entries(ordinary))
      expect(severities(inAmbient, web, service, document)).toEqual(id === 'MM024' ? ['Warning MM024'] : []);
    expect(severities(inAmbient, web, policy)).toEqual(['Warning MM020']);
    expect(found(inAmbient, web, policy)[0]?.fix).toContain('in ambient already');
  });
});

describe('a field that is none', () => {
  it.each([
    [
      'EnvoyFilter',
      'networking.istio.io/v1alpha3',
      '{workloadSelectors: {labels: {app: x}}, configPatches: []}',
      'workloadSelectors',
    ],
    ['Telemetry', 'telemetry.istio.io/v1', '{selectors: {}}', 'selectors'],
    ['DestinationRule', 'networking.istio.io/v1', '{host: web, policy: {}}', 'policy'],
  ])('of a %s is told, because the API server drops it', (kind, version, spec, field) => {
    expect(found(namespace, web, service, object(version, kind, spec)).filter(({ id }) => id === 'MM075')).toEqual([
      expect.objectContaining({
        object: `${kind} shop/it`,
        message: `spec.${field} is not a field of this kind: it is dropped`,
      }),
    ]);
  });
});
