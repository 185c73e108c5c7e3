import { stalledBy, standing } from '../api/common.ts';
import type { MeshMigrationStatus, NamespaceTotals } from '../api/mesh-migration-status.ts';
import type { NamespaceMigration } from '../api/resources.ts';
import { isInFlight } from '../plan/admission.ts';
import type { Scope } from '../plan/scope.ts';
import { saidNoWayBack } from './conditions.ts';
import { refusedBy } from './refused-records.ts';
import type { Wanted } from './situation.ts';

/** Whether a person has to do something about the namespace. */
export function isStalled({ status }: NamespaceMigration): boolean {
  return stalledBy(status?.conditions) !== undefined;
}

/** The phase as the operator wrote it: one that was edited is a command, not where the namespace is. */
export function phaseOf({ status }: NamespaceMigration): string | undefined {
  return status?.writtenPhase;
}

/** Whether it was only restarted for HBONE so far. Where it is selected by now it has yet to move. */
export function onlyRestarted({ status }: NamespaceMigration): boolean {
  return status?.direction !== undefined && status.itinerary === 'Hbone';
}

/**
 * Namespaces by state, and how many `failed`. While the selection itself is wrong, whatever could be started is
 * blocked.
 */
export function totalsOf(all: readonly NamespaceMigration[], scope: Scope, failed: readonly string[]): NamespaceTotals {
  // What is only restarted for HBONE does not move: it is in no sum of those that do, named for that still or not.
  const [moving, restarted] = [new Set(scope.namespaces), new Set(scope.hbone)];
  const stays = (child: NamespaceMigration): boolean => {
    const name = child.metadata.namespace ?? '';
    return restarted.has(name) || (onlyRestarted(child) && !moving.has(name));
  };
  const children = all.filter((child) => !stays(child));
  const recorded = new Set(children.map(({ metadata }) => metadata.namespace));
  const missing = scope.namespaces.filter((name) => !recorded.has(name)).length;
  const count = (...phases: readonly string[]): number =>
    children.filter((child) => phases.includes(phaseOf(child) ?? '') && !onlyRestarted(child)).length;
  const total = children.length + missing;
  const inFlight = children.filter(isInFlight).length;
  const [migrated, rolledBack, incomplete, found] = [
    count('Migrated', 'Finalized'),
    count('RolledBack'),
    count('Incomplete'),
    count('Blocked'),
  ];
  const open = total - inFlight - migrated - rolledBack - incomplete - found;
  const held = scope.findings.some(({ severity }) => severity === 'Critical') ? open : 0;
  return {
    total,
    pending: open - held,
    blocked: found + held,
    inFlight,
    migrated,
    incomplete,
    rolledBack,
    failed: failed.length,
  };
}

/** The worst first: where requests may be failing, then where something stands half-way, then what waits at rest. */
const worstFirst: readonly string[] = [
  'RollingBack',
  'Migrated',
  'Migrating',
  'Failed',
  'RolledBack',
  'Paused',
  'Incomplete',
  'Blocked',
];

function rank(child: NamespaceMigration): number {
  const place = worstFirst.indexOf(phaseOf(child) ?? '');
  return place < 0 ? worstFirst.length : place;
}

/** What stands as it does because the migration as a whole was told so is nobody's trouble of its own. */
function isAsWanted(child: NamespaceMigration, wanted: Wanted): boolean {
  const { status } = child;
  if (refusedBy(child) !== undefined || status?.failure !== undefined || status?.command !== undefined) return false;
  return (
    (status?.writtenPhase === 'RolledBack' && wanted === 'Rollback') ||
    (status?.writtenPhase === 'Paused' && wanted === 'Pause')
  );
}

const most = 20;

/** The namespaces that need a person, the worst first, and how many there are where the list has no room for all. */
export function attentionOf(
  children: readonly NamespaceMigration[],
  wanted: Wanted,
): Pick<MeshMigrationStatus, 'attention' | 'needAttention'> {
  const name = ({ metadata }: NamespaceMigration): string => metadata.namespace ?? '';
  const lost = ({ status }: NamespaceMigration): string | undefined => saidNoWayBack(status?.conditions);
  const all = children
    .filter((child) => (isStalled(child) || lost(child) !== undefined) && !isAsWanted(child, wanted))
    .sort((a, b) => rank(a) - rank(b) || (name(a) < name(b) ? -1 : 1));
  const attention = all.slice(0, most).map((child) => ({
    namespace: name(child),
    phase: phaseOf(child) ?? '',
    message: (isStalled(child) ? undefined : lost(child)?.slice(0, 1024)) ?? standing(child.status),
  }));
  return { needAttention: all.length, attention };
}
