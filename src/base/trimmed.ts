/** Where a text ends without these characters. */
function endOf(text: string, characters: string): number {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return end;
}

/**
 * A text without these characters at its end. Each is read once: a pattern for it begins at each of them, wherever they
 * stand, and of a text of a tenant that takes as long as it is long, for each character.
 */
export function trimmedEnd(text: string, characters: string): string {
  return text.slice(0, endOf(text, characters));
}

/** The same at both ends, as Go does it (strings.Trim). */
export function trimmed(text: string, characters: string): string {
  const end = endOf(text, characters);
  let start = 0;
  while (start < end && characters.includes(text.charAt(start))) start += 1;
  return text.slice(start, end);
}
