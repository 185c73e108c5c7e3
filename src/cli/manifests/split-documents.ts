/** One YAML document of a file, still text. */
export interface DocumentText {
  readonly text: string;
  /** Line of the file on which `text` begins, from 1. */
  readonly line: number;
}

/** A directive (`%YAML 1.2`), a comment, or nothing: lines that belong to the document that follows them. */
const preamble = /^\s*(?:#.*)?$|^%/;

/** A document of nothing but comments. */
const blank = /^\s*(?:#.*)?$/;

/**
 * Cuts a file into its documents. YAML lets `---` and `...` stand at the beginning of a line only as markers, in a
 * block scalar too (YAML 1.2.2, rule c-forbidden), so that a document which is no valid YAML cannot swallow its
 * neighbours.
 */
export function splitDocuments(text: string): readonly DocumentText[] {
  const documents: DocumentText[] = [];
  let lines: string[] = [];
  let first = 1;
  const cut = (next: number): void => {
    if (!lines.every((line) => blank.test(line) || /^---\s*(?:#.*)?$/.test(line)))
      documents.push({ text: lines.join('\n'), line: first });
    lines = [];
    first = next;
  };
  for (const [index, line] of text.replaceAll('\r\n', '\n').split('\n').entries()) {
    const isStart = /^\uFEFF?---(?:\s|$)/.test(line);
    if (isStart && !lines.every((before) => preamble.test(before))) cut(index + 1);
    if (/^\.\.\.(?:\s|$)/.test(line)) cut(index + 2);
    else lines.push(isStart ? line.replace('\uFEFF', '') : line);
  }
  cut(1);
  return documents;
}
