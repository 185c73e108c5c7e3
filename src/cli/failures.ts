import { inspect } from 'node:util';
import { asEscape, unobeyed } from '../base/ci-commands.ts';
import { printable } from '../base/printable.ts';
import { ApiError } from '../kube/errors.ts';
import { KubeconfigError } from '../kube/login.ts';
import { explained } from './cluster/explained.ts';
import { Refused } from './cluster/refused.ts';
import type { ExitCode } from './exit-code.ts';
import { MissingInput } from './manifests/read-manifests.ts';
import { complaintOf } from './program.ts';
import { UsageError } from './usage-error.ts';

/** What is said of an error, and how the command ends by it. */
export interface Failure {
  readonly text: string;
  readonly exitCode: ExitCode;
}

/** What is said beside the output. */
function forPeople(text: string): string {
  return printable(unobeyed(text, asEscape));
}

/** The oldest Node.js that it runs on, as `engines` of package.json has it. */
const needed = '22.19';

/** On an older one the help works, and all else fails by something that no user could guess the cause of. */
function isTooOld(node: string): boolean {
  return node.localeCompare(needed, 'en', { numeric: true }) < 0;
}

/** A fault of ours. Its code is never that of findings: a CI job must not take it for a result. */
export function internalError(error: unknown, node = process.versions.node): Failure {
  const advice = isTooOld(node)
    ? `This is no result: mesh-migration needs Node.js ${needed} or newer, and this is ${node}.`
    : 'This is a fault of mesh-migration and no result: please report it.';
  return { text: `internal error: ${forPeople(inspect(error))}\n${advice}\n`, exitCode: 3 };
}

/** What a person can do about: each error that is no fault of ours is one of these. */
function known(error: unknown): Failure | undefined {
  const usage = error instanceof UsageError || error instanceof MissingInput ? error.message : complaintOf(error);
  if (usage !== undefined) return { text: `${usage}\nTry --help.\n`, exitCode: 2 };
  if (error instanceof KubeconfigError) return { text: `${error.message}\n`, exitCode: 2 };
  if (error instanceof Refused) return { text: `${error.message}\n`, exitCode: 1 };
  if (error instanceof ApiError) return { text: `${explained(error)}\n`, exitCode: 1 };
  return undefined;
}

/** The failure that an error stands for. */
export function failureOf(error: unknown): Failure {
  const failure = known(error);
  return failure === undefined ? internalError(error) : { ...failure, text: forPeople(failure.text) };
}
