import type { NamespaceMigrationStatus, NamespacePhase } from '../api/namespace-migration.ts';
import type { Course } from './course.ts';
import type { Draft } from './draft.ts';
import type { Followed } from './follow.ts';

/** The phase in which a namespace follows its originals: that nothing else is looked at meanwhile changes none. */
function phaseOf(course: Course, { phase, failure }: NamespaceMigrationStatus): NamespacePhase {
  switch (course) {
    case 'Backward':
      return 'RollingBack';
    case 'Hold':
      return failure === undefined ? 'Paused' : 'Failed';
    case 'Forward':
      return phase === 'Paused' ? 'Paused' : 'Migrating';
    case 'Rest':
    case 'Seal':
    case 'Queue':
    case 'LetGo':
      return phase === 'Incomplete' ? 'Incomplete' : 'Migrated';
  }
}

/** What there is to write comes before whatever else the course would do. */
export function whileFollowing(
  write: NonNullable<Followed['write']>,
  { status }: Pick<Followed, 'status'>,
  course: Course,
): Draft {
  return {
    status,
    phase: phaseOf(course, status),
    verdict: {
      state: 'InProgress',
      reason: 'FollowingOriginals',
      message: 'bringing what was made in step with the objects that it follows',
    },
    next: { kind: 'Write', write },
  };
}

const most = 5;

/**
 * Says beside what the course says which objects of the user are not in force; a write that was refused is tried again
 * when nothing else is to be done.
 */
export function alsoFollowing(draft: Draft, { write, behind }: Followed): Draft {
  const next = write !== undefined && draft.next.kind === 'Wait' ? { kind: 'Write' as const, write } : draft.next;
  if (behind.length === 0) return { ...draft, next };
  const more = behind.length > most ? ` and ${behind.length - most} more` : '';
  const message = `not in force yet as they are now: ${behind.slice(0, most).join(', ')}${more}. ${draft.verdict.message}`;
  return { ...draft, next, verdict: { ...draft.verdict, message } };
}

/** Why it is not finalized: afterwards nobody would see to it any more. */
export function notSealed(draft: Draft): Draft {
  return {
    ...draft,
    verdict: { ...draft.verdict, message: `it is finalized when this is settled: ${draft.verdict.message}` },
  };
}
