import { isDeepStrictEqual } from 'node:util';
import { kindKey, type Resource } from '../api/object.ts';
import type { Store } from '../kube/store.ts';
import { kindsOf } from '../mesh/kinds.ts';
import type { ConfigView } from '../mesh/views.ts';
import type { WatchedKind } from '../mesh/watched-kind.ts';

/** A kind and its objects. */
interface Watched {
  readonly row: WatchedKind;
  readonly store: Store<ConfigView>;
}

/**
 * The objects of all kinds that meshes look at, by what tells a kind from all others: a name of one mesh may be
 * another's too, and what two of them look at is watched once.
 */
export class WatchedStores {
  readonly #byKey = new Map<string, Watched>();
  readonly #feed: (row: WatchedKind) => Store<ConfigView>;

  constructor(feed: (row: WatchedKind) => Store<ConfigView>) {
    this.#feed = feed;
  }

  /** Those of a mesh's table, by its own names. */
  of(table: readonly WatchedKind[]): ReadonlyMap<string, Store<ConfigView>> {
    return new Map([...kindsOf(table)].map(([name, row]) => [name, this.#watch(row).store]));
  }

  /** How a kind is watched; undefined if it is not for any mesh. */
  row(resource: Resource): WatchedKind | undefined {
    return this.#byKey.get(kindKey(resource))?.row;
  }

  #watch(row: WatchedKind): Watched {
    const key = kindKey(row.resource);
    const known = this.#byKey.get(key) ?? { row, store: this.#feed(row) };
    // One would miss what the other leaves out.
    if (!isDeepStrictEqual(known.row, row)) throw new RangeError(`two meshes look at ${key} in two ways`);
    this.#byKey.set(key, known);
    return known;
  }
}
