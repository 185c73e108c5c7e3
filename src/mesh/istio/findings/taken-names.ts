import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import { text } from '../../json.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { chosenWaypoint } from '../waypoint/chosen.ts';
import { waypointClass } from '../vocabulary/gateway.ts';
import { borrowers, namesakes, takenGateway } from '../waypoint/taken.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

function gateway(surroundings: Surroundings): readonly Evidence[] {
  const found = takenGateway(surroundings);
  if (found === undefined) return [];
  const { namespace, name, spec } = found;
  const gatewayClass = text(spec['gatewayClassName']) ?? 'unknown';
  const use =
    gatewayClass === waypointClass
      ? `Have it used as it is, by spec.waypoint.adopt: ${name} of the MeshMigration. Or make`
      : 'Make';
  const move = `istioctl waypoint apply -n ${namespace} --name mine, then istio.io/use-waypoint=mine where it is named`;
  return [
    {
      object: nameOf(found),
      message: `it is yours (class ${shown(gatewayClass)}), and the waypoint that is made here needs its name: the operator takes over nothing that it has not made`,
      fix: `${use} yours under another name (a waypoint: ${move}), then delete this one: kubectl delete gateways.gateway.networking.k8s.io ${name} -n ${namespace}`,
    },
  ];
}

function taken(surroundings: Surroundings): readonly Evidence[] {
  return namesakes(surroundings).map((each) => ({
    object: nameOf(each),
    message: `it is yours, and the ${each.kind} of the waypoint needs its name: istiod takes over nothing that it has not made`,
  }));
}

function borrowed(surroundings: Surroundings): readonly Evidence[] {
  const { serviceAccount } = chosenWaypoint(surroundings);
  return borrowers(surroundings).map((each) => ({
    object: nameOf(each),
    message: `it runs under ServiceAccount ${serviceAccount}, that of the waypoint: the pods behind it let in whoever has this identity`,
    fix: 'Give it a ServiceAccount of its own.',
  }));
}

/** Names that are fixed, because callers, policies and rights name them. */
export const takenNameRules: readonly Rule[] = [
  {
    id: 'MM116',
    severity: 'Critical',
    when: 'Start',
    title: 'A name that the waypoint needs is taken',
    notOnTheWay: 'EnsureWaypoint sees it and waits; whoever may create pods in a namespace has its identities anyway.',
    fix: 'Make the object anew under another name and delete this one, or delete it if nothing needs it.',
    find: (surroundings) =>
      getsWaypoint(surroundings) ? [...gateway(surroundings), ...taken(surroundings), ...borrowed(surroundings)] : [],
  },
];
