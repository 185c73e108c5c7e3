/*
 * Runners of CI read what a command prints, and obey it: `##[…]`, `##vso[…]` and `##teamcity[…]` anywhere in a line
 * (GitHub, Azure Pipelines, TeamCity), `::error::` where nothing but blanks stands before it (GitHub). The sections of
 * GitLab need a carriage return and an escape, which are nowhere printed.
 */

/** The second of two number signs, and the first of two colons that begin a line, with the blanks before it. */
const signs = /(?<=#)#|^[ \t]*:(?=:)/gm;

/** A text of whose lines no runner obeys any; `write` says how a sign is written there. */
export function unobeyed(text: string, write: (sign: string) => string): string {
  return text.replace(signs, (found) => `${found.slice(0, -1)}${write(found.slice(-1))}`);
}

/** As JSON writes it, and double quotes in YAML. */
export function asEscape(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Whether a line of a text, or one that the text begins, would be written otherwise. */
export function mayBeObeyed(text: string): boolean {
  return /##|\s::|^::/s.test(text);
}
