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

/** A fault of ours. Its code is never that of findings: a CI job must not take it for a result. */
export function internalError(error: unknown): Failure {
  return {
    text: `internal error: ${forPeople(inspect(error))}\nThis is a fault of mesh-migration and no result: please report it.\n`,
    exitCode: 3,
  };
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
