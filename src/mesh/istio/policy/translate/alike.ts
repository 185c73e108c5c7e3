import { listed } from '../../../../base/counted.ts';
import type { Manifest } from './manifest.ts';
import { critical, type Problem } from './problem.ts';

function keyOf({
  object: {
    kind,
    metadata: { namespace, name },
  },
}: Manifest): string {
  return JSON.stringify([kind, namespace, name]);
}

/**
 * Objects that would have one name: each would be written over the other again and again, and at any moment one rule
 * were missing. No names lead to that (`stableName`), but one object that is there twice does. Each names the other, so
 * neither is made.
 */
export function alike(manifests: readonly Manifest[]): readonly Problem[] {
  const groups = Map.groupBy(manifests, keyOf);
  return [...groups.values()]
    .filter(({ length }) => length > 1)
    .flatMap((group) => {
      const sources = group
        .flatMap(({ originals, target }) => (originals.length > 0 ? originals : [target]))
        .toSorted();
      const [
        {
          object: {
            kind,
            metadata: { namespace, name },
          },
        },
      ] = group as [Manifest];
      const message = `${kind} ${namespace}/${name} would be made ${group.length} times, for ${listed(sources)}`;
      return [...new Set(sources)].map((source) =>
        critical(source, 'metadata.name', message, 'Rename one of them, or take out the one that is there twice.'),
      );
    });
}
