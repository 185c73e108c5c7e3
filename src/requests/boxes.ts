import { wordsOf } from './classes.ts';
import { spend } from '../base/effort.ts';

/*
 * Boolean formulas over the sides of boxes. A side is a bit set of the classes of one dimension; a conjunction of sides is a box; sets
 * of requests are unions, intersections and complements of boxes. Equal formulas are one node, so that what two sets have in common
 * cancels out before anything is searched.
 */

/** A formula: the number of a node, negative for its complement. */
export type Formula = number;

/** Every request. */
export const TRUE: Formula = 1;

/** No request. */
export const FALSE: Formula = -1;

/** A dimension by its number, with the classes of it that are left. */
export type Domains = ReadonlyMap<number, bigint>;

type Node =
  | { readonly kind: 'Side'; readonly dimension: number; readonly classes: bigint }
  | { readonly kind: 'And'; readonly parts: readonly Formula[] };

/** A prime, so that every bit counts. */
const hashSize = 1_073_741_789;
const modulus = BigInt(hashSize);

/** Thrown instead of an approximation when a question would take too much work. */
export class RequestSpaceTooLarge extends Error {
  override readonly name = 'RequestSpaceTooLarge';
}

/** Makes formulas and keeps them unique. `all` holds every class of each dimension. */
export class Boxes {
  private readonly nodes: Node[] = [
    { kind: 'And', parts: [FALSE] },
    { kind: 'And', parts: [] },
  ];
  private readonly conjunctions = new Map<string, Formula>();
  /** By dimension, and by a hash, since a bit set as text is long. */
  private readonly sides: readonly Map<number, readonly Formula[]>[];
  private readonly all: readonly bigint[];
  /** By dimension: the steps that an operation on its classes takes. */
  private readonly words: readonly number[];
  private work: number;

  /** `work`: how many parts of formulas may be looked at before RequestSpaceTooLarge. */
  constructor(all: readonly bigint[], work: number) {
    this.all = all;
    this.words = all.map((classes) => wordsOf(bitLength(classes)));
    this.sides = all.map(() => new Map());
    this.work = work;
  }

  /** The requests in these classes of a dimension. */
  side(dimension: number, classes: bigint): Formula {
    this.spend(this.words[dimension]);
    if (classes === 0n) return FALSE;
    if (classes === this.all[dimension]) return TRUE;
    const key = Number(classes % modulus);
    const alike = this.sides[dimension]?.get(key) ?? [];
    const known = alike.find((formula) => this.isSide(formula, dimension, classes));
    if (known !== undefined) return known;
    const made = this.add({ kind: 'Side', dimension, classes });
    this.sides[dimension]?.set(key, [...alike, made]);
    return made;
  }

  /** The complement. That of a side is a side, so that only conjunctions have negative numbers. */
  not(formula: Formula): Formula {
    const node = this.node(formula);
    return node.kind === 'Side'
      ? this.side(node.dimension, (this.all[node.dimension] ?? 0n) & ~node.classes)
      : -formula;
  }

  /** The union. */
  or(formulas: readonly Formula[]): Formula {
    return this.not(this.and(formulas.map((formula) => this.not(formula))));
  }

  /** The intersection, simplified until nothing more follows from its sides and parts. */
  and(formulas: readonly Formula[]): Formula {
    let current = this.flat(formulas);
    while (current !== undefined) {
      const next = this.simplified(current);
      if (next === undefined) return this.conjunction(current);
      current = this.flat(next);
    }
    return FALSE;
  }

  /** The parts of a conjunction (a formula alone is its only part): sides by dimension, and unions. */
  parts(formula: Formula): { readonly sides: Domains; readonly unions: readonly Formula[] } {
    const node = this.node(formula);
    const parts = formula > 0 && node.kind === 'And' ? node.parts : [formula];
    const sides = new Map<number, bigint>();
    const unions: Formula[] = [];
    for (const part of parts) {
      const found = this.node(part);
      if (found.kind === 'Side') sides.set(found.dimension, found.classes);
      else unions.push(part);
    }
    return { sides, unions };
  }

  /** The members of a union. */
  members(union: Formula): readonly Formula[] {
    const node = this.node(union);
    return union < 0 && node.kind === 'And' ? node.parts.map((part) => this.not(part)) : [union];
  }

  /** The side that most parts of these formulas refer to, a side and its complement counted together. */
  mostFrequentSide(formulas: readonly Formula[]): Formula {
    const counts = new Map<Formula, number>();
    const seen = new Set<number>();
    const open = [...formulas];
    for (let formula = open.pop(); formula !== undefined; formula = open.pop()) {
      this.spend();
      const node = this.node(formula);
      if (node.kind === 'Side') {
        const side = Math.min(formula, this.not(formula));
        counts.set(side, (counts.get(side) ?? 0) + 1);
      } else if (!seen.has(Math.abs(formula))) {
        seen.add(Math.abs(formula));
        for (const part of node.parts) open.push(part);
      }
    }
    return [...counts].reduce<readonly [Formula, number]>(
      (best, entry) => (entry[1] > best[1] ? entry : best),
      [FALSE, 0],
    )[0];
  }

  private node(formula: Formula): Node {
    const node = this.nodes[Math.abs(formula)];
    if (node === undefined) throw new Error(`no formula ${formula}`);
    return node;
  }

  private isSide(formula: Formula, dimension: number, classes: bigint): boolean {
    const node = this.node(formula);
    return node.kind === 'Side' && node.dimension === dimension && node.classes === classes;
  }

  private add(node: Node): Formula {
    return this.nodes.push(node) - 1;
  }

  private conjunction(current: Flat): Formula {
    this.spend(current.sides.size + current.unions.size);
    const parts = [...this.sidesOf(current), ...current.unions].sort((a, b) => a - b);
    const [only] = parts;
    if (only === undefined) return TRUE;
    if (parts.length === 1) return only;
    const key = parts.join();
    const known = this.conjunctions.get(key) ?? this.add({ kind: 'And', parts });
    this.conjunctions.set(key, known);
    return known;
  }

  private sidesOf(current: Flat): readonly Formula[] {
    return [...current.sides].map(([dimension, classes]) => this.side(dimension, classes));
  }

  /** Nested conjunctions opened and sides of one dimension merged; undefined if that is empty. */
  private flat(formulas: readonly Formula[]): Flat | undefined {
    const sides = new Map<number, bigint>();
    const unions = new Set<Formula>();
    const open = [...formulas];
    for (let formula = open.pop(); formula !== undefined; formula = open.pop()) {
      const node = this.node(formula);
      this.spend(node.kind === 'Side' ? this.words[node.dimension] : 1);
      if (formula === FALSE || unions.has(-formula)) return undefined;
      if (node.kind === 'Side') {
        const classes = (sides.get(node.dimension) ?? node.classes) & node.classes;
        if (classes === 0n) return undefined;
        sides.set(node.dimension, classes);
      } else if (formula > 0) for (const part of node.parts) open.push(part);
      else unions.add(formula);
    }
    return { sides, unions };
  }

  /** The parts after what is known has been used in every union; undefined if nothing changed. */
  private simplified(current: Flat): readonly Formula[] | undefined {
    const before = [...current.unions];
    const after = before.map((union) => this.not(this.conjunctionUnder(-union, current)));
    return after.every((union, index) => union === before[index]) ? undefined : [...this.sidesOf(current), ...after];
  }

  /**
   * What is left of a formula where something is known: its parts that always hold are gone, as is all of it if one
   * never does.
   */
  private under(formula: Formula, known: Flat): Formula {
    this.spend();
    const node = this.node(formula);
    if (node.kind === 'Side') return this.sideUnder(formula, node, known);
    if (known.unions.has(formula)) return TRUE;
    if (known.unions.has(-formula)) return FALSE;
    return formula > 0 ? this.conjunctionUnder(formula, known) : this.not(this.conjunctionUnder(-formula, known));
  }

  private sideUnder(side: Formula, { dimension, classes }: Extract<Node, { kind: 'Side' }>, known: Flat): Formula {
    const left = known.sides.get(dimension);
    if (left === undefined) return side;
    if ((left & classes) === 0n) return FALSE;
    return (left & ~classes) === 0n ? TRUE : side;
  }

  private conjunctionUnder(conjunction: Formula, known: Flat): Formula {
    const node = this.node(conjunction);
    const before = node.kind === 'And' ? node.parts : [];
    const after: Formula[] = [];
    for (const part of before) {
      const left = this.under(part, known);
      if (left === FALSE) return FALSE;
      after.push(left);
    }
    return after.every((part, index) => part === before[index]) ? conjunction : this.and(after);
  }

  private spend(steps = 1): void {
    spend(steps);
    this.work -= steps;
    if (this.work < 0)
      throw new RequestSpaceTooLarge(
        'the policies make too many combinations of request classes to compare them exactly',
      );
  }
}

function bitLength(classes: bigint): number {
  return classes.toString(16).length * 4;
}

/** A conjunction while it is made. */
interface Flat {
  readonly sides: ReadonlyMap<number, bigint>;
  readonly unions: ReadonlySet<Formula>;
}
