import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { ConfigView, WorkloadView } from '../../src/mesh/views.ts';
import { config, migrationSpec, namespace, plainPod, service, surroundings, workload } from './mesh-fixtures.ts';
import { reading } from './metric-reader-examples.ts';
import { agents, among, node } from './node-examples.ts';

type Spec = Readonly<Record<string, unknown>>;

function numbers<T>(size: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: size }, (_, index) => make(index));
}

function templates(size: number, more: Partial<WorkloadView> = {}): readonly WorkloadView[] {
  return numbers(size, (index) => workload({ name: `w${index}`, uid: `w${index}`, replicas: 0, ...more }));
}

function objects(kind: string, size: number, spec: (index: number) => Spec): readonly ConfigView[] {
  return numbers(size, (index) => reading(kind, spec(index), { name: `it-${index}`, uid: `${kind}-${index}` }));
}

const web = { selector: { matchLabels: { app: 'web' } } };

/** On the way from no mesh, where whoever calls from outside has plaintext let in by everybody. */
function joining(overrides: Partial<Surroundings>, configs: readonly ConfigView[]): Surroundings {
  return surroundings(
    {
      route: { from: 'None', to: 'IstioAmbient' },
      namespace: namespace({ labels: {} }),
      pods: [plainPod()],
      ...overrides,
    },
    configs,
  );
}

const guarded = { spec: migrationSpec({ callers: [{ namespace: 'shop', from: [] }] }) };
const byPath = config('AuthorizationPolicy', {
  ...web,
  action: 'DENY',
  rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }],
});

function strict(size: number, last: Spec): readonly ConfigView[] {
  return numbers(size, (index) =>
    config(
      'PeerAuthentication',
      { ...web, mtls: { mode: 'PERMISSIVE' }, ...last },
      { name: `p${index}`, uid: `p${index}` },
    ),
  );
}

function outside(size: number, last: Spec = {}): Surroundings {
  return joining(
    {
      workloads: templates(size),
      services: numbers(size, (index) =>
        service({ name: `s${index}`, uid: `s${index}`, opensBy: 'it is of type NodePort' }),
      ),
    },
    strict(size, last),
  );
}

const scrape = { 'prometheus.io/scrape': 'true' };
const selected = numbers(10, (at) => ({ key: 'app', operator: at === 9 ? 'NotIn' : 'Exists', values: ['web'] }));
const onlyA = { nodeSelector: { pool: 'a' } };

/** What a tenant can make large of objects of other controllers, and of what these bring about, by what grows. */
export const watchedShapes: Readonly<Record<string, (size: number) => Surroundings>> = {
  'a PodMonitor: n ports, and 100 templates behind a waypoint': (size) =>
    surroundings({ ...guarded, workloads: templates(100) }, [
      byPath,
      ...objects('PodMonitor', 1, () => ({
        ...web,
        podMetricsEndpoints: numbers(size, (at) => ({ portNumber: 1 + (at % 60_000) })),
      })),
    ]),
  'n ServiceMonitors, n Services and n templates': (size) =>
    surroundings(
      {
        ...guarded,
        workloads: numbers(size, (index) =>
          workload({ name: `w${index}`, uid: `w${index}`, templateLabels: { app: `w${index}` } }),
        ),
        services: numbers(size, (index) =>
          service({
            name: `w${index}`,
            uid: `s${index}`,
            labels: { app: `w${index}` },
            selector: { app: `w${index}` },
          }),
        ),
      },
      objects('ServiceMonitor', size, (index) => ({
        selector: { matchLabels: { app: `w${index}` } },
        endpoints: [{ port: 'http' }],
      })),
    ),
  'an ALLOW of n ports, and 100 scraped templates': (size) =>
    surroundings(
      { workloads: templates(100, { templateAnnotations: scrape, containerPorts: [{ port: 8080 }, { port: 9090 }] }) },
      [
        config('AuthorizationPolicy', {
          ...web,
          action: 'ALLOW',
          rules: numbers(size, () => ({ to: [{ operation: { ports: ['1'] } }] })),
        }),
      ],
    ),
  'n Services open to the outside, n templates and n PeerAuthentications': (size) => outside(size),
  'n Services open to the outside, n templates, and n PeerAuthentications with a STRICT port': (size) =>
    outside(size, { portLevelMtls: { 1: { mode: 'STRICT' } } }),
  'n SecurityGroupPolicies, and n templates': (size) =>
    surroundings(
      { workloads: templates(size) },
      objects('SecurityGroupPolicy', size, () => ({ podSelector: { matchExpressions: selected } })),
    ),
  'n policies of Cilium, and n templates': (size) =>
    surroundings(
      { workloads: templates(size) },
      objects('CiliumNetworkPolicy', size, () => ({ endpointSelector: { matchExpressions: selected }, ingress: [{}] })),
    ),
  'n HTTPRoutes of 32 Services, n Services and n Gateways': (size) =>
    joining(
      {
        workloads: templates(1),
        services: numbers(size, (index) => service({ name: `s${index}`, uid: `s${index}` })),
      },
      [
        ...numbers(size, (index) =>
          config(
            'HTTPRoute',
            {
              parentRefs: numbers(16, (at) => ({ name: `g${at}` })),
              rules: [{ backendRefs: numbers(32, (at) => ({ name: `s${at}` })) }],
            },
            { name: `r${index}`, uid: `r${index}` },
          ),
        ),
        ...numbers(size, (index) =>
          config('Gateway', { gatewayClassName: 'istio' }, { name: `g${index}`, uid: `g${index}` }),
        ),
      ],
    ),
  'n Services of gRPC, and n templates behind each': (size) =>
    surroundings({
      workloads: templates(size).map((each) => ({ ...each, replicas: 2 })),
      services: numbers(size, (index) =>
        service({
          name: `s${index}`,
          uid: `s${index}`,
          ports: [{ name: 'grpc', port: 80, targetPort: 80, protocol: 'TCP' }],
        }),
      ),
    }),
  'n templates with settings of their sidecars': (size) =>
    surroundings({
      workloads: numbers(size, (index) =>
        workload({
          name: `w${index}`,
          uid: `w${index}`,
          replicas: 0,
          templateAnnotations: { 'proxy.istio.io/config': `{tracing: {sampling: ${index}}, a: {b: {c: 1}}}` },
        }),
      ),
    }),
  'n ServiceEntries, and n templates': (size) =>
    surroundings(
      { workloads: templates(size) },
      numbers(size, (index) =>
        config(
          'ServiceEntry',
          { hosts: numbers(20, (at) => `h${at}.example.com`), resolution: 'DNS' },
          { name: `e${index}`, uid: `e${index}`, namespace: index % 2 === 0 ? 'shop' : 'bank' },
        ),
      ),
    ),
  'n Services that a waypoint is asked for, and n names that none has': (size) =>
    surroundings({
      spec: migrationSpec({
        waypoint: { services: numbers(Math.min(1000, 2 * size), (index) => `shop/s${index}`) },
      }),
      workloads: numbers(size, (index) =>
        workload({ name: `w${index}`, uid: `w${index}`, templateLabels: { app: `w${index}` } }),
      ),
      services: numbers(size, (index) =>
        service({ name: `s${index}`, uid: `s${index}`, selector: { app: `w${index}` } }),
      ),
    }),
  'n autoscalers, and n templates': (size) =>
    surroundings(
      { workloads: templates(size) },
      objects('HorizontalPodAutoscaler', size, (index) => ({
        scaleTargetRef: { kind: 'Deployment', name: `none-${index}` },
        metrics: [{ containerResource: { container: 'app' } }],
      })),
    ),
  'n nodes without an agent, and n templates': (size) =>
    among(
      numbers(size, (index) => node(`b-${index}`, 'b')),
      agents(onlyA, onlyA),
      {},
      {
        namespace: namespace({ annotations: { 'openshift.io/node-selector': 'pool=b' } }),
        workloads: templates(size),
      },
    ),
};
