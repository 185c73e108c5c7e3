import { spend } from '../base/effort.ts';
import { matcherHolds } from './matches.ts';
import type { Condition, FactMatcher, Literal, Request } from './semantics.ts';
import { question, type Question } from './space-questions.ts';
import type { RequestSet, SeenFacts } from './space.ts';

/** Sets of requests as questions, with the facts that a proxy in between replaces already answered. */
export type Lowering = (set: RequestSet) => Question;

/** As whom a proxy sees the caller, with a text that is equal for equal facts. */
interface Seen {
  readonly facts: SeenFacts;
  readonly key: string;
}

function seen(facts: SeenFacts): Seen {
  return { facts, key: JSON.stringify(['identity' in facts, facts.identity, facts.sourceIp, facts.remoteIp]) };
}

/**
 * What it takes to make a question of a literal, and the room that it has: as whomever a caller is seen it is another,
 * and all of those that are compared are there at once.
 */
const stepsOfLiteral = 16;

/** One question by itself: most rules have one literal of one matcher, and there are tens of thousands of these. */
function some(of: readonly Question[]): Question {
  const [only] = of;
  return only !== undefined && of.length === 1 ? only : { kind: 'Any', of };
}

function every(of: readonly Question[]): Question {
  const [only] = of;
  return only !== undefined && of.length === 1 ? only : { kind: 'All', of };
}

/** The same set is the same question, so that what is made of one is made once. */
export function lowering(): Lowering {
  const sets = new Memo<RequestSet>();
  const conditions = new Memo<Condition>();
  const ofSet = (set: RequestSet, as: Seen): Question =>
    sets.get(set, as, () => {
      spend(1);
      switch (set.kind) {
        case 'Matching':
          return ofCondition(set.condition, as);
        case 'Union':
          return { kind: 'Any', of: set.sets.map((member) => ofSet(member, as)) };
        case 'Intersection':
          return { kind: 'All', of: set.sets.map((member) => ofSet(member, as)) };
        case 'Complement':
          return { kind: 'Not', of: ofSet(set.set, as) };
        case 'Addressed':
          return { kind: 'Port', matcher: { of: 'address', to: set.to } };
        case 'SeenAs':
          return ofSet(set.set, Object.keys(set.facts).length === 0 ? as : seen({ ...as.facts, ...set.facts }));
      }
    });
  const ofCondition = (condition: Condition, as: Seen): Question =>
    conditions.get(condition, as, () => {
      // What asks about nothing is a question too.
      const literals = condition.reduce((sum, clause) => sum + Math.max(1, clause.length), 0);
      spend(Math.max(1, literals) * stepsOfLiteral);
      return some(condition.map((clause) => every(clause.map((literal) => ofLiteral(literal, as)))));
    });
  const ofLiteral = ({ anyOf, negated }: Literal, as: Seen): Question => {
    const nested = anyOf
      .filter((matcher) => matcher.of === 'alternatives')
      .map(({ clauses }) => ofCondition(clauses, as));
    const byFact = [
      ...Map.groupBy(
        anyOf.filter((matcher) => matcher.of !== 'alternatives'),
        ({ of }) => of,
      ),
    ];
    const asked = some([
      ...nested,
      ...byFact.map(([of, matchers]) => (of in as.facts ? answered(matchers, as.facts) : question(of, matchers))),
    ]);
    return negated ? { kind: 'Not', of: asked } : asked;
  };
  const asItIs = seen({});
  return (set) => ofSet(set, asItIs);
}

/** Questions by what they were made of, and as whom a proxy sees the caller. */
class Memo<K extends object> {
  private readonly known = new Map<string, Map<K, Question>>();

  get(key: K, { key: as }: Seen, make: () => Question): Question {
    const questions = this.known.get(as) ?? new Map<K, Question>();
    this.known.set(as, questions);
    const question = questions.get(key) ?? make();
    questions.set(key, question);
    return question;
  }
}

/** The request with these facts replaced. */
export function replaced(request: Request, facts: SeenFacts): Request {
  const { identity, ...rest } = { ...request, ...facts };
  return identity === undefined ? rest : { ...rest, identity };
}

/** Nothing to choose any more: always or never true. */
function answered(matchers: readonly FactMatcher[], facts: SeenFacts): Question {
  const seen = replaced({ sourceIp: '', remoteIp: '', destinationIp: '', workloadPort: 0, metadata: {} }, facts);
  return { kind: matchers.some((matcher) => matcherHolds(matcher, seen)) ? 'All' : 'Any', of: [] };
}
