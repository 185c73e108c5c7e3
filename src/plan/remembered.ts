import { record, strings } from '../mesh/json.ts';
import { mostHeldBefore, type CallersBefore, type UnseenBefore } from '../mesh/others.ts';

/* What a journal remembers of before the start, as it is read: what is not of its shape counts as not remembered. */

/** Who was not seen before the start. */
export function unseenIn(value: unknown): UnseenBefore | undefined {
  const [namespaces, policies] = [strings(record(value)['namespaces']), strings(record(value)['policies'])];
  if (namespaces.length === 0 || policies.length === 0) return undefined;
  const { called } = record(value);
  return { namespaces, policies, ...(Array.isArray(called) && { called: strings(called) }) };
}

/** Who called what refuses sidecars. */
export function callersIn(value: unknown): CallersBefore | undefined {
  const { of, named, seen } = record(value);
  if (![of, named, seen].every(Array.isArray)) return undefined;
  return { of: strings(of), named: strings(named), seen: strings(seen) };
}

/** No mark is longer. */
const longestMark = 16;

/** Marks of what would have held a way back. */
export function heldIn(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined; // Begun before they were kept.
  return strings(value)
    .filter((mark) => mark.length <= longestMark)
    .slice(0, mostHeldBefore);
}
