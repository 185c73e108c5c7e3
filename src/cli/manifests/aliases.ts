import { isAlias, isCollection, isPair, isScalar, type Document } from 'yaml';

/** As many characters as aliases may repeat: an API server takes no request that is larger than that. */
const most = 3 * 2 ** 20;

/** The parser goes through all anchors and aliases for each alias, so often at the most: more than any real file needs. */
const mostLookedAt = 100_000_000;

/** A scalar takes so many beside its own. */
const ofScalar = 2;

/** What aliases make of a document. */
interface Repeated {
  characters: number;
  aliases: number;
  anchors: number;
}

/** The characters of a node with all that its aliases repeat, which are counted. */
function weighing(repeated: Repeated): (node: unknown) => number {
  const anchored = new Map<string, number>();
  const weigh = (node: unknown): number => {
    if (isPair(node)) return weigh(node.key) + weigh(node.value);
    if (isAlias(node)) {
      // Its own anchor may be around it: that ends nowhere, which is found out later (`isTooDeep`).
      const weight = anchored.get(node.source) ?? 0;
      repeated.characters += weight;
      repeated.aliases += 1;
      return weight;
    }
    const own = isScalar(node) && typeof node.value === 'string' ? node.value.length + ofScalar : ofScalar;
    const weight = isCollection(node) ? node.items.reduce<number>((sum, item) => sum + weigh(item), own) : own;
    if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) {
      repeated.anchors += 1;
      anchored.set(node.anchor, weight);
    }
    return weight;
  };
  return weigh;
}

/**
 * Whether aliases make more of a document than anything takes that reads manifests: some kilobytes may stand for as many
 * gigabytes, or each of thousands of aliases be looked for among as many anchors. The parser counts how many there are of
 * one anchor, and not what each of them repeats. Found out before any of them is put in its place, because `<<` makes a
 * map of its own of each.
 */
export function repeatsTooMuch({ contents }: Document.Parsed): boolean {
  const repeated: Repeated = { characters: 0, aliases: 0, anchors: 0 };
  weighing(repeated)(contents);
  const { characters, aliases, anchors } = repeated;
  return characters > most || aliases * (aliases + anchors) > mostLookedAt;
}
