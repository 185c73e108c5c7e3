import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../../test/support/properties.ts';
import { circleFrom } from '../../circle.ts';
import { spend } from '../../../base/effort.ts';
import { chainSteps } from '../../effort-limits.ts';
import { inNoCircle, nobody, type Waits } from './neighbour.ts';

type Graph = ReadonlyMap<string, Waits>;
type Next = (name: string) => readonly string[];

/** Up to seven namespaces; of each pair it is known that one waits for the other, guessed, or neither. */
const graphs: fc.Arbitrary<Graph> = fc.integer({ min: 2, max: 7 }).chain((count) => {
  const names = Array.from({ length: count }, (_, at) => `n${at}`);
  const edge = fc.constantFrom('known' as const, 'guessed' as const, undefined, undefined);
  return fc.array(edge, { minLength: count * count, maxLength: count * count }).map(
    (edges) =>
      new Map(
        names.map((name, at) => {
          const to = (kind: 'known' | 'guessed'): readonly string[] =>
            names.filter((_, other) => other !== at && edges[at * count + other] === kind);
          return [name, { known: to('known'), guessed: to('guessed') }] as const;
        }),
      ),
  );
});

/** For whom each waits in the end, as each decides it for itself. */
function decided(graph: Graph): Next {
  const waitsFor = (name: string): Waits => graph.get(name) ?? nobody;
  const kept = new Map([...graph].map(([name, waits]) => [name, [...inNoCircle(name, waits, waitsFor, 'DoesNot')]]));
  return (name) => kept.get(name) ?? [];
}

function leads(from: string, to: string, next: Next): boolean {
  const reached = new Set([from]);
  for (const name of reached) for (const other of next(name)) reached.add(other);
  return reached.has(to);
}

describe('who waits for whom, as each decides it for itself', () => {
  it('leaves nobody who waits for ever', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const next = decided(graph);
        expect([...graph.keys()].map((name) => circleFrom(name, next))).toEqual([...graph].map(() => undefined));
      }),
    );
  });

  it('gives up what is known where that alone makes a circle, and nowhere else', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const next = decided(graph);
        const known: Next = (name) => graph.get(name)?.known ?? [];
        for (const name of graph.keys())
          expect(known(name).filter((other) => next(name).includes(other))).toEqual(
            known(name).filter((other) => !leads(other, name, known)),
          );
      }),
    );
  });

  it('waits by a guess where that closes no circle', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const next = decided(graph);
        const all: Next = (name) => [...(graph.get(name)?.known ?? []), ...(graph.get(name)?.guessed ?? [])];
        for (const [name, { guessed }] of graph)
          expect(guessed.filter((other) => next(name).includes(other))).toEqual(
            guessed.filter((other) => !leads(other, name, all)),
          );
      }),
    );
  });

  it.each([
    ['a guess that closes a chain of what is known', { a: 'b', b: 'c', c: '?a' }, { a: 'b', b: 'c', c: '' }],
    ['a circle of guesses beside what is known', { a: 'b ?c', b: '', c: '?a' }, { a: 'b', b: '', c: '' }],
    ['a circle of what is known', { a: 'b', b: 'c', c: 'a' }, { a: '', b: '', c: '' }],
  ])('%s', (_, waits, expected) => {
    const graph: Graph = new Map(
      Object.entries(waits).map(([name, said]) => {
        const others = said.split(' ').filter((each) => each !== '');
        const guessed = others.filter((each) => each.startsWith('?')).map((each) => each.slice(1));
        return [name, { known: others.filter((each) => !each.startsWith('?')), guessed }];
      }),
    );
    const next = decided(graph);
    expect(Object.fromEntries([...graph.keys()].map((name) => [name, next(name).join(' ')]))).toEqual(expected);
  });

  it('is settled of what is known, though it would take too long to tell of guesses', () => {
    const endless = (name: string): Waits => {
      spend(chainSteps / 10);
      return { known: [], guessed: [`${name}+`] };
    };
    const waits = { known: ['b'], guessed: ['c'] };
    const waitsFor = (name: string): Waits => (name === 'b' ? nobody : endless(name));
    expect([...inNoCircle('a', waits, waitsFor, 'DoesNot')]).toEqual(['b']);
  });
});
