import type { KubeObject } from '../api/object.ts';
import { managerName } from '../api/managers.ts';
import { fieldManager } from '../api/resources.ts';

/** So many are named: who reads it has to find one of them. */
const few = 3;

/**
 * Who else writes an object itself, as managedFields say, whoever did last first; only those of certain fields if
 * anybody else owns these. Whoever takes something away leaves no trace of that.
 */
export function otherWriters(
  { metadata: { managedFields = [] } }: Pick<KubeObject, 'metadata'>,
  owns: (fields: unknown) => boolean = () => true,
): { readonly names: readonly string[]; readonly own: boolean } {
  const others = managedFields
    .filter(({ manager, subresource }) => manager !== fieldManager && (subresource ?? '') === '')
    .toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''));
  const owners = others.filter(({ fieldsV1 }) => owns(fieldsV1));
  const own = owners.length > 0;
  return { names: [...new Set((own ? owners : others).map(managerName))].slice(0, few), own };
}
