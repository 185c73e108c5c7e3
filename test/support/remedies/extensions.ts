import { config, service } from '../mesh-fixtures.ts';
import {
  changeIt,
  deleteIt,
  eachConfig,
  eachPod,
  eachService,
  inTurn,
  labelNamespace,
  labelTemplates,
  make,
  patched,
  respecify,
} from './deeds.ts';
import type { Deed, RemediesById } from './remedy.ts';
import { staying, whoCalls } from './ways.ts';

/** A Service of the pods of each workload here. */
const serveAll: Deed = (given) => ({
  ...given,
  services: given.workloads.map(({ name, uid, templateLabels }) =>
    service({ name, uid, selector: { app: templateLabels['app'] ?? '' } }),
  ),
});

/** Of what is on its way already, and settled: it takes a new start. */
const atTheStart = inTurn(serveAll, ({ itinerary: _settled, ...given }) => given);

/** It is for other pods. */
const selectOthers = respecify(({ selector: _selector, workloadSelector: _pods, ...spec }) => ({
  ...spec,
  selector: { matchLabels: { app: 'other' } },
  workloadSelector: { labels: { app: 'other' } },
}));

const selectPods = respecify(({ targetRefs: _targetRefs, ...spec }) => ({
  ...spec,
  selector: { matchLabels: { app: 'web' } },
}));

/** The policy of docs/findings.md. */
const egressPolicy = config(
  'NetworkPolicy',
  {
    podSelector: {},
    policyTypes: ['Egress'],
    egress: [
      { to: [{ namespaceSelector: {} }] },
      { to: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: [{ port: 443 }] },
    ],
  },
  { name: 'egress' },
);

const allowAny = { outboundTrafficPolicy: { mode: 'ALLOW_ANY' } };

/** Sidecars that refuse do not any more; where the mesh says so, the namespace has one of its own. */
const allowing = inTurn(
  make(egressPolicy),
  eachConfig((each) => [each.kind === 'Sidecar' ? { ...each, spec: { ...each.spec, ...allowAny } } : each]),
  (given, finding) =>
    given.mesh.configs('Sidecar', 'shop').some(({ spec }) => spec['workloadSelector'] === undefined)
      ? given
      : make(config('Sidecar', allowAny, { name: 'default' }))(given, finding),
);

const useWaypoint = 'istio.io/use-waypoint';

/** The label that the message of the finding is about is taken off what it names. */
const takeLabelOff: Deed = (given, finding) => {
  const key = /label ([\w./-]+)=/.exec(finding.message)?.[1] ?? '';
  const off = { [key]: null };
  const [kind = '', path = ''] = finding.object.split(' ');
  const name = path.split('/').at(-1);
  const deeds: Readonly<Record<string, Deed>> = {
    Namespace: labelNamespace(off),
    Service: eachService((each) => [each.name === name ? { ...each, labels: patched(each.labels, off) } : each]),
    Pod: eachPod((each) => [each.name === name ? { ...each, labels: patched(each.labels, off) } : each]),
  };
  return (deeds[kind] ?? labelTemplates(off))(given, finding);
};

/** Proxy extensions, egress control and workloads that only exist with sidecars. */
export const extensionRemedies: RemediesById = {
  MM040: {
    ways: [
      { says: 'Remove the EnvoyFilter', done: deleteIt },
      { says: 'its selection of these pods', done: selectOthers },
      staying,
    ],
  },
  MM041: {
    ways: [
      {
        says: 'Put a Service with a cluster address before the pods, so that a waypoint can run it',
        done: atTheStart,
        then: whoCalls,
      },
      { says: 'remove it', done: deleteIt },
      { says: 'its selection of these pods', done: selectOthers },
      staying,
      { says: /^Have it select the pods instead of naming something in targetRefs/, done: selectPods },
      {
        says: /or keep this namespace in ambient/,
        done: 'LeftOut',
        then: { MM092: 'who leaves ambient goes around the waypoint of who stays, until spec.callers says who calls' },
      },
    ],
  },
  MM042: {
    ways: [
      {
        says: 'Put a Service with a cluster address before the pods, so that a waypoint can apply it',
        done: atTheStart,
      },
      { says: 'remove the Telemetry', done: deleteIt },
      staying,
    ],
    besides: ['HTTP metrics, traces and access logs end with them'],
  },
  MM044: {
    ways: [
      {
        says: 'Have a NetworkPolicy refuse what is to be refused, then set outboundTrafficPolicy to ALLOW_ANY in each Sidecar for pods of the namespace; where the setting of the mesh is the other one, one of them has to be for all its pods',
        done: allowing,
      },
      staying,
    ],
  },
  MM045: {
    ways: [
      {
        says: `Remove the label ${useWaypoint}`,
        done: takeLabelOff,
        then: { MM020: 'a policy that needs a waypoint is left without a Service that can have one' },
      },
      { says: 'keep this namespace out of the migration', done: 'LeftOut' },
      { says: /^Remove it: kubectl label /, done: takeLabelOff },
    ],
  },
  MM046: {
    ways: [
      { says: 'Keep this namespace on sidecars', done: 'LeftOut' },
      {
        says: 'move the object to a namespace that stays',
        done: changeIt((each) => ({ ...each, namespace: 'machines' })),
      },
    ],
    besides: ['virtual machines cannot join ambient'],
  },
  MM048: {
    ways: [
      {
        says: 'Let the application itself listen on the ports of its Service on all addresses, and remove spec.ingress',
        done: respecify(({ ingress: _ingress, ...spec }) => spec),
      },
    ],
  },
};
