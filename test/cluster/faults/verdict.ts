import { Judge, type Violation } from '../../campaign/judge/judge.ts';
import type { Stage } from '../../campaign/stage.ts';
import type { EtcdHistory } from './etcd.ts';
import { RecordedCommits } from './recorded.ts';
import type { Written } from './written.ts';

/** What the judge of the campaign says of a history that has ended with everything taken back. */
export interface Verdict {
  readonly violations: readonly Violation[];
  /** Commits of the operator that it saw: of none it would say nothing. */
  readonly commits: number;
}

/** How long nothing may have happened before time alone is a reason to look. */
const pauseMs = 5000;

/** Has the judge read each commit in its order. */
export async function verdictOn(
  { base, changes }: Pick<EtcdHistory, 'base'> & { readonly changes: Parameters<typeof recordedOf>[1] },
  written: readonly Written[],
  stage: Stage,
): Promise<Verdict> {
  const commits = recordedOf(base, changes, written);
  const began = changes[0]?.at ?? 0;
  const now = (): number => commits.now - began;
  // Requests are late and watches stale all the time: who waits for what is not judged by seconds.
  const isTroubled = (): boolean => true;
  const judge = new Judge(commits, stage, { now, uptime: now, isTroubled, wallClock: Date.now, startedAt: () => 0 });
  judge.start();
  let lookedAt = 0;
  await commits.play(() => {
    if (now() - lookedAt < pauseMs) return;
    lookedAt = now();
    judge.look();
  });
  judge.end('RolledBack');
  judge.stop();
  return { violations: judge.violations, commits: commits.made };
}

function recordedOf(
  base: EtcdHistory['base'],
  changes: Awaited<ReturnType<EtcdHistory['changes']>>,
  written: readonly Written[],
): RecordedCommits {
  return new RecordedCommits(base, changes, written);
}
