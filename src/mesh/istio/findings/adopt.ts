import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import { list, record, records, text, type Json } from '../../json.ts';
import { isMarked } from '../../seal.ts';
import type { ConfigView } from '../../views.ts';
import { waypointForLabel } from '../vocabulary/labels.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { chosenGateway, chosenWaypoint } from '../waypoint/chosen.ts';
import { attachedTo, guestsOf } from '../waypoint/company.ts';
import { gatewayNameLabel, waypointClass, waypointName } from '../vocabulary/gateway.ts';
import { trafficOf } from '../waypoint/traffic.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

/** What is wrong with it, and what to do about it if there is more to say than the rule does. */
interface Fault {
  readonly message: string;
  readonly fix?: string;
}

type Look = (gateway: ConfigView, surroundings: Surroundings) => readonly Fault[];

/**
 * Annotations of a Gateway by which istiod calls its Deployment or its ServiceAccount otherwise
 * (pilot/pkg/config/kube/gatewaycommon).
 */
const renaming = ['gateway.istio.io/service-account', 'gateway.istio.io/name-override'];

function marks({ name, namespace, ...gateway }: ConfigView): readonly Fault[] {
  if (!isMarked(gateway)) return [];
  return [
    {
      message:
        'it carries the label meshmigration.dev/managed-by, by which it could be taken for one that the operator has made, and be deleted',
      fix: `Take its labels of meshmigration.dev off: kubectl label gateways.gateway.networking.k8s.io ${name} -n ${namespace} meshmigration.dev/managed-by- meshmigration.dev/step- meshmigration.dev/migration-`,
    },
  ];
}

/** Whose identity its pods have: the guards and the policies that let it in name that of the Gateway. */
function identity({ name, annotations, spec }: ConfigView, { workloads, pods }: Surroundings): readonly Fault[] {
  const said = { ...annotations, ...record(record(spec['infrastructure'])['annotations']) };
  const key = renaming.find((each) => said[each] !== undefined);
  if (key !== undefined)
    return [
      {
        message: `annotation ${key} gives what istiod makes for it another name or identity, and the pods behind it would let in ${name} only`,
        fix: `Remove the annotation, or use another waypoint.`,
      },
    ];
  const holders = [
    ...workloads.map(({ templateLabels: labels, serviceAccount }) => ({ labels, serviceAccount })),
    ...pods.filter(({ terminating }) => !terminating),
  ];
  const other = holders.find(
    ({ labels, serviceAccount }) => labels[gatewayNameLabel] === name && serviceAccount !== name,
  );
  return other === undefined
    ? []
    : [
        {
          message: `its pods run under ServiceAccount ${other.serviceAccount}, and the pods behind it would let in ${name} only`,
          fix: 'Take the ServiceAccount out of the parameters of its Gateway, or use another waypoint.',
        },
      ];
}

function isOrdinary({ port, protocol, allowedRoutes }: Json): boolean {
  const from = text(record(record(allowedRoutes)['namespaces'])['from']) ?? 'Same';
  return port === 15008 && protocol === 'HBONE' && from === 'Same';
}

function listeners({ spec }: ConfigView): readonly Fault[] {
  const all = records(spec['listeners']);
  if (list(spec['addresses']).length > 0)
    return [
      {
        message: 'spec.addresses names what serves it, so that istiod runs no pods for it',
        fix: 'Take spec.addresses out, or use another waypoint.',
      },
    ];
  return all.length > 0 && all.every(isOrdinary)
    ? []
    : [
        {
          message:
            'it has a listener other than port 15008, protocol HBONE, for the namespace itself (allowedRoutes.namespaces.from: Same): what else comes through it is not known',
          fix: 'Give it that one listener, as istioctl waypoint apply does, or use another waypoint.',
        },
      ];
}

function traffic(gateway: ConfigView, surroundings: Surroundings): readonly Fault[] {
  const served = trafficOf(gateway, surroundings);
  return served === 'service' || served === 'all'
    ? []
    : [{ message: `it serves ${served} traffic and so no Service`, fix: `Label it ${waypointForLabel}=service.` }];
}

/** What gets better by waiting counts before the start only; after that it is waited for (`waypointMissing`). */
function readiness({ status, terminating }: ConfigView, { itinerary }: Surroundings): readonly Fault[] {
  if (itinerary !== undefined) return [];
  if (terminating === true) return [{ message: 'it is being deleted' }];
  const conditions = records(status['conditions']);
  const missing = ['Accepted', 'Programmed']
    .map((type) => ({ type, found: conditions.find((each) => each['type'] === type) }))
    .find(({ found }) => found?.['status'] !== 'True');
  // Where it has no status at all nobody runs it yet, or it was read from a manifest.
  return conditions.length === 0 || missing === undefined
    ? []
    : [
        {
          message: `it is not ${missing.type} (${text(missing.found?.['reason']) ?? 'istiod has not looked at it'})`,
          fix: 'Wait until it is, or look at what istiod says in its status.',
        },
      ];
}

function foreigners(gateway: ConfigView, surroundings: Surroundings): readonly Fault[] {
  return [
    ...attachedTo(gateway, surroundings).map((object) => ({
      message: `${nameOf(object)} names it: that decides about, or changes, all that comes through it, and no proof covers it`,
      fix: 'Have it select pods instead, or, if it is a route, name Services here as its parents, or use another waypoint.',
    })),
    ...guestsOf(gateway, surroundings).map((guest) => ({
      message: `${guest} goes through it too, from another namespace: its callers would be held up by what happens here`,
      fix: 'Give that one a waypoint of its own first.',
    })),
  ];
}

const looks: readonly Look[] = [marks, identity, listeners, traffic, readiness, foreigners];

function faultsOf(gateway: ConfigView, surroundings: Surroundings): readonly Fault[] {
  const className = text(gateway.spec['gatewayClassName']) ?? 'unknown';
  if (className !== waypointClass)
    return [{ message: `it is no waypoint of class ${waypointClass} (class ${shown(className)})` }];
  return looks.flatMap((look) => look(gateway, surroundings));
}

/** A name that the namespace has no Gateway of: said once, because a slip of the pen looks the same. */
function notHere({ spec, itinerary, namespace, route: { from, to } }: Surroundings): readonly Evidence[] {
  const { adopt } = spec.waypoint;
  if (itinerary !== undefined || adopt === undefined || from !== 'IstioSidecar' || to !== 'IstioAmbient') return [];
  return [
    {
      object: nameOf({ kind: 'Gateway', namespace: namespace.name, name: adopt }),
      severity: 'Info',
      message: `there is no such waypoint of yours, so the operator makes one, with the name ${waypointName}`,
      fix: 'Nothing to do, or make it before the start.',
    },
  ];
}

function adopted(surroundings: Surroundings): readonly Evidence[] {
  const chosen = chosenWaypoint(surroundings);
  if (!chosen.adopted) return notHere(surroundings);
  // One that is gone is waited for, as one without pods is (`waypointMissing`).
  const gateway = chosenGateway(surroundings);
  return gateway === undefined
    ? []
    : faultsOf(gateway, surroundings).map((fault) => ({ object: nameOf(gateway), ...fault }));
}

/** Waypoints of the user that are to be used, or are. */
export const adoptRules: readonly Rule[] = [
  {
    id: 'MM118',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'its waypoint has steps of its own on the way back' },
    title: 'Your waypoint cannot be used',
    fix: 'Make it what istioctl waypoint apply makes, or name another one in spec.waypoint.adopt.',
    find: (surroundings) => (getsWaypoint(surroundings) ? adopted(surroundings) : []),
  },
];
