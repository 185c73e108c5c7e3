import { describe, expect, it } from '@jest/globals';
import { questions, type Question } from '../../../../test/fuzz/questions.ts';
import { counting } from '../../../../test/support/counting.ts';
import { config } from '../../../../test/support/mesh-fixtures.ts';
import { ownShapes } from '../../../../test/support/own-shapes.ts';
import { oneIn } from '../../../../test/support/sample.ts';
import { standingShapes } from '../../../../test/support/standing-shapes.ts';
import { watchedShapes } from '../../../../test/support/watched-shapes.ts';
import type { MeshState, Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { foundGuarded } from './guarded-rules.ts';
import { stepsTaken } from '../../../base/effort.ts';
import { readPolicy } from '../policy/parse.ts';
import { rules } from '../rules.ts';
import { admits } from './scraping-refusals.ts';

interface Cost {
  readonly reads: number;
  readonly steps: number;
}

const nothing: Cost = { reads: 0, steps: 0 };

/** What the engine asks about each workload in turn: of one of them. */
const ofEach = ['unfit', 'unfitBack', 'awaitsBack'] as const;

/** Each rule by itself, and what else the engine asks in a look. */
function asked(given: Surroundings): readonly Question[] {
  const last = given.workloads.at(-1);
  return [
    ...rules.map((rule): Question => [rule.id, () => foundGuarded(rule, given)]),
    ...questions(istio, given).filter(
      ([name]) => !name.startsWith('findings') && !ofEach.some((each) => each === name),
    ),
    ...ofEach.map((each): Question => [each, () => last && istio[each]({ ...given }, last, false)]),
  ];
}

/**
 * What each of these reads of everything that somebody has written in the namespace, and the steps that it counts. A list
 * is there before anybody asks, as in the process.
 */
function costsOf(given: Surroundings): ReadonlyMap<string, Cost> {
  let reads = 0;
  const counted = counting(() => {
    reads += 1;
  });
  const [pods, budgets] = [counted(given.pods), counted(given.budgets)];
  const [workloads, services] = [counted(given.workloads), counted(given.services)];
  const lists = new Map<string, readonly ConfigView[]>();
  const configs = (kind: string, home?: string): readonly ConfigView[] => {
    const key = `${kind} ${home ?? '*'}`;
    const known = lists.get(key) ?? counted(given.mesh.configs(kind, home));
    lists.set(key, known);
    return known;
  };
  const at = <T>(own: readonly T[], home?: string): readonly T[] => (home === given.namespace.name ? own : []);
  const mesh: MeshState = {
    ...given.mesh,
    configs,
    pods: (home) => at(pods, home),
    services: (home) => at(services, home ?? given.namespace.name),
    workloads: (home) => (home === given.namespace.name ? workloads : given.mesh.workloads(home)),
  };
  const found = new Map<string, Cost>();
  for (const [name, ask] of asked({ ...given, pods, budgets, workloads, services, mesh })) {
    const [read, taken, before] = [reads, stepsTaken(), found.get(name) ?? nothing];
    ask();
    found.set(name, { reads: before.reads + reads - read, steps: before.steps + stepsTaken() - taken });
  }
  return found;
}

/** What may be read for a step: what is counted is bounded by that, however it grows. */
const perStep = 16;
const slack = 2000;

/** It works out as many marks as there is room for, and no more. */
const bounded = ['MM146', 'heldBefore'];

const shapes = Object.entries({ ...watchedShapes, ...ownShapes, ...standingShapes });

describe('what objects of a namespace, and of other controllers there, cost a look at it', () => {
  it.each(oneIn(5, shapes))('is in proportion to them, or counted: %s', (_, shape) => {
    const [once, twice] = [costsOf(shape(60)), costsOf(shape(120))];
    const dear = [...twice].filter(([id, { reads, steps }]) => {
      const before = once.get(id) ?? nothing;
      return reads > 2.3 * before.reads + slack + perStep * Math.max(0, steps - before.steps);
    });

    expect(dear.filter(([id]) => !bounded.includes(id))).toEqual([]);
  });

  it.each(oneIn(5, Object.entries(watchedShapes)))('is no fault of ours, and holds nobody: %s', (_, shape) => {
    expect(istio.findings(shape(230), 'Start').map(({ id }) => id)).not.toContain('MM009');
  });

  it('is said to be too much where a warning would take too long', () => {
    const shape = watchedShapes['n SecurityGroupPolicies, and n templates'];

    expect(shape && istio.findings(shape(500), 'Start')).toContainEqual(
      expect.objectContaining({
        id: 'MM143',
        severity: 'Warning',
        object: 'Namespace shop',
        message: expect.stringMatching(/^not judged: .* more steps than one look may take/),
      }),
    );
  });
});

describe('an ALLOW policy that is asked about each port of each template', () => {
  it('is read once, however often', () => {
    const rules = Array.from({ length: 200 }, (_, at) => ({ to: [{ operation: { ports: [String(1 + at)] } }] }));
    const policy = readPolicy(config('AuthorizationPolicy', { action: 'ALLOW', rules }));
    if (policy?.kind !== 'AuthorizationPolicy') throw new Error('no policy');
    let reads = 0;
    const counted = counting(() => {
      reads += 1;
    })(policy);
    const answers = [1, 200, 201].map((port) => admits([counted], port));
    const first = reads;
    for (let port = 1; port < 1000; port += 1) admits([counted], port);

    expect(answers).toEqual([true, true, false]);
    expect(reads).toBe(first);
  });
});
