import { records } from '../../../src/mesh/json.ts';
import { captured, config, cronJob, namespace, plainPod, surroundings, workload } from '../mesh-fixtures.ts';
import {
  annotateTemplates,
  changeIt,
  configureMesh,
  deleteIt,
  eachConfig,
  eachPod,
  eachService,
  inAmbient,
  inTurn,
  labelTemplates,
  make,
  patched,
  patchMigration,
  respecify,
} from './deeds.ts';
import { carriedBackExamples, carriedBackWays } from './carried-back.ts';
import type { Deed, RemediesById, Remedy } from './remedy.ts';

const useWaypoint = 'istio.io/use-waypoint';

const staying: Remedy = { says: 'keep this namespace in ambient', done: 'LeftOut' };

const whoCalls = {
  MM092: 'who leaves ambient goes around the waypoint of who stays, until spec.callers says who calls',
};

const inAmbientToo: Remedy = { says: /or keep (?:the namespace|it) in ambient/, done: 'LeftOut' };

const gateway = config('Gateway', { gatewayClassName: 'istio-waypoint' }, { name: 'waypoint' });

const boundTo = {
  'istio.io/WaypointBound': {
    status: 'True',
    reason: 'WaypointAccepted',
    message: 'Successfully attached to waypoint shop/waypoint',
  },
};

/** istiod has bound every Service that names a waypoint of the namespace. */
const bound = eachService((each) => [{ ...each, conditions: boundTo }]);

const unlabelled = eachService((each) => [
  { ...each, labels: patched(each.labels, { [useWaypoint]: null }), conditions: {} },
]);

const ownWaypoint = inTurn(
  make(gateway),
  eachService((each) => [{ ...each, labels: { [useWaypoint]: 'waypoint' }, conditions: boundTo }]),
);

const inbound = {
  'traffic.sidecar.istio.io/excludeInboundPorts': null,
  'traffic.sidecar.istio.io/includeInboundPorts': null,
  'sidecar.istio.io/interceptionMode': null,
  'proxy.istio.io/config': null,
  'inject.istio.io/templates': null,
};

/** What runs by nobody runs by a Deployment. */
const deployed: Deed = (given) => ({
  ...given,
  otherTemplates: [],
  workloads: [workload()],
  pods: given.pods.map((each) => ({ ...each, owner: { kind: 'Deployment', name: 'web' } })),
});

const allPorts = inTurn(
  configureMesh(() => 'trustDomain: cluster.local'),
  eachConfig((each) =>
    each.name === 'istio-sidecar-injector' && each.kind === 'ConfigMap'
      ? [
          {
            ...each,
            spec: {
              ...each.spec,
              values: '{"global":{"proxy":{"includeInboundPorts":"*","excludeInboundPorts":""}}}',
            },
          },
        ]
      : [each],
  ),
);

const strict = make(config('PeerAuthentication', { mtls: { mode: 'STRICT' } }, { name: 'strict', uid: 'strict' }));

const leaving = {
  route: { from: 'IstioAmbient', to: 'IstioSidecar' },
  namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
  pods: [plainPod(captured)],
} as const;

function denying(namespaces: readonly string[]): ReturnType<typeof config> {
  return config('AuthorizationPolicy', { action: 'DENY', rules: [{ from: [{ source: { namespaces } }] }] });
}

function allowing(namespaces: readonly string[]): ReturnType<typeof config> {
  return config('AuthorizationPolicy', { action: 'ALLOW', rules: [{ from: [{ source: { namespaces } }] }] });
}

/** A namespace that leaves its waypoint, or ambient. */
export const exitRemedies: RemediesById = {
  MM089: {
    ways: [
      {
        says: /^Name the callers by principals, namespaces or serviceAccounts/,
        done: respecify((spec) => ({ ...spec, rules: [{ from: [{ source: { namespaces: ['blog'] } }] }] })),
      },
      { says: /^Give the namespace a waypoint of its own with the same policies first/, done: ownWaypoint },
      { says: /^Create the Gateway/, done: make(gateway) },
      { says: /, or take the label off/, done: unlabelled },
      {
        says: /^Use a waypoint that Istio runs/,
        done: changeIt((each) => ({ ...each, spec: gateway.spec })),
      },
      {
        says: /^Use a waypoint with istio\.io\/waypoint-for: service/,
        done: changeIt((each) => ({ ...each, labels: { 'istio.io/waypoint-for': 'service' } })),
      },
      {
        says: /^End the canary first/,
        done: eachService((each) => [
          { ...each, labels: patched(each.labels, { 'istio.io/use-waypoint-canary': null }) },
        ]),
      },
      { says: /^Wait until istiod has bound it/, done: bound },
      { says: /^Keep the namespace in ambient/, done: 'LeftOut' },
      { says: /or remove the label of the waypoint from the Service/, done: unlabelled },
      {
        says: /^Remove istio\.io\/dataplane-mode=none and hostNetwork from its template/,
        done: inTurn(
          labelTemplates({ 'istio.io/dataplane-mode': null }),
          eachPod((each) => [{ ...inAmbient(each), hostNetwork: false }]),
        ),
      },
      {
        says: /^Give its pods labels that no Service behind a waypoint selects/,
        done: (given) => ({ ...given, otherTemplates: [cronJob()] }),
      },
      { says: /or run (?:them|it) as a Deployment/, done: deployed },
      { says: /^Remove the annotation from the template; ambient ignores it/, done: annotateTemplates(inbound) },
      { says: /^Delete it, or run/, done: eachPod(() => []) },
      { says: /^Delete it \(ztunnel does not read it\)/, done: deleteIt },
      {
        says: /or keep it as yours without its labels of meshmigration\.dev/,
        done: changeIt((each) => ({ ...each, labels: {}, annotations: {} })),
      },
      { says: /^Let sidecars take all ports again/, done: allPorts },
      inAmbientToo,
      ...carriedBackWays,
    ],
    more: carriedBackExamples,
    besides: ['Change the object as the message says', staying.says as string],
  },
  MM090: {
    ways: [
      {
        says: 'remove what lets callers in directly whom the waypoint refuses',
        done: eachConfig((each) => (each.name === 'direct' ? [] : [each])),
        of: ['a direct caller whom the waypoint refuses'],
      },
      {
        says: 'Give Services of the same pods the same policies',
        done: eachConfig((each) => (each.kind === 'AuthorizationPolicy' && each.name === 'direct' ? [] : [each])),
        of: ['a direct caller whom the waypoint refuses'],
      },
      {
        says: 'where plaintext gets through, ask for mutual TLS (PeerAuthentication STRICT)',
        done: strict,
        of: ['a DENY of its own workloads'],
      },
      {
        says: 'where ztunnel reads a policy otherwise, write it in full',
        done: eachConfig((each) => [each.kind === 'AuthorizationPolicy' ? allowing(['team', 'tempo-m']) : each]),
        of: ['a name that ztunnel compares as text'],
      },
      staying,
    ],
    more: {
      'a DENY of its own workloads': surroundings(leaving, [denying(['shop'])]),
      'a name that ztunnel compares as text': surroundings(leaving, [allowing(['te*m'])]),
    },
  },
  MM091: {
    ways: [
      {
        says: 'If it is a policy that lets only the waypoint in to the pods, remove it',
        done: eachConfig((each) => (each.name === 'guard' ? [] : [each])),
        of: ['a guard'],
      },
      {
        says: 'add remoteIpBlocks: ["255.255.255.255/32"] to each source of its DENY rules, by which ztunnel alone enforces it',
        done: eachConfig((each) => [
          each.name === 'guard'
            ? {
                ...each,
                spec: {
                  ...each.spec,
                  rules: records(each.spec['rules']).map(({ from }) => ({
                    from: records(from).map(({ source }) => ({
                      source: { ...(source as object), remoteIpBlocks: ['255.255.255.255/32'] },
                    })),
                  })),
                },
              }
            : each,
        ]),
        of: ['a guard'],
      },
      {
        says: 'If it is one that ztunnel does not read as it is written, remove it',
        done: eachConfig((each) => (each.kind === 'AuthorizationPolicy' ? [] : [each])),
        of: ['HTTP without a waypoint'],
      },
      {
        says: 'write what is let through today',
        done: eachConfig((each) => [each.kind === 'AuthorizationPolicy' ? allowing(['*']) : each]),
        of: ['HTTP without a waypoint'],
      },
      {
        says: 'set spec.policies.refusals to Accept',
        done: patchMigration({ policies: { refusals: 'Accept' } }),
      },
      { ...staying, then: whoCalls },
    ],
  },
};
