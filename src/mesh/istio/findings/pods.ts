import type { Surroundings } from '../../adapter.ts';
import type { Change } from '../waypoint/change.ts';
import { itineraryOf } from '../waypoint/choose.ts';
import { isLeaving } from '../waypoint/exit/leaving.ts';
import { isExit } from '../waypoint/exit/route.ts';
import { exitTranslationOf } from '../waypoint/exit/translation.ts';
import { podChangesOf } from '../waypoint/pods-proof.ts';
import { translationOf } from '../waypoint/translation.ts';
import { attachmentRules } from './attachment.ts';
import { policyRules } from './policies.ts';
import { applicable } from './applicable.ts';
import type { Evidence, Rule } from './rule.ts';
import { nameOf } from '../vocabulary/objects.ts';

/** Whether it is about the way between the two data planes of the mesh: each enforces what stands there. */
function changesPlane(surroundings: Surroundings): boolean {
  const {
    route: { from, to },
  } = surroundings;
  return from !== 'None' && to !== 'None' && itineraryOf(surroundings) !== 'Hbone';
}

/** What is in the way already need not be compared. */
function isBlocked(surroundings: Surroundings): boolean {
  if (itineraryOf(surroundings) === 'L7') {
    const { problems } = isExit(surroundings.route) ? exitTranslationOf(surroundings) : translationOf(surroundings);
    if (problems.some(({ severity }) => severity === 'Critical')) return true;
  }
  return [...policyRules, ...attachmentRules].some((rule) =>
    rule
      .find(surroundings)
      .some(({ severity = rule.severity, others }) => severity === 'Critical' && others === undefined),
  );
}

function asked(surroundings: Surroundings): readonly Change[] {
  if (
    !changesPlane(surroundings) ||
    (isExit(surroundings.route) && !isLeaving(surroundings)) ||
    isBlocked(surroundings)
  )
    return [];
  return podChangesOf(surroundings);
}

/** Several rules ask of the same picture. */
const known = new WeakMap<Surroundings, readonly Change[]>();

/** What the proof says of pods that no waypoint stands before. */
export function changesOfPods(surroundings: Surroundings): readonly Change[] {
  const changes = known.get(surroundings) ?? asked(surroundings);
  known.set(surroundings, changes);
  return changes;
}

/** The changes of a kind on one of the two ways. */
export function changed(kind: Change['kind'], exit: boolean): (surroundings: Surroundings) => readonly Evidence[] {
  return (surroundings) =>
    isExit(surroundings.route) === exit
      ? changesOfPods(surroundings)
          .filter((change) => change.kind === kind)
          .map(({ object, message }) => ({ object, message }))
      : [];
}

/** Whom policies begin to refuse that stand there and are in force for nobody, because the pods are in no mesh. */
function comeIntoForce(surroundings: Surroundings): readonly Evidence[] {
  const {
    route: { from, to },
  } = surroundings;
  if (from !== 'None') return [];
  const tokens = to === 'IstioSidecar' ? applicable('RequestAuthentication', surroundings) : [];
  return [
    ...podChangesOf(surroundings).map(({ object, message }) => ({ object, message })),
    ...tokens.map((policy) => ({
      object: nameOf(policy),
      message: 'with sidecars requests with an invalid token would be refused that get through today',
    })),
  ];
}

/** What policies mean for pods that come from outside the mesh. */
export const joinRules: readonly Rule[] = [
  {
    id: 'MM029',
    severity: 'Warning',
    when: 'Start',
    title: 'Policies come into force',
    fix: 'Have the callers join the mesh first, or admit them: plaintext by PERMISSIVE, others by a rule of an ALLOW policy; or remove the policies that nobody has tried.',
    find: comeIntoForce,
  },
];
