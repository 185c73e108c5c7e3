/** What is no text, and what an object or a list takes besides its members. */
const ofAny = 4;

/**
 * About how many characters a value holds, as JSON would write it: but what stands in several places of it as one and
 * the same object is counted once, because it is held once.
 */
export function charactersHeld(value: unknown): number {
  const seen = new Set<object>();
  const open: unknown[] = [value];
  let characters = 0;
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === 'string') characters += next.length;
    characters += ofAny;
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    for (const [key, member] of Object.entries(next)) {
      if (!Array.isArray(next)) characters += key.length;
      open.push(member);
    }
  }
  return characters;
}
