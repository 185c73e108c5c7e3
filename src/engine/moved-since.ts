import { DataPlane } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { fieldManager, migrationLabel } from '../api/resources.ts';
import { listed } from '../base/counted.ts';
import type { Route } from '../mesh/adapter.ts';
import { arrivedAlone } from './arrived.ts';
import { endedDifferent } from './conditions.ts';
import { isOf, journalOn } from '../plan/journal.ts';
import { fromList, unmet } from './label-values.ts';
import { isOfThis, ownObjects } from './own-objects.ts';
import type { Situation } from './situation.ts';

type Strings = Readonly<Record<string, string>>;

/**
 * Another migration, which has let go of it and left what it made; else whoever the API server knows to have set labels
 * that we did not set.
 */
function who(situation: Situation): { readonly name: string; readonly moves: boolean } {
  const others = ownObjects(situation).find((object) => !isOfThis(situation, object))?.labels[migrationLabel];
  if (others !== undefined) return { name: `MeshMigration ${others}`, moves: true };
  const {
    adapter,
    object: { status },
    surroundings: {
      namespace: { labels, labelManagers },
    },
  } = situation;
  const changed =
    status?.labels === undefined ? adapter.labels : unmet(labels, fromList(status.labels)).map(([key]) => key);
  const managers = new Set(
    changed.flatMap((key) => labelManagers[key] ?? []).filter((manager) => manager !== fieldManager),
  );
  return { name: managers.size === 0 ? 'somebody' : `somebody (field manager ${listed([...managers])})`, moves: false };
}

/** Of labels alone it is not said that anything has moved: pods follow when they are restarted. */
function moved(situation: Situation, to: string): string {
  const { name, moves } = who(situation);
  return `${name} has ${moves ? `moved it to ${to}` : `given it the labels of ${to}`} since`;
}

/**
 * Who has led a namespace that this migration has brought back to the new data plane again: a journal says it of one
 * that holds it, what it has made of one that is finalized, and else the labels. Undefined where nobody has.
 */
export function ledThere(situation: Situation): string | undefined {
  const {
    adapter,
    spec: { from, to },
    surroundings: { namespace },
    object: { spec },
  } = situation;
  const journal = journalOn(namespace);
  const isOwn: boolean = isOf(journal, spec.migration, spec);
  if (journal !== undefined && !isOwn) {
    return `MeshMigration ${journal.migration} from ${journal.route.from} to ${journal.route.to} has started it since and has not let go of it`;
  }
  return arrivedAlone(adapter, { from, to }, namespace.labels) ? moved(situation, to) : undefined;
}

/** The data planes that labels lead to, for a sentence: more than one half-way. */
function planesOf({ adapter, spec: { from } }: Situation, labels: Strings): string {
  return DataPlane.options.filter((to) => adapter.arrived({ from, to } satisfies Route, labels)).join(' and ');
}

/**
 * Who has given it labels that are neither those of before nor of the new data plane: it is not as it was under a third
 * one, or another revision.
 */
function changedSince(situation: Situation, { labels: left }: NamespaceMigrationStatus): string | undefined {
  const {
    surroundings: {
      namespace: { labels },
    },
    object: { status },
  } = situation;
  // What was not as it was at the end already is said as it was seen then.
  if (left === undefined || endedDifferent(status?.conditions)) return undefined;
  const before = fromList(left);
  const changed = unmet(labels, before).map(([key]) => key);
  if (changed.length === 0) return undefined;
  const present = Object.fromEntries(
    Object.entries({ ...labels, ...before }).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  );
  const now = planesOf(situation, labels);
  return now === planesOf(situation, present)
    ? `${who(situation).name} has changed ${listed(changed)} since`
    : moved(situation, now);
}

/**
 * Who has moved a namespace that this migration has brought back, wherever to; undefined where it is as it was left.
 */
export function movedSince(situation: Situation, status: NamespaceMigrationStatus): string | undefined {
  return ledThere(situation) ?? changedSince(situation, status);
}
