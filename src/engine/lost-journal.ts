import { isDeepStrictEqual } from 'node:util';
import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { journalAnnotation } from '../api/resources.ts';
import { hold, type Draft } from './draft.ts';
import { fromList, observedLabels } from './label-values.ts';
import type { Situation } from './situation.ts';
import { findingReason } from './ways-out.ts';

/** The labels as the status says they were, where it tells of a beginning that the namespace does not know of. */
function labelsClaimed({ object: { status = {} }, surroundings: { namespace } }: Situation): ReturnType<typeof fromList> | undefined {
  const { direction, findings, original } = status;
  const begun = direction !== undefined || findings?.some(({ id }) => id === 'MM007') === true;
  return begun && original !== undefined && namespace.annotations[journalAnnotation] === undefined ? fromList(original.labels) : undefined;
}

function finding({ surroundings: { namespace: { name } }, object: { metadata } }: Situation, before: ReturnType<typeof fromList>): Finding {
  const labels = Object.entries(before).map(([key, value]) => (value === null ? `${key}-` : `${key}=${value}`)).join(' ');
  return {
    id: 'MM007', severity: 'Critical', object: `Namespace ${name}`,
    message: `annotation ${journalAnnotation} was taken away half-way: the labels are those of the new data plane, and what they were is known only from the status, which is no proof`.slice(0, 512),
    fix: `If the status is right, the way back is: kubectl label namespace ${name} --overwrite ${labels}, then restart the workloads one by one. To start from the labels as they are: kubectl delete nsm ${metadata.name} -n ${name}`.slice(0, 512),
  };
}

/**
 * Somebody took the journal away while no operator looked on, and the labels are of the new data plane. The status says what they
 * were, but whoever may write it would then choose the labels of the namespace: so nothing is put back, nothing is started from
 * labels that are half-way, and a person is told what to do. A forged status holds up nothing but its own namespace.
 */
export function lostJournal(situation: Situation, status: NamespaceMigrationStatus): Draft | undefined {
  const { adapter, spec, surroundings, object } = situation;
  const over = situation.returned !== undefined || status.phase === 'Finalized';
  const before = labelsClaimed(situation);
  const now = observedLabels(situation);
  if (over || before === undefined || !adapter.arrived(spec, surroundings.namespace.labels) || isDeepStrictEqual({ ...now, ...before }, now)) return undefined;
  const lost = finding(situation, before);
  const { original } = object.status ?? {};
  return hold({ ...status, findings: [lost], ...(original !== undefined && { original }) }, 'Blocked', { state: 'Stalled', reason: findingReason(lost), message: `${lost.object}: ${lost.message}`, way: lost.fix });
}
