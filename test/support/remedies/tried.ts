import type { Finding } from '../../../src/api/common.ts';
import type { Acknowledged, Surroundings } from '../../../src/mesh/adapter.ts';
import { istio } from '../../../src/mesh/istio/adapter.ts';
import type { Rule } from '../../../src/mesh/istio/findings/rule.ts';
import type { Examples } from '../examples.ts';
import { keepingOthers } from './left-out.ts';
import type { Deed, Remedies, Remedy } from './remedy.ts';

/** What is Critical before the start. */
function criticalOf(given: Surroundings): readonly Finding[] {
  return istio.findings(given, 'Start').filter(({ severity }) => severity === 'Critical');
}

function says({ fix }: Finding, words: Remedy['says']): boolean {
  return typeof words === 'string' ? fix.includes(words) : words.test(fix);
}

/** An example, what is Critical in it, and what of that the rule has found. */
interface Trial {
  readonly id: string;
  readonly name: string;
  readonly given: Surroundings;
  readonly before: readonly Finding[];
  readonly own: readonly Finding[];
}

function shown({ id, object, message }: Finding): string {
  return `${id} ${object}: ${message}`;
}

/** Whether it is of the whole mesh: then the others have it too, whoever is left out. */
function isOfMesh({ object }: Finding, { mesh: { rootNamespace } }: Surroundings): boolean {
  return object.includes(` ${rootNamespace}/`);
}

/** Somebody has answered for the finding. */
const acknowledge: Deed = (given, { id }) => ({
  ...given,
  acknowledged: [{ id, reason: 'seen to', until: '2030-01-01T00:00:00Z', isOver: false } as Acknowledged],
});

function deedOf(done: Exclude<Remedy['done'], 'LeftOut'>): Deed {
  return done === 'Acknowledged' ? acknowledge : done;
}

/** What is still found, or in its place, and what has come of that which was to be expected. */
interface Outcome {
  readonly left: readonly string[];
  readonly came: readonly string[];
}

/** What comes of leaving the namespace out, for the others. */
function leftOut({ given, own }: Trial, { then = {}, others }: Remedy): Outcome {
  const [first] = own;
  const found = keepingOthers(given, (rest) => (first === undefined ? rest : (others?.(rest, first) ?? rest)));
  return {
    left: found.filter(({ id }) => !(id in then)).map((each) => `keeps others: ${shown(each)}`),
    came: found.map(({ id }) => id),
  };
}

/** Whether there is nothing left to migrate: MM005 is told then, and nothing else. */
function isThere({ route, namespace, pods }: Surroundings): boolean {
  return istio.arrived(route, namespace.labels) && pods.every((pod) => istio.modeOf(pod) === istio.modeFor(route.to));
}

/** What comes of a deed. */
function tried({ id, given, before }: Trial, said: readonly Finding[], deed: Deed, then: Remedy['then'] = {}): Outcome {
  const done = said.reduce((sofar, finding) => deed(sofar, finding), given);
  const after = !isThere(given) && isThere(done) ? [] : criticalOf(done);
  const isLeft = (each: Finding): boolean =>
    each.id === id &&
    said.some(({ object }) => object === each.object) &&
    !before.some((was) => !said.includes(was) && shown(was) === shown(each));
  const known = new Set(before.map((each) => (each.id === id ? `${id} ${each.object}` : each.id)));
  const left = after.filter(isLeft).map((each) => `is still there: ${shown(each)}`);
  const replaced = after.filter(
    (each) => !isLeft(each) && !known.has(each.id === id ? `${id} ${each.object}` : each.id) && !(each.id in then),
  );
  return {
    left: [...left, ...replaced.map((each) => `is replaced by ${shown(each)}`)],
    came: after.map((each) => each.id).filter((each) => each in then),
  };
}

/** Trials of one rule, which remember which ways were gone and what came then. */
class Course {
  readonly faults: string[] = [];
  readonly #gone = new Map<Remedy, Set<string>>();
  readonly #remedies: Remedies;

  constructor(remedies: Remedies) {
    this.#remedies = remedies;
  }

  /** Goes each way that the fix of a finding offers here; what none has led away from is a fault. */
  run(trial: Trial): void {
    const open = new Set(trial.own.map(({ object }) => object));
    for (const way of this.#remedies.ways) {
      const said = trial.own.filter((finding) => says(finding, way.says) && way.where?.test(finding.message) !== false);
      if (said.length === 0 || way.of?.includes(trial.name) === false || trial.name in (way.notFor ?? {})) continue;
      if (way.done === 'LeftOut' && way.others === undefined && said.some((finding) => isOfMesh(finding, trial.given)))
        continue;
      const faults = this.#go(way, trial, said);
      this.faults.push(...faults.map((fault) => `${trial.name}, ${String(way.says)}: ${fault}`));
      if (faults.length === 0) for (const { object } of said) open.delete(object);
    }
    this.faults.push(...[...open].map((object) => `${trial.name}: no way leads away from ${object}`));
  }

  #go(way: Remedy, trial: Trial, said: readonly Finding[]): readonly string[] {
    const came = this.#gone.get(way) ?? new Set();
    this.#gone.set(way, came);
    const result = way.done === 'LeftOut' ? leftOut(trial, way) : tried(trial, said, deedOf(way.done), way.then);
    for (const id of result.came) came.add(id);
    return result.left;
  }

  /** What is said in vain: ways that no fix offers, and findings that never come. */
  unused(): readonly string[] {
    return this.#remedies.ways.flatMap((way) => {
      const came = this.#gone.get(way);
      if (came === undefined) return [`${String(way.says)}: no fix says so`];
      return Object.keys(way.then ?? {})
        .filter((id) => !came.has(id))
        .map((id) => `${String(way.says)}: ${id} does not come then`);
    });
  }
}

/** What of a fix is neither tried nor said to be no way. */
function untried({ fix }: Rule, { ways, besides = [] }: Remedies): string {
  const known = [...ways.flatMap(({ says: words }) => (typeof words === 'string' ? [words] : [])), ...besides];
  const rest = known.toSorted((a, b) => b.length - a.length).reduce((text, words) => text.replace(words, ''), fix);
  return rest.replaceAll(/\b(?:or|and|then)\b|[.,;:()\s]/gi, '') === '' ? '' : rest;
}

/** What is missing of ways: one that changes something, or why some have none and are left out. */
function missing({ stays }: Rule, { ways }: Remedies): readonly string[] {
  const changes = ways.some(({ done }) => typeof done === 'function');
  const leavesOut = ways.some(({ done }) => done === 'LeftOut');
  return [
    ...(changes || stays !== undefined ? [] : ['there is no way but to leave it out, or to answer for it']),
    ...(stays === undefined || leavesOut ? [] : ['nobody has left out who has no way']),
  ];
}

/** What is wrong with a fix: ways that lead nowhere, or to something else, and what nobody has tried. */
export function faultsOf(rule: Rule, { seen }: Examples, remedies: Remedies): readonly string[] {
  const course = new Course(remedies);
  const { more = {} } = remedies;
  for (const [name, given] of Object.entries({ ...seen, ...more })) {
    const before = criticalOf(given);
    const own = before.filter(({ id }) => id === rule.id);
    if (own.length > 0) course.run({ id: rule.id, name, given, before, own });
    else if (name in more) course.faults.push(`${name}: nothing is found`);
  }
  const rest = untried(rule, remedies);
  return [
    ...course.faults,
    ...course.unused(),
    ...missing(rule, remedies),
    ...(rest === '' ? [] : [`nobody has tried: ${rest}`]),
  ];
}
