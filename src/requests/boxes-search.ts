import { FALSE, type Boxes, type Domains, type Formula } from './boxes.ts';

/**
 * Classes of every dimension that a formula speaks of such that every choice from them satisfies it; undefined if there
 * are none, which is proven by going through all cases. A case is made by deciding the side that occurs most; what is
 * undecided shrinks with each.
 */
export function findBox(boxes: Boxes, formula: Formula): Domains | undefined {
  return search(boxes, formula, new Set());
}

function search(boxes: Boxes, formula: Formula, empty: Set<Formula>): Domains | undefined {
  if (formula === FALSE || empty.has(formula)) return undefined;
  const { sides, unions } = boxes.parts(formula);
  if (unions.length === 0) return sides;
  const found =
    sides.size === 0 && unions.length === 1
      ? first(boxes.members(formula), (member) => search(boxes, member, empty))
      : decide(boxes, formula, unions, empty);
  if (found === undefined) empty.add(formula);
  return found;
}

function decide(boxes: Boxes, formula: Formula, unions: readonly Formula[], empty: Set<Formula>): Domains | undefined {
  const side = boxes.mostFrequentSide(unions);
  return first([side, boxes.not(side)], (choice) => search(boxes, boxes.and([formula, choice]), empty));
}

function first<T, R>(values: readonly T[], find: (value: T) => R | undefined): R | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
