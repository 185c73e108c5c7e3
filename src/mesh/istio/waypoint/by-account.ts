import { memoize } from '../../../base/memoize.ts';
import type { PodView } from '../../views.ts';
import type { Caller } from './callers.ts';

/** Under which everybody of a namespace is put. */
export const anyAccount = '*';

/** Callers in one namespace. */
type There = ReadonlyMap<string, readonly Caller[]>;

/** Looked up by namespace and account, because policies, and what others say in metrics, may name thousands of them. */
export const byAccount: (callers: readonly Caller[]) => ReadonlyMap<string, There> = memoize(
  (callers: readonly Caller[]) => {
    const byNamespace = Map.groupBy(callers, ({ namespace }) => namespace);
    return new Map(
      [...byNamespace].map(([namespace, there]) => [
        namespace,
        Map.groupBy(there, ({ serviceAccount = anyAccount }) => serviceAccount),
      ]),
    );
  },
);

const placesByAccount = memoize((pods: readonly PodView[]) =>
  Map.groupBy(pods.keys(), (place) => pods[place]?.serviceAccount ?? anyAccount),
);

/** Those of the pods of a namespace that are among some callers, in their order. */
export function podsAmong(pods: readonly PodView[], there: There): readonly PodView[] {
  const isAny = there.get(anyAccount)?.some(({ serviceAccount }) => serviceAccount === undefined) === true;
  if (isAny) return pods;
  const known = placesByAccount(pods);
  const places = [...there.keys()].flatMap((account) => known.get(account) ?? []);
  return (there.size === 1 ? places : places.sort((a, b) => a - b)).flatMap((place) => pods[place] ?? []);
}
