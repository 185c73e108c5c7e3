import { freezeAnnotation } from '../api/resources.ts';
import { cutText } from '../base/cut-text.ts';
import { printable } from '../base/printable.ts';

/** As much of a reason as is said: it is for people, and anybody's who may annotate the object. */
const longestReason = 200;

/** Any value freezes, also `false` and none: whoever has set it has meant something, and takes it off again. */
function reasonIn(value: string): string {
  const reason = printable(value)
    .replaceAll(/[\s"]+/g, ' ')
    .trim();
  return reason === '' ? '' : `: "${cutText(reason, longestReason)}"`;
}

/** That an object is frozen, for a sentence about it; undefined where it is not. */
export function frozenBy(annotations: Readonly<Record<string, string>> | undefined): string | undefined {
  const value = annotations?.[freezeAnnotation];
  return value === undefined ? undefined : `frozen by its annotation ${freezeAnnotation}${reasonIn(value)}`;
}
