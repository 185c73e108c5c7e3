import type { Surroundings } from '../../adapter.ts';
import { guardedServices } from '../waypoint/callers.ts';
import { getsWaypoint, itineraryOf } from '../waypoint/choose.ts';
import { isExit } from '../waypoint/exit/route.ts';
import type { Change } from '../waypoint/change.ts';
import { certainChanges } from '../waypoint/proof.ts';
import { translationOf } from '../waypoint/translation.ts';
import { gatewayProblems } from '../policy/translate/gateway-routes.ts';
import { isSaidElsewhere, type Problem } from '../policy/translate/problem.ts';
import type { Reason } from '../policy/translate/reason.ts';
import { gatewayRoutes } from '../waypoint/routes-of.ts';
import { worldOf } from '../waypoint/world.ts';
import { afterRollouts } from '../waypoint/rollouts.ts';
import { configByName } from '../../look-up.ts';
import { nameOf } from '../vocabulary/objects.ts';
import { seenOf } from '../settings/accepted.ts';
import { changed as ofPods } from './pods.ts';
import { severityOfRefusals, type Evidence, type Rule } from './rule.ts';
import { incomplete, notAsked, serviceName, withSidecars } from './waypoint-callers.ts';
import { entryCircle, exitCircle } from './waypoint-circles.ts';

/** The rules below are about namespaces that get a waypoint. */
function withWaypoint(
  find: (surroundings: Surroundings) => readonly Evidence[],
): (surroundings: Surroundings) => readonly Evidence[] {
  return (surroundings) => (getsWaypoint(surroundings) ? find(surroundings) : []);
}

function callersFirst(
  find: (surroundings: Surroundings) => readonly Evidence[],
): (surroundings: Surroundings) => readonly Evidence[] {
  return withWaypoint((surroundings) =>
    surroundings.spec.policies.bypass === 'CallersFirst' ? find(surroundings) : [],
  );
}

function problemsOf(surroundings: Surroundings): readonly Problem[] {
  return translationOf(surroundings).problems.filter((problem) => !isSaidElsewhere(problem));
}

/** Whether it is over once the rollouts are that are under way. */
function isOfRollout({ object, field }: Problem, surroundings: Surroundings): boolean {
  const after = afterRollouts(surroundings);
  if (after === undefined) return false;
  return !problemsOf(after).some((each) => each.object === object && each.field === field);
}

function problems(severity: 'Critical' | 'Warning'): (surroundings: Surroundings) => readonly Evidence[] {
  return withWaypoint((surroundings) =>
    problemsOf(surroundings)
      // Whether what others bring about is accepted is said of the finding.
      .filter((problem) => (problem.by === undefined ? problem.severity : 'Critical') === severity)
      .map((problem) => ({
        ...evidenceOf(problem),
        ...ofOthers(problem, surroundings),
        ...(severity === 'Critical' && isOfRollout(problem, surroundings) && { rolling: true as const }),
      })),
  );
}

/** Of routes of gateways, which are anybody's: nothing that is remembered depends on them. */
const besideGateways = withWaypoint((surroundings) =>
  gatewayProblems(translationOf(surroundings).bound, worldOf(surroundings), gatewayRoutes(surroundings.mesh)).map(
    evidenceOf,
  ),
);

function evidenceOf({ object, field, message, fix }: Problem): Evidence {
  return { object, message: `${field}: ${message}`, fix };
}

/** Of what others bring about nothing is made, so nothing goes on while it is there, and it is told of theirs. */
function ofOthers({ by, message }: Problem, surroundings: Surroundings): Partial<Evidence> {
  if (by === undefined) return {};
  const object = nameOf(by);
  const view = configByName(surroundings.mesh.configs(by.kind, by.namespace), by.name);
  return { object, message, others: 'Stays', ...(by.isAcceptable && view && { seen: seenOf(view, surroundings) }) };
}

function changed(kind: Change['kind'], surroundings: Surroundings): readonly Evidence[] {
  return certainChanges(surroundings)
    .filter((change) => change.kind === kind)
    .map(({ object, message }) => ({ object, message }));
}

const goneAround =
  'Name ports or callers that have to stay direct in spec.policies.direct, or let these callers join ambient.';

const notDirect =
  'Take what the message is about out of spec.policies.direct or change the policies, or keep this namespace on sidecars.';

/** Whether ztunnel alone decides about some direct callers because somebody asked for it. */
function goesDirect({ spec, namespace }: Surroundings): boolean {
  return spec.policies.direct.some((entry) => entry.namespace === namespace.name);
}

/** As many reasons as a message has room for; of the others it is said how many there are. */
const mostReasons = 10;

function saidOf(reasons: readonly Reason[]): string {
  const more = reasons.length - mostReasons;
  const said = reasons.slice(0, mostReasons).map(({ sentence }) => sentence);
  return [...said, ...(more > 0 ? [`So do ${more} more.`] : [])].join(' ');
}

/** What a namespace needs, and who would notice, when a waypoint is put in front of it. */
export const waypointRules: readonly Rule[] = [
  {
    id: 'MM071',
    severity: 'Info',
    when: 'Start',
    lasts: true,
    title: 'The namespace needs a waypoint',
    fix: 'Nothing to do: the waypoint is made, and the policies are copied for it.',
    find: withWaypoint((surroundings) =>
      translationOf(surroundings)
        .needs.filter(({ servable, reasons }) => servable && reasons.length > 0)
        .map(({ service, reasons }) => ({
          object: serviceName(service),
          message: saidOf(reasons),
        })),
    ),
  },
  {
    id: 'MM080',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'its waypoint has steps of its own on the way back' },
    title: 'Cannot be carried over to a waypoint',
    fix: 'Change the object as the message says, or keep this namespace on sidecars.',
    find: problems('Critical'),
  },
  {
    id: 'MM081',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'Behaves otherwise behind a waypoint',
    fix: 'Check whether you rely on it.',
    find: (surroundings) => [
      ...problems('Warning')(surroundings),
      ...besideGateways(surroundings),
      ...withWaypoint((each) => changed('Ends', each).map((evidence) => ({ ...evidence, fix: goneAround })))(
        surroundings,
      ),
      // Behind a waypoint such pods are among the problems.
      ...(itineraryOf(surroundings) === 'L7' ? [] : ofPods('Ends', false)(surroundings)),
    ],
  },
  {
    id: 'MM082',
    severity: 'Critical',
    when: 'Start',
    title: 'Nobody knows who calls the Service',
    notOnTheWay:
      'Who calls is settled before the start and kept in the journal; of what nobody knew then Flip waits (awaitsCallers).',
    fix: 'Name the callers in spec.callers, or in every rule of the ALLOW policies, or have the operator ask Prometheus (--prometheus-url); or set spec.policies.bypass to FailClosed to have callers with sidecars refused until they are in ambient.',
    find: callersFirst((surroundings) =>
      guardedServices(surroundings).flatMap(({ service, callers }) =>
        callers.kind === 'Known' || callers.untold === true
          ? []
          : [{ object: serviceName(service), message: `callers with sidecars would be refused, and ${callers.why}` }],
      ),
    ),
  },
  {
    id: 'MM083',
    severity: 'Critical',
    when: 'Start',
    notOnTheWay: 'Flip waits for these callers (awaitsCallers): whoever may call takes nobody back by starting to.',
    title: 'Callers still have sidecars',
    fix: 'Put the namespaces of the callers into the scope of this migration, which lets them go first, or migrate them before it. Or set spec.policies.bypass to FailClosed: they are refused until they are in ambient. Or, where policies let one call and it does not, name in spec.callers who does.',
    find: callersFirst(withSidecars),
  },
  {
    id: 'MM084',
    severity: 'Critical',
    when: 'Start',
    title: 'Workloads call each other in a circle',
    notOnTheWay:
      'The order is stored at the start and kept; one that appears later comes before those that wait for it, as far as that can be told.',
    fix: 'No order spares one of them: set spec.policies.bypass to FailClosed and choose a quiet hour. Or, where policies let one call another and it does not, name in spec.callers who does.',
    find: (surroundings) =>
      isExit(surroundings.route) ? exitCircle(surroundings) : callersFirst(entryCircle)(surroundings),
  },
  {
    id: 'MM085',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'Callers with sidecars will be refused',
    fix: 'Migrate the callers first, and name them in spec.callers.',
    find: withWaypoint((surroundings) =>
      surroundings.spec.policies.bypass === 'CallersFirst'
        ? []
        : guardedServices(surroundings).map(({ service }) => ({
            object: serviceName(service),
            message:
              'spec.policies.bypass is FailClosed: from the restart of its pods on, callers that still have sidecars are refused',
          })),
    ),
  },
  {
    id: 'MM086',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'its waypoint has steps of its own on the way back' },
    title: 'A request would become allowed',
    fix: 'Change the policies that the message is about, or keep this namespace on sidecars.',
    find: (surroundings) => [
      ...withWaypoint((each) =>
        changed('Opens', each).map((evidence) => ({ ...evidence, ...(goesDirect(each) && { fix: notDirect }) })),
      )(surroundings),
      ...ofPods('Opens', false)(surroundings),
    ],
  },
  {
    id: 'MM099',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'its waypoint has steps of its own on the way back' },
    title: 'A request would be refused that gets through',
    fix: 'Change the policies that the message is about, or set spec.policies.refusals to Accept.',
    find: (surroundings) =>
      [
        ...withWaypoint((each) => changed('Refuses', each))(surroundings),
        ...ofPods('Refuses', false)(surroundings),
      ].map((evidence) => ({ ...evidence, severity: severityOfRefusals(surroundings) })),
  },
  {
    id: 'MM087',
    severity: 'Warning',
    when: 'Start',
    title: 'spec.callers leaves out a caller',
    fix: 'Add the caller to spec.callers, or take the entry of the namespace out, so that what Prometheus saw counts.',
    find: withWaypoint(incomplete),
  },
  {
    id: 'MM088',
    severity: 'Warning',
    when: 'Start',
    title: 'Prometheus cannot be asked who calls',
    fix: 'Repair the connection, or name the callers in spec.callers.',
    find: withWaypoint(notAsked),
  },
];
