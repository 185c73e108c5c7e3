import { extend } from '../base/lists.ts';
import type { Finding } from '../api/common.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import { systemNamespaces } from '../api/names.ts';
import type { MeshMigration } from '../api/resources.ts';
import { memoizeLast } from '../base/memoize.ts';
import { selects, type NamespaceView } from '../mesh/views.ts';
import { isOf, journalOn, type Journal } from './journal.ts';
import { unknownNames } from './unknown-names.ts';

function byName(one: NamespaceView, other: NamespaceView): number {
  return one.name < other.name ? -1 : 1;
}

/** Which namespaces a migration is about, and what is wrong with that choice. */
export interface Scope {
  /** Sorted by name; without system namespaces and namespaces that are being deleted. */
  readonly namespaces: readonly string[];
  /**
   * Namespaces that stay and are only restarted for HBONE, sorted by name: none is in the scope of another migration.
   */
  readonly hbone: readonly string[];
  /** Namespaces whose journal is of this migration, in its selection still or not: each needs its record. */
  readonly changed: readonly string[];
  /** Critical ones keep the whole migration from starting anything. */
  readonly findings: readonly Finding[];
}

/** A migration by what its journals know it by. */
export interface Named {
  readonly metadata: Pick<MeshMigration['metadata'], 'name'>;
  readonly spec: MeshMigrationSpec;
}

/**
 * The labels by which a migration selects a namespace. Those of data planes are what it changes itself: of a namespace
 * that it has begun to move, those count that were there before. Else the usual selection, all that has
 * `istio-injection: enabled`, would let go of each namespace as soon as its labels change, and leave it half-way. The
 * journal is taken off when all is as before, or is to stay.
 */
export function labelsSelected(
  { metadata: { name }, spec }: Named,
  { labels }: NamespaceView,
  journal: Journal | undefined,
): NamespaceView['labels'] {
  if (!isOf(journal, name, spec) || journal.itinerary === 'Hbone') return labels;
  const all = Object.entries({ ...labels, ...journal.labels });
  return Object.fromEntries(all.flatMap(([key, value]) => (value === null ? [] : [[key, value] as const])));
}

/** Asked by each look of one about all others. */
const isTaken = memoizeLast(
  (namespace: NamespaceView, name: string, spec: MeshMigrationSpec, journal: Journal | undefined): boolean => {
    const { exclude, names, selector } = spec.namespaces;
    if (exclude.includes(namespace.name)) return false;
    if (names.includes(namespace.name)) return true;
    return (
      selector !== undefined && selects(selector, labelsSelected({ metadata: { name }, spec }, namespace, journal))
    );
  },
);

/**
 * Whether the selection takes a namespace in. `journal` is what is known of it: somebody may have taken that off the
 * namespace a moment ago.
 */
export function isSelected(
  { metadata: { name }, spec }: Named,
  namespace: NamespaceView,
  journal = journalOn(namespace),
): boolean {
  return isTaken(namespace, name, spec, journal);
}

/** Whether the migration has begun to move the namespace, wherever its spec names it by now. */
export function isMoved({ metadata: { name }, spec }: Named, namespace: NamespaceView): boolean {
  const journal = journalOn(namespace);
  return isOf(journal, name, spec) && journal.itinerary !== 'Hbone';
}

/** Whether the workloads of a namespace that stays may be restarted for HBONE: one that was moved does not stay. */
export function isForHbone(migration: Named, namespace: NamespaceView): boolean {
  const {
    restart: { hboneNamespaces },
  } = migration.spec;
  if (hboneNamespaces === undefined || isSelected(migration, namespace) || isMoved(migration, namespace)) return false;
  return (
    hboneNamespaces.names.includes(namespace.name) ||
    (hboneNamespaces.selector !== undefined && selects(hboneNamespaces.selector, namespace.labels))
  );
}

/**
 * Whether a namespace is never touched: one of Kubernetes, or a `reserved` one, of the mesh's control plane or of the
 * operator itself.
 */
export function isSystem(name: string, reserved: readonly string[]): boolean {
  return (systemNamespaces as readonly string[]).includes(name) || reserved.includes(name);
}

/** Whether a migration may touch one namespace: to move it, or to restart it for HBONE. `journal` as above. */
export function isInScope(
  migration: Named,
  namespace: NamespaceView,
  reserved: readonly string[],
  journal?: Journal,
): boolean {
  return (
    (isSelected(migration, namespace, journal) || isForHbone(migration, namespace)) &&
    !isSystem(namespace.name, reserved)
  );
}

/** Whether a migration still has a say over its namespaces; one that is Finalized has let go. */
export function holds(migration: MeshMigration): boolean {
  return migration.status?.writtenPhase !== 'Finalized';
}

/**
 * A namespace belongs to the migration that has started it, else to the older one: the younger must not take it away.
 */
function isAhead(other: MeshMigration, self: MeshMigration, namespace: NamespaceView): boolean {
  const journal = journalOn(namespace);
  if (isOf(journal, self.metadata.name, self.spec)) return false;
  if (isOf(journal, other.metadata.name, other.spec)) return true;
  const age = (other.metadata.creationTimestamp ?? '').localeCompare(self.metadata.creationTimestamp ?? '');
  return age < 0 || (age === 0 && other.metadata.name < self.metadata.name);
}

/** The namespaces whose journal is of a migration. */
export function changedBy(
  { metadata: { name }, spec }: Named,
  namespaces: readonly NamespaceView[],
): readonly NamespaceView[] {
  return namespaces.filter((namespace) => !namespace.terminating && isOf(journalOn(namespace), name, spec));
}

/** Whether a migration changes nothing and has changed nothing: it plans only, or there is no namespace for it. */
export function isIdle(
  migration: MeshMigration,
  namespaces: readonly NamespaceView[],
  reserved: readonly string[],
): boolean {
  if ((migration.status?.returned ?? []).length > 0 || changedBy(migration, namespaces).length > 0) return false;
  return (
    migration.spec.action === 'Plan' ||
    !namespaces.some((namespace) => !namespace.terminating && isInScope(migration, namespace, reserved))
  );
}

/** How many findings about the selection a status has room for. */
const mostFindings = 50;

/** MM001: a selection that takes in what is never touched. */
function systemSelected({ name }: NamespaceView): Finding {
  return {
    id: 'MM001',
    severity: 'Critical',
    object: `Namespace ${name}`,
    message: 'the selection takes in a system namespace',
    fix: `Take ${name} out of spec.namespaces.names, add it to spec.namespaces.exclude, or narrow the selector.`,
  };
}

/** MM002: a namespace that another migration has in scope, and has a better right to. */
function heldByAnother({ name }: NamespaceView, other: string): Finding {
  return {
    id: 'MM002',
    severity: 'Critical',
    object: `Namespace ${name}`,
    message: `MeshMigration ${other} has this namespace in scope already`,
    fix: `Add ${name} to spec.namespaces.exclude of one of the two, or delete ${other}, or finalize what it has migrated.`,
  };
}

/** MM004: a migration of nothing. */
function nothingSelected(migration: string): Finding {
  return {
    id: 'MM004',
    severity: 'Critical',
    object: `MeshMigration ${migration}`,
    message: 'no namespace is selected',
    fix: 'Name the namespaces in spec.namespaces.names, or give them the labels that spec.namespaces.selector asks for, or take them out of spec.namespaces.exclude: kubectl get namespaces --show-labels.',
  };
}

/** Whether what was begun is to stay: by the labels that it has then it is not selected any more, and need not be. */
function isFinalizing({ spec, status }: MeshMigration): boolean {
  return spec.action === 'Finalize' && status?.startedAt !== undefined;
}

/** The scope of a migration among all migrations and all namespaces. */
export function scopeOf(
  self: MeshMigration,
  migrations: readonly MeshMigration[],
  namespaces: readonly NamespaceView[],
  reserved: readonly string[],
): Scope {
  const others = migrations.filter(({ metadata }) => metadata.name !== self.metadata.name).filter(holds);
  const isUsable = ({ name, terminating }: NamespaceView): boolean => !terminating && !isSystem(name, reserved);
  const selected = namespaces.filter((namespace) => isSelected(self, namespace));
  const usable = selected.filter(isUsable).sort(byName);

  const findings = selected.filter(({ name }) => isSystem(name, reserved)).map(systemSelected);
  for (const namespace of usable) {
    const other = others.find((migration) => isSelected(migration, namespace) && isAhead(migration, self, namespace));
    if (other !== undefined) findings.push(heldByAnother(namespace, other.metadata.name));
  }
  if (selected.length === 0 && !isFinalizing(self)) findings.push(nothingSelected(self.metadata.name));
  extend(findings, unknownNames(self.spec, namespaces)); // After what is critical: there is room for 50.

  const hbone = namespaces
    .filter((namespace) => isUsable(namespace) && isForHbone(self, namespace))
    .filter((namespace) => !others.some((other) => isSelected(other, namespace)))
    .sort(byName);
  return {
    namespaces: usable.map(({ name }) => name),
    hbone: hbone.map(({ name }) => name),
    changed: changedBy(self, namespaces).map(({ name }) => name),
    findings: findings.slice(0, mostFindings),
  };
}
