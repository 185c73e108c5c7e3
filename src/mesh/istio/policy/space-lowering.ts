import { matcherHolds } from './matches.ts';
import type { Clause, Condition, Literal, Matcher, Request } from './semantics.ts';
import { question, type Question } from './space-questions.ts';
import type { RequestSet, SeenFacts } from './space.ts';

/** A set of requests as one question, with the facts that a proxy in between replaces already answered. */
export function setQuestion(set: RequestSet, facts: SeenFacts): Question {
  switch (set.kind) {
    case 'Matching': return conditionQuestion(set.condition, facts);
    case 'Union': return { kind: 'Any', of: set.sets.map((member) => setQuestion(member, facts)) };
    case 'Intersection': return { kind: 'All', of: set.sets.map((member) => setQuestion(member, facts)) };
    case 'Complement': return { kind: 'Not', of: setQuestion(set.set, facts) };
    case 'Addressed': return { kind: 'Port', matcher: { of: 'address', to: set.to } };
    case 'SeenAs': return setQuestion(set.set, { ...facts, ...set.facts });
  }
}

/** The request with these facts replaced. */
export function replaced(request: Request, facts: SeenFacts): Request {
  const { identity, ...rest } = { ...request, ...facts };
  return identity === undefined ? rest : { ...rest, identity };
}

function conditionQuestion(condition: Condition, facts: SeenFacts): Question {
  return { kind: 'Any', of: condition.map((clause) => clauseQuestion(clause, facts)) };
}

function clauseQuestion(clause: Clause, facts: SeenFacts): Question {
  return { kind: 'All', of: clause.map((literal) => literalQuestion(literal, facts)) };
}

function literalQuestion({ anyOf, negated }: Literal, facts: SeenFacts): Question {
  const byFact = new Map<Matcher['of'], Matcher[]>();
  for (const matcher of anyOf) byFact.set(matcher.of, [...byFact.get(matcher.of) ?? [], matcher]);
  const some: Question = { kind: 'Any', of: [...byFact].map(([of, matchers]) => (of in facts ? answered(matchers, facts) : question(of, matchers))) };
  return negated ? { kind: 'Not', of: some } : some;
}

/** Nothing to choose any more: always or never true. */
function answered(matchers: readonly Matcher[], facts: SeenFacts): Question {
  const seen = replaced({ sourceIp: '', remoteIp: '', destinationIp: '', workloadPort: 0, metadata: {} }, facts);
  return { kind: matchers.some((matcher) => matcherHolds(matcher, seen)) ? 'All' : 'Any', of: [] };
}
