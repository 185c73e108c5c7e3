import type { Surroundings } from '../../adapter.ts';
import { cutsOf } from '../network/cuts.ts';
import { guardedServices } from '../waypoint/callers.ts';
import { getsWaypoint, itineraryOf } from '../waypoint/choose.ts';
import { exitObstacles } from '../waypoint/exit/obstacles.ts';
import { exitChangesOf } from '../waypoint/exit/proof.ts';
import { isExit } from '../waypoint/exit/route.ts';
import { exitTranslationOf } from '../waypoint/exit/translation.ts';
import type { Change } from '../waypoint/change.ts';
import { changesOf } from '../waypoint/proof.ts';
import { translationOf } from '../waypoint/translation.ts';
import { worldOf } from '../waypoint/world.ts';
import { largestIn, makeSmaller } from '../policy/translate/size.ts';
import type { Problem } from '../policy/translate/problem.ts';
import { changesOfPods } from './pods.ts';
import { isTooLarge } from './applicable.ts';
import type { Evidence, Rule } from './rule.ts';
import { nameOf } from '../vocabulary/objects.ts';

const selectingKinds: readonly string[] = [
  'AuthorizationPolicy',
  'PeerAuthentication',
  'RequestAuthentication',
  'Telemetry',
  'EnvoyFilter',
  'Sidecar',
  'WasmPlugin',
  'TrafficExtension',
];

/** The first of the two that cannot be worked out: what becomes of the policies, and what that lets through. */
function unknown(problems: readonly Problem[], changes: () => readonly Change[]): readonly Evidence[] {
  const large = problems.filter(({ tooLarge }) => tooLarge === true);
  if (large.length > 0) return large.map(({ object, message, fix }) => ({ object, message, fix }));
  // What cannot be made need not be compared.
  if (problems.some(({ severity }) => severity === 'Critical')) return [];
  return changes()
    .filter(({ kind }) => kind === 'Unknown')
    .map(({ object, message }) => ({ object, message }));
}

/** Callers that cannot be told are none that anybody could wait for. */
function untoldCallers(surroundings: Surroundings): readonly Evidence[] {
  if (
    surroundings.spec.policies.bypass !== 'CallersFirst' ||
    translationOf(surroundings).problems.some(({ tooLarge }) => tooLarge === true)
  )
    return [];
  if (!guardedServices(surroundings).some(({ callers }) => callers.kind === 'Unknown' && callers.untold === true))
    return [];
  const { object, sentence } = largestIn(worldOf(surroundings));
  return [
    {
      object,
      message: `who calls the Services of ${surroundings.namespace.name} takes more steps to work out than one look may take; ${sentence}`,
    },
  ];
}

function cuts(surroundings: Surroundings): readonly Evidence[] {
  if (cutsOf(surroundings).tooLarge !== true) return [];
  return [
    {
      object: nameOf({ ...surroundings.namespace, kind: 'Namespace' }),
      message: 'which calls its NetworkPolicies would cut off takes more steps to tell than one look may take',
      fix: 'Divide the namespace, or select pods in NetworkPolicies by few labels of which many pods have the same.',
    },
  ];
}

function find(surroundings: Surroundings): readonly Evidence[] {
  return [
    ...selectors(surroundings),
    ...cuts(surroundings),
    ...behindWaypoint(surroundings),
    ...changesOfPods(surroundings)
      .filter(({ kind }) => kind === 'Unknown')
      .map(({ object, message }) => ({ object, message })),
  ];
}

/** Whatever they select, they count as if they selected something of it. */
function selectors(surroundings: Surroundings): readonly Evidence[] {
  return selectingKinds
    .filter((kind) => isTooLarge(kind, surroundings))
    .map((kind) => ({
      object: nameOf({ ...surroundings.namespace, kind: 'Namespace' }),
      message: `which pods the selectors of kind ${kind} mean takes more steps to tell than one look may take: selectors and templates with thousands of labels`,
      fix: 'Select pods by a few labels, and give templates no more labels than something needs.',
    }));
}

function behindWaypoint(surroundings: Surroundings): readonly Evidence[] {
  if (getsWaypoint(surroundings))
    return [
      ...unknown(translationOf(surroundings).problems, () => changesOf(surroundings)),
      ...untoldCallers(surroundings),
    ];
  if (!isExit(surroundings.route) || itineraryOf(surroundings) !== 'L7') return [];
  return unknown([...exitObstacles(surroundings), ...exitTranslationOf(surroundings).problems], () =>
    exitChangesOf(surroundings),
  );
}

/** What a look may take: whoever writes policies must not decide how long the operator looks at nothing else. */
export const sizeRules: readonly Rule[] = [
  {
    id: 'MM119',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'whoever goes back asks for no proof' },
    title: 'Too large to prove',
    fix: makeSmaller,
    isUnknown: true,
    find,
  },
];
