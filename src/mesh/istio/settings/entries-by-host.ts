import { memoizeLast } from '../../../base/memoize.ts';
import { strings } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import type { MeshObjects } from '../../adapter.ts';

/** The ServiceEntries of one host by their namespaces: whoever may write one may name any host. */
export type EntriesOfHost = ReadonlyMap<string, readonly ConfigView[]>;

/** By their hosts: the same until one of them changes. */
const byHost = memoizeLast((entries: readonly ConfigView[]): ReadonlyMap<string, EntriesOfHost> => {
  const named = entries.flatMap((entry) => [...new Set(strings(entry.spec['hosts']))].map((host) => ({ host, entry })));
  return new Map(
    [...Map.groupBy(named, ({ host }) => host)].map(([host, all]) => [
      host,
      Map.groupBy(
        all.map(({ entry }) => entry),
        ({ namespace }) => namespace,
      ),
    ]),
  );
});

/** The ServiceEntries that name a host as it is written; undefined if none does. */
export function entriesOfHost(host: string, mesh: Pick<MeshObjects, 'configs'>): EntriesOfHost | undefined {
  return byHost(mesh.configs('ServiceEntry')).get(host);
}
