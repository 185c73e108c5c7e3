import { isAlias, isCollection, isPair, isScalar, type Document, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';

/** Thrown where aliases make more of a document than anybody takes who reads it, before any is put in its place. */
class AliasesRefused extends Error {
  override readonly name = 'AliasesRefused';
}

/** What aliases may make of a document. */
export interface MostRepeated {
  /** That stand for others, together. */
  readonly characters: number;
  /** Aliases and anchors that are gone through: the parser does so for each alias. */
  readonly lookedAt: number;
}

/** A scalar takes so many beside its own. */
const ofScalar = 2;

/** What a node is once all in it is put in its place. */
interface Weight {
  readonly characters: number;
  readonly aliases: number;
}

/** What aliases make of a document. */
interface Repeated {
  characters: number;
  /** Each as often as it is put in its place: `<<` makes a map of its own of each, and looks for all in it anew. */
  resolved: number;
  aliases: number;
  anchors: number;
  /** A map or a list is a key, or stands for one: the parser writes all anchors down for each of these. */
  hasOddKey: boolean;
  /** An alias stands in what it stands for: the parser puts it in its place until there is no room any more. */
  holdsItself: boolean;
}

/** What an anchor stands for; nothing is known of it while what it is at is not over. */
type Anchored = { readonly kind: 'Open' } | { readonly kind: 'Key' | 'Collection'; readonly weight: Weight };

const nothing: Weight = { characters: 0, aliases: 0 };

function plus(one: Weight, other: Weight): Weight {
  return { characters: one.characters + other.characters, aliases: one.aliases + other.aliases };
}

/**
 * Weighs a node with all that its aliases repeat, which is counted. What an alias stands for is the last node of its
 * anchor that begins before it, as the parser looks it up.
 */
function weighing(repeated: Repeated): (node: unknown) => Weight {
  const anchored = new Map<string, Anchored>();
  const weighAlias = (source: string): Weight => {
    const found = anchored.get(source);
    if (found?.kind === 'Open') repeated.holdsItself = true;
    // One without an anchor is an error, which whoever reads the value finds out.
    const { characters, aliases } = found === undefined || found.kind === 'Open' ? nothing : found.weight;
    repeated.characters += characters;
    repeated.resolved += aliases + 1;
    repeated.aliases += 1;
    return { characters: characters + ofScalar, aliases: aliases + 1 };
  };
  const weighHeld = (node: Scalar | YAMLMap | YAMLSeq): Weight => {
    const { anchor } = node;
    const begun: Anchored = { kind: 'Open' };
    if (anchor !== undefined) anchored.set(anchor, begun);
    if (anchor !== undefined) repeated.anchors += 1;
    const length = isScalar(node) && typeof node.value === 'string' ? node.value.length : 0;
    const own: Weight = { ...nothing, characters: length + ofScalar };
    const weight = isCollection(node) ? node.items.reduce<Weight>((sum, item) => plus(sum, weigh(item)), own) : own;
    // Not where another node in it has the same anchor: that one begins later.
    if (anchor !== undefined && anchored.get(anchor) === begun)
      anchored.set(anchor, { kind: isScalar(node) ? 'Key' : 'Collection', weight });
    return weight;
  };
  const isOddKey = (key: unknown): boolean =>
    isCollection(key) || (isAlias(key) && anchored.get(key.source)?.kind !== 'Key');
  const weigh = (node: unknown): Weight => {
    if (isAlias(node)) return weighAlias(node.source);
    if (isScalar(node) || isCollection(node)) return weighHeld(node);
    if (!isPair(node)) return { ...nothing, characters: ofScalar };
    repeated.hasOddKey ||= isOddKey(node.key);
    return plus(weigh(node.key), weigh(node.value));
  };
  return weigh;
}

/** Why a document is not read of which aliases make more than `most`; undefined where they do not. */
function whyRefused({ contents }: Document.Parsed, most: MostRepeated): string | undefined {
  const repeated: Repeated = {
    characters: 0,
    resolved: 0,
    aliases: 0,
    anchors: 0,
    hasOddKey: false,
    holdsItself: false,
  };
  weighing(repeated)(contents);
  const { characters, resolved, aliases, anchors, hasOddKey, holdsItself } = repeated;
  if (holdsItself) return 'nested too deeply';
  if (hasOddKey) return 'a map stands where a value is expected';
  const isTooMuch = characters > most.characters || resolved * (aliases + anchors) > most.lookedAt;
  return isTooMuch ? 'its aliases make more of it than an API server takes' : undefined;
}

/**
 * What a document says, with what its aliases stand for: some kilobytes may stand for as many gigabytes, or each of
 * thousands of aliases be looked for among as many anchors. Counted here before any is put in its place. The parser's
 * own limit is no use for that: it counts how many there are of one anchor and not what each repeats, and goes through
 * the whole document for each alias in what another alias stands for (7 kB took minutes). So it is not asked.
 */
export function valueOf(document: Document.Parsed, most: MostRepeated): unknown {
  const refused = whyRefused(document, most);
  if (refused !== undefined) throw new AliasesRefused(refused);
  return document.toJS({ maxAliasCount: -1 });
}
