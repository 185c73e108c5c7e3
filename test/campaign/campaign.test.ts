import { describe, expect, it } from '@jest/globals';
import { stripTypeScriptTypes } from 'node:module';
import { isThorough, oneIn, times } from '../support/sample.ts';
import { actionNames } from './actions.ts';
import { Coverage, emptyIn, markdownOf } from './coverage.ts';
import { walkTheEngine } from './engine-walk.ts';
import { faultNames } from './faults.ts';
import { gateActionNames } from './gate-actions.ts';
import { historyOf, isGated, type History } from './history.ts';
import { play } from './play.ts';
import { Player } from './player.ts';
import { allSteps } from './steps.ts';
import { copies } from './wrong/copies.ts';
import { wrongNames } from './wrong/operators.ts';
import { edited, patchedFiles } from './wrong/patching.ts';
import { wrongAtSeams } from './wrong/seams.ts';

/*
 * A sample of the campaign: that it runs, that the operator gets through these histories, and that the judge is no friend of it.
 */

/** A history with the first of its moves alone. */
function few(history: History): History {
  return { ...history, moves: history.moves.slice(0, 3) };
}

describe('the campaign', () => {
  it('draws at least eight actions and three faults for each history, and over some hundred of them each there is', () => {
    const histories = Array.from({ length: 400 }, (_, seed) => historyOf(seed + 1));
    for (const { seed, moves } of histories) {
      expect(moves.filter(({ kind }) => kind === 'Action').length).toBeGreaterThanOrEqual(8);
      if (!isGated(seed)) expect(moves.filter(({ kind }) => kind === 'Fault').length).toBeGreaterThanOrEqual(3);
    }
    expect(new Set(histories.flatMap(({ moves }) => moves.map(({ name }) => name)))).toEqual(
      new Set([...actionNames, ...gateActionNames, ...faultNames]),
    );
    expect(new Set(histories.flatMap(({ moves }) => moves.flatMap(({ during }) => during ?? [])))).toEqual(
      new Set(allSteps()),
    );
  });

  it('finds nothing in a history, and plays it the same way twice', async () => {
    const history = isThorough() ? historyOf(4) : few(historyOf(23));
    const first = await play(history);
    expect(first.violations).toEqual([]);
    expect(first.starts).toBeGreaterThan(0);
    expect(await play(history)).toEqual(first);
  });

  (isThorough() ? it : it.skip).each([19, 5])('finds nothing in history %i', async (seed) => {
    expect((await play(historyOf(seed))).violations).toEqual([]);
  });

  it('names what never happened, and counts on from what was counted before', () => {
    const history = historyOf(4);
    const coverage = new Coverage();
    coverage.add(4, {
      done: history.moves,
      steps: [],
      afflicted: [],
      violations: [],
      writes: 7,
      statuses: 1,
      starts: 2,
    });
    const again = new Coverage(coverage.tally());
    again.add(5, {
      done: [],
      steps: [],
      afflicted: [],
      violations: [{ at: 0, what: 'A: x' }],
      writes: 1,
      statuses: 1,
      starts: 0,
    });

    expect(again.tally()).toMatchObject({
      histories: 2,
      writes: 8,
      runs: [
        [4, 4],
        [5, 5],
      ],
      violations: ['5: A: x'],
    });
    expect(emptyIn(again.tally())).toContain('Forward Flip');
    expect(markdownOf(again.tally())).toContain(
      '2 histories (seeds 4 to 4, 5 to 5) with 8 writes of the operator that began 2 namespaces, and 0 single steps of the engine; 1 with a violation.',
    );
  });

  it('finds nothing in single steps of the engine', () => {
    expect(walkTheEngine(1, times(4, 500))).toEqual([]);
  });
});

/** Operators that are wrong on purpose, and a history that catches each. */
const caught: readonly (readonly [name: string, seed: number, what: RegExp])[] = [
  ['takes every namespace for one that needs no HTTP', 1, /^E: GET \/admin from Sidecar shop\/api /m],
  ['makes no copies for the waypoint', 3, /^E: .* to Service web, /m],
  ['takes sidecars away before anything stands in for them', 3, /^Outage: /m],
  ['on the way back ends the capture first', 3, /^B: pod shop\/\S+ is Ready and in no mesh$/m],
];

/** The same of those that are copies with other sentences, and what happens to each. */
const caughtCopies: readonly (readonly [name: string, history: History, what: RegExp])[] = [
  [
    'believes what a record says of direction and labels',
    {
      seed: 1,
      ending: 'Rollback',
      moves: [{ at: 40_000, kind: 'Action', name: 'record with other labels', dice: 3 }],
    },
    /^(A: the labels of office ask for no data plane|Scope: the operator wrote Namespace office, .*)$/m,
  ],
  ['has rollbacks wait for windows', historyOf(8), /^Gate: shop is to go back, and does not turn$/m],
  ['ignores windows', historyOf(23), /^Gate: books was begun, and no window is open$/m],
];

/** What people want and do themselves, of which no operator is to be accused. */
const innocent: readonly (readonly [name: string, history: History])[] = [
  [
    'finds pods outside that a person has let out before',
    {
      seed: 2200,
      ending: 'Rollback',
      moves: [{ at: 5458, kind: 'Action', name: 'pod of a lost node', dice: 1505112039 }],
    },
  ],
  [
    'refuses what a policy of before the start refuses, to those who went around its waypoint, and says so',
    { seed: 2652, ending: 'Rollback', moves: [] },
  ],
  [
    'refuses what a policy refuses that came when the pods had sidecars',
    {
      seed: 2018,
      ending: 'RollbackEach',
      moves: [
        { at: 7286, kind: 'Action', name: 'policy with a label of the operator', dice: 336742427 },
        { at: 93647, kind: 'Fault', name: 'write late', dice: 732870403, steps: 7 },
      ],
    },
  ],
  [
    'leaves a restart for HBONE of a namespace that stayed then',
    {
      seed: 3355,
      ending: 'Rollback',
      moves: [{ at: 10448, kind: 'Action', name: 'namespace joins the wave', dice: 2084021992 }],
    },
  ],
  [
    'takes back its own restart that a tool had put back',
    {
      seed: 3587,
      ending: 'Rollback',
      moves: [
        { at: 29945, kind: 'Action', name: 'workload restored from a repository, and again', dice: 1797053891 },
        { at: 44879, kind: 'Action', name: 'workload restored from a repository', dice: 1618648925 },
      ],
    },
  ],
];

describe('the judge', () => {
  it.each(oneIn(5, innocent))('accuses no operator that %s', async (_name, history) => {
    expect((await play(history)).violations).toEqual([]);
  });

  it.each(oneIn(4, caught))('catches an operator that %s', async (name, seed, what) => {
    const wrong = wrongAtSeams.find((each) => each.name === name);
    expect(wrong).toBeDefined();
    const { violations } = await play(historyOf(seed), wrong === undefined ? {} : { wrong });
    expect(violations.map((violation) => violation.what).join('\n')).toMatch(what);
  });

  (isThorough() ? it : it.skip).each(oneIn(2, caughtCopies))('catches a copy that %s', async (name, history, what) => {
    const player = new Player(name);
    const answer = await player.play(history);
    await player.end();
    expect('outcome' in answer ? answer.outcome.violations.map((each) => each.what).join('\n') : '').toMatch(what);
  });
});

describe('operators that are wrong on purpose', () => {
  it('have names of their own', () => {
    expect(new Set(wrongNames).size).toBe(wrongNames.length);
  });

  it.each(copies)('$name: its edits apply, and leave a program', ({ edits }) => {
    for (const text of patchedFiles(edits).values()) expect(() => stripTypeScriptTypes(text)).not.toThrow();
  });

  it('are none where the sentence is not there, or more than once', () => {
    const edit = { file: 'x.ts', from: 'a', to: 'b' };
    expect(edited('a c', edit)).toBe('b c');
    expect(() => edited('c', edit)).toThrow('x.ts: found 0 times instead of once: a');
    expect(() => edited('a a', edit)).toThrow('found 2 times');
  });
});
