import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { table } from './figures.ts';
import { manifests } from './manifests.ts';
import { writeMeasured } from './page.ts';

/*
 * What the commands take that read manifests, each as a process of its own, beside the parser of YAML alone with the same bytes: how much more they take than
 * that is the same on other machines. The table of docs/benchmarks.md.
 */

interface Spent {
  readonly seconds: number;
  readonly megabytes: number;
}

interface Program {
  readonly name: string;
  readonly entry: string;
  readonly args: readonly string[];
}

function bundled(entry: string, outfile: string): string {
  const require = "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);";
  buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: require },
  });
  return outfile;
}

/** What else a machine does can only make it slower: the fastest of three counts. */
function spentBy({ entry, args }: Program, folder: string): Spent {
  const file = join(folder, 'spent.json');
  const runs = [1, 2, 3].map((): Spent => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--import', join(import.meta.dirname, 'spent.ts'), entry, ...args],
      { encoding: 'utf8', env: { ...process.env, SPENT_FILE: file }, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    // 1 is what they end with where something stands in the way.
    if (status !== 0 && status !== 1) throw new Error(stderr);
    return JSON.parse(readFileSync(file, 'utf8')) as Spent;
  });
  return runs.reduce((best, run) => (run.seconds < best.seconds ? run : best));
}

function rowOf({ name }: Program, { seconds, megabytes }: Spent, parser: Spent): readonly string[] {
  return [name, seconds.toFixed(1), (seconds / parser.seconds).toFixed(1), megabytes.toFixed(0)];
}

/** Measures them and writes the table. */
export function measureCommands(): void {
  const folder = mkdtempSync(join(tmpdir(), 'commands-'));
  const input = join(folder, 'cluster.yaml');
  const text = manifests();
  writeFileSync(input, text);
  const alone = join(import.meta.dirname, 'parse.ts');
  const parser: Program = {
    name: 'parser of YAML alone',
    entry: bundled(alone, join(folder, 'parse.mjs')),
    args: [input],
  };
  const entry = bundled(join(import.meta.dirname, '../../src/cli/main.ts'), join(folder, 'cli.mjs'));
  const commands = ['plan', 'audit'].map((name): Program => ({
    name: `\`${name}\``,
    entry,
    args: [name, '-f', input],
  }));
  try {
    const parsing = spentBy(parser, folder);
    const rows = [parser, ...commands].map((each) =>
      rowOf(each, each === parser ? parsing : spentBy(each, folder), parsing),
    );
    const head = [
      `${(text.length / 1e6).toFixed(1)} MB of manifests`,
      'CPU, s',
      'times the parser',
      'most memory (RSS), MB',
    ];
    writeMeasured('commands', table(head, rows));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
