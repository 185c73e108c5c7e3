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

const notInForce = 'not in force yet as they are now: ';

/**
 * What of it is to be said besides: not a sentence that the course says anyway, nor an object that another sentence is
 * about. A name alone may be in a message that says something else of it, or be the beginning of another name.
 */
function unsaid(behind: readonly string[], message: string): readonly string[] {
  const isSaid = (each: string): boolean =>
    (each.includes(': ') && message.includes(each)) || behind.some((other) => other.startsWith(`${each}: `));
  return behind.filter((each) => !isSaid(each));
}

/** The message of the course, with the objects that are not in force: each sentence once. */
function alsoBehind(behind: readonly string[], message: string): string {
  const others = unsaid(behind, message);
  if (others.length === 0) return behind.some((each) => message.startsWith(each)) ? `${notInForce}${message}` : message;
  const more = others.length > most ? ` and ${others.length - most} more` : '';
  return `${notInForce}${others.slice(0, most).join(', ')}${more}. ${message}`;
}

/**
 * Says beside what the course says which objects of the user are not in force; a write that was refused is tried again
 * when nothing else is to be done.
 */
export function alsoFollowing(draft: Draft, { write, behind }: Followed): Draft {
  const next = write !== undefined && draft.next.kind === 'Wait' ? { kind: 'Write' as const, write } : draft.next;
  if (behind.length === 0) return { ...draft, next };
  return { ...draft, next, verdict: { ...draft.verdict, message: alsoBehind(behind, draft.verdict.message) } };
}

/** Why it is not finalized: afterwards nobody would see to it any more. */
export function notSealed(draft: Draft): Draft {
  return {
    ...draft,
    verdict: { ...draft.verdict, message: `it is finalized when this is settled: ${draft.verdict.message}` },
  };
}
