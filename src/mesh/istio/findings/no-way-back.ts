import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { arrived } from '../itinerary.ts';
import { mirrored } from './mirrored.ts';
import { waitsForEver } from '../waypoint/awaits-back.ts';
import { waypointsLack } from '../waypoint/exit/serving.ts';
import { passedBy, passedByFix, passesBy } from '../waypoint/passed-by.ts';
import { asBack, askedBack } from './asked-back.ts';
import { cutOff } from './network-policies.ts';
import { nobodyLeft } from './return.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

interface Mirrored extends Evidence {
  /** Whether a rollback would wait for it. */
  readonly holds: boolean;
}

/** Whether it stands in its new data plane, and there is a way back from there. */
function standsThere({ back, route, namespace, itinerary }: Surroundings): boolean {
  return back !== undefined && itinerary !== 'Hbone' && arrived(route, namespace.labels);
}

/** What a rule says of a way there, as it is told of the way back. */
function saidBack(id: string, message: string): string {
  return `as ${id} says on the way there, after a rollback: ${message}`;
}

/**
 * What templates have got since for the data plane that a rollback takes away, or against the one that it gives, and
 * what has gone that would take pods in there. All rules answer it, and it is asked for what holds and for what does
 * not.
 */
const unfitBack = memoize((surroundings: Surroundings): readonly Mirrored[] => {
  if (!standsThere(surroundings)) return [];
  return askedBack.flatMap((rule) =>
    asBack(rule)
      .find(surroundings)
      .filter(({ passing }) => passing !== true)
      .map(({ object, message, fix = rule.fix, severity = rule.severity, onlyThere }) => ({
        object,
        message: saidBack(rule.id, message),
        fix,
        holds: severity === 'Critical' && onlyThere !== true,
      })),
  );
});

function evidenceOf({ holds: _holds, ...evidence }: Mirrored): Evidence {
  return evidence;
}

/** What people have attached to a waypoint since, and whom policies would not see. */
function opensBack(surroundings: Surroundings): readonly Evidence[] {
  if (surroundings.back === undefined || surroundings.itinerary === 'Hbone') return [];
  const held = waitsForEver(surroundings);
  return [
    ...passedBy(surroundings).map((policy) => ({
      object: nameOf(policy),
      message: passesBy(policy),
      fix: passedByFix,
    })),
    ...(held === undefined
      ? []
      : [
          {
            object: `Namespace ${surroundings.namespace.name}`,
            message: `a rollback would wait: ${held}`,
            fix: 'Change the policy, or what the message names, as it says; or finalize, if nobody wants it back.',
          },
        ]),
  ];
}

/** Waypoints to which a rollback leads and that do not serve: while pods have sidecars nobody else notices. */
function withoutWaypoint(surroundings: Surroundings): readonly Evidence[] {
  if (!standsThere(surroundings) || surroundings.itinerary !== 'L7') return [];
  return waypointsLack(surroundings).map(({ object, message, fix }) => ({
    object,
    message: `a rollback would wait: ${message}`,
    fix: `If nobody wants it back, finalize. Else: ${fix}`,
  }));
}

/** What keeps it from ever coming back as it was. */
function neverBack(surroundings: Surroundings): readonly Evidence[] {
  return [
    ...nobodyLeft(surroundings),
    ...withoutWaypoint(surroundings),
    ...opensBack(surroundings),
    ...unfitBack(surroundings)
      .filter(({ holds }) => holds)
      .map(evidenceOf),
  ];
}

/**
 * What NetworkPolicies, as they have become, would cut off: whether they were so before the start nobody remembers, so
 * no rollback waits for it.
 */
function cutOffBack(surroundings: Surroundings): readonly Evidence[] {
  if (!standsThere(surroundings)) return [];
  return cutOff(mirrored(surroundings))
    .filter(({ severity }) => severity === 'Critical')
    .map(({ object, message, fix }) => ({
      object,
      message: saidBack('MM139', message),
      ...(fix !== undefined && { fix }),
    }));
}

/** What works without, or may: it is said, and a rollback does not wait for it. */
function otherwiseBack(surroundings: Surroundings): readonly Evidence[] {
  return [
    ...unfitBack(surroundings)
      .filter(({ holds }) => !holds)
      .map(evidenceOf),
    ...cutOffBack(surroundings),
  ];
}

const noWayBack = {
  id: 'MM124',
  severity: 'Warning',
  when: 'Always',
  title: 'A rollback would not bring pods back',
  fix: 'Install an injector for the labels that the namespace had before, or give it a revision that is there (kubectl label namespace NAMESPACE --overwrite istio.io/rev=REVISION), which a rollback keeps. Or finalize, if nobody wants it back.',
} as const;

/** What has changed since the labels did, asked at rest as well, before somebody needs the way back. */
export const noWayBackRules: readonly Rule[] = [
  {
    ...noWayBack,
    find: (surroundings) => [...neverBack(surroundings), ...otherwiseBack(surroundings)],
  },
];

/** The same without what a rollback does not wait for. */
export const neverBackRule: Rule = { ...noWayBack, find: neverBack };
