/** What is read of a text: how often decides what it costs. */
export type Characters = Pick<string, 'length' | 'charAt' | 'slice'>;

/** Where a text in quotes ends; undefined if it does not. */
function closingQuote(text: Characters, opening: number): number | undefined {
  for (let at = opening + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') return at;
    if (character === '\\') at += 1;
  }
  return undefined;
}

/** What a character adds to how deep the text is in objects and lists. */
const depths: Readonly<Record<string, number>> = { '{': 1, '[': 1, '}': -1, ']': -1 };

/**
 * Cuts a stream of JSON objects, as `kubectl get -o json` piped one after the other gives it, into its objects; each with
 * where it begins. Undefined if it is none. Each character is read once: a quote that nothing closes ends it all.
 */
export function jsonObjects(
  text: Characters,
): readonly { readonly text: string; readonly offset: number }[] | undefined {
  const found: { text: string; offset: number }[] = [];
  let [depth, start] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (/[\s,]/.test(character)) continue;
    const step = depths[character] ?? 0;
    if (depth === 0 && step !== 1) return undefined;
    if (depth === 0) start = at;
    depth += step;
    if (depth === 0) found.push({ text: text.slice(start, at + 1), offset: start });
    const end = character === '"' ? closingQuote(text, at) : at;
    if (end === undefined) return undefined;
    at = end;
  }
  return depth === 0 && found.length > 0 ? found : undefined;
}
