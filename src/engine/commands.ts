import type { Command } from '../api/common.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import { managerName } from '../api/managers.ts';
import type { ManagedFieldsEntry } from '../api/object.ts';
import { timestamp } from '../base/clock.ts';
import { nearest } from '../base/nearest.ts';
import { record } from '../mesh/json.ts';

/**
 * What a phase means when a person writes it. Every other phase is a statement of the operator, not a command. `Pause`
 * is no phase: it is for what is Paused already for another reason, because an edit that leaves the object as it is
 * leaves no trace of itself either.
 */
const commands: ReadonlyMap<string, Command['action']> = new Map([
  ['RollingBack', 'Rollback'],
  ['Paused', 'Pause'],
  ['Pause', 'Pause'],
  ['Migrating', 'Migrate'],
]);

const all = 'RollingBack, Paused (or Pause, where it is Paused already) and Migrating';

/** By its own name or by that of what it commands, whatever the capitals. */
const phases: ReadonlyMap<string, string> = new Map([
  ...[...commands].map(([phase, action]) => [action.toLowerCase(), phase] as const),
  ...[...commands.keys()].map((phase) => [phase.toLowerCase(), phase] as const),
]);

/** The phase that was probably meant. */
function meant(phase = ''): string {
  const found = phases.get(nearest(phase.toLowerCase(), phases.keys()) ?? '');
  return found === undefined ? '' : `; the nearest is ${found}`;
}

/** What a phase commands when a person writes it; undefined if it is no command. */
export function commandOf(phase: string | undefined): Command['action'] | undefined {
  return commands.get(phase ?? '');
}

/** An edit of `status.phase` by somebody else. */
export type Edit =
  { readonly kind: 'Command'; readonly command: Command } | { readonly kind: 'Senseless'; readonly message: string };

/** Who set `status.phase` last, from managedFields: to record it, never to decide by it. */
function author(
  managedFields: readonly ManagedFieldsEntry[] | undefined,
  now: number,
): { readonly by: string; readonly at: string } {
  const owners = (managedFields ?? []).filter((entry) => 'f:phase' in record(record(entry.fieldsV1)['f:status']));
  const latest = owners.sort((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))[0];
  return { by: managerName(latest ?? {}), at: latest?.time ?? timestamp(now) };
}

/** The phases of a status, as it is stored. */
type Phases = { readonly phase?: string | undefined; readonly writtenPhase?: string | undefined } | undefined;

/** Whether somebody else has set `status.phase` since the operator wrote it. */
export function isEdited(status: Phases): status is NonNullable<Phases> {
  return status?.writtenPhase !== undefined && status.phase !== status.writtenPhase;
}

/**
 * The edit of a person, if there is one: the phase that was read differs from the one the operator wrote last. Both are
 * in the object, so an edit is noticed after any crash and never lost.
 */
export function editOf(
  status: Phases,
  managedFields: readonly ManagedFieldsEntry[] | undefined,
  now: number,
): Edit | undefined {
  if (!isEdited(status)) return undefined;
  const who = author(managedFields, now);
  const action = commandOf(status.phase);
  if (action === undefined)
    return {
      kind: 'Senseless',
      message: `${who.by} set status.phase to "${status.phase ?? ''}": only ${all} are commands${meant(status.phase)}; it was put back`,
    };
  return { kind: 'Command', command: { action, ...who } };
}

/** The action in force: the command, while the spec still asks for what the command overrode. */
export function actionInForce(spec: MeshMigrationSpec, command: Command | undefined): MeshMigrationSpec['action'] {
  return command?.overrides === spec.action ? command.action : spec.action;
}
