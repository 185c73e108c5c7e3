import type { StepName } from '../api/namespace-migration.ts';
import { isSameKind, type Resource } from '../api/object.ts';
import { appliedAnnotation, managedBy, managedByLabel, migrationLabel, stepLabel } from '../api/resources.ts';
import type { StepWork } from '../mesh/adapter.ts';
import { isMadeSince } from '../mesh/made-since.ts';
import type { Manifest } from '../mesh/manifest.ts';
import { sealOf } from '../mesh/seal.ts';
import type { ConfigView } from '../mesh/views.ts';
import type { Applied, OwnObject, Situation } from './situation.ts';

type RemoveWork = Extract<StepWork, { kind: 'Remove' }>;

/** The name by which the mesh knows a kind; what it does not look at has that of the resource. */
export function kindName({ made }: Situation['adapter'], resource: Resource): string {
  return made.find((row) => isSameKind(row.resource, resource))?.kind ?? resource.kind;
}

/** The manifest as it is applied: in the namespace, with the marks by which it is known as ours. */
export function marked(situation: Situation, step: StepName, { resource, object }: Manifest): Applied {
  const { name, labels, annotations } = object.metadata;
  const namespace = situation.surroundings.namespace.name;
  const { migration } = situation.object.spec;
  const seal = sealOf({
    kind: kindName(situation.adapter, resource),
    namespace,
    name,
    labels,
    annotations,
    spec: object['spec'] ?? object['data'],
  });
  const metadata = {
    name,
    namespace,
    labels: { ...labels, [managedByLabel]: managedBy, [stepLabel]: step, [migrationLabel]: migration },
    annotations: { ...annotations, [appliedAnnotation]: seal },
  };
  return { resource, object: { ...object, metadata } };
}

/** Everything of the operator in the namespace, of the kinds that are watched; with `steps` what these made. */
export function ownObjects(
  { adapter, surroundings }: Pick<Situation, 'adapter' | 'surroundings'>,
  steps?: readonly StepName[],
): readonly ConfigView[] {
  return adapter.made
    .flatMap(({ kind }) => surroundings.mesh.configs(kind, surroundings.namespace.name))
    .filter(
      (config) =>
        adapter.isOurs(config, true) &&
        (steps === undefined || (steps as readonly (string | undefined)[]).includes(config.labels[stepLabel])),
    );
}

type Labels = ConfigView['labels'];

/**
 * Whether an object of ours with these labels is of the migration of this name, as the spec of its record has it: a
 * label of the record is anybody's. The one rule, also where it is read right before.
 */
export function isOfMigration(labels: Labels | undefined, migration: string | undefined): boolean {
  return labels?.[migrationLabel] === migration;
}

/** What tells when a migration that is under way has begun: `surroundings.itinerary` is there with a journal only. */
type Begun = Pick<Situation, 'object' | 'surroundings'> & Partial<Pick<Situation, 'remembered'>>;

/**
 * Whether one of these is of this migration, and not of another that has finalized the namespace for example. While it
 * is under way no other makes anything here, whatever a label says that somebody has set.
 */
export function isOfThis({ object, surroundings: { itinerary }, remembered }: Begun, config: ConfigView): boolean {
  return (
    isOfMigration(config.labels, object.spec.migration) ||
    (itinerary !== undefined && isMadeSince(config, remembered?.capturedAt))
  );
}

/**
 * What a step deletes of this migration that nobody watches: known by nothing but its name, so it says whose it has to
 * be.
 */
export function unwatchedOf(
  { object }: Situation,
  { unwatched = [] }: RemoveWork,
  before?: Resource,
): readonly OwnObject[] {
  const { migration } = object.spec;
  return unwatched
    .filter((entry) => before === undefined || isSameKind(entry.before, before))
    .map(({ resource, name }) => ({ resource, name, migration }));
}

/** How an object that should be there compares with the one that is. */
export type Standing = 'Missing' | 'AsWanted' | 'Outdated' | 'Edited' | 'Taken';

/**
 * `Outdated`: it is as we applied it, and something else is wanted now. `Edited`: it stands under a name of ours and is
 * not as we applied it, so somebody else did it, whatever is wanted now. Anything else that has our name, label or not,
 * is `Taken`.
 */
export function standing({ adapter }: Situation, seen: ConfigView | undefined, { object }: Applied): Standing {
  if (seen === undefined) return 'Missing';
  if (adapter.isOurs(seen))
    return seen.annotations[appliedAnnotation] === object.metadata.annotations?.[appliedAnnotation]
      ? 'AsWanted'
      : 'Outdated';
  return adapter.isOurs(seen, true) ? 'Edited' : 'Taken';
}
