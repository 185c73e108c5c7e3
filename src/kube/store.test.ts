import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '../base/log.ts';
import { Store } from './store.ts';
import type { Stored } from './store.ts';

function item(namespace: string | undefined, name: string, resourceVersion: string, uid = `uid-${name}`): Stored {
  return { namespace, name, uid, resourceVersion };
}

function watched(store: Store<Stored>): string[] {
  const seen: string[] = [];
  store.onChange(({ type, namespace, name, previous, current }) => {
    seen.push(
      `${type} ${namespace ?? '-'}/${name} ${previous?.resourceVersion ?? '_'}>${current?.resourceVersion ?? '_'}`,
    );
  });
  return seen;
}

describe('Store', () => {
  it('lists by namespace in a stable order', () => {
    const store = new Store();
    store.replace([item('b', 'y', '1'), item('b', 'x', '2'), item('a', 'z', '3')], '3');

    function names(objects: readonly Stored[]): string[] {
      return objects.map((object) => object.name);
    }
    expect([names(store.list()), names(store.list('b')), names(store.list('none'))]).toEqual([
      ['z', 'x', 'y'],
      ['x', 'y'],
      [],
    ]);

    store.upsert(item('b', 'a', '4'));
    expect(names(store.list())).toEqual(['z', 'a', 'x', 'y']);
  });

  it('keeps no list for each name of a namespace that has nothing', () => {
    const store = new Store();
    expect(store.list('made-up')).toBe(store.list('another'));
    store.upsert(item('another', 'a', '1'));
    expect([store.list('made-up').length, store.list('another').length]).toEqual([0, 1]);
  });

  it('holds cluster-scoped objects', () => {
    const store = new Store();
    store.replace([item(undefined, 'shop', '1')], '1');

    expect(store.get(undefined, 'shop')?.uid).toBe('uid-shop');
    expect(store.list()).toHaveLength(1);
  });

  it('tells what a new complete state has changed', () => {
    const store = new Store();
    store.replace(
      [item('a', 'same', '1'), item('a', 'changed', '1'), item('a', 'gone', '1'), item('a', 'other', '1')],
      '1',
    );
    const seen = watched(store);

    store.replace(
      [
        item('a', 'same', '1'),
        item('a', 'changed', '2'),
        item('a', 'other', '3', 'another uid'),
        item('a', 'new', '4'),
      ],
      '5',
    );

    expect(seen).toEqual([
      'deleted a/gone 1>_',
      'modified a/changed 1>2',
      'deleted a/other 1>_',
      'added a/other _>3',
      'added a/new _>4',
    ]);
    expect(store.resourceVersion).toBe('5');
  });

  it('does not report what it holds already', () => {
    const store = new Store();
    store.replace([item('a', 'x', '7')], '9');
    const seen = watched(store);

    store.upsert(item('a', 'x', '7'));

    expect(seen).toEqual([]);
    expect(store.resourceVersion).toBe('9');
  });

  it('moves on with bookmarks and deletions', () => {
    const store = new Store();
    store.replace([item('a', 'x', '7')], '9');
    store.advance('10');
    expect(store.resourceVersion).toBe('10');

    store.remove('a', 'x', '100');
    expect([store.resourceVersion, store.get('a', 'x')]).toEqual(['100', undefined]);
  });

  it('survives handlers that throw, and counts them', () => {
    const logged: string[] = [];
    const store = new Store({
      ...silentLogger,
      error: (_fields, message) => {
        logged.push(message);
      },
    });
    store.onChange(() => {
      throw new Error('handler bug');
    });
    const seen = watched(store);

    store.replace([item('a', 'x', '1')], '1');

    expect([seen.length, store.handlerErrors, logged]).toEqual([1, 1, ['A change handler failed']]);
  });

  it('stops calling a handler that was taken away', () => {
    const store = new Store();
    let calls = 0;
    const stop = store.onChange(() => {
      calls += 1;
    });
    store.upsert(item('a', 'x', '1'));
    stop();
    store.upsert(item('a', 'x', '2'));

    expect(calls).toBe(1);
  });

  it('counts an absent kind as synced and empty, until it appears', async () => {
    const store = new Store();
    const { signal } = new AbortController();
    const synced = store.whenSynced(signal);
    store.upsert(item('a', 'x', '1'));

    store.markAbsent();

    await synced;
    expect([store.synced, store.absent, store.list()]).toEqual([true, true, []]);
    store.replace([item('a', 'x', '2')], '2');
    expect([store.absent, store.list().length]).toEqual([false, 1]);
  });

  it('stops waiting with the reason of the signal', async () => {
    const stop = new AbortController();
    const synced = new Store().whenSynced(stop.signal);
    stop.abort(new Error('shutting down'));

    await expect(synced).rejects.toThrow('shutting down');
  });
});
