import { extend } from '../base/lists.ts';
import { Boxes, FALSE, type Formula } from './boxes.ts';
import type { ServicePort } from './classes-port.ts';
import { spend } from '../base/effort.ts';
import { fact, type Dimension, type Fact, type Side } from './space-facts.ts';
import type { Atom, Question } from './space-questions.ts';

/** The dimensions that some questions make, and questions as formulas over them. */
export interface Dimensions {
  readonly list: readonly Dimension[];
  readonly boxes: Boxes;
  /** The formula of a question that is made of those that the dimensions were made from. */
  readonly formula: (question: Question) => Formula;
}

/** What it takes to begin with a fact, whatever is asked about it: each has classes and an index of its own. */
const stepsOfFact = 50;

/** Makes the dimensions for the questions. `work` bounds what formulas over them may cost. */
export function dimensions(
  asked: readonly Atom[],
  servicePorts: readonly ServicePort[] | undefined,
  work: number,
): Dimensions {
  const list: Dimension[] = [];
  const placed = new Map<string, { readonly start: number; readonly fact: Fact }>();
  for (const [name, atoms] of byFact(asked)) {
    spend(stepsOfFact);
    const made = fact(atoms, servicePorts);
    placed.set(name, { start: list.length, fact: made });
    extend(list, made.dimensions);
  }
  const boxes = new Boxes(
    list.map(({ classes }) => (1n << BigInt(classes.length)) - 1n),
    work,
  );
  const some = (atoms: readonly Atom[]): Formula => {
    const [first] = atoms;
    const place = first && placed.get(factName(first));
    if (place === undefined) return FALSE;
    const side = ({ dimension, classes }: Side): Formula => boxes.side(place.start + dimension, classes);
    return boxes.or(place.fact.boxes(atoms).map((box) => boxes.and(box.map(side))));
  };
  const known = new Map<Question, Formula>();
  const made = (question: Question): Formula => {
    switch (question.kind) {
      case 'All':
        return boxes.and(question.of.map(formula));
      case 'Any':
        return boxes.or(
          alike(question.of).map((members) => {
            const atoms = members.filter(isAtom);
            // What is no atom is alike with itself alone: there twice, it is what two policies have in common.
            return atoms.length > 1 ? some(atoms) : (members.slice(0, 1).map(formula)[0] ?? FALSE);
          }),
        );
      case 'Not':
        return boxes.not(formula(question.of));
      default:
        return some([question]);
    }
  };
  const formula = (question: Question): Formula => {
    spend(1);
    const formed = known.get(question) ?? made(question);
    known.set(question, formed);
    return formed;
  };
  return { list, boxes, formula };
}

function isAtom(question: Question): question is Atom {
  return question.kind !== 'All' && question.kind !== 'Any' && question.kind !== 'Not';
}

/**
 * Questions of which one has to hold, those about one fact together: their classes are united at once rather than one
 * by one.
 */
function alike(questions: readonly Question[]): readonly (readonly Question[])[] {
  const groups = Map.groupBy(questions, (question) => (isAtom(question) ? factName(question) : question));
  return [...groups.values()];
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
