import {
  Document,
  visit,
  type CreateNodeOptions,
  type DocumentOptions,
  type SchemaOptions,
  type ToStringOptions,
} from 'yaml';
import { unseen } from './blank.ts';
import { asEscape, mayBeObeyed, unobeyed } from './ci-commands.ts';

/**
 * What a terminal obeys, an editor hides or a YAML parser takes for the end of a line, but for tab and line feed; and
 * blanks that are none of those that everybody knows.
 */
const special = new RegExp(unseen, 'gu');

/** As JSON writes a character: by the halves of those that have two. */
function escaped(character: string): string {
  return character.split('').map(asEscape).join('');
}

/** As YAML does, which knows no halves. */
function escapedInYaml(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : escaped(character);
}

/**
 * A text in which nothing acts on whoever looks at it: what does is written as JSON writes it, so that JSON stays what
 * it says.
 */
export function printable(text: string): string {
  return text.replace(special, escaped);
}

/**
 * Whether a text is lines of blanks and nothing else: `yaml` writes it as a block, of which a parser makes something
 * else.
 */
function isBlankLines(text: string): boolean {
  return text.includes('\n') && !/\S/.test(text);
}

function needsQuotes(text: string): boolean {
  return printable(text) !== text || isBlankLines(text) || mayBeObeyed(text);
}

/** JSON of which no runner of CI obeys a line. */
export function printableJson(value: unknown): string {
  return printable(unobeyed(JSON.stringify(value, null, 2), asEscape));
}

/**
 * YAML in which the same is escaped within quotes, so that it reads as it was, and so is what a runner of CI obeys.
 */
export function printableYaml(
  value: unknown,
  options: DocumentOptions & SchemaOptions & CreateNodeOptions & ToStringOptions,
): string {
  const document = new Document(value, options);
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string' && needsQuotes(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return unobeyed(document.toString(options), asEscape).replace(special, escapedInYaml);
}
