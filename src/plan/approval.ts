import type { MeshMigration } from '../api/resources.ts';
import { memoizeLast } from '../base/memoize.ts';
import { whatDiffers } from './digest.ts';
import { waveOf, type Waves } from './waves.ts';

/** Whose plans somebody has to approve of, and what was approved of. */
export interface Approvals {
  /** Whether a namespace is started only by a plan that is approved of. */
  readonly isNeeded: (name: string) => boolean;
  /** Digests of the plans that are approved of, by namespace. */
  readonly digests: ReadonlyMap<string, string>;
}

/** Nobody's plan needs it. */
export const noApprovals: Approvals = { isNeeded: () => false, digests: new Map() };

/**
 * The approvals of a migration. They stand in its spec and its status, where nobody in a namespace writes; what is
 * taken out of the spec counts at once.
 */
export const approvalsOf = memoizeLast(({ spec, status }: MeshMigration, waves: Waves): Approvals => {
  const { mode, plans } = spec.approval;
  const listed = new Set(plans);
  const approved = (status?.plan?.approved ?? []).filter(({ by }) => listed.has(by));
  return {
    isNeeded: (name) => (spec.waves[waveOf(name, waves)]?.approval ?? mode) === 'Required',
    digests: new Map(approved.map(({ namespace, digest }) => [namespace, digest])),
  };
});

/** Why a namespace may not start by this plan; undefined if it may. */
export function notApproved(
  name: string,
  digest: string | undefined,
  { isNeeded, digests }: Approvals,
): string | undefined {
  if (!isNeeded(name)) return undefined;
  const approved = digests.get(name);
  if (approved === undefined || digest === undefined) return 'waits until somebody approves of its plan';
  const differs = whatDiffers(approved, digest);
  return differs === undefined ? undefined : `waits: ${differs} changed since somebody approved of its plan`;
}
