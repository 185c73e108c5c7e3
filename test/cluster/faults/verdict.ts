import type { KubeObject } from '../../../src/api/object.ts';
import { Judge, type Violation } from '../../campaign/judge/judge.ts';
import type { Stage } from '../../campaign/stage.ts';
import type { KeyChange } from './etcd.ts';
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

/** What was there, and what was changed. */
export interface History {
  readonly base: readonly KeyChange[];
  readonly changes: readonly KeyChange[];
}

/** Has the judge read each commit in its order. */
export async function verdictOn(
  { base, changes }: History,
  written: readonly Written[],
  stage: Stage,
): Promise<Verdict> {
  const isOurs = notOf(othersIn(base), stage.migration.metadata.name);
  const commits = new RecordedCommits(base, changes, { written, isOurs });
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

/** Namespaces of other migrations: what is done there is not of this story. */
function othersIn(base: History['base']): ReadonlySet<string> {
  const records = base.flatMap(
    ({ key }) => /^\/registry\/meshmigration\.dev\/namespacemigrations\/([^/]+)\//.exec(key)?.[1] ?? [],
  );
  return new Set(records);
}

function notOf(others: ReadonlySet<string>, migration: string): (object: KubeObject) => boolean {
  return ({ kind, metadata: { namespace, name } }) =>
    kind === 'MeshMigration' ? name === migration : !others.has(kind === 'Namespace' ? name : (namespace ?? ''));
}
