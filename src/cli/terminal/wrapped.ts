import { commandText } from '../../base/cut-text.ts';

function filled(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((each) => each !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

/**
 * A text in lines of at most `width` columns. A command has a line of its own, however long, without what ends the
 * sentence: half of one, or one with a full stop, would do something else.
 */
export function wrapped(text: string, width: number): readonly string[] {
  const commands = [...text.matchAll(commandText)].map(([command]) => command.trimEnd());
  const sentences = text.split(commandText);
  return sentences.flatMap((sentence, index) => {
    const command = commands[index];
    const words = index === 0 ? sentence : sentence.replace(/^[.;,]\s*/, '');
    return [...filled(words, width), ...(command === undefined ? [] : [command])];
  });
}
