import { describe, expect, it } from '@jest/globals';
import { counting } from '../../../../test/support/counting.ts';
import { config } from '../../../../test/support/mesh-fixtures.ts';
import { watchedShapes } from '../../../../test/support/watched-shapes.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { foundGuarded } from '../guarded.ts';
import { stepsTaken } from '../policy/effort.ts';
import { readPolicy } from '../policy/parse.ts';
import { rules } from '../rules.ts';
import { admits } from './scraping-refusals.ts';

interface Cost {
  readonly reads: number;
  readonly steps: number;
}

const nothing: Cost = { reads: 0, steps: 0 };

/** What each rule reads of everything that somebody has written in the namespace, and the steps that it counts. */
function costsOf(given: Surroundings): ReadonlyMap<string, Cost> {
  let reads = 0;
  const counted = counting(() => {
    reads += 1;
  });
  const [workloads, services] = [counted(given.workloads), counted(given.services)];
  const configs = (...asked: readonly [string, string?]): readonly ConfigView[] =>
    counted(given.mesh.configs(...asked));
  const all = { ...given, workloads, services, mesh: { ...given.mesh, configs } };
  return new Map(
    rules.map((rule) => {
      const [read, taken] = [reads, stepsTaken()];
      foundGuarded(rule, all);
      return [rule.id, { reads: reads - read, steps: stepsTaken() - taken }] as const;
    }),
  );
}

/** What may be read for a step: what is counted is bounded by that, however it grows. */
const perStep = 16;
const slack = 2000;

/** It works out as many marks as there is room for, and no more. */
const bounded = ['MM146'];

const shapes = Object.entries(watchedShapes);

describe('what objects of other controllers cost a look at their own namespace', () => {
  it.each(shapes)('is in proportion to them, or counted: %s', (_, shape) => {
    const [once, twice] = [costsOf(shape(60)), costsOf(shape(120))];
    const dear = [...twice].filter(([id, { reads, steps }]) => {
      const before = once.get(id) ?? nothing;
      return reads > 2.3 * before.reads + slack + perStep * Math.max(0, steps - before.steps);
    });

    expect(dear.filter(([id]) => !bounded.includes(id))).toEqual([]);
  });

  it.each(shapes)('is no fault of ours, and holds nobody: %s', (_, shape) => {
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
