/** A number with its noun: "1 namespace", "0 namespaces", "2 policies". Every message that counts says it this way. */
export function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${/[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ie` : noun}s`;
}

/**
 * Some things for a sentence, by their names: of those that are only counted none is made, because whoever makes many
 * things is named beside each of many others.
 */
export function listedOf<T>(all: readonly T[], nameOf: (one: T) => string, most = 5, besides = 0): string {
  return listed(all.slice(0, most).map(nameOf), most, Math.max(0, all.length - most) + besides);
}

/** Names for a sentence, and how many there are besides: a message has to be readable with a thousand of them. */
export function listed(names: readonly string[], most = 5, besides = 0): string {
  const shown = names.slice(0, most);
  const more = names.length - shown.length + besides;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
