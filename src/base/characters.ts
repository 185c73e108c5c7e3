/** What is no text, and what a text takes besides its own. */
const ofAny = 4;

/**
 * What an object or a list takes besides its members, with what is made of it once it is read: some hundred bytes. Whoever
 * writes decides how many there are that say little.
 */
const ofMany = 64;

/**
 * About how many characters a value takes the room of: what stands in several places of it as one and
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
    characters += ofMany;
    for (const [key, member] of Object.entries(next)) {
      if (!Array.isArray(next)) characters += key.length;
      open.push(member);
    }
  }
  return characters;
}
