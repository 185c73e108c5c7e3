import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { Itinerary } from '../mesh/adapter.ts';
import { hold, type Draft } from './draft.ts';
import { notEnforced, withFindings } from './held.ts';
import type { Followed } from './follow.ts';
import { foreignChange } from './labels.ts';
import { patchWithJournal } from './keep-journal.ts';
import { forgetStep } from './services.ts';
import type { Situation } from './situation.ts';
import { upkeep, type Kept } from './upkeep.ts';
import { migratedVerdict, sealingVerdict } from './verdicts.ts';
import { inProgress } from './in-progress.ts';

/** The point of no return: the originals leave the Services and then the namespace, nothing else changes. */
export function seal(situation: Situation, status: NamespaceMigrationStatus): Draft {
  // Safe: removes only our own annotations. Dying before: sent again; after: the journal is gone and the phase follows.
  const write = forgetStep(situation) ?? patchWithJournal(situation, {}, null);
  return { status, phase: 'Migrated', verdict: sealingVerdict, next: { kind: 'Write', write } };
}

/**
 * It was restarted for HBONE, because it stayed; now it is selected. That way is over, and it begins to move like all
 * others.
 */
export function letGo(situation: Situation, status: NamespaceMigrationStatus): Draft {
  // Safe: removes only our own annotation, of a way that changed no label. Dying before: sent again; after: nothing of
  // it is started.
  const write = patchWithJournal(situation, {}, null);
  return {
    status,
    phase: 'Migrated',
    verdict: {
      state: 'InProgress',
      reason: 'Selected',
      message: 'its sidecars take HBONE; it is selected to move, so the record of their restart is removed first',
    },
    next: { kind: 'Write', write },
  };
}

/** What is done about a namespace that is Migrated: followed, finalized, let go, or told what is not in force. */
export function rest(
  situation: Situation,
  status: NamespaceMigrationStatus,
  itinerary: Itinerary,
  followed: Followed,
): Draft {
  const found = situation.adapter.findings(situation.surroundings, 'AtRest');
  const looked = withFindings(situation, status, found);
  const kept = upkeep(situation, looked, itinerary.forward, followed);
  const draft = restKept(situation, kept, found, followed);
  const { until } = kept;
  return until === undefined || draft.next.kind !== 'Wait' ? draft : { ...draft, next: { ...draft.next, until } };
}

function restKept(situation: Situation, kept: Kept, found: readonly Finding[], followed: Followed): Draft {
  const foreign = foreignChange(situation, kept.status);
  switch (kept.outcome.kind) {
    case 'Done':
    case 'Announce':
      break;
    case 'Write':
    case 'Pace':
      return { status: kept.status, phase: 'Migrated', ...inProgress(kept.outcome, 'FollowingOriginals') };
    case 'Wait':
      return { status: kept.status, phase: 'Migrated', ...inProgress(kept.outcome, 'GateLost') };
    case 'Foreign':
      return hold(kept.status, 'Migrated', {
        state: 'Stalled',
        reason: 'ForeignChange',
        message: kept.outcome.message,
      });
    case 'Failed':
      return hold(kept.status, 'Migrated', {
        state: 'Stalled',
        reason: kept.outcome.reason,
        message: kept.outcome.message,
        way: 'Repair it; it goes on by itself',
      });
  }
  const critical = found.find(({ severity }) => severity === 'Critical');
  if (critical !== undefined) return hold(kept.status, 'Migrated', notEnforced(situation, critical));
  if (foreign !== undefined)
    return hold(kept.status, 'Migrated', { state: 'Stalled', reason: 'ForeignChange', message: foreign });
  const [withheld] = followed.behind;
  if (withheld !== undefined)
    return hold(kept.status, 'Migrated', {
      state: 'Stalled',
      reason: 'CallersRefused',
      message: withheld,
      way: 'Create that Service again, or delete the policies that are for it (under another name they can be made anew for other Services); it clears by itself',
    });
  const refused = situation.adapter.refusedCallers(situation.surroundings);
  return hold(
    kept.status,
    'Migrated',
    refused === undefined
      ? migratedVerdict(kept.status)
      : { state: 'Stalled', reason: 'CallersRefused', message: refused },
  );
}
