import type { Surroundings } from '../../src/mesh/adapter.ts';
import { identityOf, roleLabel, stableName, targetAnnotation } from '../../src/mesh/istio/policy/translate/names.ts';
import type { BudgetView, ConfigView, PodView, ServiceView, WorkloadView } from '../../src/mesh/views.ts';
import {
  budget,
  captured,
  config,
  injected,
  migrationSpec,
  namespace,
  plainPod,
  pod,
  service,
  surroundings,
  workload,
} from './mesh-fixtures.ts';

type Spec = Readonly<Record<string, unknown>>;

function numbers<T>(size: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: size }, (_, index) => make(index));
}

/** Labels that all have in common, and one that each has alone. */
function labelsOf(index: number): Readonly<Record<string, string>> {
  return { app: 'web', one: `w${index}` };
}

function templates(size: number, more: Partial<WorkloadView> = {}): readonly WorkloadView[] {
  return numbers(size, (index) =>
    workload({ name: `w${index}`, uid: `w${index}`, templateLabels: labelsOf(index), ...more }),
  );
}

function services(size: number, more: (index: number) => Partial<ServiceView> = () => ({})): readonly ServiceView[] {
  return numbers(size, (index) => service({ name: `s${index}`, uid: `s${index}`, ...more(index) }));
}

function ofOne(index: number): Partial<ServiceView> {
  return { selector: { one: `w${index}` } };
}

/** One of each workload. */
function pods(size: number, make = pod, more: Partial<PodView> = { labels: injected.labels }): readonly PodView[] {
  return numbers(size, (index) =>
    make({
      name: `p${index}`,
      uid: `p${index}`,
      owner: { kind: 'Deployment', name: `w${index}` },
      ...more,
      labels: { ...more.labels, ...labelsOf(index) },
    }),
  );
}

function objects(
  kind: string,
  size: number,
  spec: (index: number) => Spec,
  more: Partial<ConfigView> = {},
): ConfigView[] {
  return Array.from({ length: size }, (_, index) =>
    config(kind, spec(index), { name: `it-${index}`, uid: `${kind}-${index}`, ...more }),
  );
}

const matchLabels = (index: number): Spec => ({ matchLabels: { one: `w${index}` } });
const byMethod = config('AuthorizationPolicy', {
  action: 'DENY',
  rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
});

/** Behind a waypoint of its own, called by itself and by nobody else. */
function guarded(overrides: Partial<Surroundings>, configs: readonly ConfigView[] = []): Surroundings {
  return surroundings(
    { spec: migrationSpec({ callers: [{ namespace: 'shop', from: [{ namespace: 'shop' }] }] }), ...overrides },
    [byMethod, ...configs],
  );
}

/** That says no of each workload at its last expression. */
function sparing(index: number): BudgetView {
  const expressions = numbers(6, (at) => ({ key: 'app', operator: at === 5 ? 'NotIn' : 'Exists', values: ['web'] }));
  return budget({ name: `b${index}`, uid: `b${index}`, selector: { matchLabels: {}, matchExpressions: expressions } });
}

/** What has the name of a guard of a Service, and stands there after all. */
function guard(index: number): ConfigView {
  const target = { kind: 'Service', namespace: 'shop', name: `s${index}` };
  return config(
    'AuthorizationPolicy',
    {
      selector: matchLabels(index),
      action: 'DENY',
      rules: [{ from: [{ source: { notPrincipals: ['cluster.local/ns/shop/sa/waypoint'] } }] }],
    },
    {
      name: stableName(['guard'], identityOf('Guard', 'AuthorizationPolicy', undefined, target), new Set()),
      uid: `guard-${index}`,
      labels: { [roleLabel]: 'Guard' },
      annotations: { [targetAnnotation]: `Service/shop/s${index}` },
    },
  );
}

const byApp: Spec = { selector: { matchLabels: { app: 'web' } } };
const everyMode = ['STRICT', 'PERMISSIVE', 'DISABLE', 'UNSET'];

/** So many ports, of some modes in turn. */
function modes(size: number, each: readonly string[]): Spec {
  return Object.fromEntries(numbers(size, (at) => [String(1 + at), { mode: each[at % each.length] }]));
}

/** Ten external authorizers, of which nobody has said where they are. */
const providers = config(
  'ConfigMap',
  {
    mesh: JSON.stringify({
      extensionProviders: numbers(10, (at) => ({
        name: `a${at}`,
        envoyExtAuthzGrpc: { service: `authorizer${at}.local`, port: 9000 },
      })),
    }),
  },
  { name: 'istio', namespace: 'istio-system', uid: 'istio' },
);

const limited = { matchExpressions: [{ key: 'limited', operator: 'Exists' }] };

/** What somebody can make many of in his own namespace, one beside the other: each may be about each. */
export const ownShapes: Readonly<Record<string, (size: number) => Surroundings>> = {
  'n ServiceEntries of pods, n Services and n templates of which none has their labels': (size) =>
    guarded(
      { pods: [], workloads: templates(size, { replicas: 0 }), services: services(size) },
      objects('ServiceEntry', size, (index) => ({
        hosts: [`h${index}.example.com`],
        workloadSelector: { labels: { app: 'web', none: `${index}` } },
      })),
    ),
  'n Services before which a waypoint is to stand, n templates, and a NetworkPolicy for a third of them': (size) =>
    surroundings(
      {
        pods: [],
        workloads: numbers(size, (index) =>
          workload({
            name: `w${index}`,
            uid: `w${index}`,
            replicas: 0,
            templateLabels: { app: `w${index}`, ...(index % 3 === 0 && { limited: `${index}` }) },
            containerPorts: [{ port: 10_000 + index }],
          }),
        ),
        services: services(size, (index) => ({ selector: { app: `w${index}` } })),
      },
      [byMethod, config('NetworkPolicy', { podSelector: limited, ingress: [{ from: [{ podSelector: limited }] }] })],
    ),
  'n Services of the same n workloads, and n pods of these': (size) =>
    guarded({ pods: pods(size), workloads: templates(size), services: services(size) }),
  'n Services of one workload each, and n pods of these': (size) =>
    guarded({ pods: pods(size), workloads: templates(size), services: services(size, ofOne) }),
  'n Services out of ambient, and n pods': (size) =>
    surroundings({
      route: { from: 'IstioAmbient', to: 'IstioSidecar' },
      namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'waypoint' } }),
      pods: pods(size, plainPod, captured),
      workloads: templates(size),
      services: services(size, ofOne),
    }),
  'n PodDisruptionBudgets, and n workloads': (size) =>
    surroundings({ pods: [], workloads: templates(size), budgets: numbers(size, sparing) }),
  'n ResourceQuotas, and n workloads': (size) =>
    surroundings(
      { pods: [], workloads: templates(size, { maxUnavailable: 0 }) },
      objects('ResourceQuota', size, () => ({}), {
        status: { hard: { pods: '100', 'limits.cpu': '100' }, used: { pods: '1' } },
      }),
    ),
  'n headless Services under STRICT, and n workloads': (size) =>
    surroundings(
      {
        pods: [],
        workloads: templates(size),
        services: services(size, (index) => ({ headless: true, selector: { app: 'web', none: `${index}` } })),
      },
      [config('PeerAuthentication', { mtls: { mode: 'STRICT' } })],
    ),
  'n RequestAuthentications and n policies of two providers, of one workload each': (size) =>
    surroundings({ pods: [], workloads: templates(size) }, [
      ...objects('RequestAuthentication', size, (index) => ({
        selector: matchLabels(index),
        jwtRules: [{ issuer: 'me' }],
      })),
      ...objects('AuthorizationPolicy', size, (index) => ({
        selector: matchLabels(index),
        action: 'CUSTOM',
        provider: { name: `p${index % 2}` },
        rules: [{}],
      })),
    ]),
  'n policies by a label of the injector, n pods and n workloads': (size) =>
    surroundings(
      { pods: pods(size), workloads: templates(size) },
      objects('AuthorizationPolicy', size, (index) => ({
        selector: { matchLabels: { 'service.istio.io/canonical-name': `none-${index}` } },
        action: 'DENY',
        rules: [{ from: [{ source: { namespaces: ['other'] } }] }],
      })),
    ),
  'a PeerAuthentication of n ports, n headless Services and n workloads': (size) =>
    surroundings(
      {
        pods: [],
        workloads: templates(size),
        services: services(size, (index) => ({ headless: true, ...ofOne(index) })),
      },
      [
        config('PeerAuthentication', {
          ...byApp,
          mtls: { mode: 'STRICT' },
          portLevelMtls: modes(size, ['PERMISSIVE']),
        }),
      ],
    ),
  'a PeerAuthentication of n ports, and n workloads behind a waypoint': (size) =>
    guarded({ pods: [], workloads: templates(size), services: services(size, ofOne) }, [
      config('PeerAuthentication', { ...byApp, mtls: { mode: 'STRICT' }, portLevelMtls: modes(size, ['PERMISSIVE']) }),
    ]),
  'a PeerAuthentication of n ports of each mode': (size) =>
    surroundings({}, [
      config('PeerAuthentication', { ...byApp, mtls: { mode: 'STRICT' }, portLevelMtls: modes(size, everyMode) }),
    ]),
  'n PeerAuthentications of ports of each mode, and n workloads': (size) =>
    surroundings(
      { pods: [], workloads: templates(size) },
      objects('PeerAuthentication', size, (index) => ({
        selector: matchLabels(index),
        mtls: { mode: 'STRICT' },
        portLevelMtls: modes(8, everyMode),
      })),
    ),
  'n PeerAuthentications for the same workloads': (size) =>
    surroundings(
      {},
      objects('PeerAuthentication', size, () => ({
        ...byApp,
        mtls: { mode: 'STRICT' },
        portLevelMtls: modes(8, everyMode),
      })),
    ),
  'n ServiceEntries of authorizers in the pod of the caller, and n Services behind a waypoint': (size) =>
    guarded({ pods: [], workloads: templates(size, { replicas: 0 }), services: services(size, ofOne) }, [
      providers,
      ...objects(
        'ServiceEntry',
        size,
        (index) => ({ hosts: [`h${index}.local`], endpoints: [{ address: '127.0.0.1' }] }),
        { namespace: 'mallory' },
      ),
    ]),
  'n Services, and a VirtualService of all of them that has n destinations': (size) =>
    surroundings({ pods: [], workloads: templates(size), services: services(size, ofOne) }, [
      byMethod,
      config('VirtualService', {
        hosts: ['*.shop.svc.cluster.local'],
        http: [{ route: numbers(size, (index) => ({ destination: { host: `none-${index}` } })) }],
      }),
    ]),
  'n guards, n Services and n pods in ambient': (size) =>
    guarded(
      {
        itinerary: 'L7',
        namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
        pods: pods(size, plainPod, { ...captured, owner: { kind: 'Job', name: 'job' } }),
        workloads: templates(size),
        services: services(size, ofOne),
      },
      numbers(size, guard),
    ),
};
