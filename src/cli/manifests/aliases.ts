import { isAlias, isCollection, isPair, isScalar, type Document } from 'yaml';

/** As many characters as aliases may repeat: an API server takes no request that is larger than that. */
const most = 3 * 2 ** 20;

/** A scalar takes so many beside its own. */
const ofScalar = 2;

/** The characters of a node with all that its aliases repeat; `repeat` is told of each of these. */
function weighing(repeat: (characters: number) => void): (node: unknown) => number {
  const anchored = new Map<string, number>();
  const weigh = (node: unknown): number => {
    if (isPair(node)) return weigh(node.key) + weigh(node.value);
    if (isAlias(node)) {
      // Its own anchor may be around it: that ends nowhere, which is found out later (`isTooDeep`).
      const weight = anchored.get(node.source) ?? 0;
      repeat(weight);
      return weight;
    }
    const own = isScalar(node) && typeof node.value === 'string' ? node.value.length + ofScalar : ofScalar;
    const weight = isCollection(node) ? node.items.reduce<number>((sum, item) => sum + weigh(item), own) : own;
    if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) anchored.set(node.anchor, weight);
    return weight;
  };
  return weigh;
}

/**
 * Whether aliases make more of a document than anything takes that reads manifests: some kilobytes may stand for as many
 * gigabytes. The parser counts how many there are, and not what each of them repeats. Found out before any of them is
 * put in its place, because `<<` makes a map of its own of each.
 */
export function repeatsTooMuch({ contents }: Document.Parsed): boolean {
  let repeated = 0;
  weighing((characters) => {
    repeated += characters;
  })(contents);
  return repeated > most;
}
