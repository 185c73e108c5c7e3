import { describe, expect, it } from '@jest/globals';
import { parseIstioVersion } from '../../mesh/istio/policy/istio-version.ts';
import { meshes } from '../../mesh/meshes.ts';
import { parseManifests } from '../manifests/parse-manifests.ts';
import { planFormats } from './formats.ts';
import { plan } from './plan.ts';
import type { PlanReport } from './report.ts';

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'cart', namespace: 'shop' },
  spec: { selector: { app: 'cart' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
};

function deployment(name: string, replicas: number, namespace = 'shop'): object {
  const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'app' }] } };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace }, spec: { replicas, template } };
}

/** A pod of a Deployment, or one without an owner, whose proxy asks for so much. */
function pod(owner: string | undefined, at: number, proxy: object, rest: object = {}): object {
  const hash = 'aaaaa';
  const ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${owner ?? ''}-${hash}`, uid: 'r', controller: true },
  ];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${owner ?? 'bare'}-${hash}-${at}`,
      namespace: 'shop',
      labels: { app: owner ?? 'bare', 'pod-template-hash': hash },
      annotations: { 'sidecar.istio.io/status': '{}' },
      ...(owner !== undefined && { ownerReferences }),
    },
    spec: {
      containers: [
        { name: 'app', image: 'app' },
        { name: 'istio-proxy', ...proxy },
      ],
      ...rest,
    },
  };
}

const small = { resources: { requests: { cpu: '100m', memory: '128Mi' } } };

function reported(...objects: readonly object[]): PlanReport {
  const text = objects.map((object) => JSON.stringify(object)).join('\n---\n');
  return plan(parseManifests('-', text), {
    istioVersion: parseIstioVersion('1.31') ?? { major: 0, minor: 0 },
    namespace: 'default',
    rootNamespace: 'istio-system',
    meshes,
    now: 0,
  }).report;
}

const readers = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'readers', namespace: 'shop' },
  spec: { selector: { matchLabels: { app: 'cart' } }, rules: [{ to: [{ operation: { methods: ['GET'] } }] }] },
};

const ztunnel = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'ztunnel', namespace: 'istio-system' },
  spec: {
    template: {
      metadata: { labels: { app: 'ztunnel' } },
      spec: { containers: [{ name: 'istio-proxy', resources: { requests: { cpu: '200m', memory: '512Mi' } } }] },
    },
  },
  status: { desiredNumberScheduled: 3 },
};

describe('what proxies ask for', () => {
  it('is told of sidecars by the pods that a workload is to have, and of what comes in their place', () => {
    const report = reported(
      service,
      deployment('cart', 5),
      pod('cart', 0, small),
      pod('cart', 1, small),
      readers,
      ztunnel,
    );
    expect(report.proxies).toEqual({
      requests: [
        { when: 'Now', proxies: 'sidecars', pods: 5, cpu: '500m', memory: '640Mi' },
        { when: 'Afterwards', proxies: 'waypoints', pods: 2, cpu: '200m', memory: '256Mi' },
        { when: 'Always', proxies: 'ztunnel', pods: 3, cpu: '600m', memory: '1536Mi' },
      ],
      silent: 0,
    });
    expect(planFormats['table']?.(report)).toContain(
      [
        'What proxies request for this namespace',
        '  now         sidecars: 5 pods, cpu 500m, memory 640Mi',
        '  afterwards  waypoints: 2 pods, cpu 200m, memory 256Mi',
        '  always      ztunnel: 3 pods, cpu 600m, memory 1536Mi',
      ].join('\n'),
    );
  });

  it('counts native sidecars, bare pods, and apart what asks for nothing', () => {
    const native = { initContainers: [{ name: 'istio-proxy', restartPolicy: 'Always', ...small }] };
    const report = reported(
      deployment('cart', 2),
      { ...pod('cart', 0, {}), spec: { containers: [{ name: 'app', image: 'app' }], ...native } },
      pod(undefined, 0, {}),
    );
    expect(report.proxies).toMatchObject({
      requests: [
        { pods: 3, cpu: '200m' },
        { pods: 0, cpu: '0' },
      ],
      silent: 1,
    });
  });

  it('takes what the installation says a waypoint asks for, or the MeshMigration', () => {
    const values = { global: { waypoint: { resources: { requests: { cpu: '1', memory: '1Gi' } } } } };
    const injector = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'istio-sidecar-injector', namespace: 'istio-system' },
      data: { values: JSON.stringify(values) },
    };
    const shop = [service, deployment('cart', 1), pod('cart', 0, small), readers, injector];
    expect(reported(...shop).proxies?.requests[1]).toMatchObject({ pods: 2, cpu: '2', memory: '2048Mi' });
    const migration = {
      apiVersion: 'meshmigration.dev/v1alpha1',
      kind: 'MeshMigration',
      metadata: { name: 'm' },
      spec: {
        from: 'IstioSidecar',
        to: 'IstioAmbient',
        namespaces: { names: ['shop'] },
        waypoint: { replicas: { min: 3 }, resources: { requests: { cpu: '250m' } } },
      },
    };
    expect(reported(...shop, migration).proxies?.requests[1]).toMatchObject({ pods: 3, cpu: '750m', memory: '0' });
  });

  it('is not told where no sidecar was seen', () => {
    expect(reported(service, deployment('cart', 5), readers).proxies).toBeUndefined();
  });
});
