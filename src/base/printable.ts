import {
  Document,
  visit,
  type CreateNodeOptions,
  type DocumentOptions,
  type SchemaOptions,
  type ToStringOptions,
} from 'yaml';

/**
 * What a terminal obeys, an editor hides or a YAML parser takes for the end of a line: C0 but for tab and line feed,
 * DEL and C1, marks of direction (the overrides and isolates above all), what has no width, and the separators of lines
 * and paragraphs.
 */
const special = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200B-\u200F\u2028-\u202E\u2060\u2066-\u2069\uFEFF]/g;

/**
 * A text in which nothing acts on whoever looks at it: what does is written as JSON writes it, so that JSON stays what
 * it says.
 */
export function printable(text: string): string {
  return text.replace(special, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Whether a text is lines of blanks and nothing else: `yaml` writes it as a block, of which a parser makes something
 * else.
 */
function isBlankLines(text: string): boolean {
  return text.includes('\n') && !/\S/.test(text);
}

/** YAML in which the same is escaped within quotes, so that it reads as it was. */
export function printableYaml(
  value: unknown,
  options: DocumentOptions & SchemaOptions & CreateNodeOptions & ToStringOptions,
): string {
  const document = new Document(value, options);
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value !== 'string') return;
      if (printable(scalar.value) !== scalar.value || isBlankLines(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return printable(document.toString(options));
}
