import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import type { MeshMigration } from '../api/resources.ts';
import { otherNamespaces, type WaveStatus } from '../api/waves.ts';
import { memoize, memoizeLast } from '../base/memoize.ts';
import { selects, type NamespaceView } from '../mesh/views.ts';
import { journalOn } from './journal.ts';
import { isMoved, isSelected, labelsSelected, type Named } from './scope.ts';

/** In which wave each namespace of a migration is, and which of them may begin. */
export interface Waves {
  /** Names in their order; the last is that of the namespaces that no wave takes. Empty where there are no waves. */
  readonly names: readonly string[];
  /** Place of the wave of each namespace that moves, or was moved, by name. */
  readonly of: ReadonlyMap<string, number>;
  /** The place of the first wave that is not done: whoever is in a later one does not begin. */
  readonly open: number;
}

/** All begin as slots are free. */
export const noWaves: Waves = { names: [], of: new Map(), open: 0 };

/** The first wave that has each name. A list of waves may have thousands. */
const byName = memoize(
  (waves: MeshMigrationSpec['waves']): ReadonlyMap<string, number> =>
    new Map(waves.flatMap(({ namespaces }, place) => namespaces.names.map((name) => [name, place] as const)).reverse()),
);

function placeOf(migration: Named, namespace: NamespaceView): number {
  const { waves } = migration.spec;
  const labels = labelsSelected(migration, namespace, journalOn(namespace));
  const named = byName(waves).get(namespace.name) ?? waves.length;
  const found = waves
    .slice(0, named)
    .findIndex(({ namespaces: { selector } }) => selector !== undefined && selects(selector, labels));
  return found < 0 ? named : found;
}

const placed = memoizeLast((migration: MeshMigration, namespaces: readonly NamespaceView[]): Waves => {
  const { waves } = migration.spec;
  const moving = namespaces.filter((namespace) => isSelected(migration, namespace) || isMoved(migration, namespace));
  const done = new Set((migration.status?.waves ?? []).filter(isDone).map(({ name }) => name));
  const names = [...waves.map(({ name }) => name), otherNamespaces];
  const open = names.findIndex((name) => !done.has(name));
  return {
    names,
    of: new Map(moving.map((namespace) => [namespace.name, placeOf(migration, namespace)])),
    open: open < 0 ? names.length : open,
  };
});

function isDone({ state }: WaveStatus): boolean {
  return state === 'Done';
}

/**
 * The waves of a migration. Which are done stands in its status, where nobody in a namespace writes: one that is lost
 * has the waves soak anew, and starts nobody too early.
 */
export function wavesOf(migration: MeshMigration, namespaces: readonly NamespaceView[]): Waves {
  return migration.spec.waves.length === 0 ? noWaves : placed(migration, namespaces);
}

/** The place of a namespace's wave; those that are restarted for HBONE only come before all. */
export function waveOf(name: string, { of }: Waves): number {
  return of.get(name) ?? -1;
}

/** Why the wave of a namespace has not begun; undefined if it has, or there are no waves. */
export function notBegun(name: string, waves: Waves): string | undefined {
  const place = waveOf(name, waves);
  if (waves.names.length === 0 || place <= waves.open) return undefined;
  return `is in wave ${waves.names[place] ?? ''}, which begins after wave ${waves.names[place - 1] ?? ''}`;
}

/** Why one namespace does not begin before another one has arrived; undefined if nothing of that kind keeps it. */
export function comesLater(name: string, than: string, waves: Waves): string | undefined {
  return waveOf(name, waves) > waveOf(than, waves) && waveOf(than, waves) >= 0 ? notBegun(name, waves) : undefined;
}

/** How many namespaces may be under way for one of this wave to be started. */
export function slotsFor(
  name: string,
  waves: Waves,
  { waves: all }: Pick<MeshMigrationSpec, 'waves'>,
  slots: number,
): number {
  return Math.min(slots, all[waveOf(name, waves)]?.maxConcurrentNamespaces ?? slots);
}
