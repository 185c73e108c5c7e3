import type { Surroundings } from '../../../src/mesh/adapter.ts';
import { records } from '../../../src/mesh/json.ts';
import type { ConfigView, ServiceView } from '../../../src/mesh/views.ts';
import { captured, config, namespace, plainPod, root, service, surroundings, workload } from '../mesh-fixtures.ts';
import {
  changeIt,
  deleteIt,
  eachConfig,
  eachService,
  inTurn,
  labelTemplates,
  make,
  patched,
  respecify,
} from './deeds.ts';
import type { Deed, Remedy } from './remedy.ts';

type Spec = Readonly<Record<string, unknown>>;

const tlsMode = 'security.istio.io/tlsMode';
const gateway = config('Gateway', { gatewayClassName: 'istio-waypoint' }, { name: 'waypoint' });
const strict = config('PeerAuthentication', { mtls: { mode: 'STRICT' } });
const rule = { issuer: 'https://issuer.example' };

function bound(overrides: Partial<ServiceView> = {}): ServiceView {
  return service({
    labels: { 'istio.io/use-waypoint': 'waypoint' },
    conditions: {
      'istio.io/WaypointBound': {
        status: 'True',
        reason: 'WaypointAccepted',
        message: 'Successfully attached to waypoint shop/waypoint',
      },
    },
    ...overrides,
  });
}

/** Service `web` goes through a waypoint, and the namespace leaves it for sidecars. */
function leaving(configs: readonly ConfigView[], overrides: Partial<Surroundings> = {}): Surroundings {
  return surroundings(
    {
      route: { from: 'IstioAmbient', to: 'IstioSidecar' },
      namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
      pods: [plainPod(captured)],
      services: [bound()],
      ...overrides,
    },
    [gateway, strict, ...configs],
  );
}

const toWeb = { targetRefs: [{ group: '', kind: 'Service', name: 'web' }] };

function policy(spec: Spec, more: Partial<ConfigView> = {}): ConfigView {
  return config('AuthorizationPolicy', spec, more);
}

function when(key: string, ...values: readonly string[]): Surroundings {
  return leaving([policy({ ...toWeb, action: 'DENY', rules: [{ when: [{ key, values }] }] })]);
}

function tokens(spec: Spec, name: string): ConfigView {
  return config('RequestAuthentication', spec, { name, uid: name });
}

/** What sidecars would not do as a waypoint does, of each kind. */
export const carriedBackExamples: Readonly<Record<string, Surroundings>> = {
  'the address of the called': when('destination.ip', '10.0.0.1'),
  'a server name': when('connection.sni', 'web.example.com'),
  'tokens of the pods that the waypoint does not take': leaving([
    tokens({ selector: { matchLabels: { app: 'web' } }, jwtRules: [rule] }, 'pods'),
  ]),
  'claims in headers': leaving([
    tokens({ ...toWeb, jwtRules: [{ ...rule, outputClaimToHeaders: [{ header: 'x-sub', claim: 'sub' }] }] }, 'it'),
  ]),
  'pods that ask for the token': leaving([
    tokens({ ...toWeb, jwtRules: [rule] }, 'it'),
    tokens({ selector: { matchLabels: { app: 'web' } }, jwtRules: [rule] }, 'pods'),
    policy({
      selector: { matchLabels: { app: 'web' } },
      action: 'DENY',
      rules: [{ from: [{ source: { notRequestPrincipals: ['*'] } }] }],
    }),
  ]),
  'a policy of one revision': leaving([
    policy(
      { ...toWeb, action: 'DENY', rules: [{ to: [{ operation: { methods: ['PUT'] } }] }] },
      { labels: { 'istio.io/rev': 'canary' } },
    ),
    config('ConfigMap', { mesh: '' }, { name: 'istio-canary', uid: 'canary', namespace: root }),
  ]),
  'a port by a name that no pod has': leaving([], {
    services: [bound({ ports: [{ name: 'http', port: 80, targetPort: 'metrics', protocol: 'TCP' }] })],
  }),
  'a template with the label of sidecars': leaving([], {
    workloads: [workload({ templateLabels: { app: 'web', [tlsMode]: 'istio' } })],
  }),
};

const conditions =
  (to: Spec): Deed =>
  (given, finding) =>
    respecify((spec) => ({ ...spec, rules: records(spec['rules']).map(() => to) }))(given, finding);

const forwarded = eachConfig((each) => [
  each.kind === 'RequestAuthentication'
    ? {
        ...each,
        spec: {
          ...each.spec,
          jwtRules: records(each.spec['jwtRules']).map((one) => ({ ...one, forwardOriginalToken: true })),
        },
      }
    : each,
]);

/** What is said about each of these. */
export const carriedBackWays: readonly Remedy[] = [
  {
    says: /^Use targetRefs or labels instead of addresses/,
    done: conditions({ from: [{ source: { namespaces: ['blog'] } }] }),
  },
  {
    says: /^Use hosts, or ports, instead of connection\.sni/,
    done: conditions({ to: [{ operation: { hosts: ['web.example.com'] } }] }),
  },
  { says: /or ports, instead of connection\.sni/, done: conditions({ to: [{ operation: { ports: ['80'] } }] }) },
  {
    says: /^Let a RequestAuthentication with the same jwtRules have the Service among its targetRefs/,
    done: make(tokens({ ...toWeb, jwtRules: [rule] }, 'waypoint')),
  },
  { says: /, or remove this one/, done: deleteIt },
  { says: /^Set forwardOriginalToken: true in the rule before the migration/, done: forwarded },
  {
    says: /^Set forwardOriginalToken: true in the RequestAuthentication of the waypoint before the migration/,
    done: forwarded,
    then: { MM091: 'what comes without a token gets through today, because ztunnel does not read such a policy' },
  },
  {
    says: /^Remove the label istio\.io\/rev from the object/,
    done: changeIt((each) => ({ ...each, labels: patched(each.labels, { 'istio.io/rev': null }) })),
  },
  {
    says: /^Use a number as targetPort/,
    done: eachService((each) => [{ ...each, ports: each.ports.map((port) => ({ ...port, targetPort: 8080 })) }]),
  },
  {
    says: /or name the same container port in all pods of the Service/,
    done: (given) => ({
      ...given,
      workloads: given.workloads.map((each) => ({ ...each, containerPorts: [{ name: 'metrics', port: 8080 }] })),
    }),
  },
  { says: /^Remove the label from the template/, done: inTurn(labelTemplates({ [tlsMode]: null })) },
];
