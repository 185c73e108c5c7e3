import { shown } from '../../../base/shown.ts';
import { record, type Json } from '../../json.ts';

/** Something wrong with a policy's YAML. */
export interface Problem {
  /** Where, as in `spec.rules[0].from[1].source.ports`. */
  readonly field: string;
  readonly message: string;
  /**
   * Whether the API server or istiod's webhook refuses the object; otherwise it is taken, and does not do what it says.
   */
  readonly rejected: boolean;
}

/** Collects the problems of one object. */
export type Report = (problem: Problem) => void;

/** `value` as an object whose keys are free, as a map is. */
export function map(value: unknown, field: string, report: Report): Json {
  if (value !== undefined && value !== null && (typeof value !== 'object' || Array.isArray(value))) {
    report({ field, message: 'must be an object', rejected: true });
  }
  return record(value);
}

/** `value` as an object whose fields are known: others are dropped when the object is stored. */
export function object(value: unknown, field: string, known: readonly string[], report: Report): Json {
  const result = map(value, field, report);
  for (const key of Object.keys(result)) {
    if (!known.includes(key))
      report({
        field: `${field}.${shown(key)}`,
        message: 'is not a field of this kind: it is dropped',
        rejected: false,
      });
  }
  return result;
}

/** `value` as a list; undefined if it is absent. */
export function list(value: unknown, field: string, report: Report): readonly unknown[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value as readonly unknown[];
  report({ field, message: 'must be a list', rejected: true });
  return undefined;
}

/**
 * `value` as a string; a number or a boolean, which YAML makes of an unquoted one, is read as the text that was meant.
 */
export function string(value: unknown, field: string, report: Report): string | undefined {
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  report({ field, message: 'must be a string', rejected: true });
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** A list of nothing: one for all, because what is read of a policy is remembered. */
export const none: readonly never[] = [];

function areStrings(members: readonly unknown[]): members is readonly string[] {
  return members.every((member) => typeof member === 'string');
}

/** `value` as a list of strings, the same one if it is one. An absent list is an empty one. */
export function strings(value: unknown, field: string, report: Report): readonly string[] {
  const members = list(value, field, report) ?? none;
  if (members.length === 0) return none;
  if (areStrings(members)) return members;
  return members.flatMap((member, index) => {
    const at = `${field}[${index}]`;
    if (member === null || member === undefined) report({ field: at, message: 'must be a string', rejected: true });
    const text = string(member, at, report);
    return text === undefined ? [] : [text];
  });
}

/** `value` as one of a set of names; undefined with a problem if it is another. */
export function oneOf<Name extends string>(
  value: unknown,
  field: string,
  names: readonly Name[],
  otherwise: Name,
  report: Report,
): Name | undefined {
  if (value === undefined || value === null) return otherwise;
  const name = names.find((candidate) => candidate === value);
  if (name === undefined) report({ field, message: `must be one of ${names.join(', ')}`, rejected: true });
  return name;
}
