import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { summarized, table } from './figures.ts';
import { writeMeasured } from './page.ts';

/*
 * What the operator keeps of each pod, beside a cache that keeps whole objects, as an informer of client-go does unless a transform is set.
 */

const rounds = 3;

function megabytes(count: number, what: 'kept' | 'whole'): number {
  const args = ['--disable-warning=ExperimentalWarning', '--expose-gc', '--max-old-space-size=8192'];
  const file = join(import.meta.dirname, 'memory-of.ts');
  return Number(execFileSync(process.execPath, [...args, file, String(count), what], { encoding: 'utf8' }));
}

/** Writes the table into docs/benchmarks.md. */
export function memory(counts: readonly number[]): void {
  const rows = counts.map((count) => {
    const pairs = Array.from({ length: rounds }, () => [megabytes(count, 'kept'), megabytes(count, 'whole')] as const);
    return [
      count.toLocaleString('en'),
      summarized(
        pairs.map(([kept]) => kept),
        0,
      ),
      summarized(
        pairs.map(([, whole]) => whole),
        0,
      ),
      summarized(
        pairs.map(([kept, whole]) => kept / whole),
        3,
      ),
    ];
  });
  writeMeasured('memory', table(['pods', 'kept, MB', 'whole objects, MB', 'ratio'], rows));
}
