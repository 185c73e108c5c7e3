import type { Verdict } from './conditions.ts';
import type { Situation } from './situation.ts';

const way = 'Repair the rights, the policy or the webhook that this names, or install the CRDs of this version (crds/); it is tried again by itself, each minute at the latest';

/**
 * What is said of a namespace that waits until the MeshMigration has noted something: that comes by itself, unless the API server keeps refusing its status.
 * Then nobody else can tell.
 */
export function untilNoted({ unnoted }: Situation, reason: string, message: string): Verdict {
  if (unnoted === undefined) return { state: 'InProgress', reason, message };
  return { state: 'Stalled', reason: 'RecordRefused', message: `${message}, but its status cannot be written: ${unnoted}`, way };
}
