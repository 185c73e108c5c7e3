import { commandText } from '../../base/cut-text.ts';

/** Words of a sentence; a command is one, however long, because half of it would do something else. */
function wordsOf(text: string): readonly string[] {
  const commands = [...text.matchAll(commandText)].map(([command]) => command.trimEnd());
  const rest = text.split(commandText);
  return rest.flatMap((words, index) => {
    const command = commands[index];
    return [...words.split(/\s+/).filter((word) => word !== ''), ...(command === undefined ? [] : [command])];
  });
}

/** A text in lines of at most `width` columns, but for commands and words that are longer. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of wordsOf(text)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' || /^[.;:,)]/.test(word) ? `${line}${word}` : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
