import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { Itinerary } from '../mesh/adapter.ts';
import { calmAt, calmMs } from './calm.ts';
import { hold, type Draft } from './draft.ts';
import { notEnforced, withFindings } from './held.ts';
import type { Followed } from './follow.ts';
import { notSealed } from './following.ts';
import { foreignChange } from './labels.ts';
import { patchWithJournal } from './keep-journal.ts';
import { forgetStep } from './services.ts';
import type { Situation } from './situation.ts';
import { upkeep, type Kept } from './upkeep.ts';
import { leavesEarly } from './waits.ts';
import { isSealing, migratedVerdict, sealingVerdict } from './verdicts.ts';
import { inProgress } from './in-progress.ts';

/** The point of no return: the originals leave the Services and then the namespace, nothing else changes. */
function seal(situation: Situation, status: NamespaceMigrationStatus): Draft {
  // Safe: removes only our own annotations. Dying before: sent again; after: the journal is gone and the phase follows.
  const write = forgetStep(situation) ?? patchWithJournal(situation, {}, null);
  return { status, phase: 'Migrated', verdict: sealingVerdict, next: { kind: 'Write', write } };
}

/**
 * What is stored of it tells that nothing had to be settled, or that it was announced to be sealed. Of a record made
 * anew nobody knows.
 */
function wasSettled({ object: { status = {} } }: Situation): boolean {
  return (
    isSealing(status) || status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
  );
}

/**
 * By when it counts that nothing is to be settled; undefined once it does. Asked at each look at what rests, sealed or
 * not: what has gone may be back in a moment, a policy that a tool replaces for example. What holds by now and did not for
 * a while (a waypoint in a crash loop) is made good first.
 */
function settledAt(situation: Situation, { verdict, madeGoodAt }: Draft): number | undefined {
  return calmAt(situation, {
    before: 'it is sealed',
    isThere: verdict.state !== 'Ready' || madeGoodAt !== undefined,
    wasThere: !wasSettled(situation),
  });
}

/** It rests, and whether something is to be settled is noted for whoever wants it sealed. */
export function resting(situation: Situation, rested: Draft): Draft {
  settledAt(situation, rested);
  return rested;
}

/**
 * Sealed where nothing is to be settled first, and nothing was a moment ago: afterwards nobody would see to it any more.
 * Safe: nothing is written before; dying before or after, the next process looks anew.
 */
export function sealOnceSettled(situation: Situation, status: NamespaceMigrationStatus, rested: Draft): Draft {
  const until = settledAt(situation, rested);
  if (rested.verdict.state !== 'Ready') return notSealed(rested);
  if (until === undefined) return seal(situation, status);
  const calm = `that has stayed so for ${calmMs / 1000}s`;
  const message =
    rested.madeGoodAt === undefined
      ? `nothing is to be settled any more; it is finalized when ${calm}`
      : `everything holds again, which came and went; it is finalized when it has held for as long as it did not, and ${calm}`;
  return {
    ...rested,
    verdict: { state: 'InProgress', reason: 'Waiting', message },
    next: { kind: 'Wait', until: rested.madeGoodAt ?? until },
  };
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
  if (kept.outcome.kind !== 'Done') leavesEarly(situation); // The steps behind that one were not asked.
  const draft = restKept(situation, kept, found, followed);
  const { until } = kept;
  if (until === undefined) return draft;
  const regaining: Draft = { ...draft, madeGoodAt: until };
  return draft.next.kind === 'Wait' ? { ...regaining, next: { ...draft.next, until } } : regaining;
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
