/** What an entry takes beside its key and its text, in bytes: about as much as a Map needs for it. */
const bytesOfEntry = 150;

interface Shared {
  readonly text: string;
  uses: number;
}

/**
 * Texts that were worked out lately, by a short key: never more than so many bytes, and what nobody has asked for the
 * longest is forgotten first. A text that stands by many keys is there once.
 */
export class RecentTexts {
  readonly #most: number;
  readonly #known = new Map<string, Shared>();
  readonly #texts = new Map<string, Shared>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  /** What is remembered takes about so many bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Undefined if it is not remembered. */
  get(key: string): string | undefined {
    const found = this.#known.get(key);
    if (found === undefined) return undefined;
    this.#known.delete(key);
    this.#known.set(key, found);
    return found.text;
  }

  /** Remembers it. */
  set(key: string, text: string): void {
    this.#forget(key);
    const shared = this.#texts.get(text) ?? { text, uses: 0 };
    if (shared.uses === 0) this.#bytes += text.length;
    shared.uses += 1;
    this.#texts.set(text, shared);
    this.#known.set(key, shared);
    this.#bytes += key.length + bytesOfEntry;
    for (const oldest of this.#known.keys()) {
      if (this.#bytes <= this.#most) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    const found = this.#known.get(key);
    if (found === undefined) return;
    this.#known.delete(key);
    this.#bytes -= key.length + bytesOfEntry;
    found.uses -= 1;
    if (found.uses > 0) return;
    this.#texts.delete(found.text);
    this.#bytes -= found.text.length;
  }
}
