import type { Surroundings } from '../../src/mesh/adapter.ts';
import { projectTemplate } from '../../src/mesh/project-template.ts';
import { projectWorkload } from '../../src/mesh/project-workload.ts';
import type { Examples } from './examples.ts';
import { surroundings } from './mesh-fixtures.ts';

type Part = Readonly<Record<string, unknown>>;

const app = { name: 'app', image: 'app:1' };
const proxy = { name: 'istio-proxy', image: 'auto' };

function template(spec: Part, metadata: Part = {}): Part {
  return { metadata, spec: { containers: [app], ...spec } };
}

/** A Deployment of this template, with pods or without. */
function deployed(spec: Part, metadata: Part = {}, replicas = 2): Surroundings {
  const status = { replicas, updatedReplicas: replicas, availableReplicas: replicas };
  return surroundings({
    workloads: [
      projectWorkload('Deployment')({
        metadata: { name: 'api', namespace: 'shop' },
        spec: { replicas, template: template(spec, metadata) },
        status,
      }),
    ],
  });
}

function nightly(spec: Part): Surroundings {
  const made = projectTemplate(
    'batch',
    'CronJob',
  )({
    metadata: { name: 'nightly', namespace: 'shop' },
    spec: { jobTemplate: { spec: { template: template(spec) } } },
  });
  return surroundings({ otherTemplates: [made] });
}

const waits = {
  ...app,
  command: ['sh', '-c', 'until curl -fs http://localhost:15021/healthz/ready; do sleep 1; done; run'],
};
const made = { labels: { 'gateway.networking.k8s.io/gateway-name': 'api', 'sidecar.istio.io/inject': 'false' } };

/** What MM130 sees and ignores. */
export const proxyPartExamples: Readonly<Record<string, Examples>> = {
  MM130: {
    seen: {
      'a customized sidecar': deployed({ containers: [app, proxy] }),
      'one with an image of its own': deployed({ containers: [app, { ...proxy, image: 'mirror/proxyv2:1.31.0' }] }),
      'a native one': deployed({ initContainers: [proxy] }),
      'istio-init': deployed({ initContainers: [{ name: 'istio-init', image: 'auto' }] }),
      'istio-validation': deployed({ initContainers: [{ name: 'istio-validation', image: 'auto' }] }),
      'at zero replicas': deployed({ containers: [app, proxy] }, {}, 0),
      'of a CronJob': nightly({ containers: [app, proxy] }),
      'with the label of a gateway': deployed(
        { containers: [app, proxy] },
        { labels: { 'gateway.networking.k8s.io/gateway-name': 'api' } },
      ),
      'before it leaves every mesh': {
        ...deployed({ containers: [app, proxy] }),
        route: { from: 'IstioSidecar', to: 'None' },
      },
      'a probe of the sidecar': deployed({
        containers: [{ ...app, readinessProbe: { httpGet: { port: 15021, path: '/healthz/ready' } } }],
      }),
      'a probe by the connection': deployed({ containers: [{ ...app, startupProbe: { tcpSocket: { port: 15021 } } }] }),
      'waiting for the sidecar': deployed({ containers: [waits] }),
      'a Job that ends its sidecar': nightly({
        containers: [{ ...app, args: ['run; curl -X POST http://127.0.0.1:15020/quitquitquit'] }],
      }),
      'the same with a shell of its own': nightly({
        containers: [
          { ...app, command: ['sh', '-ec', 'rotate; wget -q --post-data= -O- http://127.0.0.1:15020/quitquitquit'] },
        ],
      }),
      'a wrapper of the application': deployed({
        containers: [{ ...app, command: ['scuttle', 'run'], env: [{ name: 'ENVOY_ADMIN_API', value: 'x' }] }],
      }),
      'waiting by the agent': deployed({ containers: [{ ...app, command: ['sh', '-c', 'pilot-agent wait && run'] }] }),
      'a probe by a command': deployed({
        containers: [{ ...app, livenessProbe: { exec: { command: ['curl', '-f', 'localhost:15021/healthz/ready'] } } }],
      }),
      'by an environment variable': deployed({
        containers: [{ ...app, env: [{ name: 'READY', value: 'http://localhost:15021/healthz/ready' }] }],
      }),
      'certificates of the sidecar': deployed(
        {},
        { annotations: { 'proxy.istio.io/config': 'proxyMetadata:\n  OUTPUT_CERTS: /etc/istio-output-certs\n' } },
      ),
      'what the sidecar mounts': deployed({}, { annotations: { 'sidecar.istio.io/userVolumeMount': '[]' } }),
      'volumes of the sidecar': deployed({}, { annotations: { 'sidecar.istio.io/userVolume': '[]' } }),
    },
    ignored: {
      'an ordinary template': deployed({}),
      'another proxy that is told to end': nightly({
        containers: [{ ...app, args: ['run; curl -X POST http://127.0.0.1:9091/quitquitquit'] }],
      }),
      'other ports': deployed({
        containers: [{ ...app, args: ['--at=localhost:150210'], readinessProbe: { httpGet: { port: 8080 } } }],
      }),
      'another proxy configuration': deployed({}, { annotations: { 'proxy.istio.io/config': 'concurrency: 2' } }),
      'a proxy that no injector completes': deployed(
        { containers: [proxy] },
        { labels: { 'sidecar.istio.io/inject': 'false' } },
      ),
      'a gateway that istiod made': deployed({ containers: [{ ...proxy, image: 'istio/proxyv2:1.31.0' }] }, made),
      'an injected gateway (MM052)': deployed(
        { containers: [proxy] },
        { annotations: { 'inject.istio.io/templates': 'gateway' } },
      ),
      'on the way to sidecars': {
        ...deployed({ containers: [app, proxy] }),
        route: { from: 'IstioAmbient', to: 'IstioSidecar' },
      },
    },
  },
};
