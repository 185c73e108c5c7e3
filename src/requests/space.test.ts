import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { times } from '../../test/support/sample.ts';
import { condition, conditionAbout, reading, request } from '../../test/policy/arbitraries.ts';
import { bounded } from '../base/effort.ts';
import { matches } from './matches.ts';
import { RequestSpaceTooLarge } from './boxes.ts';
import type { Condition, Matcher, Reading, TextMatch } from './semantics.ts';
import {
  allowed,
  asker,
  complement,
  difference,
  everything,
  example,
  has,
  intersect,
  matching,
  nothing,
  seenAs,
  subtract,
  union,
  type RequestSet,
} from './space.ts';
import { verdict } from './verdict.ts';

const facts = [
  'identity',
  'sourceIp',
  'port',
  'sni',
  'host',
  'path',
  'header x-a',
  'token',
  'metadata filter[key]',
] as const;

/**
 * Fails if a counterexample does not separate the conditions, or if there is none although one of the requests does.
 */
function expectExact(a: Condition, b: Condition, samples: readonly Parameters<typeof matches>[1][]): void {
  const found = difference(a, b);
  if (found === undefined) expect(samples.filter((sample) => matches(a, sample) && !matches(b, sample))).toEqual([]);
  else expect({ a: matches(a, found), b: matches(b, found) }).toEqual({ a: true, b: false });
}

describe('difference', () => {
  it('names a request that really separates, and finds one if any request of a sample does', () => {
    fc.assert(
      fc.property(condition, condition, fc.array(request, { minLength: 60, maxLength: 60 }), (a, b, samples) => {
        expectExact(a, b, samples);
        expectExact(b, a, samples);
      }),
      { numRuns: times(6, 400) },
    );
  });

  it.each(facts)('is exact for conditions on %s alone', (of) => {
    fc.assert(
      fc.property(
        conditionAbout(of as Matcher['of']),
        conditionAbout(of as Matcher['of']),
        fc.array(request, { minLength: 60, maxLength: 60 }),
        (a, b, samples) => {
          expectExact(a, b, samples);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('difference on its own', () => {
  const header = (match: TextMatch): Condition => [[{ anyOf: [{ of: 'header x-a', match }], negated: false }]];

  it('knows that an empty header is there', () => {
    expect(
      difference(header({ kind: 'Present' }), [
        [{ anyOf: [{ of: 'header x-a', match: { kind: 'Exact', value: '' } }], negated: true }],
      ])?.http?.headers,
    ).toEqual({ 'x-a': '' });
  });

  it('knows that a waypoint sees the port of a pod that is addressed itself', () => {
    const port: Condition = [[{ anyOf: [{ of: 'port', side: 'Service', port: 8080 }], negated: false }]];
    const found = difference(port, [], { servicePorts: [{ service: 80, workload: 8080 }] });
    expect([found?.workloadPort, found?.servicePort]).toEqual([8080, undefined]);
  });

  it('names usual requests', () => {
    const except = (match: TextMatch): Condition => [[{ anyOf: [{ of: 'path', match }], negated: true }]];
    const usual = { identity: 'cluster.local/ns/other/sa/other', http: { host: 'other.example.com', method: 'GET' } };
    expect(difference([[]], except({ kind: 'Prefix', value: '/admin' }))).toMatchObject({
      ...usual,
      http: { ...usual.http, path: '/admin' },
    });
    expect(difference([[]], except({ kind: 'Suffix', value: '.php' }))).toMatchObject({
      ...usual,
      http: { ...usual.http, path: '/other.php' },
    });
  });
});

describe('sets of requests', () => {
  const sets: fc.Arbitrary<RequestSet> = condition.map(matching);

  it('agree with the verdict on every request', () => {
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 4 }), request, (readings, one) => {
        expect(has(allowed(readings), one)).toBe(verdict(readings, one).allowed);
      }),
      { numRuns: times(6, 1000) },
    );
  });

  it('obey the laws of sets', () => {
    fc.assert(
      fc.property(sets, sets, sets, (a, b, c) => {
        expect(equal(complement(union(a, b)), intersect(complement(a), complement(b)))).toBe(true);
        expect(equal(intersect(a, union(b, c)), union(intersect(a, b), intersect(a, c)))).toBe(true);
        expect(equal(complement(complement(a)), a)).toBe(true);
        expect(equal(union(a, complement(a)), everything)).toBe(true);
        expect(example(intersect(a, complement(a)))).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  it('are the same however often one of them is named', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        expect(equal(union(a, a), a)).toBe(true);
        expect(equal(union(a, b, a), union(a, b))).toBe(true);
        expect(equal(intersect(a, a), a)).toBe(true);
        const both = union(a, b);
        expect(equal(union(both, both), both)).toBe(true);
      }),
      { numRuns: times(20, 200) },
    );
  });

  it('know everything and nothing', () => {
    expect(example(nothing)).toBeUndefined();
    expect(example(everything)).toBeDefined();
  });
});

function equal(a: RequestSet, b: RequestSet): boolean {
  return example(subtract(a, b)) === undefined && example(subtract(b, a)) === undefined;
}

describe('large sets', () => {
  /** Twenty policies of ten rules, each with ten identities and ten paths. */
  function readings(variant: number): Reading[] {
    const ten = Array.from({ length: 10 }, (_, index) => index);
    return Array.from({ length: 20 }, (_, policy) => ({
      namespace: 'shop',
      name: `policy-${policy}`,
      action: policy < 5 ? 'DENY' : 'ALLOW',
      rules: ten.map((rule) => [
        [
          {
            negated: false,
            anyOf: ten.map((one): Matcher => ({
              of: 'identity',
              part: 'Principal',
              match: {
                kind: 'Exact',
                value: `cluster.local/ns/ns-${(policy * 7 + rule * 3 + one * variant) % 50}/sa/app-${one}`,
              },
            })),
          },
          {
            negated: rule === 9,
            anyOf: ten.map((one): Matcher => ({
              of: 'path',
              match: { kind: one < 8 ? 'Exact' : 'Prefix', value: `/api/v${one}/item-${(policy + rule * 11) % 100}` },
            })),
          },
        ],
      ]),
    }));
  }

  it('are compared exactly', () => {
    const [a, b] = [allowed(readings(3)), allowed(readings(4))];
    const found = example(subtract(b, a));
    expect(found && [has(a, found), has(b, found)]).toEqual([false, true]);
    expect(example(subtract(a, allowed([...readings(3)].reverse())))).toBeUndefined();
  });

  it('are given up, with an error, when they take more work than is allowed', () => {
    expect(() => example(subtract(allowed(readings(4)), allowed(readings(3))), { work: 1000 })).toThrow(
      RequestSpaceTooLarge,
    );
  });
});

describe('a set that is asked about by what many callers are seen as', () => {
  const separate: Condition = Array.from({ length: 1000 }, (_, at) => [
    { anyOf: [{ of: 'path', match: { kind: 'Exact', value: `/${at}` } }], negated: false },
  ]);
  const stepsOf = (callers: number): number => {
    const sets = Array.from({ length: callers }, (_, at) => seenAs({ sourceIp: `10.0.0.${at}` }, matching(separate)));
    const asked = bounded(Number.POSITIVE_INFINITY, () => asker(sets));
    return asked.kind === 'Done' ? asked.steps : 0;
  };

  it('counts for the room that it takes as each of them, which all of it has at once', () => {
    expect(stepsOf(5) - stepsOf(1)).toBeGreaterThan(4 * 1000 * 10);
  });

  it('has the rules of a policy once, however often it is asked what that lets through', () => {
    const reading: Reading = {
      namespace: 'shop',
      name: 'it',
      action: 'DENY',
      rules: separate.map((clause) => [clause]),
    };
    const made = new Set([allowed([reading]), allowed([reading]), allowed([reading, reading])].flatMap(setsIn));
    expect([...made].filter(({ kind }) => kind === 'Matching')).toHaveLength(1000);
  });
});

function setsIn(set: RequestSet): readonly RequestSet[] {
  if (set.kind === 'Union' || set.kind === 'Intersection') return [set, ...set.sets.flatMap(setsIn)];
  return set.kind === 'Complement' ? [set, ...setsIn(set.set)] : [set];
}
