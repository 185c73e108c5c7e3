import type { Option } from 'commander';
import type { ExitCode } from './exit-code.ts';
import type { Host } from './host.ts';

/** One call of a command, as far as the parser has taken it apart. */
export interface Call {
  /** What stands in the place of the argument, if anything does. */
  readonly argument: string | undefined;
  /** By the long names of the options, in camel case; each command knows which it has. */
  readonly options: object;
}

/** One of the commands: a row of the table in `commands.ts`. Help and completion are made from it. */
export interface CliCommand {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** What else whoever asks for help should know. */
  readonly details?: string;
  /** `<name>` where it has to be given, `[name]` where it may. */
  readonly argument?: { readonly form: string; readonly meaning: string; readonly offered?: readonly string[] };
  readonly options: readonly Option[];
  /** What is typed after the name of the program. */
  readonly examples: readonly string[];
  /** How it ends where others end by 1 because something is refused; 1 is an answer of its own then. */
  readonly otherwise?: ExitCode;
  run(call: Call, host: Host): Promise<ExitCode>;
}
