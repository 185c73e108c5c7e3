import { record, records } from '../../../src/mesh/json.ts';
import type { ConfigView } from '../../../src/mesh/views.ts';
import { config } from '../mesh-fixtures.ts';
import {
  changeIt,
  deleteIt,
  eachConfig,
  eachPod,
  eachService,
  eachTemplate,
  eachWorkload,
  inMesh,
  inTurn,
  make,
  patched,
  patchMigration,
  respecify,
} from './deeds.ts';
import type { Deed, RemediesById, Remedy } from './remedy.ts';

type Spec = Readonly<Record<string, unknown>>;

/** What names the waypoint selects pods instead, or, if it is a route, is one of the Service behind it. */
const attachedOtherwise = eachConfig((each) => {
  const { targetRefs, targetRef, parentRefs, ...spec } = each.spec;
  const names = [...records(targetRefs), record(targetRef), ...records(parentRefs)].map(({ name }) => name);
  if (!names.includes('mine')) return [each];
  const parents = { parentRefs: [{ group: '', kind: 'Service', name: 'web' }] };
  const pods = { selector: { matchLabels: { app: 'web' } }, workloadSelector: { labels: { app: 'web' } } };
  return [{ ...each, namespace: 'shop', spec: { ...spec, ...(parentRefs === undefined ? pods : parents) } }];
});

const listener = { name: 'mesh', port: 15008, protocol: 'HBONE', allowedRoutes: { namespaces: { from: 'Same' } } };

const ordinary: Spec = { gatewayClassName: 'istio-waypoint', listeners: [listener] };

/** As `istioctl waypoint apply` makes it, and as istiod makes its pods then. */
const asIstioctl: Deed = (given, finding) =>
  inTurn(
    changeIt((each) => {
      const { terminating: _terminating, ...rest } = each;
      return { ...rest, spec: ordinary, labels: {}, annotations: {}, status: {} };
    }),
    eachTemplate((each) => (each.serviceAccount === 'else' ? { serviceAccount: 'mine' } : {})),
    eachPod((each) => [each.serviceAccount === 'else' ? { ...each, serviceAccount: 'mine' } : each]),
  )(given, finding);

/** Another waypoint is made and named. */
const another = inTurn(
  make(config('Gateway', ordinary, { name: 'other', uid: 'other' })),
  patchMigration({ waypoint: { adopt: 'other' } }),
);

/** What stands elsewhere goes through a waypoint of its own namespace. */
const guestsLeave = inMesh((mesh) => {
  const moved = (labels: ConfigView['labels']): ConfigView['labels'] =>
    patched(labels, {
      'istio.io/use-waypoint-namespace': null,
      'istio.io/use-waypoint-canary': null,
      'istio.io/use-waypoint-canary-namespace': null,
    });
  return {
    services: (home) => mesh.services(home).map((each) => ({ ...each, labels: moved(each.labels) })),
    pods: (home) => mesh.pods(home).map((each) => ({ ...each, labels: moved(each.labels) })),
    workloads: (home) => mesh.workloads(home).map((each) => ({ ...each, templateLabels: moved(each.templateLabels) })),
    labelsOf: (home) => moved(mesh.labelsOf?.(home) ?? {}),
  };
});

/** The object has another name. */
const renamed: Deed = (given, finding) => {
  const name = finding.object.split('/')[1];
  const other = <T extends { readonly name: string }>(each: T): T =>
    each.name === name ? { ...each, name: 'mine' } : each;
  const kind = finding.object.split(' ')[0];
  return inTurn(
    changeIt((each) => ({
      ...other(each),
      ...(each.spec['gatewayClassName'] === 'istio-waypoint' && { spec: ordinary }),
    })),
    eachWorkload((each) => [kind === 'Deployment' ? other(each) : each]),
    eachService((each) => [kind === 'Service' ? other(each) : each]),
    (sofar) => ({
      ...sofar,
      budgets: sofar.budgets.map((each) => (kind === 'PodDisruptionBudget' ? other(each) : each)),
    }),
  )(given, finding);
};

const deleted: Deed = (given, finding) => {
  const [kind, path = ''] = finding.object.split(' ');
  const isIt = (of: string, { name }: { readonly name: string }): boolean => of === kind && path.endsWith(`/${name}`);
  return {
    ...deleteIt(given, finding),
    workloads: given.workloads.filter((each) => !isIt('Deployment', each)),
    services: given.services.filter((each) => !isIt('Service', each)),
    budgets: given.budgets.filter((each) => !isIt('PodDisruptionBudget', each)),
  };
};

const ownAccount = inTurn(
  eachTemplate(() => ({ serviceAccount: 'web' })),
  eachPod((each) => [{ ...each, serviceAccount: 'web' }]),
);

const anotherWaypoint: Remedy = {
  says: /, or use another waypoint\./,
  done: another,
  notFor: { 'a policy that comes on the way': 'which one a namespace uses is settled when it starts' },
};

/** Waypoints of the user, and what has the name of one. */
export const ownWaypointRemedies: RemediesById = {
  MM116: {
    ways: [
      { says: 'Make the object anew under another name and delete this one', done: renamed },
      { says: 'delete it if nothing needs it', done: deleted },
      {
        says: /^Have it used as it is, by spec\.waypoint\.adopt: waypoint/,
        done: patchMigration({ waypoint: { adopt: 'waypoint' } }),
        then: { MM118: 'one that is not as istioctl makes it has to become so' },
      },
      { says: /ake yours under another name \(a waypoint: /, done: renamed },
      { says: /^Give it a ServiceAccount of its own/, done: ownAccount },
    ],
  },
  MM118: {
    ways: [
      { says: 'Make it what istioctl waypoint apply makes', done: asIstioctl },
      { says: 'name another one in spec.waypoint.adopt', done: another },
      { says: /^Take its labels of meshmigration\.dev off/, done: changeIt((each) => ({ ...each, labels: {} })) },
      { says: /^Remove the annotation, or/, done: asIstioctl },
      { says: /^Take the ServiceAccount out of the parameters of its Gateway/, done: asIstioctl },
      { says: /^Take spec\.addresses out/, done: respecify(({ addresses: _addresses, ...spec }) => spec) },
      {
        says: /^Give it that one listener, as istioctl waypoint apply does/,
        done: respecify((spec) => ({ ...spec, listeners: [listener] })),
      },
      {
        says: /^Label it istio\.io\/waypoint-for=service/,
        done: changeIt((each) => ({ ...each, labels: { 'istio.io/waypoint-for': 'service' } })),
      },
      {
        says: /^Wait until it is/,
        done: changeIt((each) => ({
          ...each,
          status: { conditions: ['Accepted', 'Programmed'].map((type) => ({ type, status: 'True' })) },
        })),
      },
      {
        says: /^Have it select pods instead, or, if it is a route, name Services here as its parents/,
        done: attachedOtherwise,
        then: { MM080: 'a waypoint applies no EnvoyFilter' },
      },
      { says: /^Give that one a waypoint of its own first/, done: guestsLeave },
      anotherWaypoint,
    ],
  },
};
