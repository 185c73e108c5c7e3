/*
 * An argument of a call for each member of a list is put on the stack, which has room for some hundred thousand: whoever
 * chooses how long a list is would end the look with a RangeError. These take the list itself.
 */

/** Puts the members of another list at the end of one. */
export function extend<T>(list: T[], more: Iterable<T>): void {
  for (const member of more) list.push(member);
}

/** The least of some numbers; Infinity if there are none. */
export function least(numbers: Iterable<number>): number {
  let found = Infinity;
  for (const number of numbers) found = Math.min(found, number);
  return found;
}

/** The greatest of some numbers; -Infinity if there are none. */
export function greatest(numbers: Iterable<number>): number {
  let found = -Infinity;
  for (const number of numbers) found = Math.max(found, number);
  return found;
}
