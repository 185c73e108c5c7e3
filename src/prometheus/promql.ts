/** A text of others in PromQL, whose strings are read as those of Go: what JSON escapes these read alike. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
