import { describe, expect, it } from '@jest/globals';
import { Places } from './places.ts';

const { signal } = new AbortController();

/** Work that ends when it is told to. */
function work(name: string, begun: string[]): { readonly run: () => Promise<string>; readonly end: () => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return {
    run: () => {
      begun.push(name);
      return promise;
    },
    end: () => {
      resolve(name);
    },
  };
}

describe('places', () => {
  it('are taken in the order in which they were asked for, and no more than there are', async () => {
    const begun: string[] = [];
    const all = ['a', 'b', 'c', 'd'].map((name) => work(name, begun));
    const places = new Places(2);
    const done = all.map(async ({ run }) => await places.take(run, signal));
    await Promise.resolve();
    expect(begun).toEqual(['a', 'b']);
    all[1]?.end();
    await done[1];
    await Promise.resolve();
    expect(begun).toEqual(['a', 'b', 'c']);
    for (const { end } of all) end();
    expect(await Promise.all(done)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are free again after work that fails, and taken by nobody who has gone away meanwhile', async () => {
    const begun: string[] = [];
    const places = new Places(1);
    await expect(places.take(() => Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    const first = work('first', begun);
    const running = places.take(first.run, signal);
    const leaving = new AbortController();
    const gone = places.take(work('gone', begun).run, leaving.signal);
    leaving.abort(new Error('gone'));
    first.end();
    await running;
    await expect(gone).rejects.toThrow('gone');
    expect(await places.take(() => Promise.resolve('last'), signal)).toBe('last');
    expect(begun).toEqual(['first']);
  });
});
