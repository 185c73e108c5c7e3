import { hexOf } from '../base/sha256.ts';
import type { Route } from '../mesh/adapter.ts';

/** What a digest is made from. */
interface Parts {
  /** Of the steps: without dots. */
  readonly steps: string;
  /** Of the objects that are made, and of those of its owner: without dots. */
  readonly objects: string;
  /** Id and object of each finding of the namespace's own that somebody has answered for, in no order. */
  readonly answers: readonly string[];
  /** All that was said in answer that may be about the namespace. Whoever says it approves, or has it approved of. */
  readonly standing?: readonly string[];
  /** What of that is needed today, because of what others have. */
  readonly ofOthers?: readonly string[];
}

/**
 * As many answers as are told apart, and a status has room for; of more any other set is another plan. So many that
 * nobody comes to it by naming objects one by one: where one of these is gone, less is to be answered for, and whoever
 * deletes an object of his takes no approval away.
 */
const mostAnswers = 27;

/**
 * Names of objects are in them, and whoever chooses two of these must not find any that look alike: of eight characters
 * he would after some ten thousand tries.
 */
const answerLength = 20;

function short(text: string): string {
  return hexOf(text).slice(0, answerLength);
}

function toldApart(answers: readonly string[]): string {
  const each = [...new Set(answers.map(short))].sort();
  const shown = each.length > mostAnswers ? [`${each.length}-${short(each.join())}`] : each;
  return shown.join('+');
}

/**
 * `steps.objects.answer+answer`, and where something was said in answer `.standing.answer+answer`: short enough for a
 * status, and to be compared by parts.
 */
export function digestFrom({ steps, objects, answers, standing = [], ofOthers = [] }: Parts): string {
  const plan = [steps, objects, toldApart(answers)];
  if (standing.length === 0) return plan.join('.');
  return [...plan, short(JSON.stringify([...new Set(standing)].sort())), toldApart(ofOthers)].join('.');
}

/** The parts of a digest that only the namespace's owner and the migration's decide about. */
const ownParts = 4;

/**
 * What is approved of by a hash: all but what others have of what was answered for, or they would change it whenever they
 * like. What was said of that is a part of it.
 */
function withoutOthers(digest: string): string {
  return digest.split('.').slice(0, ownParts).join('.');
}

/** A plan by what it says: `label` tells those of a migration, of a wave and of a namespace apart. */
export function hashOf(
  { from, to }: Route,
  label: readonly string[],
  digests: Readonly<Record<string, string>>,
): string {
  const sorted = Object.entries(digests)
    .map(([name, digest]) => [name, withoutOthers(digest)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `sha256:${hexOf(JSON.stringify([from, to, label, sorted]))}`;
}

/** The plan of one namespace alone. */
export function hashAlone(route: Route, namespace: string, digest: string): string {
  return hashOf(route, ['namespace', namespace], { [namespace]: digest });
}

function answersIn(part: string | undefined): readonly string[] {
  return part === undefined || part === '' ? [] : part.split('+');
}

/**
 * Whether answers are known to be approved of. Of what the namespace has itself each is; of what others have those that
 * were needed then, and all while nothing else is said in answer than what was approved of: whoever had a plan approved of
 * by which all of a kind is accepted has said so of what they add, and they void no approval by adding it, or the first of
 * it. Where something else is said by now, nobody can tell which was approved of, so what is new needs it.
 */
function areAnswered(approved: readonly string[], now: readonly string[]): boolean {
  const [, , before, said, others] = approved;
  const [, , answers, saidNow, othersNow] = now;
  const known = new Set([...answersIn(before), ...answersIn(others)]);
  const isKnown = (part: string | undefined): boolean => answersIn(part).every((each) => known.has(each));
  return isKnown(answers) && ((said !== undefined && said === saidNow) || isKnown(othersNow));
}

/** In what a plan differs from one that was approved of, in words; undefined where that one covers it. */
export function whatDiffers(approved: string, now: string): string | undefined {
  const [all, allNow] = [approved.split('.'), now.split('.')];
  const [steps, objects] = all;
  const [stepsNow, objectsNow] = allNow;
  const parts = [
    ...(steps === stepsNow ? [] : ['its steps']),
    ...(objects === objectsNow ? [] : ['what is made for it or what its owner states']),
    ...(areAnswered(all, allNow) ? [] : ['what was answered for']),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}
