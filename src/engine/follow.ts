import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { KubeObject } from '../api/object.ts';
import { timestamp } from '../base/clock.ts';
import type { Itinerary, StepPlan, StepWork } from '../mesh/adapter.ts';
import {
  editedByOthers,
  entriesOf,
  nameOf,
  nameTaken,
  notTakenOver,
  revoked,
  superfluous,
  type Entry,
} from './apply.ts';
import { ownObjects } from './own-objects.ts';
import { hasLabels } from './label-values.ts';
import { timesRefused } from './refused.ts';
import { unboundAgain } from './services.ts';
import type { Outcome, OwnObject, Situation, Write } from './situation.ts';

/** How what was made stands against what the user's objects say now. */
export interface Followed {
  readonly status: NamespaceMigrationStatus;
  /** What has to be written first of all. */
  readonly write?: Write;
  /**
   * The API server has refused that write before: others went first, and it need not hold up anything but what relies
   * on it.
   */
  readonly refused: boolean;
  /** Per step what keeps its objects from following and no write mends. */
  readonly faults: ReadonlyMap<string, Outcome>;
  /** Per step what keeps a write back that would make its objects follow. */
  readonly pending: ReadonlyMap<string, string>;
  /** The user's objects that are not in force as they are now where they should be. */
  readonly behind: readonly string[];
}

/**
 * What is followed. `Bound`: callers are being taken from what was made, so what is for Services that are not bound any
 * more is neither changed nor deleted: it still decides about some of them. `some`: a Service is bound still.
 */
type Extent =
  | { readonly kind: 'All' | 'Nothing' }
  | { readonly kind: 'Bound'; readonly services: ReadonlySet<string>; readonly some: boolean };

type Annotated = Pick<KubeObject['metadata'], 'annotations'>;

/** `isMet`: it is followed, because callers meet it all the same. */
interface FollowedEntry extends Entry {
  readonly isMet: boolean;
}

interface Picture {
  readonly step: StepPlan;
  readonly entries: readonly FollowedEntry[];
  readonly left: readonly OwnObject[];
  /** Why not all of it can be made. */
  readonly problem?: string;
  /** That it is over by itself, with a rollout. */
  readonly isRollout?: boolean;
  /**
   * The user's objects that are gone or ask for less and whose copies are not, and what was made and is gone, because
   * not all can be made.
   */
  readonly gone?: readonly string[];
}

type ApplyWork = Extract<StepWork, { kind: 'Apply' }>;

/**
 * What was made is followed until its removal begins, and as long as callers meet it: that Services are to be unbound
 * takes nothing from it yet, and may take long. What is for one that is bound goes on being followed beside others that
 * are not: anybody may have made those anew.
 */
function extentOf(
  { surroundings, remembered }: Situation,
  { direction, steps }: NamespaceMigrationStatus,
  { forward, backward }: Itinerary,
): Extent {
  if (direction !== 'Backward') return { kind: 'All' };
  const begun = backward
    .filter(({ name }) => steps?.some((step) => step.name === name) === true)
    .map(({ work }) => work);
  if (begun.some(({ kind }) => kind === 'Remove')) return { kind: 'Nothing' };
  const isUnbinding = begun.some((work) => work.kind === 'UnbindServices' && work.objectsStay !== true);
  const unbound = new Set(isUnbinding ? unboundAgain(surroundings, remembered?.capturedAt) : []);
  if (unbound.size === 0) return { kind: 'All' };
  const bound = surroundings.services.filter((service) => !unbound.has(service));
  const targets = forward.flatMap(({ work }) => (work.kind === 'BindServices' ? [work.targets] : []));
  return {
    kind: 'Bound',
    services: new Set(bound.map(({ name }) => name)),
    some: targets.some((each) => bound.some(({ labels }) => hasLabels(labels, each))),
  };
}

/**
 * Whether an object of a step is changed, or goes, with what it follows. What is for the callers of all Services says
 * what its original says, whichever of these are bound. Safe: E, the sidecars enforce that as well, and it goes only
 * while some Service is bound: then nothing but its original has made it superfluous. Dying before or after: the next
 * look finds the same labels.
 */
function isFollowed(extent: Extent, { serves }: ApplyWork, object: Annotated, isWanted: boolean): boolean {
  if (extent.kind !== 'Bound') return extent.kind === 'All';
  const service = serves?.(object);
  if (service !== undefined) return extent.services.has(service);
  return serves !== undefined && (isWanted || extent.some);
}

/** Whether the journal says that it has been at the end of this way, and so has done all its steps. */
function hasArrived({ remembered }: Situation, { itinerary = 'L4' }: NamespaceMigrationStatus): boolean {
  return remembered?.arrived === true && remembered.direction === 'Forward' && remembered.itinerary === itinerary;
}

/**
 * A step whose work was done, or done in part: the status may have been lost, but what was made tells as much, and so
 * does the journal of one that had nothing to make.
 */
function hasMade(situation: Situation, status: NamespaceMigrationStatus, { name }: StepPlan): boolean {
  return (
    hasArrived(situation, status) ||
    status.steps?.some((step) => step.name === name && step.completedAt !== undefined) === true ||
    ownObjects(situation, [name]).length > 0
  );
}

function pictureOf(situation: Situation, step: StepPlan, work: ApplyWork, extent: Extent): Picture {
  const goes = (object: Annotated): boolean => isFollowed(extent, work, object, false);
  const whole = work.objects(situation.surroundings);
  const manifests = typeof whole === 'string' ? (work.possible?.(situation.surroundings) ?? []) : whole;
  const entries = entriesOf(situation, step, manifests).map((entry) => ({
    ...entry,
    isMet: isFollowed(extent, work, entry.applied.object.metadata, true),
  }));
  const withheld = work.withheld?.(situation.surroundings) ?? [];
  if (typeof whole !== 'string')
    return { step, entries, left: superfluous(situation, step, entries, goes), gone: withheld };
  // Of what only part can be made nobody knows whether the rest is superfluous, but for copies that their originals do
  // not ask for any more.
  const orphans = work.orphans?.(situation.surroundings) ?? [];
  return {
    step,
    entries,
    left: revoked(
      situation,
      orphans.filter(({ object }) => goes(object)),
    ),
    problem: whole,
    ...(work.isRollout && { isRollout: work.isRollout(situation.surroundings) }),
    gone: [...withheld, ...orphans.map(({ original }) => original)],
  };
}

function isDue({ standing, isMet }: FollowedEntry): boolean {
  return standing === 'Missing' || (standing === 'Outdated' && isMet);
}

/**
 * Whether what the entry lets through is decided about by everything that should: else it would let through too much.
 */
function isHeld({ surroundings }: Situation, { manifest: { reliesOn } }: Entry, pictures: readonly Picture[]): boolean {
  const decides = pictures.find(({ step }) => step.name === reliesOn);
  if (decides === undefined) return false;
  return (
    decides.problem !== undefined ||
    decides.entries.some(({ standing }) => standing !== 'AsWanted') ||
    decides.step.gate?.(surroundings) !== undefined
  );
}

function applying(situation: Situation, picture: Picture, pictures: readonly Picture[]): readonly Write[] {
  const due = picture.entries.filter((entry) => isDue(entry) && !isHeld(situation, entry, pictures));
  const groups = due.map(({ before, applied }) => [...before, applied]);
  // Together as long as nothing is refused; then one by one, so that what is refused keeps nothing else back.
  const writes = situation.refusals.size === 0 ? [groups.flat()] : groups;
  return writes.filter((manifests) => manifests.length > 0).map((manifests) => ({ kind: 'Apply', manifests }));
}

/**
 * What is not wanted any more goes in the order in which the way back would delete it: first what lets requests
 * through. Not while something of its step is not there yet, or not read yet, so that at no instant a rule is in
 * neither. Dying before it goes: the gate is asked again; after: it is seen to be gone.
 */
function deleting(situation: Situation, pictures: readonly Picture[], { backward }: Itinerary): readonly Write[] {
  const order = backward.flatMap(({ work }) => (work.kind === 'Remove' ? work.steps : []));
  return pictures
    .filter(
      ({ step, entries, left }) =>
        left.length > 0 &&
        entries.every(({ standing, isMet }) => !isMet || standing === 'AsWanted' || standing === 'Edited') &&
        notTakenOver(situation, step, left) === undefined,
    )
    .toSorted((a, b) => order.indexOf(a.step.name) - order.indexOf(b.step.name))
    .map(({ left }) => ({ kind: 'Remove', objects: left }));
}

/** One that was never refused comes before those that were, these by turns. */
function first(situation: Situation, writes: readonly Write[]): { readonly write?: Write; readonly refused: boolean } {
  const times = (write: Write): number => timesRefused(situation, write);
  const [write] = writes.toSorted((a, b) => times(a) - times(b));
  return write === undefined ? { refused: false } : { write, refused: times(write) > 0 };
}

/** What no write of ours mends, as a step that makes something for the first time says it. */
function faultOf({ entries, problem, isRollout }: Picture): Outcome | undefined {
  const taken = entries.find(({ standing }) => standing === 'Taken');
  if (taken !== undefined) return nameTaken(taken);
  if (problem !== undefined && isRollout === true)
    return { kind: 'Wait', message: `waiting until a rollout is over: ${problem}` };
  if (problem !== undefined) return { kind: 'Failed', reason: 'CannotBeMade', message: problem };
  const edited = entries.find(({ standing }) => standing === 'Edited');
  return edited && editedByOthers(edited);
}

/** Why something of the step that should be written is not. */
function keptBack(situation: Situation, picture: Picture, pictures: readonly Picture[]): string | undefined {
  const due = picture.entries.find(({ standing }) => standing === 'Missing' || standing === 'Outdated');
  if (due === undefined) return undefined;
  const name = nameOf(due.applied);
  if (isHeld(situation, due, pictures))
    return `${name} waits until all that ${String(due.manifest.reliesOn)} makes is in force`;
  const [refused] = situation.refusals.values();
  const why =
    refused && (refused.undone === true ? `: ${refused.message}` : `, and that is refused: ${refused.message}`);
  return `${name} is not as it should be${why ?? ''}`;
}

function byStep<T>(pictures: readonly Picture[], say: (picture: Picture) => T | undefined): ReadonlyMap<string, T> {
  return new Map(
    pictures.flatMap((picture) => {
      const said = say(picture);
      return said === undefined ? [] : [[picture.step.name, said] as const];
    }),
  );
}

function originalsBehind(pictures: readonly Picture[]): readonly string[] {
  const follows = pictures.flatMap(({ entries }) =>
    entries.filter(({ standing }) => standing !== 'AsWanted').flatMap(({ manifest }) => manifest.follows ?? []),
  );
  return [
    ...new Set([
      ...follows,
      ...pictures.flatMap(({ problem, gone = [] }) => (problem === undefined ? gone : [...gone, problem])),
    ]),
  ];
}

/** From when it holds again, proxies need their time once more. */
function noted(
  status: NamespaceMigrationStatus,
  write: Write | undefined,
  pictures: readonly Picture[],
  now: number,
): NamespaceMigrationStatus {
  if (write?.kind !== 'Apply') return status;
  const names = write.manifests.map(({ object }) => object);
  const touched = pictures
    .filter(({ entries }) => entries.some(({ applied }) => names.includes(applied.object)))
    .map(({ step }): string => step.name);
  const steps = status.steps?.map((step) =>
    touched.includes(step.name) && step.completedAt !== undefined
      ? { ...step, lostAt: step.lostAt ?? timestamp(now) }
      : step,
  );
  return { ...status, ...(steps && { steps }) };
}

/**
 * Brings what was made for the user's objects in step with them, before anything else is looked at: a gate that is
 * lost, a label that somebody changed, a pause or a failure must not keep an emergency DENY from being enforced. Each
 * step and each object stands for itself. In the order of the steps, so copies come before what lets requests through
 * and that before guards.
 *
 * Safe: what lets through waits for what decides about it (`reliesOn`), and what only refuses is written at once unless
 * it would refuse less and something would get through by that (`stays`). Created if nothing has the name and updated
 * only as it was seen (`make`): dying right before it, it is due at the next look; right after, it is seen to be done.
 */
export function follow(situation: Situation, status: NamespaceMigrationStatus, itinerary: Itinerary): Followed {
  const extent = extentOf(situation, status, itinerary);
  const pictures =
    extent.kind === 'Nothing'
      ? []
      : itinerary.forward.flatMap((step) =>
          step.work.kind === 'Apply' && hasMade(situation, status, step)
            ? [pictureOf(situation, step, step.work, extent)]
            : [],
        );
  const applied = pictures.flatMap((picture) => applying(situation, picture, pictures));
  const { write, refused } = first(situation, [...applied, ...deleting(situation, pictures, itinerary)]);
  return {
    status: noted(status, write, pictures, situation.now),
    ...(write && { write }),
    refused,
    faults: byStep(pictures, faultOf),
    pending: byStep(pictures, (picture) => keptBack(situation, picture, pictures)),
    behind: originalsBehind(pictures),
  };
}
