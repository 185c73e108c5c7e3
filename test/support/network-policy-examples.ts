import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { ConfigView, PodView, ServiceView, WorkloadView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import {
  captured,
  config,
  installed,
  mesh,
  migrationSpec,
  namespace,
  plainPod,
  pod,
  scopeView,
  service,
  surroundings,
  workload,
} from './mesh-fixtures.ts';

type Spec = Readonly<Record<string, unknown>>;

const sidecars = { 'istio-injection': 'enabled' };
const ambient = { 'istio.io/dataplane-mode': 'ambient' };

/** A NetworkPolicy of `shop`, unless told otherwise. */
export function networkPolicy(spec: Spec, overrides: Partial<ConfigView> = {}): ConfigView {
  return config('NetworkPolicy', { podSelector: {}, ...spec }, { name: 'only', ...overrides });
}

/** Everybody else there is. */
interface Others {
  readonly pods?: readonly PodView[];
  readonly workloads?: readonly WorkloadView[];
  readonly services?: readonly ServiceView[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** Deployment `ui` in namespace `dash`, with a sidecar. */
export const ui = pod({
  name: 'ui-1',
  uid: 'ui-1',
  namespace: 'dash',
  owner: { kind: 'Deployment', name: 'ui' },
  labels: { app: 'ui', 'networking.istio.io/tunnel': 'http' },
  containerPorts: [{ container: 'app', name: 'http', port: 3000 }],
});

/** The same in ambient, and outside of the mesh. */
export const ambientUi = plainPod({ ...ui, ...captured, labels: { app: 'ui' }, containers: ['app'] });
const plainUi = plainPod({ ...ui, labels: { app: 'ui' }, annotations: {}, containers: ['app'] });
const oldUi = pod({ ...ui, labels: { app: 'ui' } });

const injectedGateway = pod({
  ...ui,
  labels: { app: 'ingress' },
  annotations: { ...ui.annotations, 'inject.istio.io/templates': 'gateway' },
});
const madeGateway = plainPod({
  ...ui,
  labels: { 'gateway.networking.k8s.io/gateway-name': 'ui' },
  annotations: {},
  containers: ['istio-proxy'],
});

const theirWaypoint = plainPod({
  ...madeGateway,
  labels: { ...madeGateway.labels, 'istio.io/dataplane-mode': 'none' },
  containers: ['istio-proxy'],
});
const useWaypoint = { 'istio.io/use-waypoint': 'waypoint' };

/** Namespace `shop` with Deployment `web` (8080), and beside it `dash`. */
export function besideDash(
  configs: readonly ConfigView[],
  { pods = [ui], workloads = [], services = [], labels = sidecars }: Others = {},
  more: Partial<Surroundings> = {},
): Surroundings {
  const given = surroundings(more);
  const state = mesh([...installed, ...configs]);
  return {
    ...given,
    mesh: {
      ...state,
      inhabitedNamespaces: () => ['shop', 'dash'],
      pods: (name) => (name === 'dash' ? pods : []),
      workloads: (name) => (name === 'dash' ? workloads : []),
      services: (name) => (name === 'dash' || name === undefined ? services : []),
      labelsOf: (name) => (name === 'dash' ? labels : given.namespace.labels),
    },
  };
}

/** Nobody of `shop` calls `shop`, as far as anybody says. */
const onlyDash = { spec: migrationSpec({ callers: [{ namespace: 'shop', from: [{ namespace: 'dash' }] }] }) };
/** The same of `dash`, which is called by `shop`. */
const onlyShop = {
  spec: migrationSpec({
    callers: [
      { namespace: 'shop', from: [] },
      { namespace: 'dash', from: [{ namespace: 'shop' }] },
    ],
  }),
};

const appPort = [{ port: 8080 }];
const hbone = { port: 15008 };
const dash = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'dash' } } };
const shop = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } };
const theirs = { namespace: 'dash' };
const http = config('AuthorizationPolicy', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });
const toSidecar = {
  route: { from: 'IstioAmbient', to: 'IstioSidecar' },
  namespace: namespace({ labels: ambient }),
} as const;
const waypoint = { podSelector: { matchLabels: { 'gateway.networking.k8s.io/gateway-name': 'waypoint' } } };

/** Egress of everything in `shop`. */
function egress(...rules: readonly Spec[]): ConfigView {
  return networkPolicy({ policyTypes: ['Egress'], egress: rules });
}

function ingress(...rules: readonly Spec[]): ConfigView {
  return networkPolicy({ ingress: rules });
}

const ofWeb = { podSelector: { matchLabels: { app: 'web' } } };
const namesAndControl = { ports: [{ port: 53, protocol: 'UDP' }, { port: 15012 }] };

/** Lets only those of `dash` call, also by HBONE: no waypoint of `shop`. */
const onlyFromDash = [networkPolicy({ ...ofWeb, ingress: [{ from: [dash], ports: [...appPort, hbone] }] }), http];

/** `dash` is in the scope of the same migration. */
const dashMoves = { scope: scopeView({ moves: (name) => ['shop', 'dash'].includes(name) }) };

/** What the rules about NetworkPolicies see and ignore, by their ids. */
export const networkPolicyExamples: Readonly<Record<string, Examples>> = {
  MM139: {
    seen: {
      'a policy by the port of the application': besideDash([ingress({ ports: appPort })]),
      'the same, by its name': besideDash(
        [ingress({ ports: [{ port: 'http' }] })],
        {},
        {
          pods: [pod({ containerPorts: [{ container: 'app', name: 'http', port: 8080 }] })],
        },
      ),
      'the same, for pods that sleep': besideDash([ingress({ ports: appPort })], {}, { pods: [] }),
      'callers of the namespace itself': surroundings({}, [ingress({ from: [{ podSelector: {} }], ports: appPort })]),
      'callers in another namespace': besideDash([ingress({ from: [dash], ports: appPort })], {}, onlyDash),
      'callers that sleep': besideDash(
        [ingress({ from: [dash], ports: appPort })],
        { pods: [], workloads: [workload({ name: 'ui', namespace: 'dash', replicas: 0 })] },
        onlyDash,
      ),
      'an ingress gateway': besideDash(
        [ingress({ from: [dash], ports: appPort })],
        { pods: [injectedGateway], labels: {} },
        onlyDash,
      ),
      'a gateway of the Gateway API': besideDash(
        [ingress({ from: [dash], ports: appPort })],
        { pods: [madeGateway], labels: {} },
        onlyDash,
      ),
      'one that opens TCP 15008 to others': besideDash(
        [ingress({ from: [dash], ports: appPort }, { from: [{ podSelector: {} }], ports: [hbone] })],
        {},
        onlyDash,
      ),
      'one that opens UDP 15008': besideDash([ingress({ ports: [...appPort, { ...hbone, protocol: 'UDP' }] })]),
      'a range below it': besideDash([ingress({ ports: [{ port: 8000, endPort: 9000 }] })]),
      'addresses that pods may have': besideDash(
        [ingress({ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: appPort })],
        {},
        onlyDash,
      ),
      'a port that only a Service tells': besideDash([ingress({ ports: appPort })], {}, { workloads: [] }),
      'what a namespace calls, by its own egress': besideDash(
        [egress({ to: [dash], ports: [{ port: 3000 }] })],
        {},
        onlyShop,
      ),
      'sidecars that stay and are called': besideDash(
        [networkPolicy({ ingress: [{ ports: [{ port: 3000 }] }] }, theirs)],
        {},
        onlyShop,
      ),
      'egress of callers elsewhere': besideDash(
        [networkPolicy({ policyTypes: ['Egress'], egress: [{ to: [shop], ports: appPort }] }, theirs)],
        {},
        onlyDash,
      ),
      'a caller by a label of its namespace that goes': besideDash(
        [networkPolicy({ ingress: [{ from: [{ namespaceSelector: { matchLabels: sidecars } }] }] }, theirs)],
        {},
        onlyShop,
      ),
      'a namespace that joins the mesh': besideDash(
        [ingress({ from: [dash], ports: appPort })],
        {},
        { ...onlyDash, route: { from: 'None', to: 'IstioAmbient' }, pods: [plainPod()] },
      ),
      'on the way out: TCP 15008 to more than the application': besideDash(
        [ingress({ from: [{ podSelector: {} }], ports: appPort }, { ports: [hbone] })],
        { pods: [ambientUi], labels: ambient },
        { route: { from: 'IstioAmbient', to: 'None' }, namespace: toSidecar.namespace, pods: [plainPod(captured)] },
      ),
      'on the way out: ports that are not open at both ends': surroundings(
        {
          route: { from: 'IstioAmbient', to: 'None' },
          namespace: toSidecar.namespace,
          pods: [plainPod(captured)],
          workloads: [workload({ containerPorts: [{ port: 8080 }, { port: 9090 }] })],
        },
        [
          ingress({ ports: [...appPort, hbone] }),
          networkPolicy({ policyTypes: ['Egress'], egress: [{ ports: [{ port: 9090 }, hbone] }] }, { name: 'out' }),
        ],
      ),
      'on the way out: TCP 15008 alone': besideDash(
        [ingress({ from: [dash], ports: [hbone] })],
        { pods: [ambientUi], labels: ambient },
        { ...onlyDash, ...toSidecar, route: { from: 'IstioAmbient', to: 'None' }, pods: [plainPod(captured)] },
      ),
      'a waypoint that nobody may call': besideDash([
        networkPolicy({ ...ofWeb, ingress: [{ ports: [...appPort, hbone] }] }),
        networkPolicy({ ingress: [] }, { name: 'deny' }),
        http,
      ]),
      'a waypoint that may not call': besideDash([
        networkPolicy({
          ...ofWeb,
          ingress: [{ from: [{ podSelector: ofWeb.podSelector }], ports: [...appPort, hbone] }],
        }),
        http,
      ]),
      'a waypoint of others that callers in ambient go through': besideDash(
        [egress({ to: [{ ...dash, podSelector: { matchLabels: { app: 'ui' } } }], ports: [{ port: 3000 }, hbone] })],
        { pods: [ui, theirWaypoint], services: [service({ namespace: 'dash', labels: useWaypoint })] },
        onlyShop,
      ),
      'a waypoint that may not call, whose callers move too': besideDash(
        onlyFromDash,
        {},
        { ...onlyDash, ...dashMoves },
      ),
      'a waypoint of others that may not call whom it stands before': besideDash(
        [
          networkPolicy(
            {
              podSelector: { matchLabels: { app: 'ui' } },
              ingress: [{ from: [shop], ports: [{ port: 3000 }, hbone] }],
            },
            theirs,
          ),
        ],
        {
          pods: [ui, theirWaypoint],
          services: [service({ namespace: 'dash', labels: useWaypoint, selector: { app: 'ui' } })],
        },
        onlyShop,
      ),
      'a waypoint that does not find istiod': besideDash([egress({ to: [{ podSelector: {} }] }), http]),
      'one that nobody can read': besideDash([networkPolicy({ ingress: [{ from: [{}] }] })]),
      'one of others that nobody can read': besideDash([networkPolicy({ ingress: 'all' }, theirs)]),
    },
    ignored: {
      'no policy': besideDash([]),
      'TCP 15008 beside the port': besideDash([ingress({ ports: [...appPort, hbone] })]),
      'no ports at all': besideDash([ingress({ from: [dash, { podSelector: {} }] })]),
      'a range with it': besideDash([ingress({ ports: [{ port: 1024, endPort: 65_535 }] })]),
      'another policy that opens it': besideDash([
        ingress({ ports: appPort }),
        networkPolicy({ ingress: [{ ports: [hbone] }] }, { name: 'hbone' }),
      ]),
      'pods that nobody may call today': besideDash([ingress()]),
      'ports of the proxy only': besideDash([ingress({ ports: [{ port: 15020 }, { port: 15090 }] })]),
      'callers outside of the mesh': besideDash(
        [ingress({ from: [dash], ports: appPort })],
        { pods: [plainUi], labels: {} },
        onlyDash,
      ),
      'a waypoint elsewhere, which calls nobody here': besideDash(
        [ingress({ from: [dash], ports: appPort })],
        { pods: [theirWaypoint], labels: {} },
        onlyDash,
      ),
      'callers with old sidecars, which stay': besideDash(
        [ingress({ from: [dash], ports: appPort })],
        { pods: [oldUi] },
        onlyDash,
      ),
      'public addresses': besideDash([ingress({ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: appPort })]),
      'all addresses but those of the cluster': besideDash(
        [
          egress({
            to: [
              {
                ipBlock: {
                  cidr: '0.0.0.0/0',
                  except: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'],
                },
              },
            ],
            ports: [{ port: 3000 }],
          }),
        ],
        {},
        onlyShop,
      ),
      'a port of the internet that nobody opens here': besideDash([egress({ ports: [{ port: 443 }] })]),
      'a policy for other pods': besideDash([
        networkPolicy({ podSelector: { matchLabels: { app: 'other' } }, ingress: [{ ports: appPort }] }),
      ]),
      'a policy elsewhere, of pods that are not called from here': besideDash(
        [networkPolicy({ ingress: [{ ports: [{ port: 3000 }] }] }, theirs)],
        {},
        { spec: migrationSpec({ callers: [{ namespace: 'dash', from: [{ namespace: 'blog' }] }] }) },
      ),
      'one of ambient that is called by HBONE today': besideDash(
        [networkPolicy({ ingress: [{ ports: [{ port: 3000 }] }] }, theirs)],
        { pods: [ambientUi], labels: ambient },
        onlyShop,
      ),
      'a namespace that stays in sidecars': besideDash(
        [ingress({ ports: appPort })],
        {},
        {
          route: { from: 'None', to: 'IstioSidecar' },
        },
      ),
      'on the way out, with the port of the application': besideDash(
        [ingress({ from: [dash], ports: [hbone, ...appPort] })],
        { pods: [ambientUi], labels: ambient },
        { ...onlyDash, ...toSidecar, route: { from: 'IstioAmbient', to: 'None' }, pods: [plainPod(captured)] },
      ),
      'a waypoint that may not call, whose callers stay in sidecars': besideDash(onlyFromDash, {}, onlyDash),
      'a waypoint that may do all': besideDash([
        ingress({ ports: [...appPort, hbone] }),
        egress({ to: [{ podSelector: {} }, dash], ports: [...appPort, hbone] }, namesAndControl),
        http,
      ]),
      'a waypoint of others that nothing goes through': besideDash(
        [egress({ to: [{ ...dash, podSelector: { matchLabels: { app: 'ui' } } }], ports: [{ port: 3000 }, hbone] })],
        { pods: [ui, theirWaypoint] },
        onlyShop,
      ),
      'a waypoint of others that may be called': besideDash(
        [egress({ to: [dash], ports: [{ port: 3000 }, hbone] })],
        { pods: [ui, theirWaypoint], services: [service({ namespace: 'dash', labels: useWaypoint })] },
        onlyShop,
      ),
      'only the waypoint may call': besideDash(
        [
          networkPolicy({
            ...ofWeb,
            ingress: [
              { from: [dash], ports: appPort },
              { from: [waypoint], ports: [hbone] },
            ],
          }),
          http,
        ],
        { pods: [ambientUi], labels: ambient },
        onlyDash,
      ),
    },
  },
  MM140: {
    seen: {
      'one of two ports': besideDash(
        [ingress({ ports: [...appPort, hbone] })],
        {},
        {
          workloads: [workload({ containerPorts: [{ port: 8080 }, { port: 9090 }] })],
        },
      ),
      'by whom it is called': besideDash(
        [ingress({ from: [dash], ports: appPort })],
        {},
        {
          ...onlyDash,
          workloads: [workload({ containerPorts: [{ port: 8080 }, { port: 9090 }] })],
        },
      ),
    },
    ignored: {
      'all the ports': besideDash([ingress({ ports: [...appPort, hbone] })]),
      'no ports at all': besideDash(
        [ingress({ from: [dash] })],
        {},
        {
          workloads: [workload({ containerPorts: [{ port: 8080 }, { port: 9090 }] })],
        },
      ),
      'callers outside of the mesh': besideDash(
        [ingress({ from: [dash], ports: appPort })],
        { pods: [plainUi], labels: {} },
        { ...onlyDash, workloads: [workload({ containerPorts: [{ port: 8080 }, { port: 9090 }] })] },
      ),
    },
  },
};
