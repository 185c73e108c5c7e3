import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

const docs = join(import.meta.dirname, '../../docs');

/** Occurs when a page has no place for what is written into it. */
class NoPlaceError extends Error {
  override readonly name = 'NoPlaceError';
}

/** What stands between two comments of a page of docs/. */
export function between(page: string, begin: string, end: string): string {
  const text = readFileSync(join(docs, page), 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new NoPlaceError(`docs/${page} has no ${begin} before ${end}`);
  return text.slice(from + begin.length, to);
}

/** Writes it anew; all else stays. */
export function writeBetween(page: string, begin: string, end: string, made: string): void {
  const before = between(page, begin, end);
  const file = join(docs, page);
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(`${begin}${before}${end}`, () => `${begin}\n\n${made}\n\n${end}`),
  );
}

/** Writes what a bench has measured into its place in docs/benchmarks.md, with the commit, the day, the machine, and what else that had to do. */
export function writeMeasured(bench: string, made: string): void {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const day = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.versions.node}`;
  const load = loadavg()[2]?.toFixed(1) ?? '';
  const where = `Measured on ${day} at ${commit}: ${machine}, load average ${load} over the last 15 minutes.`;
  writeBetween('benchmarks.md', `<!-- ${bench} -->`, `<!-- end of ${bench} -->`, `${made}\n\n${where}`);
  process.stdout.write(`${made}\n`);
}
