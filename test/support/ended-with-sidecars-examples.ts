import type { Surroundings } from '../../src/mesh/adapter.ts';
import { nameUpdaters } from '../../src/mesh/proxy-parts.ts';
import type { ConfigView, ServicePortView, ServiceView, WorkloadView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import {
  captured,
  config,
  cronJob,
  installed,
  mesh,
  migrationSpec,
  namespace,
  plainPod,
  pod,
  root,
  service,
  surroundings,
  workload,
} from './mesh-fixtures.ts';
import { reading } from './metric-reader-examples.ts';

type Strings = Readonly<Record<string, string>>;
type Spec = Readonly<Record<string, unknown>>;

const toSidecar = {
  route: { from: 'IstioAmbient', to: 'IstioSidecar' },
  pods: [plainPod(captured)],
} as const;

/** Service `web` with one port of this kind. */
function speaking(port: Partial<ServicePortView>, overrides: Partial<ServiceView> = {}): ServiceView {
  return service({ ports: [{ port: 8041, targetPort: 8041, protocol: 'TCP', ...port }], ...overrides });
}

const grpc = speaking({ name: 'grpc' });

function behind(
  services: readonly ServiceView[],
  more: Partial<Surroundings> = {},
  configs: readonly ConfigView[] = [],
): Surroundings {
  return surroundings({ services, pods: [], ...more }, configs);
}

const one = { workloads: [workload({ replicas: 1 })] };
const scaler = reading('HorizontalPodAutoscaler', { scaleTargetRef: { kind: 'Deployment', name: 'web' } });

/** Asked for a waypoint by the migration. */
export function asking(...services: readonly string[]): Pick<Surroundings, 'spec'> {
  return { spec: migrationSpec({ waypoint: { services } }) };
}

/** A template whose container has this. */
function started(container: Spec, templateAnnotations: Strings = {}, labels: Strings = {}): Surroundings {
  const found = nameUpdaters({ containers: [{ name: 'app', ...container }] });
  return surroundings({
    workloads: [workload({ ...found, templateAnnotations, templateLabels: { app: 'web', ...labels } })],
  });
}

const byProvider = { args: ['--source=service', '--provider=rfc2136'] };

function entry(spec: Spec, more: Partial<ConfigView> = {}): ConfigView {
  return config('ServiceEntry', { hosts: ['partner.example.com'], ...spec }, more);
}

/** An Argo Rollout, as it is watched, whose container and template have this. */
function rollout(container: Spec, annotations: Strings = {}): ConfigView {
  const template = {
    metadata: { labels: { app: 'roll' }, annotations },
    spec: { containers: [{ name: 'app', ...container }] },
  };
  return reading('Rollout', { template });
}

/** The mesh configuration says this. */
function meshSaying(text: string, ...configs: readonly ConfigView[]): Partial<Surroundings> {
  const others = installed.filter(({ kind }) => kind !== 'ConfigMap');
  return {
    mesh: mesh([...others, config('ConfigMap', { mesh: text }, { name: 'istio', namespace: root }), ...configs]),
  };
}

const answering = 'defaultConfig: {proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true"}}';

function set(templateAnnotations: Strings, overrides: Partial<WorkloadView> = {}): Surroundings {
  return surroundings({ workloads: [workload({ templateAnnotations, ...overrides })] });
}

const tags = { 'sidecar.istio.io/extraStatTags': 'tenant' };

type Ids = 'MM147' | 'MM148' | 'MM149' | 'MM150' | 'MM151' | 'MM152';

/** What the rules about what ends with sidecars see and ignore, by their ids. */
export const endedExamples: Readonly<Record<Ids, Examples>> = {
  MM147: {
    seen: {
      'gRPC by the name of the port': behind([grpc]),
      'gRPC by a longer name': behind([speaking({ name: 'grpc-api' })]),
      'gRPC-Web': behind([speaking({ name: 'grpc-web-api' })]),
      'HTTP/2, in any case of letters': behind([speaking({ name: 'web', appProtocol: 'HTTP2' })]),
      'h2c as Kubernetes says it': behind([speaking({ appProtocol: 'kubernetes.io/h2c' })]),
      'one pod that an autoscaler adds to': behind([grpc], one, [scaler]),
      'pods that no workload here owns': behind([grpc], {
        workloads: [],
        pods: ['a', 'b'].map((name) => pod({ name, owner: { kind: 'Rollout', name: 'web' } })),
      }),
      'pods of several workloads': behind([grpc], {
        workloads: ['a', 'b'].map((name) => workload({ name, uid: name, replicas: 1 })),
      }),
      'a DaemonSet that nobody has counted': behind([grpc], {
        workloads: [workload({ kind: 'DaemonSet', replicas: 0 })],
      }),
      'beside one that a waypoint is asked for': behind([grpc, speaking({ name: 'grpc' }, { name: 'api' })], {
        ...asking('shop/api'),
      }),
    },
    ignored: {
      'HTTP/1.1': behind([service()]),
      'a name that only begins so': behind([speaking({ name: 'grpcapi' })]),
      'a name that is overruled': behind([speaking({ name: 'grpc', appProtocol: 'tcp' })]),
      'one pod': behind([grpc], one),
      'an autoscaler of another': behind([grpc], one, [
        reading('HorizontalPodAutoscaler', { scaleTargetRef: { kind: 'Deployment', name: 'api' } }),
      ]),
      'a headless Service, whose clients balance': behind([speaking({ name: 'grpc' }, { headless: true })]),
      'pods without a sidecar': behind([grpc], {
        workloads: [workload({ templateLabels: { app: 'web', 'sidecar.istio.io/inject': 'false' } })],
      }),
      'a gateway that is injected': behind([grpc], {
        workloads: [workload({ templateAnnotations: { 'inject.istio.io/templates': 'gateway' } })],
      }),
      'one that a waypoint is asked for': behind([grpc], asking('shop/web')),
      'all of the namespace': behind([grpc], asking('shop/*')),
      'on the way to sidecars': behind([grpc], toSidecar),
    },
  },
  MM148: {
    seen: {
      'external-dns by its provider': started(byProvider),
      'the same in two words': started({ args: ['--provider', 'rfc2136'] }),
      'by its environment': started({ env: [{ name: 'EXTERNAL_DNS_PROVIDER', value: 'rfc2136' }] }),
      nsupdate: started({ command: ['sh', '-c', 'while sleep 60; do nsupdate -k /key /zone; done'] }),
      'a CronJob': surroundings({
        otherTemplates: [cronJob(nameUpdaters({ containers: [{ name: 'app', command: ['nsupdate'] }] }))],
      }),
      'an Argo Rollout': surroundings({}, [rollout({ command: ['nsupdate'] })]),
      'a value that is no boolean': started(byProvider, { 'ambient.istio.io/dns-capture': 'no' }),
      'a pod whose sidecar does not answer, where others do': surroundings({
        ...started(byProvider, { 'proxy.istio.io/config': 'proxyMetadata: {ISTIO_META_DNS_CAPTURE: "false"}' }),
        ...meshSaying(answering),
      }),
      'a ServiceEntry with an address of its own': surroundings({}, [entry({ resolution: 'DNS' })]),
      'one of another namespace': surroundings({}, [entry({ resolution: 'STATIC' }, { namespace: 'bank' })]),
      'one with addresses, whatever its resolution': surroundings({}, [entry({ addresses: ['10.1.2.3'] })]),
      'a wildcard of dynamic DNS': surroundings({}, [entry({ hosts: ['*.example.com'], resolution: 'DYNAMIC_DNS' })]),
    },
    ignored: {
      'another provider': started({ args: ['--provider=aws'] }),
      'an Argo Rollout that opts out': surroundings({}, [
        rollout({ command: ['nsupdate'] }, { 'ambient.istio.io/dns-capture': 'false' }),
      ]),
      'an Argo Rollout, where one workload is looked at': surroundings({ alone: true }, [
        rollout({ command: ['nsupdate'] }),
      ]),
      'what opts out': started(byProvider, { 'ambient.istio.io/dns-capture': 'false' }),
      'what no data plane takes': started(byProvider, {}, { 'istio.io/dataplane-mode': 'none' }),
      'pods without a sidecar': started(byProvider, {}, { 'sidecar.istio.io/inject': 'false' }),
      'sidecars that answer by the mesh': surroundings({ ...started(byProvider), ...meshSaying(answering) }),
      'one that answers by itself': started(byProvider, {
        'proxy.istio.io/config': 'proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true"}',
      }),
      'an istio-cni that leaves DNS alone': {
        ...started(byProvider),
        mesh: mesh([
          ...installed,
          config('ConfigMap', { AMBIENT_DNS_CAPTURE: 'false' }, { name: 'istio-cni-config', namespace: root }),
        ]),
      },
      'an older Istio': { ...started(byProvider), mesh: { ...mesh(), version: '1.24' } },
      'a ServiceEntry without an address': surroundings({}, [
        entry({ resolution: 'NONE' }),
        entry({}, { name: 'unsaid' }),
        entry({ hosts: ['*.example.com'], resolution: 'DNS' }, { name: 'wild' }),
        entry(
          { resolution: 'DNS' },
          { name: 'off', labels: { 'networking.istio.io/enable-autoallocate-ip': 'False' } },
        ),
      ]),
      'on the way to sidecars': { ...started(byProvider), ...toSidecar },
    },
  },
  MM149: {
    seen: {
      'a namespace without a waypoint': surroundings(),
      'one where a waypoint tries again, or does not': surroundings(asking('shop/web')),
    },
    ignored: {
      'nothing but TCP': surroundings({ services: [speaking({ name: 'tcp' })] }),
      'on the way to sidecars': surroundings(toSidecar),
    },
  },
  MM150: {
    seen: {
      'what is reported': set(tags),
      'what is set for all': set({ 'proxy.istio.io/config': '{tracing: {sampling: 100}}' }),
      'what cannot be read': set({ 'proxy.istio.io/config': '{' }),
      resources: set({ 'sidecar.istio.io/proxyCPU': '100m' }),
      'a CronJob': surroundings({ otherTemplates: [cronJob({ templateAnnotations: tags })] }),
      'an Argo Rollout': surroundings({}, [rollout({}, tags)]),
    },
    ignored: {
      'an Argo Rollout, where one workload is looked at': surroundings({ alone: true }, [rollout({}, tags)]),
      'an Argo Rollout that says nothing': surroundings({}, [rollout({})]),
      'what MM062 says': set({ 'proxy.istio.io/config': '{interceptionMode: TPROXY}' }),
      'what MM130 says': set({ 'sidecar.istio.io/userVolume': '[]' }),
      'out of the mesh': { ...set(tags), route: { from: 'IstioSidecar', to: 'None' } },
      'a gateway that is injected': set({ ...tags, 'inject.istio.io/templates': 'gateway' }),
      'no setting': set({ 'sidecar.istio.io/rewriteAppHTTPProbers': 'true' }),
      'pods without a sidecar': set(tags, { templateLabels: { app: 'web', 'sidecar.istio.io/inject': 'false' } }),
      'on the way to sidecars': { ...set(tags), ...toSidecar },
    },
  },
  MM151: {
    seen: {
      'its own namespace': surroundings({ services: [service({ exportTo: ['.'] })] }),
      'others by name': surroundings({ services: [service({ exportTo: ['bank', 'blog'] })] }),
      nobody: surroundings({ services: [service({ exportTo: ['~'] })] }),
      'by the mesh': surroundings(meshSaying('defaultServiceExportTo: ["."]')),
    },
    ignored: {
      'nothing said': surroundings(),
      everybody: surroundings({ services: [service({ exportTo: ['bank', '*'] })] }),
      'what is overruled': surroundings({
        services: [service({ exportTo: ['*'] })],
        ...meshSaying('defaultServiceExportTo: ["."]'),
      }),
      'on the way to sidecars': surroundings({ services: [service({ exportTo: ['.'] })], ...toSidecar }),
    },
  },
  MM152: {
    seen: {
      'no such Service': surroundings(asking('shop/cart')),
      'a headless one': surroundings({ ...asking('shop/web'), services: [service({ headless: true })] }),
      'one that selects nothing': surroundings({ ...asking('shop/web'), services: [service({ selector: {} })] }),
      'one that is named since': surroundings({ ...asking('shop/web'), itinerary: 'L4' }),
      'more than there is room for': surroundings({
        ...asking('shop/*'),
        services: Array.from({ length: 201 }, (_, index) => service({ name: `s${index}`, uid: `s${index}` })),
      }),
    },
    ignored: {
      'one that gets a waypoint': surroundings(asking('shop/web')),
      'one that has got it': surroundings({ ...asking('shop/web'), itinerary: 'L7', requested: ['web'] }),
      'those of others': surroundings(asking('bank/cart')),
      'a headless one that nobody names': surroundings({
        ...asking('shop/*'),
        services: [service(), service({ name: 'peers', headless: true })],
      }),
      'on the way to sidecars': surroundings({ ...asking('shop/cart'), ...toSidecar, namespace: namespace() }),
    },
  },
};
