import type { MeshMigration, NamespaceMigration } from '../../api/resources.ts';
import { quoted } from '../../base/shown.ts';
import { isEdited } from '../../engine/commands.ts';
import { isItRunning } from '../cluster/unsure.ts';
import { already, refuse, type Decision } from './steering.ts';

/** Where nobody has looked at the object, an edit of its status would be no command. */
function unseen({ status }: MeshMigration | NamespaceMigration): Decision | undefined {
  return status?.writtenPhase === undefined
    ? refuse(`the operator has not looked at it yet; ${isItRunning}`)
    : undefined;
}

function going({ metadata }: MeshMigration | NamespaceMigration): Decision | undefined {
  return metadata.deletionTimestamp === undefined
    ? undefined
    : refuse('it is being deleted, which takes back what is not finalized (spec.rollback.onDelete)');
}

/**
 * A command that somebody has given and the operator has not taken yet is not overwritten, but by a rollback, which is
 * for emergencies; and nothing is called so already that may be otherwise in a moment.
 */
function pending({ status }: MeshMigration | NamespaceMigration, decision: Decision): Decision | undefined {
  if (!isEdited(status) || decision.kind === 'Refuse') return undefined;
  const edit = decision.kind === 'Write' ? decision.edit : undefined;
  if (edit?.field === 'status.phase' && edit.value === status.phase)
    return already(`was told so already, and the operator has not answered yet (${isItRunning})`);
  if (edit?.value === 'RollingBack') return undefined;
  return refuse(
    `status.phase was set to ${quoted(status.phase ?? '')}, and the operator has not answered yet; ${isItRunning}`,
  );
}

/**
 * Whoever has edited the spec has not been heard either: another action is not written over his, but by a rollback. And
 * what was decided by a status of before may be otherwise by now.
 */
function edited({ metadata, status }: MeshMigration | NamespaceMigration, decision: Decision): Decision | undefined {
  const isHeard = status?.observedGeneration === undefined || status.observedGeneration === metadata.generation;
  if (isHeard || decision.kind !== 'Write') return undefined;
  if (decision.edit.value === 'RollingBack' || decision.edit.value === 'Rollback') return undefined;
  return refuse(`its spec was changed, and the operator has not answered yet; ${isItRunning}`);
}

/** What comes of a command where the object itself does not say otherwise. */
export function decidedOf(object: MeshMigration | NamespaceMigration, decide: () => Decision): Decision {
  const early = going(object) ?? unseen(object);
  if (early !== undefined) return early;
  const decision = decide();
  return pending(object, decision) ?? edited(object, decision) ?? decision;
}
