import { counted } from '../base/counted.ts';
import type { Verdict } from './conditions.ts';
import type { Situation, Unnoted } from './situation.ts';

function because(unnoted: Unnoted): { readonly why: string; readonly way: string } {
  switch (unnoted.kind) {
    case 'Refused':
      return {
        why: `its status cannot be written: ${unnoted.message}`,
        way: 'Repair the rights, the policy or the webhook that this names, or install the CRDs of this version (crds/); it is tried again by itself, each minute at the latest',
      };
    case 'Full':
      return {
        why: `its status.returned has no room beside the ${counted(unnoted.entries, 'namespace')} that went back`,
        way: 'Start some of those again (status.phase Migrating), or delete their Namespaces if they are not needed any more; it goes on by itself',
      };
  }
}

/**
 * What is said of a namespace that waits until the MeshMigration has noted something: that comes by itself, unless the
 * API server keeps refusing its status or it has no room. Then nobody else can tell.
 */
export function untilNoted({ unnoted }: Situation, reason: string, message: string): Verdict {
  if (unnoted === undefined) return { state: 'InProgress', reason, message };
  const { why, way } = because(unnoted);
  return { state: 'Stalled', reason: 'RecordRefused', message: `${message}, but ${why}`, way };
}
