import { describe, expect, it } from '@jest/globals';
import { actionNames } from './actions.ts';
import { faultNames } from './faults.ts';
import { historyOf } from './history.ts';
import { play } from './play.ts';
import { wrongOperators } from './wrong.ts';

/*
 * A sample of the campaign: that it runs, that the operator gets through these histories, and that the judge is no friend of it.
 */

describe('the campaign', () => {
  it('draws at least eight actions and three faults for each history, and over some hundred of them each there is', () => {
    const histories = Array.from({ length: 400 }, (_, seed) => historyOf(seed + 1));
    for (const { moves } of histories) {
      expect(moves.filter(({ kind }) => kind === 'Action').length).toBeGreaterThanOrEqual(8);
      expect(moves.filter(({ kind }) => kind === 'Fault').length).toBeGreaterThanOrEqual(3);
    }
    expect(new Set(histories.flatMap(({ moves }) => moves.map(({ name }) => name)))).toEqual(
      new Set([...actionNames, ...faultNames]),
    );
  });

  it('finds nothing in these histories, and plays one the same way twice', async () => {
    const first = await play(historyOf(4));
    expect(first.violations).toEqual([]);
    expect(await play(historyOf(4))).toEqual(first);
    expect((await play(historyOf(19))).violations).toEqual([]);
  });
});

/** Operators that are wrong on purpose, and a history that catches each. */
const caught: readonly (readonly [name: string, seed: number, what: RegExp])[] = [
  ['takes every namespace for one that needs no HTTP', 6, /^E: DELETE \/ from Sidecar shop\/web to Service api, /m],
  ['makes no copies for the waypoint', 7, /^E: .* to Service web, /m],
  ['switches injection off and nothing on', 3, /^A: the labels of books ask for no data plane$/m],
  ['on the way back ends the capture first', 3, /^B: pod books\/\S+ is Ready and in no mesh$/m],
];

describe('the judge', () => {
  it.each(caught)('catches an operator that %s', async (name, seed, what) => {
    const wrong = wrongOperators.find((each) => each.name === name);
    expect(wrong).toBeDefined();
    const { violations } = await play(historyOf(seed), wrong === undefined ? {} : { wrong });
    expect(violations.map((violation) => violation.what).join('\n')).toMatch(what);
  });
});
