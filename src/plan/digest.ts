import { hexOf } from '../base/sha256.ts';
import type { Route } from '../mesh/adapter.ts';

/** What a digest is made from. */
interface Parts {
  /** Of the steps: without dots. */
  readonly steps: string;
  /** Of the objects that are made, and of those of its owner: without dots. */
  readonly objects: string;
  /** Id and object of each finding that somebody has answered for, in no order. */
  readonly answers: readonly string[];
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

/** `steps.objects.answer+answer`: short enough for a status, and to be compared by parts. */
export function digestFrom({ steps, objects, answers }: Parts): string {
  const each = [...new Set(answers.map(short))].sort();
  const shown = each.length > mostAnswers ? [`${each.length}-${short(each.join())}`] : each;
  return [steps, objects, shown.join('+')].join('.');
}

/** A plan by what it says: `label` tells those of a migration, of a wave and of a namespace apart. */
export function hashOf(
  { from, to }: Route,
  label: readonly string[],
  digests: Readonly<Record<string, string>>,
): string {
  const sorted = Object.entries(digests).sort(([a], [b]) => (a < b ? -1 : 1));
  return `sha256:${hexOf(JSON.stringify([from, to, label, sorted]))}`;
}

/** The plan of one namespace alone. */
export function hashAlone(route: Route, namespace: string, digest: string): string {
  return hashOf(route, ['namespace', namespace], { [namespace]: digest });
}

function answersIn(part: string | undefined): readonly string[] {
  return part === undefined || part === '' ? [] : part.split('+');
}

/** In what a plan differs from one that was approved of, in words; undefined where that one covers it. */
export function whatDiffers(approved: string, now: string): string | undefined {
  const [steps, objects, before] = approved.split('.');
  const [stepsNow, objectsNow, answered] = now.split('.');
  const known = new Set(answersIn(before));
  const parts = [
    ...(steps === stepsNow ? [] : ['its steps']),
    ...(objects === objectsNow ? [] : ['what is made for it or what its owner states']),
    ...(answersIn(answered).every((each) => known.has(each)) ? [] : ['what was answered for']),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}
