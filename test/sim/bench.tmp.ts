import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { SimApiServer } from './apiserver/sim-api-server.ts';
import { VirtualClock } from './virtual-clock.ts';
import { istioDefinitions, gatewayDefinitions } from './fixtures/custom-resource-definitions.ts';
import { readText } from '../../src/kube/transport.ts';
const mm = parse(readFileSync('crds/meshmigration.dev_meshmigrations.yaml', 'utf8'));
const nsm = parse(readFileSync('crds/meshmigration.dev_namespacemigrations.yaml', 'utf8'));
function time<T>(name: string, n: number, f: () => T): T { const t = performance.now(); const r = f(); console.log(name, ((performance.now() - t) / n).toFixed(3), 'ms each'); return r; }
function boot() {
  const server = new SimApiServer({ clock: new VirtualClock() });
  const crds = server.resourceFor('apiextensions.k8s.io', 'CustomResourceDefinition')!;
  for (const d of [...istioDefinitions, ...gatewayDefinitions, mm, nsm]) server.create(crds, d, { manager: 'helm' });
  return server;
}
time('boot 1', 1, boot); time('boot', 20, () => { for (let i = 0; i < 20; i += 1) boot(); });
const s = boot();
const pods = s.resourceFor('', 'Pod')!;
const N = 2000;
const pod = (i: number) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: `p${i}`, namespace: 'default', labels: { app: 'x' } }, spec: { containers: [{ name: 'a', image: 'nginx', env: [{ name: 'A', value: 'b' }], ports: [{ containerPort: 80 }] }], volumes: [{ name: 'v', emptyDir: {} }] } });
time('create pod', N, () => { for (let i = 0; i < N; i += 1) s.create(pods, pod(i), { manager: 'm' }); });
time('status update', N, () => { for (let i = 0; i < N; i += 1) { const p = s.get(pods, 'default', `p${i}`)!; s.update(pods, { ...p, status: { ...(p['status'] as object), phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } }, { manager: 'k', subresource: 'status' }); } });
const t = s.transport();
const call = async (path: string, method = 'GET', body?: unknown, ct = 'application/json') => readText(await t.send({ method: method as 'GET', path, headers: { 'content-type': ct }, signal: new AbortController().signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }));
let t0 = performance.now(); await call('/api/v1/pods'); console.log('list 2000 first', (performance.now() - t0).toFixed(1)); t0 = performance.now(); await call('/api/v1/pods'); console.log('list 2000 again', (performance.now() - t0).toFixed(1));
t0 = performance.now(); for (let i = 0; i < 500; i += 1) await call(`/api/v1/namespaces/default/pods/p${i}`, 'PATCH', [{ op: 'add', path: '/metadata/labels/z', value: String(i) }], 'application/json-patch+json'); console.log('http json patch', ((performance.now() - t0) / 500).toFixed(3), 'ms each');
await call('/apis/meshmigration.dev/v1alpha1/meshmigrations', 'POST', { metadata: { name: 'a' }, spec: { from: 'IstioSidecar', to: 'IstioAmbient', namespaces: { names: ['x'] } } });
t0 = performance.now(); for (let i = 0; i < 500; i += 1) await call(`/apis/meshmigration.dev/v1alpha1/meshmigrations/a/status`, 'PATCH', { status: { phase: i % 2 === 0 ? 'Migrating' : 'Paused' } }, 'application/merge-patch+json'); console.log('http CR status', ((performance.now() - t0) / 500).toFixed(3), 'ms each');
t0 = performance.now(); for (let i = 0; i < 500; i += 1) await call(`/apis/meshmigration.dev/v1alpha1/meshmigrations/a?fieldManager=x&force=true`, 'PATCH', { apiVersion: 'meshmigration.dev/v1alpha1', kind: 'MeshMigration', metadata: { name: 'a', labels: { x: String(i) } }, spec: { from: 'IstioSidecar', to: 'IstioAmbient', namespaces: { names: ['x'] } } }, 'application/apply-patch+yaml'); console.log('http SSA', ((performance.now() - t0) / 500).toFixed(3), 'ms each');
