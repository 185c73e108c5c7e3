import type { MeshMigration } from '../../api/resources.ts';
import { isEdited } from '../../engine/commands.ts';

/** How one looks whether the operator runs, where it was installed as the documentation has it. */
export const isItRunning = 'is it running? kubectl get pods -n mesh-migration-system';

/** Why the status does not say what is so now; undefined where it does. */
export function whyUnsure({ metadata, status }: MeshMigration): string | undefined {
  if (metadata.deletionTimestamp !== undefined) return 'it is being deleted: nothing is started any more';
  if (status?.writtenPhase === undefined) return `the operator has not looked at it yet; ${isItRunning}`;
  const hasCommand: boolean = isEdited(status);
  if (hasCommand) return `its status was edited, and the operator has not answered yet; ${isItRunning}`;
  return status.observedGeneration === metadata.generation
    ? undefined
    : `its spec was changed, and the operator has not answered yet; ${isItRunning}`;
}
