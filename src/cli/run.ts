import { nearest } from '../base/nearest.ts';
import { quoted } from '../base/shown.ts';
import { commands } from './commands.ts';
import { candidates, completing } from './completion/candidates.ts';
import type { ExitCode } from './exit-code.ts';
import { failureOf } from './failures.ts';
import { hostOf, type Host, type Streams } from './host.ts';
import { isHelp, programOf } from './program.ts';
import { UsageError } from './usage-error.ts';

/** kubectl takes `--dry-run=server`, and nothing else makes sense here: what a client alone would say proves nothing. */
function withDryRun(argument: string): string {
  return argument === '--dry-run=server' ? '--dry-run' : argument;
}

function checkName(name: string | undefined): void {
  if (name?.startsWith('-') === true) return;
  const names = commands.map((command) => command.name);
  if (name === undefined) throw new UsageError(`a command is missing: ${names.join(', ')}`);
  if (names.includes(name)) return;
  const near = nearest(name, names);
  throw new UsageError(
    `there is no command ${quoted(name)}${near === undefined ? '' : `; the nearest is ${quoted(near)}`}`,
  );
}

async function codeOf(args: readonly string[], host: Host): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = programOf(commands, host, (ended) => {
    code = ended;
  });
  const [name, ...words] = args;
  if (name === completing) {
    host.stdout.write(candidates(program, words));
    return 0;
  }
  checkName(name);
  await program.parseAsync(args.map(withDryRun), { from: 'user' });
  return code;
}

/** Runs one command line and returns its exit code. */
export async function run(args: readonly string[], given: Streams & Partial<Host>): Promise<ExitCode> {
  const host = hostOf(given);
  try {
    return await codeOf(args, host);
  } catch (error) {
    if (isHelp(error)) return 0;
    if (host.signal.aborted) return 130;
    const { text, exitCode } = failureOf(error);
    host.stderr.write(text);
    const otherwise = commands.find(({ name }) => name === args[0])?.otherwise;
    return exitCode === 1 ? (otherwise ?? 1) : exitCode;
  }
}
