/** The id of what is found when a check itself fails. */
export const internalErrorId = 'MM009';

/** What to do about a fault of ours. */
export const internalErrorFix =
  'This is a fault of the operator: its log has the stack. Report it; until it is mended, change the object that it stumbles over, which the stack leads to, or take the namespace out of scope.';

/** A fault of ours in a sentence, without a word of what the object says. */
export function internalErrorIn(where: string): string {
  return `internal error in ${where}`;
}
