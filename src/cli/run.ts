import { inspect } from 'node:util';
import { own } from '../base/own.ts';
import type { Outcome } from './arguments.ts';
import { auditCommand } from './audit-command.ts';
import { asEscape, unobeyed } from '../base/ci-commands.ts';
import { printable } from '../base/printable.ts';
import { record } from '../mesh/json.ts';
import type { Meshes } from '../mesh/registry.ts';
import { MissingInput } from './manifests/read-manifests.ts';
import { planCommand } from './plan-command.ts';
import { usage, UsageError } from './usage.ts';
import { version } from '../base/version.ts';

/** The streams of a process, or those of a test. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

type Command = (args: readonly string[], stdin: NodeJS.ReadableStream, meshes: Meshes) => Promise<Outcome>;

const commands: Readonly<Record<string, Command>> = { audit: auditCommand, plan: planCommand };

async function outcomeOf(args: readonly string[], stdin: NodeJS.ReadableStream, meshes: Meshes): Promise<Outcome> {
  if (args.includes('--help') || args.includes('-h')) return { output: usage, exitCode: 0 };
  if (args.includes('--version')) return { output: `${version}\n`, exitCode: 0 };
  const [name = '', ...rest] = args;
  const command = own(commands, name);
  if (command === undefined)
    throw new UsageError(name === '' ? 'a command is missing' : `there is no command "${name}"`);
  return command(rest, stdin, meshes);
}

/** Whether an error is about the arguments; those of node:util's parseArgs have codes that say so. */
function isUsage(error: unknown): boolean {
  return (
    error instanceof UsageError ||
    error instanceof MissingInput ||
    String(record(error)['code']).startsWith('ERR_PARSE_ARGS')
  );
}

/** What is said beside the output. */
function forPeople(text: string): string {
  return printable(unobeyed(text, asEscape));
}

/** Ours, and never that of findings: a CI job must not take it for a result. */
export const internalErrorCode = 3;

/** What a person can report. */
export function internalError(error: unknown): string {
  return `internal error: ${forPeople(inspect(error))}\nThis is a fault of mesh-migration and no result: please report it.\n`;
}

/**
 * Runs one command line and returns its exit code. Whatever is printed may have come from a manifest, so all of it is
 * made printable here.
 */
export async function run(
  args: readonly string[],
  { stdin, stdout, stderr }: Streams,
  meshes: Meshes,
): Promise<number> {
  try {
    const { output, exitCode } = await outcomeOf(args, stdin, meshes);
    stdout.write(printable(output));
    return exitCode;
  } catch (error) {
    if (!isUsage(error)) {
      stderr.write(internalError(error));
      return internalErrorCode;
    }
    stderr.write(forPeople(`${(error as Error).message}\nTry --help.\n`));
    return 2;
  }
}
