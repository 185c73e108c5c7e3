import { record, records } from '../../../src/mesh/json.ts';
import { config } from '../mesh-fixtures.ts';
import {
  annotateTemplates,
  configureMesh,
  eachConfig,
  eachPodOf,
  eachService,
  inAmbient,
  inMesh,
  inTurn,
  make,
  patchMigration,
} from './deeds.ts';
import type { Deed, RemediesById } from './remedy.ts';
import { staying } from './ways.ts';

const mode = 'istio.io/dataplane-mode';

/** Who calls is in ambient, and named; pods and templates there are made anew. */
const callersMoved = inTurn(
  patchMigration({ callers: [{ namespace: 'shop', from: [{ namespace: 'blog' }] }] }),
  eachPodOf('blog', (pod) => [inAmbient(pod)]),
  inMesh((mesh) => ({
    pods: (home) => (home === 'blog' ? mesh.pods(home) : []),
    workloads: (home) => (home === 'blog' ? mesh.workloads(home) : []),
    labelsOf: (home) => (home === 'blog' ? { [mode]: 'ambient' } : mesh.labelsOf?.(home)),
  })),
);

/** Only these workloads take plaintext, whatever holds for the others. */
const permissiveHere = inTurn(
  eachConfig((each) =>
    each.kind === 'PeerAuthentication' && record(each.spec['selector'])['matchLabels'] !== undefined ? [] : [each],
  ),
  make(
    config(
      'PeerAuthentication',
      { selector: { matchLabels: { app: 'web' } }, mtls: { mode: 'PERMISSIVE' } },
      { name: 'web', uid: 'web' },
    ),
  ),
);

const port = '9090';

/** Who calls the port is admitted by every policy, and then the sidecar takes it. */
const admitted = inTurn(
  eachConfig((each) => {
    if (each.kind === 'AuthorizationPolicy' && each.spec['action'] === 'DENY') return [];
    return each.kind === 'AuthorizationPolicy'
      ? [
          {
            ...each,
            spec: { ...each.spec, rules: [...records(each.spec['rules']), { to: [{ operation: { ports: [port] } }] }] },
          },
        ]
      : [each];
  }),
  make(
    config(
      'PeerAuthentication',
      {
        selector: { matchLabels: { app: 'web' } },
        mtls: { mode: 'STRICT' },
        portLevelMtls: { [port]: { mode: 'PERMISSIVE' } },
      },
      { name: 'ports', uid: 'ports' },
    ),
  ),
  annotateTemplates({
    'traffic.sidecar.istio.io/excludeInboundPorts': null,
    'traffic.sidecar.istio.io/includeInboundPorts': null,
    'sidecar.istio.io/interceptionMode': null,
    'proxy.istio.io/config': null,
    'inject.istio.io/templates': null,
  }),
  configureMesh(() => 'trustDomain: cluster.local'),
  eachConfig((each) => (each.name === 'istio-sidecar-injector' && each.kind === 'ConfigMap' ? [] : [each])),
);

/** By the ports of the workload, whoever calls. */
const byPort = eachConfig((each) => [
  each.kind === 'AuthorizationPolicy'
    ? { ...each, spec: { ...each.spec, rules: [{ to: [{ operation: { ports: ['8080'] } }] }] } }
    : each,
]);

const bypass = 'ambient.istio.io/bypass-inbound-capture';

/** Policies are for other pods, and these take plaintext. */
const opened = inTurn(
  eachConfig((each) => {
    if (each.kind === 'PeerAuthentication' && each.spec['selector'] !== undefined) return [];
    return each.kind === 'AuthorizationPolicy' || each.kind === 'WasmPlugin'
      ? [{ ...each, spec: { ...each.spec, selector: { matchLabels: { app: 'other' } } } }]
      : [each];
  }),
  ...['web', 'nightly'].map((app) =>
    make(
      config(
        'PeerAuthentication',
        { selector: { matchLabels: { app } }, mtls: { mode: 'PERMISSIVE' } },
        { name: app, uid: app },
      ),
    ),
  ),
);

const optedOut = { [mode]: 'none' };

/** istiod makes the Deployment of a Gateway anew, and that its pods. */
const gatewayOptsOut: Deed = (given) => ({
  ...given,
  workloads: given.workloads.map((each) =>
    each.gateway === undefined ? each : { ...each, templateLabels: { ...each.templateLabels, ...optedOut } },
  ),
  pods: given.pods.map((each) =>
    each.owner?.name === 'shop-istio' ? { ...each, labels: { ...each.labels, ...optedOut }, terminating: false } : each,
  ),
});

/** What comes in to pods, and by whom it is decided. */
export const inboundRemedies: RemediesById = {
  MM059: {
    ways: [
      {
        says: 'Migrate all callers first and name them in spec.callers',
        done: callersMoved,
        notFor: { 'its own workloads': 'nothing moves before itself' },
      },
      { says: 'set PERMISSIVE for these workloads until every caller is ambient', done: permissiveHere },
      staying,
    ],
  },
  MM062: {
    ways: [
      {
        says: 'Admit the callers of these ports (portLevelMtls PERMISSIVE, a rule of the ALLOW policy with the port, no DENY of them), and remove the annotation or the setting of the mesh that the message names',
        done: admitted,
      },
    ],
  },
  MM063: {
    ways: [
      {
        says: 'Give callers an ordinary Service with a cluster IP in place of the headless one',
        done: eachService((each) => [{ ...each, headless: false }]),
      },
      { says: 'decide by ports instead of identities', done: byPort },
      { says: 'migrate all callers first and name them in spec.callers', done: callersMoved },
      staying,
    ],
  },
  MM138: {
    ways: [
      {
        says: /^Have the gateway opt out, and wait until its pods are new: kubectl patch gateways/,
        done: gatewayOptsOut,
      },
    ],
    besides: ['Have its Gateway opt out by spec.infrastructure.labels, istio.io/dataplane-mode: none'],
  },
  MM144: {
    ways: [
      {
        says: `Remove the annotation ${bypass} from the template: a sidecar does not read it`,
        done: annotateTemplates({ [bypass]: null }),
      },
      {
        says: 'if these pods shall be open to clients outside the mesh, have policies and plugins select others, and set PERMISSIVE for them',
        done: opened,
      },
    ],
  },
};
