import { describe, expect, it } from '@jest/globals';
import {
  captured,
  config,
  cronJob,
  injected,
  installed,
  mesh,
  migrationSpec,
  namespace,
  nodeComponents,
  plainPod,
  pod,
  root,
  routes,
  scopeView,
  service,
  sidecarToAmbient,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import { adoptExamples } from '../../../../test/support/adopt-examples.ts';
import { ownCallerExamples } from '../../../../test/support/own-caller-examples.ts';
import { bypass, bypassedExamples } from '../../../../test/support/bypassed-examples.ts';
import { besideStrangers, hostile } from '../../../../test/support/hostile-shapes.ts';
import { inboundExamples, unseenOnExit } from '../../../../test/support/inbound-examples.ts';
import { namelessExamples } from '../../../../test/support/nameless-examples.ts';
import { meshExamples } from '../../../../test/support/mesh-examples.ts';
import { capturedGatewayExamples } from '../../../../test/support/captured-gateway-examples.ts';
import { optedOutExamples } from '../../../../test/support/opted-out-examples.ts';
import { otherMeshExamples } from '../../../../test/support/other-mesh-examples.ts';
import { proxyPartExamples } from '../../../../test/support/proxy-part-examples.ts';
import { proxyExamples } from '../../../../test/support/proxy-examples.ts';
import { fromOutsideExamples } from '../../../../test/support/from-outside-examples.ts';
import { metricReaderExamples } from '../../../../test/support/metric-reader-examples.ts';
import { endedExamples } from '../../../../test/support/ended-with-sidecars-examples.ts';
import { platformExamples } from '../../../../test/support/platform-examples.ts';
import { topologyExamples } from '../../../../test/support/topology-examples.ts';
import { scrapingExamples } from '../../../../test/support/scraping-examples.ts';
import { nodeExamples } from '../../../../test/support/node-examples.ts';
import { networkPolicyExamples } from '../../../../test/support/network-policy-examples.ts';
import { quotaExamples } from '../../../../test/support/quota-examples.ts';
import { returnExamples } from '../../../../test/support/return-examples.ts';
import { oneIn } from '../../../../test/support/sample.ts';
import { takenNameExamples } from '../../../../test/support/taken-name-examples.ts';
import { unseenCallerExamples, unseenCallerSeverities } from '../../../../test/support/unseen-caller-examples.ts';
import { disguised, harm } from '../../../../test/support/foreign-text.ts';
import { remedies } from '../../../../test/support/remedies/all.ts';
import { faultsOf } from '../../../../test/support/remedies/tried.ts';
import { call, observed } from '../../../../test/support/istio-metrics.ts';
import { Finding } from '../../../api/common.ts';
import { appliedAnnotation, managedBy, managedByLabel } from '../../../api/resources.ts';
import type { Acknowledged, MeshState, Surroundings } from '../../adapter.ts';
import type { ScopeView } from '../../others.ts';
import { sealOf } from '../../seal.ts';
import type { ConfigView, PodView, ServiceView, WorkloadView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { asOf } from '../checks.ts';
import { rules } from '../rules.ts';
import { foundGuarded } from './guarded-rules.ts';
import type { Found, Rule } from './rule.ts';
import { apply } from './rule.ts';

/** What a rule has to see, and what comes close but is none of its business. */
interface Examples {
  readonly seen: Readonly<Record<string, Surroundings>>;
  readonly ignored: Readonly<Record<string, Surroundings>>;
}

type Spec = Readonly<Record<string, unknown>>;

const toSidecar = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const toNone = { from: 'IstioSidecar', to: 'None' } as const;
const fromNone = { from: 'None', to: 'IstioAmbient' } as const;

function around(...configs: readonly ConfigView[]): Surroundings {
  return surroundings({}, configs);
}

/** On the way without a waypoint: what needs one is then in the way. */
function withoutWaypoint(...configs: readonly ConfigView[]): Surroundings {
  return surroundings({ itinerary: 'L4' }, configs);
}

function policy(spec: Spec, more: Partial<ConfigView> = {}): ConfigView {
  return config('AuthorizationPolicy', spec, more);
}

function peer(spec: Spec, more: Partial<ConfigView> = {}): ConfigView {
  return config('PeerAuthentication', spec, more);
}

/** With the label that the operator puts on what it makes, as anybody can. */
function labelled(made: ConfigView): ConfigView {
  return { ...made, labels: { ...made.labels, [managedByLabel]: managedBy } };
}

/** As the operator itself applied it. */
function asMade(made: ConfigView): ConfigView {
  return { ...labelled(made), annotations: { ...made.annotations, [appliedAnnotation]: sealOf(made) } };
}

function only(app: string): Spec {
  return { selector: { matchLabels: { app } } };
}

function workloadSelector(app: string): Spec {
  return { workloadSelector: { labels: { app } } };
}

/** A rule for each of so many paths and callers. */
function paths(count: number): Spec {
  return {
    rules: Array.from({ length: count }, (_, n) => ({
      from: [{ source: { principals: [`cluster.local/ns/shop/sa/a${n}`] } }],
      to: [{ operation: { paths: [`/p${n}/*`] } }],
    })),
  };
}

const http = { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] };
function byHeader(name: string): Spec {
  return { action: 'DENY', rules: [{ when: [{ key: `request.headers[${name}]`, values: ['*ns/legacy/*'] }] }] };
}

const identity = { rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }] }] };
const tokens = { jwtRules: [{ issuer: 'https://login.example' }] };
const strict = peer({ mtls: { mode: 'STRICT' } });
const strictMesh = peer({ mtls: { mode: 'STRICT' } }, { namespace: root, name: 'mesh' });
const ownRoute = config('HTTPRoute', {
  parentRefs: [{ kind: 'Service', group: '', name: 'web' }],
  rules: [{ backendRefs: [{ name: 'web', port: 80 }] }],
});
/** A route of a stranger's gateway to a host. */
function leading(host: string): ConfigView {
  return config(
    'VirtualService',
    { hosts: ['x.example.com'], gateways: ['door'], http: [{ route: [{ destination: { host } }] }] },
    { name: 'door', namespace: 'mallory' },
  );
}
const [door, doorElsewhere] = [leading('web.shop.svc.cluster.local'), leading('web.blog.svc.cluster.local')];
const canary = { labels: { 'istio.io/rev': 'canary' } };
function meshConfig(text: string): ConfigView {
  return config('ConfigMap', { mesh: text }, { name: 'istio-canary', namespace: root });
}

function workloadsOf(count: number): readonly WorkloadView[] {
  return Array.from({ length: count }, (_, index) => workload({ name: `w${index}`, uid: `u${index}` }));
}

/** Namespaces around `shop`: one that moves, and one that is only restarted. */
function scopeOf(moving?: string, restarted?: string): ScopeView {
  return scopeView({ moves: (name) => name === moving, restartsForHbone: (name) => name === restarted });
}

const reader = pod({ namespace: 'blog', serviceAccount: 'reader' });

/** A namespace that moves too, and begins when `shop` has arrived. */
function inLaterWave(moving: string): ScopeView {
  return scopeView({
    moves: (name) => name === moving,
    comesLater: (name, than) =>
      name === moving && than === 'shop' ? 'is in wave two, which begins after wave one' : undefined,
  });
}

/** `bank`, which stays, has one pod. */
function nextTo(only: PodView, ...configs: readonly ConfigView[]): Surroundings {
  const pods = [{ ...only, namespace: 'bank' }];
  const given = surroundings({}, configs);
  return {
    ...given,
    mesh: {
      ...given.mesh,
      inhabitedNamespaces: () => ['bank'],
      pods: (name) => (name === 'bank' ? pods : []),
      workloads: (name) => (name === 'bank' ? [workload({ namespace: 'bank' })] : []),
    },
  };
}

const asleep = workload({ name: 'night', replicas: 0, templateLabels: { app: 'night' } });
const headless = service({ headless: true });

/** A namespace, in which these pods run and a workload sleeps, is all that calls the headless Service under STRICT. */
function calledFrom(caller: string, ...there: readonly PodView[]): Surroundings {
  const callers = [{ namespace: 'shop', from: [{ namespace: caller }] }];
  const given = surroundings({ services: [headless], spec: migrationSpec({ callers }) }, [strict]);
  const injects = {
    'istio-injection': there.some(({ annotations }) => annotations === captured.annotations) ? 'disabled' : 'enabled',
  };
  return {
    ...given,
    mesh: {
      ...given.mesh,
      labelsOf: () => injects,
      pods: () => there,
      workloads: () => [{ ...asleep, namespace: caller }],
    },
  };
}

function inMesh(settings: string, principal: string): Surroundings {
  return surroundings({ itinerary: 'L4', mesh: mesh([meshConfig(settings), named('a', principal)]) });
}

function named(name: string, ...principals: readonly string[]): ConfigView {
  return policy({ rules: [{ from: [{ source: { principals } }] }] }, { name });
}

const exit = {
  route: toSidecar,
  namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
  pods: [plainPod(captured)],
} as const;
const bound = service({
  labels: { 'istio.io/use-waypoint': 'waypoint' },
  conditions: {
    'istio.io/WaypointBound': {
      status: 'True',
      reason: 'WaypointAccepted',
      message: 'Successfully attached to waypoint shop/waypoint',
    },
  },
});

function gatewayOf(spec: Spec, labels: ConfigView['labels'] = {}): ConfigView {
  return config('Gateway', spec, { name: 'waypoint', labels });
}

const waypointOfShop = [gatewayOf({ gatewayClassName: 'istio-waypoint' }), strict];

/** Service `web` behind a waypoint that enforces a policy. */
function behindWaypoint(spec: Spec, ...others: readonly ConfigView[]): Surroundings {
  return surroundings({ ...exit, services: [bound] }, [
    ...waypointOfShop,
    policy({ targetRefs: [{ group: '', kind: 'Service', name: 'web' }], ...spec }),
    ...others,
  ]);
}

/** Two workloads whose Services go through the waypoint of the namespace, which enforces the same for both. */
function twoBehindWaypoint(spec: Spec): Surroundings {
  const api = service({ ...bound, name: 'api', selector: { app: 'api' } });
  const rule = policy({
    targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }],
    action: 'DENY',
    ...http,
  });
  return surroundings(
    {
      ...exit,
      spec: migrationSpec(spec),
      services: [bound, api],
      workloads: [workload(), workload({ name: 'api', templateLabels: { app: 'api' } })],
    },
    [...waypointOfShop, rule],
  );
}

/** A Service names a waypoint of the namespace, and the migration is to use one. */
function adoptedBy(adopt: string, overrides: Parameters<typeof service>[0] = {}): Surroundings {
  const spec = migrationSpec({ waypoint: { adopt } });
  return surroundings(
    { spec, services: [service({ labels: { 'istio.io/use-waypoint': 'waypoint' }, ...overrides })] },
    [
      policy(http),
      ...['waypoint', 'mine'].map((name) => config('Gateway', { gatewayClassName: 'istio-waypoint' }, { name })),
    ],
  );
}

/** A Service with these labels, in a namespace that needs a waypoint. */
function beside(labels: ConfigView['labels'], overrides: Parameters<typeof service>[0] = {}): Surroundings {
  return surroundings({ services: [service(), service({ name: 'api', labels, ...overrides })] }, [policy(http)]);
}

function guard(source: Spec): ConfigView {
  return policy(
    {
      selector: { matchLabels: { app: 'web' } },
      action: 'DENY',
      rules: [{ from: [{ source: { notPrincipals: ['cluster.local/ns/shop/sa/waypoint'], ...source } }] }],
    },
    { name: 'guard' },
  );
}

const farService = service({
  ...bound,
  namespace: 'bank',
  name: 'ledger',
  conditions: {
    'istio.io/WaypointBound': {
      status: 'True',
      reason: 'WaypointAccepted',
      message: 'Successfully attached to waypoint bank/waypoint',
    },
  },
});

/** A Service of another namespace behind a waypoint that enforces a policy. */
function elsewhere(spec: Spec, far = farService): Surroundings {
  const there = policy(
    { targetRefs: [{ group: '', kind: 'Service', name: 'ledger' }], ...spec },
    { namespace: 'bank' },
  );
  return surroundings({ ...exit, mesh: { ...mesh([...installed, there]), services: () => [far] } });
}

/** The same Service, of which istiod says why it goes through no waypoint. */
function unbound(reason: string, message: string): ServiceView {
  return { ...farService, conditions: { 'istio.io/WaypointBound': { status: 'False', reason, message } } };
}

const failClosed = migrationSpec({ policies: { bypass: 'FailClosed' } });

function httpFrom(...namespaces: readonly string[]): Spec {
  return { rules: [{ from: [{ source: { namespaces } }], to: http.rules[0]?.to }] };
}

/** ServiceAccount blog/reader may call, and there is this pod. */
/** Declared as the only caller of a Service that refuses some requests. */
function declared(caller: PodView, ...others: readonly ConfigView[]): Surroundings {
  const configs = [policy({ action: 'DENY', ...http }), ...others];
  return surroundings(
    {
      spec: migrationSpec({ callers: [{ namespace: 'shop', from: [{ namespace: 'blog' }] }] }),
      mesh: { ...mesh([...installed, ...configs]), pods: () => [caller] },
    },
    configs,
  );
}

function calledBy(caller: PodView): Surroundings {
  const policies = policy({
    rules: [{ from: [{ source: { serviceAccounts: ['blog/reader'] } }], to: http.rules[0]?.to }],
  });
  return surroundings({
    mesh: { ...mesh([...installed, policies]), pods: (home) => (home === caller.namespace ? [caller] : []) },
  });
}

/** The mesh has Service bank/api with a route, and these objects. */
function besideBank(
  more: readonly ConfigView[],
  condition?: string,
  spec = migrationSpec({ callers: [{ namespace: 'bank', from: [{ namespace: 'shop' }] }] }),
): Surroundings {
  const api = service({
    namespace: 'bank',
    name: 'api',
    selector: { app: 'api' },
    conditions:
      condition === undefined
        ? {}
        : { 'istio.io/WaypointBound': { status: 'True', reason: 'WaypointAccepted', message: condition } },
  });
  const there = mesh([...installed, ...more]);
  return surroundings({
    spec,
    mesh: {
      ...there,
      services: (home) => (home === undefined || home === 'bank' ? [api] : []),
      pods: (home) => (home === 'shop' ? [pod()] : []),
    },
  });
}

const toBank = config('VirtualService', { hosts: ['api.bank'], http: [{ timeout: '1s' }] }, { namespace: 'bank' });
const inBank = 'Successfully attached to waypoint bank/waypoint';
const notDeclared = migrationSpec();
const nobodyCalls = migrationSpec({ callers: [{ namespace: 'bank', from: [] }] });

/** Deployments `web` and `api`, each with a Service that these ServiceAccounts may call. */
function circle(serviceAccounts: readonly string[]): Surroundings {
  const api = { app: 'api' };
  return surroundings(
    {
      workloads: [
        workload({ serviceAccount: 'web' }),
        workload({ name: 'api', serviceAccount: 'api', templateLabels: api }),
      ],
      services: [service(), service({ name: 'api', selector: api })],
    },
    [policy({ rules: [{ from: [{ source: { serviceAccounts } }], to: http.rules[0]?.to }] })],
  );
}

/** Behind a waypoint, with one declared caller, and with metrics. */
function seenBy(observedCallers: MeshState['observedCallers']): Surroundings {
  const spec = migrationSpec({
    callers: [{ namespace: 'shop', from: [{ namespace: 'web', serviceAccount: 'front' }] }],
  });
  return surroundings({
    spec,
    mesh: { ...mesh([...installed, policy(http)]), ...(observedCallers && { observedCallers }) },
  });
}

const old = pod({ labels: { app: 'web' } });

const table: Readonly<Record<string, Examples>> = {
  MM009: {
    seen: {
      'what it chooses by cannot be read': surroundings({
        mesh: {
          ...mesh(),
          services: () => {
            throw new TypeError('broken');
          },
          configs: () => {
            throw new TypeError('broken');
          },
        },
      }),
    },
    ignored: { 'what can be read': surroundings() },
  },
  MM010: {
    seen: {
      'no GatewayClass': surroundings({ mesh: mesh([]) }),
      'one that is not Accepted': surroundings({
        mesh: mesh([config('GatewayClass', {}, { name: 'istio-waypoint', namespace: '' })]),
      }),
      'only another class': surroundings({
        mesh: mesh([
          config(
            'GatewayClass',
            {},
            { name: 'istio', namespace: '', status: { conditions: [{ type: 'Accepted', status: 'True' }] } },
          ),
        ]),
      }),
    },
    ignored: {
      'ambient on': surroundings(),
      'another goal': surroundings({ route: toNone, mesh: mesh([]) }),
      'no Gateway API at all (MM011)': surroundings({ mesh: mesh([], [], ['GatewayClass']) }),
    },
  },
  MM011: {
    seen: { 'no CRDs': surroundings({ mesh: mesh([], [], ['GatewayClass']) }) },
    ignored: {
      CRDs: surroundings(),
      'another goal': surroundings({ route: toSidecar, mesh: mesh([], [], ['GatewayClass']) }),
    },
  },
  MM012: {
    seen: {
      'no DaemonSet': surroundings({ mesh: mesh(installed, nodeComponents.slice(1)) }),
      'a pod missing': surroundings({
        mesh: mesh(
          installed,
          nodeComponents.map((set) => ({ ...set, available: 1 })),
        ),
      }),
      'a rollout': surroundings({
        mesh: mesh(
          installed,
          nodeComponents.map((set) => ({ ...set, updated: 1 })),
        ),
      }),
      'a rollout not noted yet': surroundings({
        mesh: mesh(
          installed,
          nodeComponents.map((set) => ({ ...set, generation: 2 })),
        ),
      }),
    },
    ignored: {
      'ready everywhere': surroundings(),
      'another goal': surroundings({ route: toSidecar, mesh: mesh(installed, []) }),
    },
  },
  MM013: {
    seen: {
      'no DaemonSet': surroundings({ mesh: mesh(installed, nodeComponents.slice(0, 1)) }),
      'a pod missing': surroundings({
        mesh: mesh(
          installed,
          nodeComponents.map((set) => ({ ...set, available: 1 })),
        ),
      }),
      'no node': surroundings({
        mesh: mesh(
          installed,
          nodeComponents.map((set) => ({ ...set, replicas: 0, available: 0, updated: 0 })),
        ),
      }),
      'one that is not where it should be, and not ready': surroundings({
        mesh: mesh(
          installed,
          nodeComponents.map((set) => ({ ...set, namespace: 'mesh-nodes', available: 0 })),
        ),
      }),
    },
    ignored: {
      "a stranger's with the same label": surroundings({
        mesh: mesh(installed, [
          ...nodeComponents,
          ...nodeComponents.map((set) => ({ ...set, namespace: 'mallory', available: 0 })),
        ]),
      }),
      'ready everywhere': surroundings(),
      'another DaemonSet that is not': surroundings({
        mesh: mesh(installed, [...nodeComponents, workload({ kind: 'DaemonSet', available: 0 })]),
      }),
    },
  },
  MM014: {
    seen: {
      'no webhook': surroundings({ route: toSidecar, mesh: mesh([]) }),
      'a webhook of somebody else': surroundings({
        route: toSidecar,
        mesh: mesh([config('MutatingWebhookConfiguration', {}, { labels: { app: 'other' } })]),
      }),
    },
    ignored: { 'a webhook': surroundings({ route: toSidecar }), 'another goal': surroundings({ mesh: mesh([]) }) },
  },
  MM015: {
    seen: { 'running pods outside': surroundings({ route: fromNone, pods: [plainPod()] }) },
    ignored: {
      'no pods': surroundings({ route: fromNone, pods: [] }),
      'pods that are restarted anyway': surroundings(),
    },
  },
  MM018: {
    seen: {
      'no right to read CronJobs': surroundings({ mesh: { ...mesh(), unreadable: ['CronJob'] } }),
      'no right to read nodes': surroundings({ mesh: { ...mesh(), unreadable: ['Node'] } }),
    },
    ignored: {
      'a right to read them': surroundings({ mesh: { ...mesh(), unreadable: [] } }),
      'manifests, which have what they have': surroundings(),
    },
  },
  MM020: {
    seen: {
      'in the namespace': withoutWaypoint(policy(http)),
      'mesh-wide': withoutWaypoint(policy(http, { namespace: root })),
      'selecting a pod': withoutWaypoint(policy({ ...http, ...only('web') })),
      'selecting a pod, from the root namespace': withoutWaypoint(
        policy({ ...http, ...only('web') }, { namespace: root }),
      ),
      'selecting a workload that is scaled to zero': surroundings(
        { itinerary: 'L4', workloads: [workload(), asleep] },
        [policy({ ...http, ...only('night') })],
      ),
      'one that denies': withoutWaypoint(policy({ action: 'DENY', ...http })),
      'L4 in from and L7 in when': withoutWaypoint(
        policy({
          action: 'DENY',
          rules: [{ from: [{ source: { namespaces: ['x'] } }], when: [{ key: 'request.headers[a]', values: ['b'] }] }],
        }),
      ),
      'a field that is not known here': withoutWaypoint(
        policy({ action: 'DENY', rules: [{ to: [{ operation: { grpcServices: ['shop.Cart'] } }] }] }),
      ),
      'remoteIpBlocks, which ztunnel ignores': withoutWaypoint(
        policy({ action: 'DENY', rules: [{ from: [{ source: { remoteIpBlocks: ['10.0.0.0/8'] } }] }] }),
      ),
    },
    ignored: {
      'on the way to sidecars, where it would begin to act (MM090, MM091)': surroundings({ route: toSidecar }, [
        policy(http),
      ]),
      'L4 only': withoutWaypoint(policy(identity)),
      'deny-all': withoutWaypoint(policy({})),
      'what can never match': withoutWaypoint(
        policy({ rules: [{ from: [{ source: { requestPrincipals: ['no-slash'] } }] }] }),
      ),
      'an AUDIT policy (MM064)': withoutWaypoint(policy({ action: 'AUDIT', ...http })),
      'in another namespace': withoutWaypoint(policy(http, { namespace: 'blog' })),
      'selecting nothing here': withoutWaypoint(policy({ ...http, ...only('ingress') }, { namespace: root })),
      'for a waypoint (MM022)': withoutWaypoint(policy({ ...http, targetRefs: [{ kind: 'Service', name: 'web' }] })),
      'one that ztunnel is not sent (MM021)': withoutWaypoint(policy({ action: 'AUDIT', ...http })),
      'out of the mesh, where nobody enforces anything (MM026)': surroundings({ route: toNone }, [policy(http)]),
    },
  },
  MM021: {
    seen: {
      CUSTOM: withoutWaypoint(policy({ action: 'CUSTOM', provider: { name: 'opa' }, rules: [{}] })),
      'a dry run that Envoy enforces': surroundings({
        itinerary: 'L4',
        mesh: {
          ...mesh([
            ...installed.filter(({ kind }) => kind !== 'ConfigMap'),
            config(
              'ConfigMap',
              {
                mesh: 'trustDomain: cluster.local\nextensionProviders: [{name: opa, envoyExtAuthzGrpc: {service: opa.opa.svc.cluster.local, port: 9191}}]\n',
              },
              { name: 'istio', namespace: 'istio-system' },
            ),
            policy(
              { action: 'CUSTOM', provider: { name: 'opa' }, rules: [{}] },
              { annotations: { 'istio.io/dry-run': 'true' } },
            ),
          ]),
          version: '1.31.0',
        },
      }),
    },
    ignored: {
      ALLOW: withoutWaypoint(policy({ action: 'ALLOW', ...identity })),
      DENY: withoutWaypoint(policy({ action: 'DENY', ...identity })),
      'CUSTOM that can never match': withoutWaypoint(
        policy({ action: 'CUSTOM', provider: { name: 'opa' }, rules: [] }),
      ),
      'CUSTOM for a gateway': withoutWaypoint(
        policy({
          action: 'CUSTOM',
          provider: { name: 'opa' },
          rules: [{}],
          targetRefs: [{ kind: 'Gateway', name: 'ingress' }],
        }),
      ),
      'AUDIT, which decides nothing (MM064)': withoutWaypoint(policy({ action: 'AUDIT', ...identity })),
    },
  },
  MM064: {
    seen: {
      AUDIT: around(policy({ action: 'AUDIT', ...identity })),
      'dry-run': around(policy(identity, { annotations: { 'istio.io/dry-run': 'true' } })),
      'dry-run as Go spells it, too': around(policy(identity, { annotations: { 'istio.io/dry-run': '1' } })),
    },
    ignored: {
      'no dry-run': around(policy(identity, { annotations: { 'istio.io/dry-run': 'false' } })),
      'on the way to sidecars': surroundings({ route: toSidecar }, [policy({ action: 'AUDIT', ...identity })]),
    },
  },
  MM065: {
    seen: {
      alone: withoutWaypoint(policy({ rules: [{ from: [{ source: { trustDomains: ['corp.example'] } }] }] })),
      'beside another field': withoutWaypoint(
        policy({
          action: 'DENY',
          rules: [{ from: [{ source: { notTrustDomains: ['corp.example'], namespaces: ['blog'] } }] }],
        }),
      ),
      'a condition': withoutWaypoint(
        policy({ rules: [{ when: [{ key: 'source.trustDomain', values: ['corp.example'] }] }] }),
      ),
    },
    ignored: {
      'principals of a trust domain': withoutWaypoint(named('a', 'cluster.local/*')),
      'with a waypoint': around(policy({ rules: [{ from: [{ source: { trustDomains: ['corp.example'] } }] }] })),
    },
  },
  MM077: {
    seen: {
      'the condition source.serviceAccount': withoutWaypoint(
        policy({ action: 'DENY', rules: [{ when: [{ key: 'source.serviceAccount', values: ['shop/web'] }] }] }),
      ),
    },
    ignored: {
      'a wildcard in the middle, of which MM086 and MM099 say what comes': withoutWaypoint(
        policy({ rules: [{ from: [{ source: { namespaces: ['a*b'] } }] }] }),
      ),
      'serviceAccounts of a source': withoutWaypoint(
        policy({ action: 'DENY', rules: [{ from: [{ source: { serviceAccounts: ['shop/web'] } }] }] }),
      ),
      'a namespace': withoutWaypoint(policy(identity)),
    },
  },
  ...ownCallerExamples,
  ...inboundExamples,
  ...bypassedExamples,
  ...meshExamples,
  ...unseenCallerExamples,
  ...namelessExamples,
  ...proxyExamples,
  ...proxyPartExamples,
  ...capturedGatewayExamples,
  ...optedOutExamples,
  ...otherMeshExamples,
  ...returnExamples,
  ...takenNameExamples,
  ...adoptExamples,
  ...quotaExamples,
  ...networkPolicyExamples,
  ...nodeExamples,
  ...fromOutsideExamples,
  ...metricReaderExamples,
  ...scrapingExamples,
  ...topologyExamples,
  ...platformExamples,
  ...endedExamples,
  MM022: {
    seen: {
      targetRefs: around(policy({ targetRefs: [{ kind: 'Service', name: 'web' }] })),
      targetRef: around(policy({ targetRef: { kind: 'Service', name: 'web' } })),
    },
    ignored: {
      'a gateway': around(policy({ targetRefs: [{ kind: 'Gateway', name: 'ingress' }] })),
      'a ServiceEntry, which MM098 is about': around(policy({ targetRefs: [{ kind: 'ServiceEntry', name: 'x' }] })),
      'another namespace': around(policy({ targetRefs: [{ kind: 'Service', name: 'web' }] }, { namespace: 'blog' })),
      'a Service on the way to sidecars': behindWaypoint(http),
    },
  },
  MM023: {
    seen: {
      'cluster.local where the mesh has its own': inMesh('trustDomain: corp.example', 'cluster.local/ns/shop/sa/web'),
      'aliases in a list, which sidecars put in for the own domain': inMesh(
        'trustDomain: cluster.local\ntrustDomainAliases:\n- old.example',
        'cluster.local/ns/shop/sa/web',
      ),
      'a domain with a comment': inMesh('trustDomain: corp.example # ours', 'cluster.local/ns/shop/sa/web'),
      'a domain in JSON': inMesh('{"trustDomain": "corp.example"}', 'cluster.local/ns/shop/sa/web'),
      'aliases in JSON': inMesh('{"trustDomainAliases": ["old.example"]}', 'cluster.local/ns/shop/sa/web'),
      'aliases in brackets': inMesh('trustDomainAliases: [old.example]', 'cluster.local/ns/shop/sa/web'),
      'an alias': inMesh('trustDomainAliases: [old.example]', 'old.example/ns/shop/sa/web'),
      notPrincipals: surroundings({
        itinerary: 'L4',
        mesh: mesh([
          meshConfig('trustDomain: corp.example'),
          policy({ rules: [{ from: [{ source: { notPrincipals: ['cluster.local/ns/a/sa/b'] } }] }] }),
        ]),
      }),
      'a condition': surroundings({
        itinerary: 'L4',
        mesh: mesh([
          meshConfig('trustDomain: corp.example'),
          policy({ rules: [{ when: [{ key: 'source.principal', values: ['cluster.local/ns/a/sa/b'] }] }] }),
        ]),
      }),
    },
    ignored: {
      'the own domain': withoutWaypoint(policy(identity)),
      'another domain, which both compare as text': withoutWaypoint(named('a', 'corp.example/ns/shop/sa/web')),
      'a domain that is no alias': inMesh('trustDomainAliases: [old.example]', 'corp.example/ns/shop/sa/web'),
      'a spiffe:// prefix, which never matches': withoutWaypoint(named('a', 'spiffe://cluster.local/ns/shop/sa/web')),
      'a configured domain in single quotes': inMesh("trustDomain: 'corp.example'", 'corp.example/ns/shop/sa/web'),
      'what cannot be read': inMesh('trustDomain: [corp', 'corp.example/ns/shop/sa/web'),
      'a configured domain': inMesh('trustDomain: corp.example', 'corp.example/ns/shop/sa/web'),
      'any domain': withoutWaypoint(named('a', '*/ns/shop/sa/web', '*')),
      'no aliases': inMesh('trustDomainAliases: []', 'cluster.local/ns/shop/sa/web'),
      'with a waypoint, whose copy translates them': surroundings({
        mesh: mesh([meshConfig('trustDomain: corp.example'), named('a', 'cluster.local/ns/shop/sa/web')]),
      }),
    },
  },
  MM024: {
    seen: {
      'in the namespace': withoutWaypoint(config('RequestAuthentication', tokens)),
      'mesh-wide': withoutWaypoint(config('RequestAuthentication', tokens, { namespace: root })),
    },
    ignored: {
      'for a gateway': withoutWaypoint(
        config('RequestAuthentication', { ...tokens, targetRefs: [{ kind: 'Gateway', name: 'public' }] }),
      ),
      'for a gateway of the root namespace': withoutWaypoint(
        config(
          'RequestAuthentication',
          { ...tokens, targetRef: { kind: 'Gateway', name: 'public' } },
          { namespace: root },
        ),
      ),
      'one that checks no token': withoutWaypoint(config('RequestAuthentication', {})),
      'for other pods': withoutWaypoint(config('RequestAuthentication', { ...tokens, ...only('other') })),
      elsewhere: withoutWaypoint(config('RequestAuthentication', tokens, { namespace: 'blog' })),
    },
  },
  MM025: {
    seen: {
      'for all': around(peer({ mtls: { mode: 'DISABLE' } })),
      'for a port': around(peer({ ...only('web'), portLevelMtls: { 8080: { mode: 'DISABLE' } } })),
      'mesh-wide': around(peer({ mtls: { mode: 'DISABLE' } }, { namespace: root })),
    },
    ignored: {
      PERMISSIVE: around(peer({ mtls: { mode: 'PERMISSIVE' }, portLevelMtls: { 8080: { mode: 'STRICT' } } })),
      'for other pods': around(peer({ ...only('other'), mtls: { mode: 'DISABLE' } })),
    },
  },
  MM026: {
    seen: {
      'a policy of its own': surroundings({ route: toNone }, [policy(identity)]),
      'a RequestAuthentication': surroundings({ route: toNone }, [config('RequestAuthentication', {})]),
      'STRICT anywhere': surroundings({ route: toNone }, [peer({ mtls: { mode: 'STRICT' } }, { namespace: 'blog' })]),
      'STRICT on a port': surroundings({ route: toNone }, [
        peer({ ...only('web'), portLevelMtls: { 8080: { mode: 'STRICT' } } }),
      ]),
      'a policy elsewhere that denies by identity': surroundings({ route: toNone }, [
        policy({ action: 'DENY', ...identity }, { namespace: 'bank' }),
      ]),
    },
    ignored: {
      'staying in the mesh': around(policy(identity), strict),
      PERMISSIVE: surroundings({ route: toNone }, [peer({ mtls: { mode: 'PERMISSIVE' } })]),
      'a policy elsewhere that asks for ports only': surroundings({ route: toNone }, [
        policy({ rules: [{ to: [{ operation: { ports: ['80'] } }] }] }, { namespace: 'bank' }),
      ]),
    },
  },
  MM027: {
    seen: {
      'an empty selector': around(policy({ selector: {}, action: 'DENY', ...identity })),
      'a label of the injector': withoutWaypoint(
        policy({ selector: { matchLabels: { 'security.istio.io/tlsMode': 'istio' } }, ...identity }),
      ),
      'the canonical name, for mTLS': around(
        peer({ selector: { matchLabels: { 'service.istio.io/canonical-name': 'web' } }, mtls: { mode: 'STRICT' } }),
      ),
      'the label of a revision among several': around(
        policy({ action: 'DENY', ...identity }, canary),
        meshConfig('trustDomain: cluster.local'),
      ),
      'the label of a revision that is not there, on what asks for mTLS': around(
        peer({ mtls: { mode: 'STRICT' } }, canary),
      ),
      'a label of the injector beside one of the template': around(
        policy({ selector: { matchLabels: { app: 'web', 'service.istio.io/canonical-revision': 'latest' } } }),
      ),
    },
    ignored: {
      'no selector': around(policy({ action: 'DENY', ...identity })),
      'empty labels, which select every pod for both': around(
        policy({ selector: { matchLabels: {} }, action: 'DENY', ...identity }),
      ),
      'a label of the template': around(policy({ ...only('web'), ...identity })),
      'the canonical name that the template has itself': surroundings(
        { workloads: [workload({ templateLabels: { app: 'web', 'service.istio.io/canonical-name': 'web' } })] },
        [policy({ selector: { matchLabels: { 'service.istio.io/canonical-name': 'web' } } })],
      ),
      'PeerAuthentication with an empty selector, which both take for the namespace': around(
        peer({ selector: {}, mtls: { mode: 'STRICT' } }),
      ),
      'one for a waypoint': around(policy({ targetRefs: [{ kind: 'Gateway', name: 'x' }] })),
      'a header of the application': around(policy(byHeader('x-team'))),
      'the label of the only revision': around(
        policy({ action: 'DENY', ...identity }, { labels: { 'istio.io/rev': 'default' } }),
      ),
      'the label of a revision, for other pods': around(policy({ ...only('other'), ...identity }, canary)),
    },
  },
  // The rest of it: pods.test.ts.
  MM029: {
    seen: {
      STRICT: surroundings({ route: fromNone }, [strict]),
      'STRICT, with sidecars': surroundings({ route: { from: 'None', to: 'IstioSidecar' } }, [strict]),
    },
    ignored: {
      PERMISSIVE: surroundings({ route: fromNone }, [peer({ mtls: { mode: 'PERMISSIVE' } })]),
      'who is in the mesh': around(strict),
    },
  },
  MM028: {
    seen: {
      'a STRICT port of a PERMISSIVE workload in a STRICT mesh': around(
        peer({ ...only('web'), mtls: { mode: 'PERMISSIVE' }, portLevelMtls: { 8080: { mode: 'STRICT' } } }),
        strictMesh,
      ),
      'a PERMISSIVE port below a policy without a mode, in a STRICT mesh': around(
        peer({ ...only('web'), portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } }),
        peer({}, { name: 'default' }),
        strictMesh,
      ),
      'a PERMISSIVE port below a policy with an empty selector': around(
        peer({ ...only('web'), portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } }),
        peer({ selector: {}, mtls: { mode: 'STRICT' } }, { name: 'default' }),
      ),
      'a parent that was edited since': around(
        peer({ ...only('web'), portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } }, { createdAt: 1 }),
        peer({ mtls: { mode: 'STRICT' } }, { name: 'default', createdAt: 0, generation: 2 }),
      ),
      'a parent that came since': around(
        peer({ ...only('web'), portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } }, { createdAt: 1 }),
        peer({ mtls: { mode: 'STRICT' } }, { namespace: root, name: 'default', createdAt: 2 }),
      ),
    },
    ignored: {
      'a STRICT port of a PERMISSIVE workload in a PERMISSIVE mesh': around(
        peer({ ...only('web'), mtls: { mode: 'PERMISSIVE' }, portLevelMtls: { 8080: { mode: 'STRICT' } } }),
        peer({ mtls: { mode: 'PERMISSIVE' } }, { namespace: root }),
      ),
      'a STRICT port of a PERMISSIVE workload, and nothing else': around(
        peer({ ...only('web'), mtls: { mode: 'PERMISSIVE' }, portLevelMtls: { 8080: { mode: 'STRICT' } } }),
      ),
      'a STRICT and a PERMISSIVE port below a policy without a mode, in a PERMISSIVE mesh': around(
        peer({ ...only('web'), portLevelMtls: { 9090: { mode: 'STRICT' }, 8080: { mode: 'PERMISSIVE' } } }),
        peer({}, { name: 'default' }),
        peer({ mtls: { mode: 'PERMISSIVE' } }, { namespace: root }),
      ),
      'a PERMISSIVE port of a STRICT workload': around(
        peer({ ...only('web'), mtls: { mode: 'STRICT' }, portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } }),
        peer({}, { name: 'default' }),
      ),
      'a PERMISSIVE port below a STRICT namespace': around(
        peer({ ...only('web'), portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } }),
        strict,
      ),
      'a PERMISSIVE port below a STRICT mesh': around(
        peer({ ...only('web'), portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } }),
        strictMesh,
      ),
      'a parent that was edited, and changes nothing': around(
        peer({ ...only('web'), mtls: { mode: 'STRICT' }, portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } }),
        peer({ mtls: { mode: 'PERMISSIVE' } }, { name: 'default', generation: 2 }),
      ),
      'a parent that was edited before': around(
        peer({ ...only('web'), portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } }, { createdAt: 2 }),
        peer({ mtls: { mode: 'STRICT' } }, { name: 'default', createdAt: 1 }),
      ),
      'ports of other pods': around(
        peer({ ...only('other'), mtls: { mode: 'PERMISSIVE' }, portLevelMtls: { 8080: { mode: 'STRICT' } } }),
        strictMesh,
      ),
    },
  },
  MM030: {
    seen: {
      'in the namespace': withoutWaypoint(config('VirtualService', { hosts: ['example.com'] })),
      'for a Service that leaves its waypoint': behindWaypoint(http, config('VirtualService', { hosts: ['web'] })),
      'elsewhere, for its Service': withoutWaypoint(
        config('VirtualService', { hosts: ['web.shop.svc.cluster.local'] }, { namespace: 'blog' }),
      ),
      'elsewhere, in short': withoutWaypoint(config('VirtualService', { hosts: ['web.shop'] }, { namespace: 'blog' })),
      ...Object.fromEntries(
        [
          { timeout: '5s', route: [{ destination: { host: 'web' } }] },
          { route: [{ destination: { host: 'web', subset: 'v1' } }] },
          { route: [{ destination: { host: 'web' } }, { destination: { host: 'other' } }] },
          { route: [{ destination: { host: 'other' } }] },
          { redirect: { uri: '/' } },
          { match: [{ uri: { prefix: '/' } }], route: [{ destination: { host: 'web' } }] },
          { route: [{ destination: { host: 'web' }, headers: {} }] },
        ].map((route) => [
          `with ${JSON.stringify(route)}`,
          withoutWaypoint(config('VirtualService', { hosts: ['web'], http: [route] })),
        ]),
      ),
      'for everything': withoutWaypoint(config('VirtualService', { hosts: ['*'] }, { namespace: root })),
      'for every Service': withoutWaypoint(
        config('VirtualService', { hosts: ['*.svc.cluster.local'] }, { namespace: root }),
      ),
      'for everything local': withoutWaypoint(config('VirtualService', { hosts: ['*.local'] }, { namespace: root })),
      'for every Service of the namespace': withoutWaypoint(
        config('VirtualService', { hosts: ['*.shop.svc.cluster.local'] }, { namespace: root }),
      ),
      'for gateways and the mesh': withoutWaypoint(
        config('VirtualService', { hosts: ['web'], gateways: ['ingress', 'mesh'] }),
      ),
      'with a waypoint, for a host outside': around(
        config('VirtualService', { hosts: ['web'] }),
        config('VirtualService', { hosts: ['example.com'] }, { name: 'outside' }),
      ),
      'with a waypoint, for a Service elsewhere too': around(config('VirtualService', { hosts: ['web', 'api.bank'] })),
      'with a waypoint, for everything': around(config('VirtualService', { hosts: ['*'] })),
      'with a waypoint that does not read it': around(
        config('VirtualService', { hosts: ['web.shop'] }, { namespace: 'blog' }),
      ),
    },
    ignored: {
      'with a waypoint, for its Services': around(
        config('VirtualService', { hosts: ['web', 'web.shop.svc.cluster.local'] }),
      ),
      'with a waypoint, for every Service of the namespace': around(
        config('VirtualService', { hosts: ['*.shop.svc.cluster.local'] }),
      ),
      'one that leads where the call goes anyway': withoutWaypoint(
        config('VirtualService', { hosts: ['web'], http: [{ route: [{ destination: { host: 'web' } }] }] }),
        config('VirtualService', {
          hosts: ['web', 'web.shop.svc.cluster.local'],
          http: [{ name: 'all', route: [{ destination: { host: 'web' }, weight: 100 }] }],
        }),
      ),
      'visible nowhere': withoutWaypoint(
        config('VirtualService', { hosts: ['web.shop'], exportTo: ['~'] }, { namespace: 'blog' }),
      ),
      'for gateways only': withoutWaypoint(config('VirtualService', { hosts: ['web'], gateways: ['ingress'] })),
      'elsewhere, for others': withoutWaypoint(
        config(
          'VirtualService',
          { hosts: ['web', 'web.blog.svc.cluster.local', '*.blog.svc.cluster.local', '*.com', 'example.com'] },
          { namespace: 'blog' },
        ),
      ),
    },
  },
  MM031: {
    seen: {
      'for its Service': withoutWaypoint(config('HTTPRoute', { parentRefs: [{ kind: 'Service', name: 'web' }] })),
      'for a Service that leaves its waypoint': behindWaypoint(
        http,
        config('HTTPRoute', { parentRefs: [{ kind: 'Service', name: 'web' }] }),
      ),
      'elsewhere, for its Service': withoutWaypoint(
        config(
          'GRPCRoute',
          { parentRefs: [{ kind: 'Service', name: 'web', namespace: 'shop' }] },
          { namespace: 'blog' },
        ),
      ),
      'here, for a Service elsewhere': withoutWaypoint(
        config('HTTPRoute', { parentRefs: [{ kind: 'Service', name: 'api', namespace: 'bank' }] }),
      ),
      'for a ServiceEntry': withoutWaypoint(
        config('HTTPRoute', { parentRefs: [{ kind: 'ServiceEntry', name: 'api' }] }),
      ),
      'with a waypoint, here, for a Service elsewhere': around(
        policy(http),
        config('HTTPRoute', { parentRefs: [{ kind: 'Service', name: 'api', namespace: 'bank' }] }),
      ),
      'with a waypoint, of callers elsewhere': around(
        policy(http),
        config(
          'HTTPRoute',
          { parentRefs: [{ kind: 'Service', name: 'web', namespace: 'shop' }] },
          { namespace: 'blog' },
        ),
      ),
      'with a waypoint, for a ServiceEntry too': around(
        config('HTTPRoute', {
          parentRefs: [
            { kind: 'Service', name: 'web' },
            { kind: 'ServiceEntry', name: 'api' },
          ],
        }),
      ),
    },
    ignored: {
      'with a waypoint, for its Service': around(
        config('HTTPRoute', { parentRefs: [{ kind: 'Service', name: 'web' }] }),
      ),
      'for a gateway': withoutWaypoint(config('HTTPRoute', { parentRefs: [{ kind: 'Gateway', name: 'ingress' }] })),
      'elsewhere, for others': withoutWaypoint(
        config('HTTPRoute', { parentRefs: [{ kind: 'Service', name: 'web' }] }, { namespace: 'blog' }),
      ),
    },
  },
  MM032: {
    seen: Object.fromEntries(
      ['loadBalancer', 'connectionPool', 'outlierDetection', 'proxyProtocol', 'retryBudget', 'tunnel']
        .map((field): [string, Surroundings] => [
          field,
          withoutWaypoint(config('DestinationRule', { host: 'web', trafficPolicy: { [field]: {} } })),
        ])
        .concat([
          [
            'TLS origination',
            withoutWaypoint(
              config('DestinationRule', { host: 'api.example.com', trafficPolicy: { tls: { mode: 'SIMPLE' } } }),
            ),
          ],
          [
            'a port',
            withoutWaypoint(
              config('DestinationRule', {
                host: 'web',
                trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, loadBalancer: {} }] },
              }),
            ),
          ],
          [
            'plaintext of a port',
            withoutWaypoint(
              config('DestinationRule', {
                host: 'web',
                trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'DISABLE' } }] },
              }),
            ),
          ],
          [
            'with a waypoint, a host elsewhere',
            around(
              policy(http),
              config('DestinationRule', { host: 'api.bank.svc.cluster.local', trafficPolicy: { loadBalancer: {} } }),
            ),
          ],
          [
            'a subset',
            withoutWaypoint(
              config('DestinationRule', {
                host: 'web',
                subsets: [{ name: 'v1', trafficPolicy: { loadBalancer: {} } }],
              }),
            ),
          ],
          [
            'elsewhere, for its Service',
            withoutWaypoint(
              config(
                'DestinationRule',
                { host: 'web.shop.svc.cluster.local', trafficPolicy: { outlierDetection: {} } },
                { namespace: root },
              ),
            ),
          ],
          [
            'for everything local',
            withoutWaypoint(
              config(
                'DestinationRule',
                { host: '*.local', trafficPolicy: { outlierDetection: {} } },
                { namespace: root },
              ),
            ),
          ],
        ]),
    ),
    ignored: {
      'with a waypoint, its Service': around(
        config('DestinationRule', { host: 'web', trafficPolicy: { loadBalancer: {} } }),
      ),
      'with a waypoint, its Service, from the root namespace': around(
        config(
          'DestinationRule',
          { host: '*.shop.svc.cluster.local', trafficPolicy: { outlierDetection: {} } },
          { namespace: root },
        ),
      ),
      'of a ServiceEntry behind a waypoint': withoutWaypoint(
        config('ServiceEntry', { hosts: ['api.example.com'] }, { labels: { 'istio.io/use-waypoint': 'egress' } }),
        config('DestinationRule', { host: 'api.example.com', trafficPolicy: { tls: { mode: 'SIMPLE' } } }),
      ),
      'the mTLS of the mesh': withoutWaypoint(
        config('DestinationRule', { host: 'web', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } }),
      ),
      'the mTLS of the mesh on a port': withoutWaypoint(
        config('DestinationRule', {
          host: 'web',
          trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'ISTIO_MUTUAL' } }] },
        }),
      ),
      'subsets only': withoutWaypoint(config('DestinationRule', { host: 'web', subsets: [{ name: 'v1' }] })),
      'elsewhere (MM034)': withoutWaypoint(
        config(
          'DestinationRule',
          { host: 'api.bank.svc.cluster.local', trafficPolicy: { loadBalancer: {} } },
          { namespace: 'bank' },
        ),
      ),
    },
  },
  MM161: {
    seen: {
      'not exported to all': around(
        config('ServiceEntry', { hosts: ['a.example'], exportTo: ['.'], resolution: 'DNS' }),
      ),
      'with a wildcard': around(config('ServiceEntry', { hosts: ['*.a.example'], resolution: 'NONE' })),
      'of the mesh, and not resolved': around(
        config('ServiceEntry', { hosts: ['a.example'], location: 'MESH_INTERNAL', addresses: ['10.9.9.9'] }),
      ),
      'of the mesh, without addresses': around(
        config('ServiceEntry', { hosts: ['a.example'], location: 'MESH_INTERNAL', resolution: 'NONE' }),
      ),
    },
    ignored: {
      'an ordinary one': around(config('ServiceEntry', { hosts: ['a.example'], resolution: 'DNS', exportTo: ['*'] })),
      'with a wildcard, behind a waypoint': around(
        config(
          'ServiceEntry',
          { hosts: ['*.a.example'], resolution: 'DYNAMIC_DNS' },
          { labels: { 'istio.io/use-waypoint': 'egress' } },
        ),
      ),
      'of somebody else': around(config('ServiceEntry', { hosts: ['*.a.example'] }, { namespace: 'blog' })),
      'on the way to sidecars': surroundings({ route: toSidecar }, [
        config('ServiceEntry', { hosts: ['*.a.example'] }),
      ]),
    },
  },
  MM033: {
    seen: {
      'a host that is no Service': around(config('VirtualService', { hosts: ['api.bank'] }, { namespace: 'bank' })),
      'exported to it': around(
        config('VirtualService', { hosts: ['api.bank'], exportTo: ['shop'] }, { namespace: 'bank' }),
      ),
      'of a Service that it may call': besideBank([toBank], undefined, notDeclared),
      'of a Service that it may call, in the Gateway API': besideBank(
        [config('HTTPRoute', { parentRefs: [{ kind: 'Service', name: 'api' }] }, { namespace: 'bank' })],
        undefined,
        notDeclared,
      ),
      'of a Service behind a waypoint that loses it': besideBank(
        [
          config(
            'VirtualService',
            { hosts: ['api.bank'], http: [{ match: [{ sourceNamespace: 'shop' }] }] },
            { namespace: 'bank' },
          ),
        ],
        inBank,
        notDeclared,
      ),
      'leaving the mesh': surroundings({ route: toNone }, [toBank]),
    },
    ignored: {
      'its own (MM030)': withoutWaypoint(config('VirtualService', { hosts: ['web'] })),
      'kept private': around(config('VirtualService', { hosts: ['api.bank'], exportTo: ['.'] }, { namespace: 'bank' })),
      'of a Service behind a waypoint that follows it': besideBank([toBank], inBank, notDeclared),
      'of a Service that it does not call': besideBank([toBank], undefined, nobodyCalls),
      'of a Service that it calls (MM094)': besideBank([toBank]),
      'of callers elsewhere': besideBank(
        [
          config(
            'HTTPRoute',
            { parentRefs: [{ kind: 'Service', name: 'api', namespace: 'bank' }] },
            { namespace: 'blog' },
          ),
        ],
        undefined,
        notDeclared,
      ),
    },
  },
  MM034: {
    seen: {
      'TLS origination for a host of another namespace': around(
        config(
          'DestinationRule',
          { host: 'api.example.com', trafficPolicy: { tls: { mode: 'SIMPLE' } } },
          { namespace: 'egress' },
        ),
      ),
      'of a Service that it may call': besideBank(
        [config('DestinationRule', { host: 'api', trafficPolicy: { loadBalancer: {} } }, { namespace: 'bank' })],
        undefined,
        notDeclared,
      ),
      'of a Service that it may call, from the root namespace': besideBank(
        [config('DestinationRule', { host: 'api.bank', trafficPolicy: { loadBalancer: {} } }, { namespace: root })],
        undefined,
        notDeclared,
      ),
    },
    ignored: {
      'its own (MM032)': withoutWaypoint(
        config('DestinationRule', { host: 'web', trafficPolicy: { loadBalancer: {} } }),
      ),
      'kept private': around(
        config(
          'DestinationRule',
          { host: 'api.bank', exportTo: ['.'], trafficPolicy: { loadBalancer: {} } },
          { namespace: 'bank' },
        ),
      ),
      'one without a policy': around(
        config('DestinationRule', { host: 'api.bank', subsets: [{ name: 'v1' }] }, { namespace: 'bank' }),
      ),
      'of neither caller nor Service, which nobody follows': besideBank(
        [config('DestinationRule', { host: 'api.bank', trafficPolicy: { loadBalancer: {} } }, { namespace: 'blog' })],
        undefined,
        notDeclared,
      ),
      'of a Service behind a waypoint that applies it': besideBank(
        [config('DestinationRule', { host: 'api', trafficPolicy: { loadBalancer: {} } }, { namespace: 'bank' })],
        inBank,
        notDeclared,
      ),
    },
  },
  MM094: {
    seen: {
      'a Service behind no waypoint': besideBank([toBank]),
      'a Service behind a waypoint that loses it': besideBank(
        [
          config(
            'VirtualService',
            { hosts: ['api.bank'], http: [{ match: [{ sourceNamespace: 'shop' }] }] },
            { namespace: 'bank' },
          ),
        ],
        inBank,
      ),
      'a Service behind a waypoint elsewhere': besideBank(
        [config('VirtualService', { hosts: ['api.bank'] }, { namespace: 'blog' })],
        inBank,
      ),
    },
    ignored: {
      'a Service behind a waypoint': besideBank([toBank], inBank),
      'a VirtualService in the namespace of a shared waypoint': besideBank(
        [config('VirtualService', { hosts: ['api.bank'] }, { namespace: 'gateways' })],
        'Successfully attached to waypoint gateways/shared',
      ),
      'a Service that it does not call': besideBank([toBank], undefined, nobodyCalls),
      'nobody knows (MM033)': besideBank([toBank], undefined, notDeclared),
      'from no mesh': { ...besideBank([toBank]), route: fromNone },
    },
  },
  MM095: {
    seen: {
      'a Service that waits for its callers': besideBank(
        [toBank, policy(httpFrom('shop'), { namespace: 'bank' })],
        undefined,
        notDeclared,
      ),
    },
    ignored: {
      'one that refuses them': besideBank(
        [toBank, policy(httpFrom('shop'), { namespace: 'bank' })],
        undefined,
        failClosed,
      ),
      'one that does not refuse': besideBank([toBank]),
      'one behind its waypoint': besideBank(
        [toBank, policy(httpFrom('shop'), { namespace: 'bank' })],
        inBank,
        notDeclared,
      ),
    },
  },
  MM040: {
    seen: {
      'for all': around(config('EnvoyFilter', { configPatches: [{ match: { context: 'ANY' } }] })),
      'without patches': around(config('EnvoyFilter', {})),
      'from the root namespace': around(
        config(
          'EnvoyFilter',
          { workloadSelector: { labels: { app: 'web' } }, configPatches: [{}] },
          { namespace: root },
        ),
      ),
    },
    ignored: {
      'with targetRefs': around(config('EnvoyFilter', { targetRefs: [{ kind: 'Gateway', name: 'waypoint' }] })),
      'with targetRefs, of the root namespace': around(
        config('EnvoyFilter', { targetRefs: [{ kind: 'GatewayClass', name: 'istio-waypoint' }] }, { namespace: root }),
      ),
      'for waypoints': around(config('EnvoyFilter', { configPatches: [{ match: { context: 'WAYPOINT' } }] })),
      'for gateways and waypoints': around(
        config('EnvoyFilter', {
          configPatches: [{ match: { context: 'GATEWAY' } }, { match: { context: 'WAYPOINT' } }],
        }),
      ),
      'with a waypoint, where it is MM080': around(policy(http), config('EnvoyFilter', {})),
      'for gateways': around(config('EnvoyFilter', { configPatches: [{ match: { context: 'GATEWAY' } }] })),
      'for other pods': around(config('EnvoyFilter', { workloadSelector: { labels: { app: 'x' } } })),
    },
  },
  MM041: {
    seen: {
      'for all': withoutWaypoint(config('WasmPlugin', {})),
      'for a workload that is scaled to zero': surroundings({ workloads: [asleep] }, [
        config('WasmPlugin', only('night')),
      ]),
      'an extension': withoutWaypoint(config('TrafficExtension', {})),
      'of a waypoint that is left': behindWaypoint(
        http,
        config('WasmPlugin', { targetRefs: [{ group: '', kind: 'Service', name: 'web' }] }),
      ),
    },
    ignored: {
      'with targetRefs': withoutWaypoint(
        config('WasmPlugin', { targetRefs: [{ kind: 'Gateway', name: 'waypoint' }] }),
        config('TrafficExtension', { targetRef: { kind: 'Service', name: 'web' } }),
      ),
      'with a waypoint': around(config('WasmPlugin', {}), config('TrafficExtension', {})),
      'for other pods': around(config('WasmPlugin', only('x'))),
      elsewhere: around(config('WasmPlugin', {}, { namespace: 'blog' })),
    },
  },
  MM042: {
    seen: {
      'of the namespace': withoutWaypoint(config('Telemetry', {})),
      'without a Service': surroundings({ services: [] }, [config('Telemetry', {})]),
      'on the way to sidecars': behindWaypoint(http, config('Telemetry', {})),
    },
    ignored: {
      'with targetRefs': withoutWaypoint(config('Telemetry', { targetRefs: [{ kind: 'Gateway', name: 'waypoint' }] })),
      'with a waypoint': around(config('Telemetry', {})),
      'mesh-wide': around(config('Telemetry', {}, { namespace: root })),
      'for other pods': around(config('Telemetry', only('x'))),
    },
  },
  MM043: {
    seen: { 'leaving sidecars': surroundings() },
    ignored: { 'leaving no mesh': surroundings({ route: fromNone }) },
  },
  MM044: {
    seen: {
      'in a Sidecar': around(config('Sidecar', { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } })),
      'in the mesh': surroundings({ mesh: mesh([meshConfig('outboundTrafficPolicy:\n  mode: REGISTRY_ONLY\n')]) }),
      'in the mesh, in single quotes': surroundings({
        mesh: mesh([meshConfig("outboundTrafficPolicy:\n  mode: 'REGISTRY_ONLY'\n")]),
      }),
      'in the mesh, in JSON': surroundings({
        mesh: mesh([meshConfig('{"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}')]),
      }),
      'in the mesh, by its number': surroundings({ mesh: mesh([meshConfig('outbound_traffic_policy: {mode: 0}')]) }),
      'in the mesh, by a policy that says no mode': surroundings({
        mesh: mesh([meshConfig('outboundTrafficPolicy: {}')]),
      }),
      'in a Sidecar that says no mode': around(config('Sidecar', { outboundTrafficPolicy: {} })),
      'in the mesh, where a Sidecar is for some pods only': surroundings({
        mesh: mesh([
          meshConfig('outboundTrafficPolicy: {mode: REGISTRY_ONLY}'),
          config('Sidecar', { ...workloadSelector('web'), outboundTrafficPolicy: { mode: 'ALLOW_ANY' } }),
        ]),
      }),
      'in the mesh, where one of two Sidecars says nothing of it': surroundings({
        mesh: mesh([
          meshConfig('outboundTrafficPolicy: {mode: REGISTRY_ONLY}'),
          config('Sidecar', { outboundTrafficPolicy: { mode: 'ALLOW_ANY' } }),
          config('Sidecar', workloadSelector('web'), { name: 'web' }),
        ]),
      }),
      'in what SHARED_MESH_CONFIG may name': surroundings({
        mesh: mesh([...installed, { ...meshConfig('outboundTrafficPolicy: {mode: REGISTRY_ONLY}'), name: 'shared' }]),
      }),
    },
    ignored: {
      'in the mesh, and not for this namespace': surroundings({
        mesh: mesh([
          ...installed,
          { ...meshConfig('outboundTrafficPolicy: {mode: REGISTRY_ONLY}'), name: 'istio' },
          config('Sidecar', { outboundTrafficPolicy: { mode: 'ALLOW_ANY' } }),
        ]),
      }),
      any: around(config('Sidecar', { outboundTrafficPolicy: { mode: 'ALLOW_ANY' } })),
      'another ConfigMap': surroundings({
        mesh: mesh([...installed, { ...meshConfig('mode: REGISTRY_ONLY'), name: 'other' }]),
      }),
      'any in the mesh': surroundings({
        mesh: mesh([meshConfig('outboundTrafficPolicy:\n  mode: ALLOW_ANY # REGISTRY_ONLY\n')]),
      }),
    },
  },
  MM045: {
    seen: {
      'on the namespace': surroundings({
        namespace: namespace({ labels: { 'istio-injection': 'enabled', 'istio.io/use-waypoint': 'waypoint' } }),
      }),
      'on a Service': surroundings({ services: [service({ labels: { 'istio.io/use-waypoint': 'waypoint' } })] }),
      'on a Service of an adopted waypoint that selects no pods': adoptedBy('waypoint', { selector: {} }),
      'on a headless one': adoptedBy('waypoint', { headless: true }),
      'on a Service that names another than the adopted one': adoptedBy('mine'),
      'on a Service that names one of that name elsewhere': adoptedBy('waypoint', {
        labels: { 'istio.io/use-waypoint': 'waypoint', 'istio.io/use-waypoint-namespace': 'blog' },
      }),
      'on a pod': surroundings({
        pods: [pod({ labels: { ...injected.labels, 'istio.io/use-waypoint': 'waypoint' } })],
      }),
      'on a pod on the way to sidecars': surroundings({
        ...exit,
        pods: [plainPod({ ...captured, labels: { app: 'web', 'istio.io/use-waypoint': 'waypoint' } })],
      }),
      'on a template that is scaled to zero': surroundings({
        workloads: [workload({ replicas: 0, templateLabels: { 'istio.io/use-waypoint': 'waypoint' } })],
      }),
      'a namespace that a Service names beside no waypoint': beside({ 'istio.io/use-waypoint-namespace': 'infra' }),
      'an empty one': beside({ 'istio.io/use-waypoint-namespace': '' }),
      'a namespace that a Service names beside none, where one is adopted': adoptedBy('waypoint', {
        labels: { 'istio.io/use-waypoint-namespace': 'infra' },
      }),
      'a namespace that the namespace names': surroundings(
        {
          namespace: namespace({
            labels: { 'istio-injection': 'enabled', 'istio.io/use-waypoint-namespace': 'infra' },
          }),
        },
        [policy(http)],
      ),
      'a canary on a Service': beside({ 'istio.io/use-waypoint-canary': 'next' }),
      'a canary on the namespace': surroundings(
        { namespace: namespace({ labels: { 'istio-injection': 'enabled', 'istio.io/use-waypoint-canary': 'next' } }) },
        [policy(http)],
      ),
      'a canary on a Service of the adopted one': adoptedBy('waypoint', {
        labels: { 'istio.io/use-waypoint': 'waypoint', 'istio.io/use-waypoint-canary': 'next' },
      }),
      'a namespace that a Service comes to name on the way': surroundings(
        {
          itinerary: 'L7',
          services: [
            service({
              labels: { 'istio.io/use-waypoint': 'waypoint', 'istio.io/use-waypoint-namespace': 'infra' },
              annotations: { 'meshmigration.dev/original-labels': '{}' },
            }),
          ],
        },
        [policy(http)],
      ),
    },
    ignored: {
      'its own namespace': beside({ 'istio.io/use-waypoint-namespace': 'shop' }),
      'beside the adopted one': adoptedBy('waypoint', {
        labels: { 'istio.io/use-waypoint': 'waypoint', 'istio.io/use-waypoint-namespace': 'shop' },
      }),
      'on a Service that is not bound': beside({ 'istio.io/use-waypoint-namespace': 'infra' }, { headless: true }),
      'where no Service is bound': surroundings({
        services: [service({ labels: { 'istio.io/use-waypoint-namespace': 'infra' } })],
      }),
      'what the namespace comes to name on the way': surroundings(
        {
          itinerary: 'L7',
          namespace: namespace({
            labels: { 'istio-injection': 'enabled', 'istio.io/use-waypoint-namespace': 'infra' },
          }),
        },
        [policy(http)],
      ),
      none: surroundings({ services: [service({ labels: { 'istio.io/use-waypoint': 'none' } })] }),
      'no label': surroundings(),
      'a Service of the adopted one': adoptedBy('waypoint'),
      'a Service on the way to sidecars': behindWaypoint(http),
    },
  },
  MM046: {
    seen: { WorkloadEntry: around(config('WorkloadEntry', {})), WorkloadGroup: around(config('WorkloadGroup', {})) },
    ignored: { elsewhere: around(config('WorkloadEntry', {}, { namespace: 'vms' })) },
  },
  MM047: {
    seen: { any: around(config('Sidecar', { egress: [] })) },
    ignored: { elsewhere: around(config('Sidecar', {}, { namespace: 'blog' })) },
  },
  MM048: {
    seen: {
      'a port that goes elsewhere': around(
        config('Sidecar', { ingress: [{ port: { number: 9080 }, defaultEndpoint: '127.0.0.1:8080' }] }),
      ),
    },
    ignored: {
      'egress only': around(config('Sidecar', { egress: [{ hosts: ['./*'] }], ingress: [] })),
      'other pods': around(config('Sidecar', { workloadSelector: { labels: { app: 'x' } }, ingress: [{}] })),
    },
  },
  MM049: {
    seen: { 'neither labels nor pods': surroundings({ namespace: namespace({ labels: {} }), pods: [plainPod()] }) },
    ignored: {
      'labels without pods': surroundings({ pods: [] }),
      'pods that are injected by their own label': surroundings({ namespace: namespace({ labels: {} }) }),
      'a revision': surroundings({ namespace: namespace({ labels: { 'istio.io/rev': 'canary' } }), pods: [] }),
    },
  },
  MM050: {
    seen: {
      'a pod without a sidecar': surroundings({ pods: [pod(), plainPod({ name: 'batch' })] }),
      'a template without one, scaled to zero': surroundings({
        workloads: [workload({ replicas: 0, templateLabels: { 'sidecar.istio.io/inject': 'false' } })],
      }),
      'a CronJob without one, between two runs': surroundings({
        otherTemplates: [cronJob({ templateLabels: { 'sidecar.istio.io/inject': 'false' } })],
      }),
      'a template without one, by annotation': surroundings({
        workloads: [workload({ replicas: 0, templateAnnotations: { 'sidecar.istio.io/inject': 'false' } })],
      }),
    },
    ignored: {
      'one that opts out of capture': surroundings({
        pods: [plainPod({ labels: { 'istio.io/dataplane-mode': 'none' } })],
      }),
      'one on the host network': surroundings({ pods: [plainPod({ hostNetwork: true })] }),
      'one on its way out': surroundings({ pods: [plainPod({ terminating: true })] }),
      'a namespace outside': surroundings({ route: fromNone, pods: [plainPod()] }),
      'a CronJob whose pods join as they come': surroundings({ otherTemplates: [cronJob()] }),
      'a CronJob on the host network': surroundings({
        otherTemplates: [cronJob({ hostNetwork: true, templateLabels: { 'sidecar.istio.io/inject': 'false' } })],
      }),
      'a template that opts out of both': surroundings({
        workloads: [
          workload({
            replicas: 0,
            templateLabels: { 'sidecar.istio.io/inject': 'false', 'istio.io/dataplane-mode': 'none' },
          }),
        ],
      }),
      'an annotation that a label overrides': surroundings({
        workloads: [
          workload({
            replicas: 0,
            templateLabels: { 'sidecar.istio.io/inject': 'true' },
            templateAnnotations: { 'sidecar.istio.io/inject': 'false' },
          }),
        ],
      }),
    },
  },
  MM051: {
    seen: {
      'no capture': surroundings({ pods: [pod({ labels: { 'istio.io/dataplane-mode': 'none' } })] }),
      'no injection': surroundings({
        route: toSidecar,
        pods: [plainPod({ ...captured, labels: { 'sidecar.istio.io/inject': 'false' } })],
      }),
      'no injection, by annotation': surroundings({
        route: toSidecar,
        pods: [plainPod({ annotations: { ...captured.annotations, 'sidecar.istio.io/inject': 'false' } })],
      }),
      'no capture, for the next run': surroundings({
        otherTemplates: [cronJob({ templateLabels: { 'istio.io/dataplane-mode': 'none' } })],
      }),
      'no capture, scaled to zero': surroundings({
        workloads: [workload({ replicas: 0, templateLabels: { 'istio.io/dataplane-mode': 'none' } })],
      }),
      ...Object.fromEntries(
        ['false', 'no', 'False', 'n', 'off', '0', 'True'].flatMap((value) =>
          (['templateLabels', 'templateAnnotations'] as const).map((where) => [
            `injection ${value} in ${where}, scaled to zero`,
            surroundings({
              route: toSidecar,
              workloads: [workload({ replicas: 0, [where]: { 'sidecar.istio.io/inject': value } })],
            }),
          ]),
        ),
      ),
      'no capture, where injection is unclear': surroundings({
        workloads: [
          workload({
            replicas: 0,
            templateLabels: { 'istio.io/dataplane-mode': 'none', 'sidecar.istio.io/inject': 'no' },
          }),
        ],
      }),
    },
    ignored: {
      'a pod outside that stays outside': surroundings({
        pods: [plainPod({ labels: { 'istio.io/dataplane-mode': 'none' } })],
      }),
      'leaving the mesh': surroundings({
        route: toNone,
        pods: [pod({ labels: { 'istio.io/dataplane-mode': 'none' } })],
      }),
      'a template that stays outside': surroundings({
        workloads: [
          workload({
            replicas: 0,
            templateLabels: { 'istio.io/dataplane-mode': 'none', 'sidecar.istio.io/inject': 'false' },
          }),
        ],
      }),
      'an empty value, which says nothing': surroundings({
        route: toSidecar,
        workloads: [workload({ replicas: 0, templateAnnotations: { 'sidecar.istio.io/inject': '' } })],
      }),
      'injection that is asked for': surroundings({
        route: toSidecar,
        pods: [plainPod({ ...captured, labels: { 'sidecar.istio.io/inject': 'true' } })],
      }),
    },
  },
  MM052: {
    seen: {
      'an injected gateway': surroundings({
        pods: [pod({ annotations: { ...injected.annotations, 'inject.istio.io/templates': 'gateway' } })],
      }),
      'one that is scaled to zero': surroundings({
        workloads: [workload({ replicas: 0, templateAnnotations: { 'inject.istio.io/templates': 'gateway' } })],
      }),
    },
    ignored: {
      'the ordinary template': surroundings({
        pods: [pod({ annotations: { ...injected.annotations, 'inject.istio.io/templates': 'sidecar' } })],
      }),
    },
  },
  MM053: {
    seen: {
      'a bare pod': surroundings({ pods: [(({ owner: _owner, ...bare }) => bare)(pod())] }),
      'a Job': surroundings({ pods: [pod({ owner: { kind: 'Job', name: 'once' } })] }),
      'a kind of somebody else': surroundings({ pods: [pod({ owner: { kind: 'Rollout', name: 'web' } })] }),
      'a paused Deployment': surroundings({ workloads: [workload({ paused: true })] }),
      'a Deployment that is gone': surroundings({ workloads: [] }),
    },
    ignored: {
      'a Deployment': surroundings(),
      'a CronJob between two runs, whose next pod comes by itself': surroundings({ otherTemplates: [cronJob()] }),
      'one that is there already': surroundings({
        pods: [plainPod({ ...captured, owner: { kind: 'Job', name: 'once' } })],
      }),
      'a route without restarts': surroundings({
        route: fromNone,
        pods: [plainPod({ owner: { kind: 'Job', name: 'once' } })],
      }),
    },
  },
  MM054: {
    seen: {
      'a pod missing': surroundings({ workloads: [workload({ available: 1 })] }),
      'a change not noted yet': surroundings({ workloads: [workload({ generation: 2 })] }),
    },
    ignored: {
      whole: surroundings(),
      'scaled to zero': surroundings({ workloads: [workload({ replicas: 0 })] }),
      'paused (MM053)': surroundings({ workloads: [workload({ available: 1, paused: true })] }),
    },
  },
  MM055: {
    seen: {
      'more than a quarter': surroundings({ workloads: [workload({ replicas: 8, maxUnavailable: 3 })] }),
      Recreate: surroundings({ workloads: [workload({ replicas: 4, maxUnavailable: 4, strategy: 'Recreate' })] }),
    },
    ignored: {
      'a quarter, rounded up': surroundings({ workloads: [workload({ replicas: 5, maxUnavailable: 2 })] }),
      'one is always allowed': surroundings({ workloads: [workload({ replicas: 1, maxUnavailable: 1 })] }),
      'a higher limit': surroundings({
        workloads: [workload({ replicas: 8, maxUnavailable: 3 })],
        spec: migrationSpec({ restart: { maxUnavailablePerWorkload: 3 } }),
      }),
    },
  },
  MM056: {
    seen: { 'a single pod without surge': surroundings({ workloads: [workload({ replicas: 1, maxUnavailable: 1 })] }) },
    ignored: {
      'a single pod with surge': surroundings({ workloads: [workload({ replicas: 1, maxUnavailable: 0 })] }),
      'a DaemonSet, which is one by node': surroundings({
        workloads: [workload({ kind: 'DaemonSet', replicas: 1, maxUnavailable: 1 })],
      }),
    },
  },
  MM058: {
    seen: {
      'a pod that contradicts itself': surroundings({ pods: [pod({ containers: ['app'] })] }),
      'a sidecar between no mesh and ambient': surroundings({ route: fromNone }),
    },
    ignored: {
      'one that is starting': surroundings({ pods: [pod({ containers: ['app'], ready: false })] }),
      'a known mode': surroundings({ pods: [plainPod(captured)] }),
    },
  },
  MM059: {
    seen: {
      'STRICT in the namespace': surroundings({ services: [headless] }, [strict]),
      'STRICT in the mesh': surroundings({ services: [headless] }, [
        peer({ mtls: { mode: 'STRICT' } }, { namespace: root }),
      ]),
      'STRICT on a port': surroundings({ services: [headless] }, [
        peer({ ...only('web'), portLevelMtls: { 80: { mode: 'STRICT' } } }),
      ]),
      'pods to come': surroundings({ pods: [], services: [headless] }, [strict]),
      'callers that have sidecars': calledFrom('blog', pod({ namespace: 'blog' })),
      'its own workloads': calledFrom('shop', pod()),
      'callers that sleep and wake with sidecars': calledFrom('blog'),
    },
    ignored: {
      PERMISSIVE: surroundings({ services: [headless] }),
      'a cluster IP': around(strict),
      'no selector': surroundings({ services: [service({ headless: true, selector: {} })] }, [strict]),
      'no pods': surroundings({ services: [service({ headless: true, selector: { app: 'x' } })] }, [strict]),
      'another goal': surroundings({ route: toSidecar, services: [headless] }, [strict]),
      'callers that have no sidecars': calledFrom('blog', plainPod({ ...captured, namespace: 'blog' })),
    },
  },
  MM061: {
    seen: { 'no hook': surroundings({ pods: [pod({ hasPreStop: false })] }) },
    ignored: {
      'a hook': surroundings(),
      'a Job': surroundings({ pods: [pod({ hasPreStop: false, owner: { kind: 'Job', name: 'once' } })] }),
      'no restart': surroundings({ route: fromNone, pods: [plainPod({ hasPreStop: false })] }),
    },
  },
  MM063: {
    seen: {
      'a headless Service and a policy by identity': surroundings({ services: [headless] }, [
        policy({ action: 'DENY', ...identity }),
      ]),
    },
    ignored: {
      'a policy by port': surroundings({ services: [headless] }, [
        policy({ rules: [{ to: [{ operation: { ports: ['80'] } }] }] }),
      ]),
      'no policy': surroundings({ services: [headless] }),
      'a cluster IP': around(policy(identity)),
    },
  },
  MM071: {
    seen: { 'a policy that needs HTTP': around(policy(http)), tokens: around(config('RequestAuthentication', tokens)) },
    ignored: {
      'L4 only': around(policy(identity)),
      'no Service': surroundings({ services: [] }, [policy(http)]),
      'another goal': surroundings({ route: toNone }, [policy(http)]),
    },
  },
  MM080: {
    seen: {
      'a policy for part of the pods of a Service': surroundings(
        { workloads: [workload(), workload({ name: 'v2', templateLabels: { app: 'web', version: 'v2' } })] },
        [policy(http), policy({ ...http, selector: { matchLabels: { app: 'web', version: 'v2' } } }, { name: 'part' })],
      ),
      'a headless Service': surroundings(
        {
          services: [service(), service({ name: 'web-pods', headless: true, selector: { app: 'night' } })],
          workloads: [workload(), asleep],
        },
        [policy(http)],
      ),
      'a header that a sidecar writes by the certificate of its peer': around(
        policy(byHeader('x-forwarded-client-cert')),
      ),
      'pods behind no Service that have the label of a gateway': surroundings(
        {
          workloads: [
            workload(),
            workload({
              name: 'worker',
              templateLabels: { app: 'worker', 'gateway.networking.k8s.io/gateway-name': 'entry' },
            }),
          ],
        },
        [policy(http)],
      ),
    },
    ignored: {
      'what can be carried over': around(policy(http)),
      'the label of the only revision': around(policy(http, { labels: { 'istio.io/rev': 'default' } })),
      'L4 only': around(policy(identity)),
    },
  },
  MM081: {
    seen: {
      'a headless Service of the same pods': surroundings(
        { services: [service(), service({ name: 'web-pods', headless: true })] },
        [policy(http)],
      ),
      'callers outside the mesh': around(policy(http)),
      "a route of somebody's gateway to a Service with one of its own": around(policy(http), strict, ownRoute, door),
    },
    ignored: {
      'an ordinary Service': around(policy(http), strict),
      'a Service with a route of its own': around(policy(http), strict, ownRoute),
      "somebody's gateway that leads to another Service": around(policy(http), strict, ownRoute, doorElsewhere),
    },
  },
  MM082: {
    seen: {
      'a rule without from': around(policy(http)),
      'a wildcard': around(
        policy({ rules: [{ from: [{ source: { namespaces: ['team-*'] } }], to: http.rules[0]?.to }] }),
      ),
      'only a DENY': around(policy({ action: 'DENY', ...http })),
    },
    ignored: {
      'named callers': around(policy(httpFrom('blog'))),
      'declared callers': surroundings({ spec: migrationSpec({ callers: [{ namespace: 'shop', from: [] }] }) }, [
        policy(http),
      ]),
      FailClosed: surroundings({ spec: failClosed }, [policy(http)]),
    },
  },
  MM083: {
    seen: {
      'a sidecar': calledBy(pod({ namespace: 'blog', serviceAccount: 'reader' })),
      'one outside the mesh that is declared, under PERMISSIVE': declared(plainPod({ namespace: 'blog' })),
    },
    ignored: {
      'one outside the mesh, under STRICT': declared(plainPod({ namespace: 'blog' }), strict),
      'one outside the mesh, where policies name identities': calledBy(
        plainPod({ namespace: 'blog', serviceAccount: 'reader' }),
      ),
      'one in ambient': calledBy(plainPod({ ...captured, namespace: 'blog', serviceAccount: 'reader' })),
      'another ServiceAccount': calledBy(pod({ namespace: 'blog', serviceAccount: 'writer' })),
      'a gateway': calledBy(
        pod({
          namespace: 'blog',
          serviceAccount: 'reader',
          annotations: { ...injected.annotations, 'inject.istio.io/templates': 'gateway' },
        }),
      ),
      FailClosed: { ...calledBy(pod({ namespace: 'blog', serviceAccount: 'reader' })), spec: failClosed },
      'one in scope, for which it waits': {
        ...calledBy(pod({ namespace: 'blog', serviceAccount: 'reader' })),
        scope: scopeOf('blog'),
      },
    },
  },
  MM084: {
    seen: {
      'two that call each other': circle(['shop/web', 'shop/api']),
      'two behind a waypoint whose callers nobody names': twoBehindWaypoint({}),
    },
    ignored: {
      'one calls the other': circle(['shop/api']),
      itself: circle(['shop/web']),
      'declared callers': twoBehindWaypoint({ callers: [{ namespace: 'shop', from: [{ namespace: 'blog' }] }] }),
      FailClosed: twoBehindWaypoint({ policies: { bypass: 'FailClosed' } }),
    },
  },
  // What is made never opens anything: what it would take is in waypoint/proof.test.ts.
  MM086: {
    seen: {
      'a port that stays direct, on which ztunnel enforces less': surroundings(
        { spec: migrationSpec({ policies: { direct: [{ namespace: 'shop', ports: [9090], principals: [] }] } }) },
        [policy({ action: 'DENY', ...http }), strict],
      ),
    },
    ignored: { 'policies that are carried over': around(policy(http)), 'L4 only': around(policy(identity)) },
  },
  MM099: { seen: {}, ignored: { 'policies that are carried over': around(policy(http)) } },
  MM146: {
    seen: { 'a workload too many': surroundings({ workloads: workloadsOf(2001) }) },
    ignored: { 'as many as there is room for': surroundings({ workloads: workloadsOf(2000) }) },
  },
  MM154: {
    seen: {
      'Argo CD': surroundings({ namespace: namespace({ labelManagers: { 'istio-injection': 'argocd-controller' } }) }),
    },
    ignored: {
      'a person': surroundings({ namespace: namespace({ labelManagers: { 'istio-injection': 'kubectl-label' } }) }),
    },
  },
  MM119: {
    seen: {
      'ten thousand paths': around(policy(paths(10_000))),
      'the same of the mesh': around(policy(paths(10_000), { namespace: root })),
      'on the way': surroundings({ itinerary: 'L7' }, [policy(paths(10_000))]),
      'behind a waypoint that is left': behindWaypoint(paths(10_000)),
    },
    ignored: {
      'a hundred paths': around(policy(paths(100))),
      'no waypoint': withoutWaypoint(policy(paths(10_000))),
      'another namespace': around(policy(paths(10_000), { namespace: 'blog' })),
    },
  },
  MM089: {
    seen: {
      addresses: behindWaypoint({ rules: [{ from: [{ source: { ipBlocks: ['10.0.0.0/8'] } }] }] }),
      'a waypoint elsewhere': surroundings(
        { ...exit, services: [service({ labels: { ...bound.labels, 'istio.io/use-waypoint-namespace': 'infra' } })] },
        waypointOfShop,
      ),
      'no waypoint': surroundings({ ...exit, services: [bound] }),
      'a waypoint of another class': surroundings({ ...exit, services: [bound] }, [
        gatewayOf({ gatewayClassName: 'mine' }),
      ]),
      'a waypoint for workloads': surroundings({ ...exit, services: [bound] }, [
        gatewayOf({ gatewayClassName: 'istio-waypoint' }, { 'istio.io/waypoint-for': 'all' }),
      ]),
      'a canary': surroundings(
        {
          ...exit,
          services: [service({ ...bound, labels: { ...bound.labels, 'istio.io/use-waypoint-canary': 'next' } })],
        },
        waypointOfShop,
      ),
      'a Service that istiod has not bound': surroundings(
        { ...exit, services: [service({ labels: bound.labels })] },
        waypointOfShop,
      ),
      'a Service without selector': surroundings(
        { ...exit, services: [service({ ...bound, selector: {} })] },
        waypointOfShop,
      ),
      'a pod that has opted out': surroundings(
        { ...exit, services: [bound], pods: [plainPod({ labels: { app: 'web', 'istio.io/dataplane-mode': 'none' } })] },
        waypointOfShop,
      ),
      'the pods of a CronJob behind its Service': surroundings(
        { ...exit, services: [bound], otherTemplates: [cronJob({ templateLabels: { app: 'web' } })] },
        waypointOfShop,
      ),
      'ports that the sidecars of the next run leave alone': surroundings(
        {
          ...exit,
          otherTemplates: [
            cronJob({ templateAnnotations: { 'traffic.sidecar.istio.io/excludeInboundPorts': '8080' } }),
          ],
        },
        [strict],
      ),
      'a pod of nobody': surroundings(
        { ...exit, services: [bound], workloads: [], pods: [plainPod(captured)] },
        waypointOfShop,
      ),
      'what an earlier migration left': surroundings({ ...exit, services: [bound] }, [
        ...waypointOfShop,
        asMade(
          policy(
            { selector: { matchLabels: { app: 'web' } } },
            { labels: { 'meshmigration.dev/role': 'SidecarCopy' } },
          ),
        ),
      ]),
      ...unseenOnExit.seen,
      'ports that the sidecar leaves alone': surroundings(
        {
          ...exit,
          workloads: [workload({ templateAnnotations: { 'traffic.sidecar.istio.io/excludeInboundPorts': '8080' } })],
        },
        [strict],
      ),
      'ports that the sidecar of a pod of no workload leaves alone': surroundings(
        {
          ...exit,
          pods: [
            plainPod({
              ...captured,
              owner: { kind: 'Rollout', name: 'roll' },
              annotations: { ...captured.annotations, 'traffic.sidecar.istio.io/excludeInboundPorts': '8080' },
            }),
          ],
        },
        [strict],
      ),
      'no interception': surroundings(
        { ...exit, workloads: [workload({ templateAnnotations: { 'sidecar.istio.io/interceptionMode': 'NONE' } })] },
        [strict],
      ),
    },
    ignored: {
      ...unseenOnExit.ignored,
      'an ordinary waypoint': behindWaypoint(http),
      'no waypoint': surroundings(exit, [policy(identity)]),
      'ports where nothing is enforced': surroundings({
        ...exit,
        workloads: [workload({ templateAnnotations: { 'traffic.sidecar.istio.io/excludeInboundPorts': '8080' } })],
      }),
      'a CronJob behind no Service': surroundings({ ...exit, services: [bound], otherTemplates: [cronJob()] }, [
        ...waypointOfShop,
      ]),
      'a Service that was unbound on the way': surroundings(
        {
          ...exit,
          itinerary: 'L7',
          services: [
            service({
              labels: { 'istio.io/use-waypoint': 'none' },
              annotations: { 'meshmigration.dev/original-labels': JSON.stringify(bound.labels) },
            }),
          ],
        },
        waypointOfShop,
      ),
    },
  },
  MM090: {
    seen: {
      'a direct caller whom the waypoint refuses': behindWaypoint(
        { rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }] }] },
        policy(
          {
            selector: { matchLabels: { app: 'web' } },
            rules: [{ from: [{ source: { namespaces: ['shop', 'blog'] } }] }],
          },
          { name: 'direct' },
        ),
      ),
    },
    ignored: { 'policies of a waypoint': behindWaypoint(http), 'no waypoint': surroundings(exit, [policy(identity)]) },
  },
  MM091: {
    seen: {
      'a guard': behindWaypoint(http, guard({})),
      'HTTP without a waypoint': surroundings({ route: toSidecar }, [policy({ action: 'DENY', ...http })]),
    },
    ignored: {
      'a guard that only ztunnel enforces': behindWaypoint(http, guard({ remoteIpBlocks: ['255.255.255.255/32'] })),
    },
  },
  MM092: {
    seen: {
      'a Service elsewhere with unknown callers': elsewhere({ action: 'DENY', ...http }),
      'one that names this namespace': elsewhere(httpFrom('shop')),
      'on the way out of the mesh': {
        ...elsewhere({ action: 'DENY', ...http }),
        route: { from: 'IstioAmbient', to: 'None' },
      },
      'one whose waypoint is not there or not ready': elsewhere(
        { action: 'DENY', ...http },
        { ...unbound('WaypointIsNotReady', 'waypoint "bank/waypoint" is not ready'), labels: {} },
      ),
      'one of which istiod has said nothing yet': elsewhere(
        { action: 'DENY', ...http },
        { ...farService, conditions: {} },
      ),
    },
    ignored: {
      'one that its waypoint does not admit': elsewhere(
        { action: 'DENY', ...http },
        unbound('AttachmentDenied', 'we are not permitted to attach to waypoint "bank/waypoint"'),
      ),
      'one that is kept from waypoints': elsewhere(
        { action: 'DENY', ...http },
        { ...farService, conditions: {}, labels: { 'istio.io/use-waypoint': 'none' } },
      ),
      'one that names others': elsewhere(httpFrom('blog')),
      'declared callers': {
        ...elsewhere({ action: 'DENY', ...http }),
        spec: migrationSpec({ callers: [{ namespace: 'bank', from: [{ namespace: 'blog' }] }] }),
      },
      'one without policies': surroundings({ ...exit, mesh: { ...mesh(), services: () => [farService] } }),
      'the way to ambient': { ...elsewhere({ action: 'DENY', ...http }), route: sidecarToAmbient },
    },
  },
  MM093: {
    seen: {
      'a guard for the time of the restarts': behindWaypoint(http),
      'callers of pods under STRICT, to whom sidecars send plaintext': surroundings(
        { ...exit, services: [bound] },
        waypointOfShop,
      ),
      'pods that ambient captures outbound only': surroundings(
        { ...exit, services: [], workloads: [workload({ templateAnnotations: bypass })] },
        [strict],
      ),
    },
    ignored: {
      'pods that ambient captures outbound only, where nothing decides': surroundings({
        ...exit,
        services: [],
        workloads: [workload({ templateAnnotations: bypass })],
      }),
      'a waypoint without policies': surroundings({ ...exit, services: [bound] }, [
        gatewayOf({ gatewayClassName: 'istio-waypoint' }),
      ]),
    },
  },
  MM085: {
    seen: { FailClosed: surroundings({ spec: failClosed }, [policy(http)]) },
    ignored: { CallersFirst: around(policy(http)), 'L4 only': surroundings({ spec: failClosed }, [policy(identity)]) },
  },
  MM100: {
    seen: {
      Never: surroundings({ pods: [old], spec: migrationSpec({ restart: { hbone: 'Never' } }) }),
      'a pod that nothing restarts': surroundings({ pods: [{ ...old, owner: { kind: 'Rollout', name: 'web' } }] }),
      'a namespace that stays': nextTo(old),
      'one that is starting': nextTo({ ...old, ready: false }),
      'one on its way out that still serves': nextTo({ ...old, terminating: true }),
    },
    ignored: {
      Auto: surroundings({ pods: [old] }),
      'none left': surroundings({ spec: migrationSpec({ restart: { hbone: 'Never' } }) }),
      'another goal': { ...nextTo(old), route: toNone },
      'from outside the mesh, without an identity before': { ...nextTo(old), route: fromNone },
      'one that takes HBONE': nextTo(pod()),
      'one in scope': { ...nextTo(old), scope: scopeOf('bank') },
      'one that may be restarted': { ...nextTo(old), scope: scopeOf(undefined, 'bank') },
      'one that has ended': nextTo({ ...old, ready: false, terminating: true }),
      'one that others call': {
        ...nextTo(old),
        spec: migrationSpec({ callers: [{ namespace: 'bank', from: [{ namespace: 'blog' }] }] }),
      },
      'one that admits others only': nextTo(
        old,
        policy({ rules: [{ from: [{ source: { namespaces: ['blog'] } }] }] }, { namespace: 'bank' }),
      ),
      'a gateway': nextTo({ ...old, annotations: { ...old.annotations, 'inject.istio.io/templates': 'gateway' } }),
    },
  },
  MM101: {
    seen: {
      'callers in scope': { ...calledBy(pod({ namespace: 'blog', serviceAccount: 'reader' })), scope: scopeOf('blog') },
    },
    ignored: {
      'callers that stay': calledBy(pod({ namespace: 'blog', serviceAccount: 'reader' })),
      'callers in ambient': {
        ...calledBy(plainPod({ ...captured, namespace: 'blog', serviceAccount: 'reader' })),
        scope: scopeOf('blog'),
      },
    },
  },
  // A circle takes two namespaces with policies: test/sim/called-first.test.ts.
  MM102: {
    seen: {},
    ignored: {
      'callers in scope that nobody calls': {
        ...calledBy(pod({ namespace: 'blog', serviceAccount: 'reader' })),
        scope: scopeOf('blog'),
      },
    },
  },
  MM162: {
    seen: { 'callers that begin later': { ...calledBy(reader), scope: inLaterWave('blog') } },
    ignored: {
      'callers that begin together with it': { ...calledBy(reader), scope: scopeOf('blog') },
      'later ones that nobody waits for': {
        ...calledBy(plainPod({ ...captured, namespace: 'blog', serviceAccount: 'reader' })),
        scope: inLaterWave('blog'),
      },
    },
  },
  MM110: {
    seen: {
      'a policy of the user with our label': around(labelled(policy(http))),
      'a copy that was edited': around({ ...asMade(policy(http)), spec: identity }),
      'a copy under another name': around({ ...asMade(policy(http)), name: 'again' }),
      'a copy in another namespace': around({ ...asMade(policy(http, { namespace: 'blog' })), namespace: 'shop' }),
      'on the way too': withoutWaypoint(labelled(policy(identity))),
      'what an earlier migration left': around(asMade(policy(identity))),
    },
    ignored: {
      'a policy of the user': around(policy(http)),
      'what was made and is replaced': around(policy(http), asMade(policy(identity))),
      'what was made': surroundings({ itinerary: 'L7' }, [asMade(policy(http))]),
    },
  },
  MM087: {
    seen: { 'a caller that is not declared': seenBy(observed(call({ to: 'shop/web', by: 'blog/reader' }))) },
    ignored: {
      'a declared one': seenBy(observed(call({ to: 'shop/web', by: 'web/front' }))),
      'no metrics': seenBy(undefined),
    },
  },
  MM088: {
    seen: { 'no answer': seenBy(() => ({ kind: 'Unavailable', server: 'http://p', since: 0, why: 'it is gone' })) },
    ignored: {
      'an answer': seenBy(observed()),
      'the first one': seenBy(() => ({ kind: 'Learning', window: '7d' })),
      'no metrics': seenBy(undefined),
    },
  },
};

function found(id: string, given: Surroundings): readonly string[] {
  return rules
    .filter((rule) => rule.id === id)
    .flatMap((rule) => rule.find(given))
    .map(({ object }) => object);
}

describe('the rules', () => {
  it('have ids of their own, and each has examples', () => {
    const ids = rules.map(({ id }) => id);

    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(table).sort()).toEqual([...ids].sort());
  });

  const rows = Object.entries(table).flatMap(([id, { seen, ignored }]) => [
    ...Object.entries(seen).map(([name, given]) => [id, 'sees', name, given] as const),
    ...Object.entries(ignored).map(([name, given]) => [id, 'ignores', name, given] as const),
  ]);

  it.each(rows)('%s %s %s', (id, verb, _name, given) => {
    expect(found(id, given).length > 0).toBe(verb === 'sees');
  });

  it.each(rows.filter(([, verb]) => verb === 'sees'))(
    '%s, when it %s %s, makes findings that the API admits',
    (_id, _verb, _name, given) => {
      for (const finding of istio.findings(given, 'Start')) expect(Finding.parse(finding)).toEqual(finding);
    },
  );
});

describe('what a stranger has', () => {
  // What a policy of his refuses would get through: spec.accept takes none of it.
  const protecting: readonly string[] = ['MM026', 'MM092', 'MM123', 'MM136'];
  const critical = (id: string, given: Surroundings): readonly (readonly [Rule, Found])[] =>
    rules
      .filter((rule) => rule.id === id)
      .flatMap((rule) => foundGuarded(rule, given).map((each) => [rule, each] as const))
      .filter(([, { finding }]) => finding.severity === 'Critical');
  const examples = Object.entries(table).flatMap(([id, { seen, ignored }]) =>
    [...Object.values(seen), ...Object.values(ignored)].map((before) => {
      const given = { ...before, itinerary: before.itinerary ?? istio.choose(before) };
      let known: ReadonlySet<string> | undefined;
      const isKnown = ([, { finding }]: readonly [Rule, Found]): boolean =>
        (known ??= new Set(critical(id, given).map(([, each]) => each.finding.object))).has(finding.object);
      return { id, given, isKnown };
    }),
  );
  const takesBack = (given: Surroundings, [rule, each]: readonly [Rule, Found]): boolean => {
    const finding = asOf(each, 'UnderWay', rule);
    const holds = istio.isUnknown(finding) || istio.isOfOthers(finding, given);
    return each.others === undefined || (finding.severity === 'Critical' && !holds);
  };
  const isAcceptable = ([{ id }, { finding }]: readonly [Rule, Found]): boolean =>
    protecting.includes(id) || finding.fix.includes('add to spec.accept: {finding: ');

  // Each shape is tried on an eighth of the examples, another one each: all with all take minutes.
  const shapes = Object.entries(hostile).map(([what, make], at) => [what, make, at % 8] as const);

  it.each(shapes)('takes nobody back, and can be accepted unless it protects him: %s', (_what, make, part) => {
    const those = examples.filter((_, at) => at % 8 === part);
    const faults = oneIn(8, those).flatMap(({ id, given, isKnown }) => {
      const beside = besideStrangers(given, make);
      return critical(id, beside)
        .filter((each) => !isKnown(each) && (takesBack(beside, each) || !isAcceptable(each)))
        .map(([, { finding }]) => `${id} ${finding.object}: ${finding.message}`);
    });

    expect(faults).toEqual([]);
  });
});

describe('a text that a tenant chose', () => {
  const examples = rules.flatMap((rule) =>
    Object.entries(table[rule.id]?.seen ?? {}).map(([name, given]) => [rule.id, name, rule, given] as const),
  );

  it.each(oneIn(12, examples))('is no sentence of %s: %s', (_id, _name, rule, given) => {
    const said = disguised(given, (picture) => apply(rule, picture));

    expect(said.filter(({ object, message, fix }) => harm.test(`${object}\n${message}\n${fix}`))).toEqual([]);
  });
});

describe('what the fix of a Critical finding says', () => {
  const criticalOf = (given: Surroundings, id: string): readonly Finding[] =>
    istio.findings(given, 'Start').filter((each) => each.id === id && each.severity === 'Critical');
  const critical = rules.filter(({ id, severity }) => {
    const seen = Object.values(table[id]?.seen ?? {});
    return severity === 'Critical' || seen.some((given) => criticalOf(given, id).length > 0);
  });

  it.each(critical.map((rule) => [rule.id, rule] as const))('leads away from %s', (id, rule) => {
    expect(faultsOf(rule, table[id] ?? { seen: {}, ignored: {} }, remedies[id] ?? { ways: [] })).toEqual([]);
  });

  it('is of one of them', () => {
    expect(Object.keys(remedies).filter((id) => critical.every((rule) => rule.id !== id))).toEqual([]);
  });

  it.each(critical.filter(({ isAcknowledgeable }) => isAcknowledgeable === true).map(({ id }) => id))(
    'need not be done by whoever answers for %s, but for what others have',
    (id) => {
      const entry = { id, reason: 'seen to', until: '2030-01-01T00:00:00Z', isOver: false } as Acknowledged;
      const seen = Object.values(table[id]?.seen ?? {}).filter((given) => criticalOf(given, id).length > 0);
      const left = seen.flatMap((given) => criticalOf({ ...given, acknowledged: [entry] }, id));

      expect(seen.length).toBeGreaterThan(0);
      expect(left.filter(({ fix }) => !fix.includes('add to spec.accept'))).toEqual([]);
    },
  );
});

describe('sidecars that cannot take HBONE', () => {
  const severities = (given: Surroundings): readonly string[] =>
    istio
      .findings(given, 'Start')
      .filter(({ id }) => id === 'MM100')
      .map(({ severity }) => severity);
  const bank = { namespace: 'bank' };

  it.each([
    ['a DENY by identity', policy({ action: 'DENY', ...identity }, bank)],
    ['an ALLOW by identity', policy({ rules: [{ from: [{ source: { principals: ['*'] } }] }] }, bank)],
    ['a condition on who calls', policy({ rules: [{ when: [{ key: 'source.namespace', notValues: ['x'] }] }] }, bank)],
    ['one of the whole mesh', policy({ action: 'DENY', ...identity }, { namespace: root })],
    ['STRICT', peer({ mtls: { mode: 'STRICT' } }, bank)],
    ['STRICT on a port', peer({ ...only('web'), portLevelMtls: { 80: { mode: 'STRICT' } } }, bank)],
  ])('block where %s decides', (_name, config) => {
    expect(severities(nextTo(old, config))).toEqual(['Critical']);
  });

  it.each([
    ['nothing', []],
    ['a policy by port', [policy({ rules: [{ to: [{ operation: { ports: ['80'] } }] }] }, bank)]],
    ['a policy of other pods', [policy({ ...only('api'), action: 'DENY', ...identity }, bank)]],
    ['a policy elsewhere', [policy({ action: 'DENY', ...identity }, { namespace: 'blog' })]],
    [
      'STRICT that the namespace takes back',
      [peer({ mtls: { mode: 'STRICT' } }, { namespace: root }), peer({ mtls: { mode: 'PERMISSIVE' } }, bank)],
    ],
  ])('are a warning where %s decides', (_name, configs) => {
    expect(severities(nextTo(old, ...configs))).toEqual(['Warning']);
  });
});

describe('policies that decide by what sidecars do not see', () => {
  it.each(unseenCallerSeverities)('are found by what becomes of it: %s', (_what, given, expected) => {
    expect(
      istio
        .findings(given, 'Start')
        .filter(({ id }) => id === 'MM123')
        .map(({ severity }) => severity),
    ).toEqual(expected);
  });
});

describe('a ServiceEntry of the mesh that is not resolved', () => {
  const messages = (version: string): readonly string[] =>
    istio
      .findings(
        surroundings({
          mesh: {
            ...mesh([config('ServiceEntry', { hosts: ['a'], location: 'MESH_INTERNAL', addresses: ['10.9.9.9'] })]),
            version,
          },
        }),
        'Start',
      )
      .filter(({ id }) => id === 'MM161')
      .map(({ message }) => message);

  it('is refused before Istio 1.28, and passed on since', () => {
    expect(messages('1.27.3')).toEqual([expect.stringContaining('refuses the connection')]);
    expect(messages('1.28.0')).toEqual([expect.stringContaining('passes its connections on')]);
  });
});

describe('a DestinationRule that asks for plaintext', () => {
  const severities = (given: Surroundings): readonly string[] =>
    istio
      .findings(given, 'Start')
      .filter(({ id }) => id === 'MM032')
      .map(({ severity }) => severity);
  const disabled = { tls: { mode: 'DISABLE' } };

  it.each([
    ['for all', { trafficPolicy: disabled }],
    ['for a port', { trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, ...disabled }] } }],
    ['for a subset', { subsets: [{ name: 'v1', trafficPolicy: disabled }] }],
  ])('is a warning on the way to ambient, which calls by mutual TLS: %s', (_for, spec) => {
    expect(severities(withoutWaypoint(config('DestinationRule', { host: 'web', ...spec })))).toEqual(['Warning']);
    expect(
      severities(withoutWaypoint(config('DestinationRule', { host: '*.local', ...spec }, { namespace: root }))),
    ).toEqual(['Warning']);
  });

  it('blocks on the way to sidecars, whose calls lose their identity by it', () => {
    expect(
      severities(
        behindWaypoint(
          http,
          config('DestinationRule', { host: 'api.bank.svc.cluster.local', trafficPolicy: disabled }),
        ),
      ),
    ).toEqual(['Critical']);
  });

  it('blocks where something else is lost', () => {
    expect(
      severities(
        withoutWaypoint(config('DestinationRule', { host: 'web', trafficPolicy: { ...disabled, tunnel: {} } })),
      ),
    ).toEqual(['Critical']);
  });
});

describe('the fix for a route of a called Service', () => {
  const fixes = (given: Surroundings): readonly (string | undefined)[] =>
    istio
      .findings(given, 'Start')
      .filter(({ id }) => id === 'MM094')
      .map(({ fix }) => fix);
  const given = besideBank([toBank]);
  const withPods = (...pods: readonly PodView[]): Surroundings => ({
    ...given,
    mesh: { ...given.mesh, pods: (home) => (home === 'bank' ? pods : []) },
  });

  it('is to move its namespace, or to give it a waypoint where that is in ambient already', () => {
    expect(fixes(given)).toEqual([expect.stringMatching(/^Migrate namespace bank first/)]);
    expect(fixes(withPods(pod({ namespace: 'bank' }), plainPod({ ...captured, namespace: 'bank' })))).toEqual([
      expect.stringMatching(/^Migrate namespace bank first/),
    ]);
    expect(fixes(withPods(plainPod({ ...captured, namespace: 'bank' })))).toEqual([
      expect.stringMatching(/^Put a waypoint before Service bank\/api/),
    ]);
  });
});

describe('findings', () => {
  const ids = (given: Surroundings, when: 'Start' | 'UnderWay'): readonly string[] =>
    istio.findings(given, when).map(({ id }) => id);

  it('of an ordinary namespace are only that HTTP metrics end, and what sidecars do by themselves', () => {
    expect(ids(surroundings(), 'Start')).toEqual(['MM043', 'MM149']);
    expect(ids(surroundings(), 'UnderWay')).toEqual(['MM043']);
  });

  it.each([
    ['with our label', labelled(policy({ action: 'DENY', ...http }))],
    ['with our label and annotation', { ...asMade(policy(identity)), spec: { action: 'DENY', ...http } }],
  ])('see a policy that only looks like ours, %s', (_how, given) => {
    expect(ids(withoutWaypoint(given), 'UnderWay')).toEqual(['MM020', 'MM043', 'MM110']);
    expect(istio.choose(around(given))).toBe('L7');
  });

  it('put the critical ones first', () => {
    expect(ids(surroundings({ itinerary: 'L4', pods: [pod({ hasPreStop: false })] }, [policy(http)]), 'Start')).toEqual(
      ['MM020', 'MM043', 'MM061', 'MM149'],
    );
  });

  it('on the way are those that can appear half-way, whatever the restarts do to the workloads', () => {
    const restarting = surroundings(
      {
        itinerary: 'L4',
        workloads: [workload({ available: 0 })],
        pods: [plainPod(), plainPod({ annotations: { 'ambient.istio.io/redirection': 'pending' } })],
      },
      [policy(http)],
    );

    expect(ids(restarting, 'UnderWay')).toEqual(['MM020', 'MM043']);
  });

  it('are not about meaning when a namespace joins sidecars from outside', () => {
    expect(
      ids(
        surroundings(
          { route: { from: 'None', to: 'IstioSidecar' }, namespace: namespace({ labels: {} }), pods: [plainPod()] },
          [policy({ action: 'DENY', ...http }), config('EnvoyFilter', {})],
        ),
        'Start',
      ).filter((id) => id !== 'MM029'),
    ).toEqual([]);
  });

  it.each(routes.filter(({ from, to }) => from !== 'None' || to !== 'IstioSidecar'))(
    'are about meaning from $from to $to',
    (route) => {
      const exits = route.from === 'IstioAmbient' && route.to === 'IstioSidecar';
      const found = route.to === 'None' ? 'MM026' : 'MM020';
      expect(
        ids(
          surroundings({ route, itinerary: 'L4', ...(exits && { pods: [plainPod(captured)] }) }, [policy(http)]),
          'UnderWay',
        ),
      ).toContain(exits ? 'MM090' : found);
    },
  );

  it('are at most a hundred, and none is longer than the API admits', () => {
    const many = Array.from({ length: 150 }, (_each, n) =>
      policy(
        {
          rules: [
            {
              when: Array.from({ length: 60 }, (_key, k) => ({
                key: `request.headers[x-a-rather-long-name-${k}]`,
                values: ['x'],
              })),
            },
          ],
        },
        { name: `p${n}` },
      ),
    );
    const listed = istio.findings(withoutWaypoint(...many), 'Start');

    expect(listed).toHaveLength(100);
    for (const finding of listed) expect(Finding.parse(finding)).toEqual(finding);
  });

  it('of the root namespace itself are not doubled', () => {
    expect(
      found(
        'MM020',
        surroundings({ route: sidecarToAmbient, itinerary: 'L4', namespace: namespace({ name: root }) }, [
          policy(http, { namespace: root }),
        ]),
      ),
    ).toHaveLength(1);
  });
});
