import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import type { Followed } from './follow.ts';
import { notesHold, onceCalm } from './calm-way.ts';
import { heldByFinding } from './held.ts';
import type { Situation } from './situation.ts';
import { upkeep } from './upkeep.ts';
import { leavesEarly, withoutDeadlines } from './waits.ts';
import { walk, type Walked } from './walk.ts';

/**
 * What cannot be worked out, or is what others have, begins nothing and undoes nothing: the namespace stays where it is
 * for as long as that is so, and what was made is kept up. That it cannot be made or reached meanwhile follows from the same, so it is not
 * held against anybody, and no deadline runs. None begins anew either: what is found for a moment, again and again, would
 * keep what has died from ever failing.
 */
function stay(
  situation: Situation,
  start: NamespaceMigrationStatus,
  steps: readonly StepPlan[],
  followed: Followed,
  finding: Finding,
): Walked {
  leavesEarly(situation);
  const kept = upkeep(withoutDeadlines(situation), start, steps, followed);
  if (kept.outcome.kind === 'Write' || kept.outcome.kind === 'Pace') return kept;
  const outcome = heldByFinding(situation, { finding, others: true }, start.step ?? 'The start');
  return onceCalm(situation, start, { status: start, outcome });
}

/** Goes forward as far as it may: what was made is kept up first, and nothing is begun while something is `holding`. */
export function proceed(
  situation: Situation,
  status: NamespaceMigrationStatus,
  steps: readonly StepPlan[],
  followed: Followed,
  holding: Finding | undefined,
): Walked {
  if (holding !== undefined) return stay(situation, status, steps, followed, holding);
  const kept = upkeep(situation, status, steps, followed);
  if (kept.outcome.kind === 'Done') return onceCalm(situation, kept.status, walk(situation, kept.status, steps));
  leavesEarly(situation);
  notesHold(situation, status);
  return kept;
}
