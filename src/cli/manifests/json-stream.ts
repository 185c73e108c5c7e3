/** A text in quotes, an end of objects and lists, or anything else that stands by itself between them. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\]]|[^\s,"{}[\]]+/gs;

/**
 * Cuts a stream of JSON objects, as `kubectl get -o json` piped one after the other gives it, into its objects; each with
 * where it begins. Undefined if it is none.
 */
export function jsonObjects(text: string): readonly { readonly text: string; readonly offset: number }[] | undefined {
  const found: { text: string; offset: number }[] = [];
  let [depth, start] = [0, 0];
  for (const { 0: part, index } of text.matchAll(token)) {
    const isOpening = part === '{' || part === '[';
    const isClosing = part === '}' || part === ']';
    if (depth === 0 && !isOpening) return undefined;
    if (depth === 0) start = index;
    depth += Number(isOpening) - Number(isClosing);
    if (depth === 0) found.push({ text: text.slice(start, index + 1), offset: start });
  }
  return depth === 0 && found.length > 0 ? found : undefined;
}
