import { Boxes, FALSE, type Formula } from './boxes.ts';
import type { ServicePort } from './classes-port.ts';
import { fact, type Dimension, type Fact } from './space-facts.ts';
import type { Atom, Question } from './space-questions.ts';

/** The dimensions that some questions make, and questions as formulas over them. */
export interface Dimensions {
  readonly list: readonly Dimension[];
  readonly boxes: Boxes;
  /** The formula of a question that is made of those that the dimensions were made from. */
  readonly formula: (question: Question) => Formula;
}

/** Makes the dimensions for the questions. `work` bounds what formulas over them may cost. */
export function dimensions(asked: readonly Atom[], servicePorts: readonly ServicePort[] | undefined, work: number): Dimensions {
  const list: Dimension[] = [];
  const placed = new Map<string, { readonly start: number; readonly fact: Fact }>();
  for (const [name, atoms] of byFact(asked)) {
    const made = fact(atoms, servicePorts);
    placed.set(name, { start: list.length, fact: made });
    list.push(...made.dimensions);
  }
  const boxes = new Boxes(list.map(({ classes }) => (1n << BigInt(classes.length)) - 1n), work);
  const atomFormula = (atom: Atom): Formula => {
    const place = placed.get(factName(atom));
    if (place === undefined) return FALSE;
    return boxes.or(place.fact.boxes(atom).map((box) => boxes.and(box.map(({ dimension, classes }) => boxes.side(place.start + dimension, classes)))));
  };
  const formula = (question: Question): Formula => {
    switch (question.kind) {
      case 'All': return boxes.and(question.of.map(formula));
      case 'Any': return boxes.or(question.of.map(formula));
      case 'Not': return boxes.not(formula(question.of));
      default: return atomFormula(question);
    }
  };
  return { list, boxes, formula };
}

function byFact(asked: readonly Atom[]): ReadonlyMap<string, readonly [Atom, ...Atom[]]> {
  const groups = new Map<string, [Atom, ...Atom[]]>();
  for (const atom of asked) {
    const group = groups.get(factName(atom));
    if (group === undefined) groups.set(factName(atom), [atom]);
    else group.push(atom);
  }
  return groups;
}

function factName(atom: Atom): string {
  return atom.kind === 'Port' ? 'Port' : `${atom.kind} ${atom.name}`;
}
