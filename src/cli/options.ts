import type { Option } from 'commander';
import { durationMs } from '../base/duration.ts';
import { own } from '../base/own.ts';
import { quoted } from '../base/shown.ts';
import { UsageError } from './usage-error.ts';

/** The option with its choices, for help and completion; what is given is checked by `oneOf`, in our words. */
export function choosing(option: Option, choices: readonly string[]): Option {
  return Object.assign(option, { argChoices: [...choices] });
}

/** The value of a choice, or a UsageError that names all of them. */
export function oneOf<Value>(option: string, value: string, choices: Readonly<Record<string, Value>>): Value {
  const choice = own(choices, value);
  if (choice === undefined)
    throw new UsageError(`${option} must be one of ${Object.keys(choices).join(', ')}, not ${quoted(value)}`);
  return choice;
}

/** The name, or a UsageError. */
export function namespaceName(option: string, value: string): string {
  if (/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) return value;
  throw new UsageError(`${option} must be the name of a namespace, not ${quoted(value)}`);
}

/** The name of a MeshMigration, or a UsageError. */
export function migrationName(value: string): string {
  if (/^[a-z0-9](?:[-.a-z0-9]{0,61}[a-z0-9])?$/.test(value)) return value;
  throw new UsageError(`${quoted(value)} is no name of a MeshMigration`);
}

/** The milliseconds of a duration, or a UsageError. */
export function milliseconds(option: string, value: string): number {
  try {
    return durationMs(value);
  } catch {
    throw new UsageError(`${option} must be a duration such as 90s, 10m or 1h30m, not ${quoted(value)}`);
  }
}
