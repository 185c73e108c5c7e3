import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { ConfigView, PodView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import {
  captured,
  config,
  cronJob,
  injected,
  migrationSpec,
  namespace,
  plainPod,
  pod,
  root,
  surroundings,
  workload,
} from './mesh-fixtures.ts';

type Spec = Readonly<Record<string, unknown>>;

const blocks = ['10.0.0.0/8'];

function policy(spec: Spec, home = 'bank', more: Partial<ConfigView> = {}): ConfigView {
  return config('AuthorizationPolicy', spec, { namespace: home, ...more });
}

function from(source: Spec, action = 'DENY'): Spec {
  return { action, rules: [{ from: [{ source }] }] };
}

function when(condition: Spec, action = 'DENY'): Spec {
  return { action, rules: [{ when: [condition] }] };
}

/** Who calls `bank`, which stays, has one pod; nobody calls `shop`. */
export function nextToBank(
  configs: readonly ConfigView[],
  more: Partial<Surroundings> = {},
  pods: readonly PodView[] = [pod({ namespace: 'bank' })],
): Surroundings {
  const given = surroundings(
    { spec: migrationSpec({ callers: [{ namespace: 'shop', from: [{ namespace: 'bank' }] }] }), ...more },
    configs,
  );
  return {
    ...given,
    mesh: {
      ...given.mesh,
      inhabitedNamespaces: () => ['bank', 'shop'],
      pods: (name) => (name === 'bank' ? pods : given.pods),
      labelsOf: () => ({ 'istio-injection': 'enabled' }),
    },
  };
}

/** Namespace `shop` itself decides. */
function alone(spec: Spec, more: Partial<Surroundings> = {}): Surroundings {
  return surroundings(more, [policy(spec, 'shop')]);
}

/** `shop` leaves ambient, and `bank` is in ambient too. */
function leaving(
  spec: Spec,
  callers: readonly string[],
  others: PodView = plainPod({ ...captured, namespace: 'bank' }),
): Surroundings {
  return nextToBank(
    [policy(spec, 'shop')],
    {
      route: { from: 'IstioAmbient', to: 'IstioSidecar' },
      namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
      pods: [plainPod(captured)],
      spec: migrationSpec({ callers: [{ namespace: 'shop', from: callers.map((name) => ({ namespace: name })) }] }),
    },
    [others],
  );
}

/** `shop` is restarted, to move or for HBONE only, and `bank` calls it from ambient. */
function restarted(spec: Spec, more: Partial<Surroundings> = {}): Surroundings {
  const callers = [{ namespace: 'shop', from: [{ namespace: 'bank' }] }];
  return nextToBank(
    [policy(spec, 'shop')],
    { pods: [pod({ labels: { app: 'web' } })], workloads: [workload()], spec: migrationSpec({ callers }), ...more },
    [plainPod({ ...captured, namespace: 'bank' })],
  );
}

/** So many namespaces call `shop` from ambient that they cannot be remembered. */
function calledByMany(count: number): Surroundings {
  const names = Array.from({ length: count }, (_, index) => `a-namespace-of-some-team-${1000 + index}`);
  const given = nextToBank(
    [
      policy(from({ ipBlocks: blocks }), 'shop'),
      policy(from({ namespaces: names }, 'ALLOW'), 'shop', { name: 'callers' }),
    ],
    { spec: migrationSpec(), pods: [pod()], workloads: [workload()] },
  );
  return {
    ...given,
    mesh: {
      ...given.mesh,
      inhabitedNamespaces: () => names,
      pods: (name) => [plainPod({ ...captured, namespace: name })],
    },
  };
}

const certificate = { key: 'request.headers[X-Forwarded-Client-Cert]', values: ['*ns/legacy/*'] };
const deny = policy(from({ ipBlocks: blocks }));
const accepts = migrationSpec({ policies: { refusals: 'Accept' } });

/** What the rule about callers that sidecars do not see sees and ignores, by its id. */
export const unseenCallerExamples: Readonly<Record<'MM123', Examples>> = {
  MM123: {
    seen: {
      'addresses that a DENY refuses': nextToBank([deny]),
      'all but some that an ALLOW lets in': nextToBank([policy(from({ notIpBlocks: blocks }, 'ALLOW'))]),
      'addresses that an ALLOW lets in': nextToBank([policy(from({ ipBlocks: blocks }, 'ALLOW'))]),
      'an ALLOW without action': nextToBank([policy({ rules: [{ from: [{ source: { notIpBlocks: blocks } }] }] })]),
      'all but some that a DENY refuses': nextToBank([policy(from({ notIpBlocks: blocks }))]),
      'addresses behind proxies': nextToBank([policy(from({ remoteIpBlocks: blocks }))]),
      'all but some of these': nextToBank([policy(from({ notRemoteIpBlocks: blocks }, 'ALLOW'))]),
      'a condition': nextToBank([policy(when({ key: 'source.ip', values: blocks }))]),
      'one about proxies': nextToBank([policy(when({ key: 'remote.ip', notValues: blocks }, 'ALLOW'))]),
      'a server name': nextToBank([policy(when({ key: 'connection.sni', values: ['x'] }))]),
      'what a sidecar writes by the certificate of the caller': nextToBank([policy(when(certificate))]),
      'all callers but some by that': nextToBank([
        policy(when({ key: certificate.key, notValues: certificate.values }, 'ALLOW')),
      ]),
      'what the sidecar of the caller writes': nextToBank([
        policy(when({ key: 'request.headers[x-envoy-peer-metadata-id]', values: ['sidecar*'] })),
      ]),
      'what an authorizer is asked about': nextToBank([policy(from({ ipBlocks: blocks }, 'CUSTOM'))]),
      'a policy of the mesh': nextToBank([policy(from({ ipBlocks: blocks }), root, {})]),
      'from outside the mesh': nextToBank([deny], { route: { from: 'None', to: 'IstioAmbient' } }),
      'sidecars that do not take HBONE yet': nextToBank([deny], {}, [
        pod({ namespace: 'bank', labels: { app: 'web' } }),
      ]),
      'at rest too': nextToBank([deny], {
        itinerary: 'L4',
        namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
      }),
      'a policy that is narrowed to sidecars': nextToBank([
        policy({ ...from({ ipBlocks: blocks }), selector: { matchLabels: { 'security.istio.io/tlsMode': 'istio' } } }),
      ]),
      'its own sidecars': alone(from({ ipBlocks: blocks })),
      'sidecars that are reached in plaintext until they are restarted': restarted(from({ ipBlocks: blocks })),
      'the same where nothing moves': restarted(from({ ipBlocks: blocks }), { itinerary: 'Hbone' }),
      'more callers than can be remembered for the way back': calledByMany(400),
      'workloads that leave ambient beside each other': leaving(from({ ipBlocks: blocks }), ['shop']),
      'callers that stay in ambient': leaving(from({ ipBlocks: blocks }), ['bank']),
    },
    ignored: {
      identities: nextToBank([policy(from({ namespaces: ['shop'] }))]),
      'the port': nextToBank([policy({ action: 'DENY', rules: [{ to: [{ operation: { ports: ['80'] } }] }] })]),
      'a header of the application': nextToBank([policy(when({ key: 'request.headers[x-team]', values: ['a'] }))]),
      'a certificate that callers outside the mesh do not have either': nextToBank([policy(when(certificate))], {
        route: { from: 'None', to: 'IstioAmbient' },
      }),
      'old sidecars, which do not see it now': restarted(when(certificate), { itinerary: 'Hbone' }),
      'the address of the called': nextToBank([policy(when({ key: 'destination.ip', values: blocks }))]),
      AUDIT: nextToBank([policy(from({ ipBlocks: blocks }, 'AUDIT'))]),
      'a dry run': nextToBank([
        policy(from({ ipBlocks: blocks }), 'bank', { annotations: { 'istio.io/dry-run': 'true' } }),
      ]),
      'an address that nobody has': nextToBank([policy(from({ remoteIpBlocks: ['255.255.255.255/32'] }))]),
      'a policy of a waypoint': nextToBank([
        policy({ ...from({ ipBlocks: blocks }), targetRefs: [{ kind: 'Service', name: 'web' }] }),
      ]),
      'other pods': nextToBank([
        policy({ ...from({ ipBlocks: blocks }), selector: { matchLabels: { app: 'other' } } }),
      ]),
      'a policy elsewhere': nextToBank([policy(from({ ipBlocks: blocks }), 'blog')]),
      'a gateway': nextToBank([deny], {}, [
        pod({ namespace: 'bank', annotations: { ...injected.annotations, 'inject.istio.io/templates': 'gateway' } }),
      ]),
      'pods in ambient': nextToBank([deny], {}, [plainPod({ ...captured, namespace: 'bank' })]),
      'one that has ended': nextToBank([deny], {}, [pod({ namespace: 'bank', ready: false, terminating: true })]),
      'one that others call': nextToBank([deny], {
        spec: migrationSpec({
          callers: [
            { namespace: 'bank', from: [{ namespace: 'blog' }] },
            { namespace: 'shop', from: [] },
          ],
        }),
      }),
      'one that admits others only': nextToBank([
        deny,
        policy(from({ namespaces: ['blog'] }, 'ALLOW'), 'bank', { name: 'blog' }),
      ]),
      'another goal': nextToBank([deny], { route: { from: 'IstioSidecar', to: 'None' } }),
      'one that is restarted only': nextToBank([deny], { itinerary: 'Hbone' }),
      'its own sidecars that only others call': alone(from({ ipBlocks: blocks }), {
        spec: migrationSpec({ callers: [{ namespace: 'shop', from: [{ namespace: 'bank' }] }] }),
      }),
      'its own sidecars on the way': alone(from({ ipBlocks: blocks }), {
        itinerary: 'L4',
        namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
      }),
      'callers that can be remembered': calledByMany(200),
      'too many of them, once it has begun': { ...calledByMany(400), itinerary: 'L4' },
      'sidecars that take HBONE already': restarted(from({ ipBlocks: blocks }), { pods: [pod()] }),
      'old ones that nobody restarts': restarted(from({ ipBlocks: blocks }), { itinerary: 'Hbone', workloads: [] }),
      'old ones that nobody calls from ambient': restarted(from({ ipBlocks: blocks }), {
        spec: migrationSpec({ callers: [{ namespace: 'shop', from: [{ namespace: 'blog' }] }] }),
      }),
      'callers that have sidecars': leaving(from({ ipBlocks: blocks }), ['bank'], pod({ namespace: 'bank' })),
      'identities on the way to sidecars': leaving(from({ namespaces: ['shop'] }), ['shop']),
    },
  },
};

/** Of what the finding is and is not critical. */
export const unseenCallerSeverities: readonly (readonly [string, Surroundings, readonly string[]])[] = [
  ['what may get through', nextToBank([deny], { spec: accepts }), ['Critical']],
  ['refusals', nextToBank([policy(from({ ipBlocks: blocks }, 'ALLOW'))]), ['Critical']],
  [
    'refusals that are accepted',
    nextToBank([policy(from({ ipBlocks: blocks }, 'ALLOW'))], { spec: accepts }),
    ['Warning'],
  ],
  [
    'an ALLOW by a header that is not there, accepted',
    nextToBank([policy(when(certificate, 'ALLOW'))], { spec: accepts }),
    ['Warning'],
  ],
  [
    'a DENY of what is always so and a header that is not there',
    nextToBank(
      [policy({ action: 'DENY', rules: [{ when: [{ key: 'source.ip', notValues: blocks }, certificate] }] })],
      { spec: accepts },
    ),
    ['Critical'],
  ],
  [
    'an ALLOW by what is and what is not at once',
    nextToBank([policy(from({ ipBlocks: blocks, notIpBlocks: ['10.1.0.0/16'] }, 'ALLOW'))], { spec: accepts }),
    ['Warning'],
  ],
  [
    'an ALLOW by either',
    nextToBank(
      [policy({ rules: [{ from: [{ source: { ipBlocks: blocks } }, { source: { notIpBlocks: blocks } }] }] })],
      { spec: accepts },
    ),
    ['Critical'],
  ],
  [
    'pods of a CronJob between two runs',
    {
      ...nextToBank([deny], {}, []),
      mesh: { ...nextToBank([deny], {}, []).mesh, otherTemplates: () => [cronJob({ namespace: 'bank' })] },
    },
    ['Critical'],
  ],
  [
    'a workload at zero',
    {
      ...nextToBank([deny], {}, []),
      mesh: { ...nextToBank([deny], {}, []).mesh, workloads: () => [workload({ namespace: 'bank', replicas: 0 })] },
    },
    ['Critical'],
  ],
  [
    'one with no more than the label of a gateway',
    {
      ...nextToBank([deny], {}, []),
      mesh: {
        ...nextToBank([deny], {}, []).mesh,
        workloads: () => [
          workload({
            namespace: 'bank',
            replicas: 0,
            templateLabels: { app: 'web', 'gateway.networking.k8s.io/gateway-name': 'entry' },
          }),
        ],
      },
    },
    ['Critical'],
  ],
];
