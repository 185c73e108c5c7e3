import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { StepName } from '../api/namespace-migration.ts';
import { appliedAnnotation, managedBy, managedByLabel, migrationLabel, stepLabel } from '../api/resources.ts';
import type { Manifest } from '../mesh/adapter.ts';
import { list, record } from '../mesh/json.ts';
import type { ConfigView } from '../mesh/views.ts';
import type { Applied, Situation } from './situation.ts';

/** Key order does not change it: two objects that say the same have the same digest. */
function digest(value: unknown): string {
  const ordered = JSON.stringify(value, (_key, member: unknown) =>
    (typeof member === 'object' && member !== null && !Array.isArray(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member));
  return createHash('sha256').update(ordered).digest('hex').slice(0, 16);
}

/**
 * Whether `actual` says everything that `wanted` does: the API server fills in defaults (of a Gateway's listeners, for
 * example), which are no difference. A list has to be the same length, because one more member is one more rule.
 */
export function says(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    const members = list(actual);
    return members.length === wanted.length && wanted.every((member, index) => says(members[index], member));
  }
  if (typeof wanted !== 'object' || wanted === null) return isDeepStrictEqual(actual, wanted);
  return Object.entries(wanted).every(([key, value]) => says(record(actual)[key], value));
}

/** The manifest as it is applied: in the namespace, with the marks by which it is known as ours. */
export function marked(situation: Situation, step: StepName, { resource, object }: Manifest): Applied {
  const { name, labels, annotations } = object.metadata;
  const migration = situation.object.metadata.labels?.[migrationLabel];
  const metadata = {
    name,
    namespace: situation.surroundings.namespace.name,
    labels: { ...labels, [managedByLabel]: managedBy, [stepLabel]: step, ...(migration !== undefined && { [migrationLabel]: migration }) },
    annotations: { ...annotations, [appliedAnnotation]: digest({ ...object, metadata: { labels, annotations } }) },
  };
  return { resource, object: { ...object, metadata } };
}

/** Everything of the operator in the namespace, of the kinds that are watched; with `steps` what these made. */
export function ownObjects({ adapter, surroundings }: Situation, steps?: readonly StepName[]): readonly ConfigView[] {
  return adapter.made
    .flatMap(({ kind }) => surroundings.mesh.configs(kind, surroundings.namespace.name))
    .filter(({ labels }) => labels[managedByLabel] === managedBy && (steps === undefined || (steps as readonly (string | undefined)[]).includes(labels[stepLabel])));
}

/** How an object that should be there compares with the one that is. */
export type Standing = 'Missing' | 'AsWanted' | 'Outdated' | 'Edited' | 'Taken';

/** `Edited`: it differs although what is wanted has not changed since it was applied, so somebody else did it. */
export function standing(seen: ConfigView | undefined, { object }: Applied): Standing {
  if (seen === undefined) return 'Missing';
  if (seen.labels[managedByLabel] !== managedBy) return 'Taken';
  const same = says(seen.spec, object['spec'] ?? object['data']);
  const current = seen.annotations[appliedAnnotation] === object.metadata.annotations?.[appliedAnnotation];
  if (current) return same ? 'AsWanted' : 'Edited';
  return 'Outdated';
}
