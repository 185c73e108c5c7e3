import { Argument, Command, CommanderError } from 'commander';
import { asEscape, unobeyed } from '../base/ci-commands.ts';
import { printable } from '../base/printable.ts';
import { version } from '../base/version.ts';
import type { CliCommand } from './command.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import type { Host } from './host.ts';

const purpose =
  'Moves namespaces from one service mesh data plane to another: asks about a cluster, or about manifests without one, and looks at and steers the migrations of a cluster.';

function titled(title: string, lines: readonly string[]): string {
  return `\n${title}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function exitCodeLines(): readonly string[] {
  return Object.entries(exitCodes).map(([code, meaning]) => `${code.padEnd(4)} ${meaning}`);
}

function examplesOf({ examples }: CliCommand, { program }: Host): readonly string[] {
  return examples.map((example) => `${program} ${example}`);
}

function addTo(program: Command, row: CliCommand, host: Host, end: (code: ExitCode) => void): void {
  const command = program.command(row.name).summary(row.summary);
  command.description(row.details === undefined ? `${row.summary}.` : `${row.summary}. ${row.details}`);
  if (row.argument !== undefined) {
    const { form, meaning, offered } = row.argument;
    command.addArgument(Object.assign(new Argument(form, meaning), offered && { argChoices: [...offered] }));
  }
  for (const option of row.options) command.addOption(option);
  command.addHelpText('after', titled('Examples', examplesOf(row, host)));
  command.action(async () => {
    const [argument] = command.args;
    end(await row.run({ argument, options: command.opts<object>() }, host));
  });
}

/** The parser of all commands. Nothing that it prints acts on whoever looks at it, and it never ends the process. */
export function programOf(rows: readonly CliCommand[], host: Host, end: (code: ExitCode) => void): Command {
  const program = new Command(host.program)
    .description(purpose)
    .version(version, '--version', 'print the version')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(printable(unobeyed(text, asEscape))),
      writeErr: () => undefined,
      getOutHelpWidth: () => Math.max(60, host.stdout.columns ?? 100),
    });
  for (const row of rows) addTo(program, row, host, end);
  const examples = rows.flatMap((row) => examplesOf(row, host).slice(0, 1));
  return program.addHelpText('after', `${titled('Examples', examples)}\n${titled('Exit codes', exitCodeLines())}`);
}

/** Help and version were printed as they were asked for: nothing is wrong. */
export function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

/** What is wrong with the arguments, in the words of the parser; undefined of any other error. */
export function complaintOf(error: unknown): string | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  const words = error.message.replace(/^error: /, '');
  if (error.code === 'commander.excessArguments')
    return `Unexpected argument: ${words.replace(/^too many arguments for '(.*)'\. Expected/, '$1 expects')}`;
  return words.charAt(0).toUpperCase() + words.slice(1);
}
