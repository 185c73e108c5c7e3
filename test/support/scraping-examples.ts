import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { ConfigView, TemplateView, WorkloadView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import {
  captured,
  config,
  cronJob,
  injected,
  installed,
  mesh,
  migrationSpec,
  plainPod,
  pod,
  root,
  service,
  surroundings,
  workload,
} from './mesh-fixtures.ts';
import { reading } from './metric-reader-examples.ts';

type Spec = Readonly<Record<string, unknown>>;
type Strings = Readonly<Record<string, string>>;

const scraped = { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9102' };
const ports = [
  { name: 'http', port: 8080 },
  { name: 'metrics', port: 9102 },
];
const web = { selector: { matchLabels: { app: 'web' } } };

/** STRICT for the whole mesh. */
export const strict = config('PeerAuthentication', { mtls: { mode: 'STRICT' } }, { namespace: root });
/** What the fix says under STRICT. */
export const admitted = config(
  'PeerAuthentication',
  { ...web, portLevelMtls: { 9102: { mode: 'PERMISSIVE' } } },
  { name: 'metrics' },
);
const identity = config('AuthorizationPolicy', { ...web, rules: [{ from: [{ source: { namespaces: ['bank'] } }] }] });
/** What the fix says under an ALLOW. */
export const byPort = config(
  'AuthorizationPolicy',
  { ...web, rules: [{ to: [{ operation: { ports: ['9102'] } }] }] },
  { name: 'metrics' },
);
const byPath = config('AuthorizationPolicy', {
  ...web,
  action: 'DENY',
  rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }],
});

/** Deployment `web` with these annotations, among some objects. */
export function annotated(
  templateAnnotations: Strings,
  configs: readonly ConfigView[],
  more: Partial<Surroundings> = {},
  overrides: Partial<WorkloadView> = {},
): Surroundings {
  return surroundings(
    { workloads: [workload({ templateAnnotations, containerPorts: ports, ...overrides })], ...more },
    configs,
  );
}

/** A mesh configuration that says this. */
function meshConfig(text: string, ...configs: readonly ConfigView[]): Partial<Surroundings> {
  const others = installed.filter(({ kind }) => kind !== 'ConfigMap');
  return {
    mesh: mesh([...others, config('ConfigMap', { mesh: text }, { name: 'istio', namespace: root }), ...configs]),
  };
}

const byLabel = { matchLabels: { app: 'web' } };

/** What has an endpoint of pods or Services scraped. */
export function monitor(
  kind: string,
  endpoint: Spec,
  selector: Spec = byLabel,
  namespaceSelector?: Spec,
  namespace = 'shop',
): ConfigView {
  const endpoints = kind.includes('Pod') ? 'podMetricsEndpoints' : 'endpoints';
  return reading(
    kind,
    { selector, [endpoints]: [endpoint], ...(namespaceSelector !== undefined && { namespaceSelector }) },
    { namespace },
  );
}

/** The same that stands in the namespace of a Prometheus. */
function elsewhere(kind: string, endpoint: Spec, where?: Spec, selector: Spec = byLabel): ConfigView {
  return monitor(kind, endpoint, selector, where, 'monitoring');
}

const ofEnvoy = { port: 'http-envoy-prom', path: '/stats/prometheus' };

const guarded = { spec: migrationSpec({ callers: [{ namespace: 'shop', from: [] }] }) };
const direct = {
  spec: migrationSpec({
    callers: [{ namespace: 'shop', from: [] }],
    policies: { direct: [{ namespace: 'shop', ports: [9102] }] },
  }),
};
const labelled = [
  service({ labels: { app: 'web' }, ports: [{ name: 'metrics', port: 9102, targetPort: 'metrics', protocol: 'TCP' }] }),
];

const kubevirt = { 'traffic.sidecar.istio.io/kubevirtInterfaces': 'k6t-eth0' };
const machine = (annotations: Strings): Surroundings =>
  surroundings({
    pods: [
      pod({
        owner: { kind: 'VirtualMachineInstance', name: 'vm' },
        annotations: { ...injected.annotations, ...annotations },
      }),
    ],
  });
const nightly = (templateAnnotations: Strings): TemplateView => cronJob({ templateAnnotations });
const toSidecar = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;

/** What the rules about scraping and about machines in pods see and ignore, by their ids. */
export const scrapingExamples: Readonly<Record<'MM134' | 'MM135', Examples>> = {
  MM134: {
    seen: {
      'merged metrics under STRICT': annotated(scraped, [strict]),
      'the same by another spelling': annotated({ 'prometheus.io.scrape': 'true', 'prometheus-io/port': '9102' }, [
        strict,
      ]),
      'all ports, where none is said': annotated({ 'prometheus.io/scrape': 'true' }, [strict]),
      'merged metrics under an ALLOW by identity': annotated(scraped, [identity]),
      'merged metrics behind a waypoint': annotated(scraped, [byPath], guarded),
      'metrics that are not merged behind a waypoint': annotated(
        { ...scraped, 'prometheus.istio.io/merge-metrics': 'false' },
        [byPath],
        guarded,
      ),
      'a PodMonitor behind a waypoint': annotated({}, [byPath, monitor('PodMonitor', { port: 'metrics' })], guarded),
      'a ServiceMonitor behind a waypoint': annotated({}, [byPath, monitor('ServiceMonitor', { port: 'metrics' })], {
        ...guarded,
        services: labelled,
      }),
      'a monitor of sidecars': annotated({}, [
        monitor('PodMonitor', { port: 'http-envoy-prom', path: '/stats/prometheus' }),
      ]),
      'one by the number of the port': annotated({}, [monitor('PodMonitor', { portNumber: 15020 })]),
      'a PodMonitor elsewhere, for all namespaces, behind a waypoint': annotated(
        {},
        [byPath, elsewhere('PodMonitor', { port: 'metrics' }, { any: true })],
        guarded,
      ),
      'a ServiceMonitor elsewhere, for this one, behind a waypoint': annotated(
        {},
        [byPath, elsewhere('ServiceMonitor', { port: 'metrics' }, { matchNames: ['blog', 'shop'] })],
        { ...guarded, services: labelled },
      ),
      'a VMPodScrape behind a waypoint': annotated({}, [byPath, monitor('VMPodScrape', { port: 'metrics' })], guarded),
      'a VMServiceScrape elsewhere, for all namespaces, behind a waypoint': annotated(
        {},
        [byPath, elsewhere('VMServiceScrape', { port: 'metrics' }, { any: true })],
        { ...guarded, services: labelled },
      ),
      'one elsewhere by an expression': annotated(
        {},
        [
          byPath,
          elsewhere(
            'PodMonitor',
            { port: 'metrics' },
            { any: true },
            {
              matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'api'] }],
            },
          ),
        ],
        guarded,
      ),
      'one elsewhere, beside thousands that are for nobody here': annotated(
        {},
        [
          byPath,
          ...Array.from({ length: 2000 }, (_, at) => ({
            ...elsewhere('PodMonitor', { port: `p${at}` }, { matchNames: ['blog'] }),
            name: `m${at}`,
          })),
          elsewhere('PodMonitor', { port: 'metrics' }, { any: true }),
        ],
        guarded,
      ),
      'a monitor of sidecars elsewhere': annotated({}, [elsewhere('PodMonitor', ofEnvoy, { any: true })]),
      'one of Services elsewhere': annotated({}, [elsewhere('ServiceMonitor', ofEnvoy, { any: true })], {
        services: labelled,
      }),
      'one with a certificate of the mesh': annotated({}, [
        monitor('ServiceMonitor', {
          port: 'http',
          scheme: 'https',
          tlsConfig: { certFile: '/etc/prom-certs/cert-chain.pem' },
        }),
      ]),
    },
    ignored: {
      'nothing that refuses': annotated(scraped, []),
      'nothing that is scraped': annotated({ 'prometheus.io/scrape': 'false', 'prometheus.io/port': '9102' }, [strict]),
      'a port that is admitted under STRICT': annotated(scraped, [strict, admitted]),
      'a port that an ALLOW admits': annotated(scraped, [identity, byPort]),
      'a port that is direct': annotated(scraped, [byPath], direct),
      'what is refused today, because it is not merged': annotated(
        { ...scraped, 'prometheus.istio.io/merge-metrics': 'false' },
        [strict],
      ),
      'a mesh that merges nothing': annotated(scraped, [], meshConfig('enablePrometheusMerge: false', strict)),
      'pods without a sidecar': annotated(
        scraped,
        [strict],
        {},
        {
          templateLabels: { app: 'web', 'sidecar.istio.io/inject': 'false' },
        },
      ),
      'a monitor of the application': annotated({}, [strict, monitor('PodMonitor', { port: 'metrics' })]),
      'a monitor of others': annotated(
        {},
        [byPath, monitor('PodMonitor', { port: 'metrics' }, { matchLabels: { app: 'api' } })],
        guarded,
      ),
      'a monitor elsewhere, for pods there': annotated(
        {},
        [byPath, elsewhere('PodMonitor', { port: 'metrics' }), elsewhere('PodMonitor', ofEnvoy)],
        guarded,
      ),
      'one elsewhere, for other namespaces': annotated(
        {},
        [
          byPath,
          elsewhere('PodMonitor', { port: 'metrics' }, { matchNames: ['blog'] }),
          elsewhere('PodMonitor', ofEnvoy, { matchNames: ['blog'] }),
        ],
        guarded,
      ),
      'one of the namespace, for other namespaces': annotated(
        {},
        [
          byPath,
          monitor('PodMonitor', { port: 'metrics' }, byLabel, { matchNames: ['blog'] }),
          monitor('PodMonitor', ofEnvoy, byLabel, { matchNames: ['blog'] }),
        ],
        guarded,
      ),
      'one elsewhere that selects nothing here': annotated(
        {},
        [
          byPath,
          elsewhere('PodMonitor', { port: 'metrics' }, { any: true }, { matchLabels: { app: 'api' } }),
          elsewhere('PodMonitor', ofEnvoy, { any: true }, { matchLabels: { app: 'api' } }),
          elsewhere('ServiceMonitor', ofEnvoy, { any: true }, byLabel),
        ],
        guarded,
      ),
      'one that leaves these out by an expression': annotated(
        {},
        [
          byPath,
          monitor(
            'PodMonitor',
            { port: 'metrics' },
            { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
          ),
          elsewhere(
            'PodMonitor',
            ofEnvoy,
            { any: true },
            { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
          ),
        ],
        guarded,
      ),
      'a certificate of its own': annotated({}, [
        monitor('ServiceMonitor', {
          port: 'http',
          scheme: 'https',
          tlsConfig: { certFile: '/etc/prometheus/tls.crt' },
        }),
      ]),
      'on the way to sidecars': annotated(scraped, [strict], { route: toSidecar, pods: [plainPod(captured)] }),
    },
  },
  MM135: {
    seen: {
      'a template': annotated(kubevirt, []),
      'a CronJob': surroundings({ otherTemplates: [nightly(kubevirt)] }),
      'the pod of a machine': machine(kubevirt),
    },
    ignored: {
      'what both read': annotated({ ...kubevirt, 'istio.io/reroute-virtual-interfaces': 'k6t-eth0' }, []),
      'the other set to nothing': machine({ ...kubevirt, 'istio.io/reroute-virtual-interfaces': '' }),
      'no interface': annotated({ 'traffic.sidecar.istio.io/kubevirtInterfaces': ' ' }, []),
      'what opts out': annotated(kubevirt, [], { pods: [] }, { templateLabels: { 'istio.io/dataplane-mode': 'none' } }),
      'on the way to sidecars, which read both': annotated(kubevirt, [], {
        route: toSidecar,
        pods: [plainPod(captured)],
      }),
    },
  },
};
