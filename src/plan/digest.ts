import { hexOf } from '../base/sha256.ts';

/** What a digest is made from. */
interface Parts {
  /** Of the steps: without dots. */
  readonly steps: string;
  /** Of the objects that are made: without dots. */
  readonly objects: string;
  /** Id and object of each finding that counts, in no order. */
  readonly warnings: readonly string[];
}

/** As many warnings as are told apart; of more any other set is another plan. */
const mostWarnings = 20;

/** Of eight characters, enough to tell one namespace's warnings apart. */
function short(text: string): string {
  return hexOf(text).slice(0, 8);
}

/** `steps.objects.warning+warning`: short enough for a status, and to be compared by parts. */
export function digestFrom({ steps, objects, warnings }: Parts): string {
  const each = [...new Set(warnings.map(short))].sort();
  const shown = each.length > mostWarnings ? [`${each.length}-${short(each.join())}`] : each;
  return [steps, objects, shown.join('+')].join('.');
}

function warningsIn(part: string | undefined): readonly string[] {
  return part === undefined || part === '' ? [] : part.split('+');
}

/** In what a plan differs from one that was approved of, in words; undefined where that one covers it. */
export function whatDiffers(approved: string, now: string): string | undefined {
  const [steps, objects, before] = approved.split('.');
  const [stepsNow, objectsNow, warned] = now.split('.');
  const known = new Set(warningsIn(before));
  const parts = [
    ...(steps === stepsNow ? [] : ['its steps']),
    ...(objects === objectsNow ? [] : ['what is made for it']),
    ...(warningsIn(warned).every((each) => known.has(each)) ? [] : ['what is warned of']),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}
