import { freezeAnnotation } from '../api/resources.ts';
import { printable } from '../base/printable.ts';

/** As many characters of a reason are said: it is for people, and anybody's who may annotate the object. */
const longestReason = 200;

/** What ends a quotation, or a shell takes apart, whoever pastes a message. */
const unquotable = /[\s"'`$;|&<>{}\\]+/g;

/** Any value freezes, also `false` and none: whoever has set it has meant something, and takes it off again. */
function reasonIn(value: string): string {
  const reason = printable(
    value
      .slice(0, 5 * longestReason)
      .replaceAll(unquotable, ' ')
      .trim(),
  );
  const cut = reason.length > longestReason ? `${reason.slice(0, longestReason)}…` : reason;
  // Half of a character would be stored as another one, and be written anew for ever.
  return cut === '' ? '' : `: "${cut.toWellFormed()}"`;
}

/** That an object is frozen, for a sentence about it; undefined where it is not. */
export function frozenBy(annotations: Readonly<Record<string, string>> | undefined): string | undefined {
  const value = annotations?.[freezeAnnotation];
  return value === undefined ? undefined : `frozen by its annotation ${freezeAnnotation}${reasonIn(value)}`;
}
