import type { ConfigView, PodView, ServiceView, TemplateView, WorkloadView } from '../../src/mesh/views.ts';
import { captured, config, cronJob, injected, plainPod, pod, service, workload } from './mesh-fixtures.ts';

/** What somebody has in a namespace of his own. */
export interface Theirs {
  readonly configs?: readonly ConfigView[];
  readonly pods?: readonly PodView[];
  readonly workloads?: readonly WorkloadView[];
  readonly otherTemplates?: readonly TemplateView[];
  readonly services?: readonly ServiceView[];
  readonly daemonSets?: readonly WorkloadView[];
}

/** The namespace of a stranger, which is in no migration. */
export const theirHome = 'mallory';

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

type Spec = (index: number) => Readonly<Record<string, unknown>>;

function objects(kind: string, tag: string, spec: Spec, more: Partial<ConfigView> = {}): (count: number) => Theirs {
  return (count) => ({
    configs: times(count, (index) =>
      config(kind, spec(index), {
        name: `${tag}-${index}`,
        uid: `${kind}-${tag}-${index}`,
        namespace: theirHome,
        ...more,
      }),
    ),
  });
}

function ofPods(make: typeof pod, shape: (index: number) => Partial<PodView>): (count: number) => Theirs {
  return (count) => ({
    pods: times(count, (index) =>
      make({
        namespace: theirHome,
        name: `p${index}`,
        uid: `p${index}`,
        serviceAccount: `sa${index}`,
        ...shape(index),
      }),
    ),
  });
}

function ofServices(tag: string, shape: (index: number) => Partial<ServiceView>): (count: number) => Theirs {
  return (count) => ({
    services: times(count, (index) =>
      service({ namespace: theirHome, name: `${tag}${index}`, uid: `${tag}${index}`, ...shape(index) }),
    ),
  });
}

const { 'networking.istio.io/tunnel': _tunnel, ...oldLabels } = injected.labels;

/** What a StatefulSet gives each of its pods. */
function named(index: number): Readonly<Record<string, string>> {
  return { 'statefulset.kubernetes.io/pod-name': `p-${index}` };
}

function from(source: Readonly<Record<string, unknown>>, action = 'DENY'): Readonly<Record<string, unknown>> {
  return { action, rules: [{ from: [{ source }] }] };
}

const principals = (home: string): readonly string[] => times(5, (index) => `cluster.local/ns/${home}/sa/s${index}`);

const selector = (index: number): Readonly<Record<string, unknown>> => ({
  selector: { matchLabels: { app: 'web', 'statefulset.kubernetes.io/pod-name': `p-${index}` } },
});

const routed = { http: [{ timeout: '1s', route: [{ destination: { host: 'web.shop.svc.cluster.local' } }] }] };

/** Everything that a tenant may make many of, by what it is; so many of each. */
export const ingredients: Readonly<Record<string, (count: number) => Theirs>> = {
  'pods with sidecars': ofPods(pod, (index) => ({ labels: { ...injected.labels, ...named(index) } })),
  'pods with old sidecars': ofPods(pod, (index) => ({ labels: { ...oldLabels, ...named(index) } })),
  'pods in ambient': ofPods(plainPod, (index) => ({ ...captured, labels: { app: 'web', ...named(index) } })),
  'pods in no mesh': ofPods(plainPod, (index) => ({ labels: { app: 'web', ...named(index) } })),
  'templates that sleep': (count) => ({
    workloads: times(count, (index) =>
      workload({
        namespace: theirHome,
        name: `w${index}`,
        uid: `w${index}`,
        replicas: 0,
        templateLabels: { app: 'web', ...named(index) },
      }),
    ),
  }),
  CronJobs: (count) => ({
    otherTemplates: times(count, (index) =>
      cronJob({
        namespace: theirHome,
        name: `c${index}`,
        uid: `c${index}`,
        templateLabels: { app: 'web', ...named(index) },
      }),
    ),
  }),
  Services: ofServices('s', () => ({})),
  'headless Services': ofServices('h', () => ({ headless: true })),
  'headless Services of nobody': ofServices('n', (index) => ({
    headless: true,
    selector: { app: 'web', no: `${index}` },
  })),
  'Services of few': ofServices('f', () => ({ exportTo: times(5, (index) => `n${index}`) })),
  'Services behind a waypoint': ofServices('b', () => ({ labels: { 'istio.io/use-waypoint': 'w' } })),
  'policies by who else calls': objects('AuthorizationPolicy', 'else', () => from({ principals: principals('else') })),
  'policies by who calls': objects('AuthorizationPolicy', 'who', () => from({ principals: principals('shop') })),
  'policies for who calls': objects('AuthorizationPolicy', 'for', () =>
    from({ principals: principals('shop') }, 'ALLOW'),
  ),
  'policies of one pod by who calls': objects('AuthorizationPolicy', 'one', (index) => ({
    ...from({ namespaces: ['shop'] }),
    ...selector(index),
  })),
  'policies by address': objects('AuthorizationPolicy', 'address', () => from({ ipBlocks: ['10.9.9.9'] })),
  'policies by path': objects('AuthorizationPolicy', 'path', (index) => ({
    action: 'DENY',
    rules: [{ to: [{ operation: { paths: [`/${index}`] } }] }],
  })),
  'policies at Services': objects('AuthorizationPolicy', 'at', (index) => ({
    targetRefs: [{ group: '', kind: 'Service', name: `s${index}` }],
    ...from({ namespaces: ['shop'] }, 'ALLOW'),
  })),
  'STRICT of one pod': objects('PeerAuthentication', 'strict', (index) => ({
    mtls: { mode: 'STRICT' },
    ...selector(index),
  })),
  'modes of ports': objects('PeerAuthentication', 'ports', () => ({
    selector: { matchLabels: { app: 'web' } },
    mtls: { mode: 'PERMISSIVE' },
    portLevelMtls: Object.fromEntries(times(10, (at) => [String(1 + at), { mode: 'STRICT' }])),
  })),
  'NetworkPolicies by port': objects('NetworkPolicy', 'port', (index) => ({
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8000 + index }] }],
    egress: [{ to: [{ ipBlock: { cidr: `10.${index}.0.0/16` } }], ports: [{ port: 8000 + index }] }],
  })),
  'NetworkPolicies of one pod': objects('NetworkPolicy', 'pod', (index) => ({
    podSelector: { matchLabels: named(index) },
    ingress: [
      { from: [{ namespaceSelector: {}, podSelector: { matchLabels: named(index) } }], ports: [{ port: 8080 }] },
    ],
  })),
  'routes of others': objects('VirtualService', 'others', () => ({ hosts: ['web.shop.svc.cluster.local'], ...routed })),
  'routes of their own': objects('VirtualService', 'own', (index) => ({ hosts: [`s${index}`], ...routed })),
  DestinationRules: objects('DestinationRule', 'rule', (index) => ({
    host: `s${index}`,
    trafficPolicy: { connectionPool: { http: { maxRetries: 1 } } },
  })),
  'ServiceEntries of pods': objects('ServiceEntry', 'pods', (index) => ({
    hosts: [`h${index}.example.com`],
    workloadSelector: { labels: { app: 'web' } },
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
  })),
  'ServiceEntries behind a waypoint': objects(
    'ServiceEntry',
    'bound',
    (index) => ({
      hosts: [`b${index}.example.com`],
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    }),
    { labels: { 'istio.io/use-waypoint': 'w' } },
  ),
  waypoints: objects('Gateway', 'gateway', () => ({
    gatewayClassName: 'istio-waypoint',
    listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
  })),
  HTTPRoutes: objects('HTTPRoute', 'route', () => ({
    parentRefs: [{ group: '', kind: 'Service', name: 'web', namespace: 'shop' }],
    rules: [{ timeouts: { request: '1s' }, backendRefs: [{ name: 'web', namespace: 'shop', port: 80 }] }],
  })),
  monitors: objects('PodMonitor', 'monitor', () => ({ matchLabels: { app: 'web' }, ports: times(10, (at) => 1 + at) })),
  autoscalers: objects('HorizontalPodAutoscaler', 'scaler', (index) => ({ target: `Deployment/w${index}`, reads: [] })),
  Ingresses: objects('Ingress', 'ingress', () => ({ calls: [{ namespace: 'shop', name: 'web' }], more: true })),
  'routes at gateways of others': objects('HTTPRoute', 'entry', () => ({
    parentRefs: [{ name: 'gateway-0' }],
    rules: [{ backendRefs: [{ name: 'web', namespace: 'shop', port: 80 }] }],
  })),
  SecurityGroupPolicies: objects('SecurityGroupPolicy', 'groups', () => ({ podSelector: { matchLabels: {} } })),
  // As much of each as is kept.
  'PodMonitors of all namespaces': objects('PodMonitor', 'all', (index) => ({
    any: true,
    matchLabels: {},
    ports: [8080, 9000 + index],
    ofSidecar: true,
  })),
  'ServiceMonitors of all namespaces by expressions': objects('ServiceMonitor', 'all', (index) => ({
    any: true,
    matchLabels: {},
    matchExpressions: [{ key: 'app', operator: 'NotIn', values: [`a${index}`] }],
    ports: ['http'],
    asMesh: true,
  })),
  MetricTemplates: objects('MetricTemplate', 'rate', (index) => ({
    reads: [{ metric: 'istio_requests_total', reporter: 'Called' }],
    asks: [`ClusterAnalysisTemplate t${index}`],
  })),
  'policies of Cilium': objects('CiliumNetworkPolicy', 'cilium', () => ({ endpointSelector: {}, ingress: [{}] })),
  Sidecars: objects('Sidecar', 'sidecar', (index) => ({
    workloadSelector: { labels: named(index) },
    egress: [{ hosts: ['./*'] }],
  })),
  WorkloadEntries: objects('WorkloadEntry', 'entry', (index) => ({
    address: `10.0.0.${index}`,
    labels: { app: 'web', ...named(index) },
  })),
};
