import type { Command, Option } from 'commander';

/** The word by which a shell asks, in the place of a command. */
export const completing = '__complete';

/*
 * The last line says whether a shell may offer files where there is nothing else, as kubectl wants it from what
 * completes a plugin (cobra: ShellCompDirectiveDefault and ShellCompDirectiveNoFileComp).
 */
const [files, noFiles] = [':0', ':4'];

function namesOf({ short, long }: Option): readonly string[] {
  return [short, long].filter((name) => name !== undefined);
}

function isOf(option: Option, word: string): boolean {
  return namesOf(option).includes(word) && (option.required || option.optional);
}

/** What may stand in the place of the last word; undefined where that is a file or any other text. */
function choices(program: Command, words: readonly string[]): readonly string[] | undefined {
  const [name = '', ...rest] = words;
  const current = rest.at(-1);
  if (current === undefined) return [...program.commands.map((each) => each.name()), '--help', '--version'];
  const command = program.commands.find((each) => each.name() === name);
  if (command === undefined) return [];
  const option = command.options.find((each) => isOf(each, rest.at(-2) ?? ''));
  if (option !== undefined) return option.argChoices;
  if (current.startsWith('-')) return [...command.options.flatMap(namesOf), '-h', '--help'];
  return command.registeredArguments[0]?.argChoices ?? [];
}

/** What a shell offers for the last of these words, one a line, and what else it may offer. */
export function candidates(program: Command, words: readonly string[]): string {
  const found = choices(program, words);
  const fitting = found?.filter((choice) => choice.startsWith(words.at(-1) ?? '')) ?? [];
  return `${[...fitting, found === undefined ? files : noFiles].join('\n')}\n`;
}
