import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { bytesOf, tenantShapes } from '../support/tenant-shapes.ts';
import { measureCommands } from './commands.ts';
import { fleet } from './fleet.ts';
import { comparePairs } from './pairs.ts';
import { gates } from './gates.ts';

/*
 * Measures what a look at a namespace takes, by what a tenant has made large in it, and writes the table into docs/security.md. Every look has a
 * process of its own whose heap is bounded, so that what the garbage collector has not come to yet does not count.
 */

interface Look {
  readonly bytes: number;
  readonly seconds: number;
  readonly megabytes: number;
  readonly refused: boolean;
}

const page = join(import.meta.dirname, '../../docs/security.md');
const [begin, end] = ['<!-- looks: npm run bench -->', '<!-- end of looks -->'];
const limits = { seconds: 2, megabytes: 100 };

const bounds = ['--expose-gc', '--max-old-space-size=96', '--max-semi-space-size=4'];

const folder = mkdtempSync(join(tmpdir(), 'looks-'));
/** In one file: to load hundreds of them takes longer than most looks do. */
const bundle = join(folder, 'look.mjs');
buildSync({
  entryPoints: [join(import.meta.dirname, 'look.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
});

/** A look that its process does not survive is worse than any other, and no reason to leave the rest out. */
function look(shape: string, size: number): Look {
  const args = ['--disable-warning=ExperimentalWarning', ...bounds, bundle, shape, String(size)];
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 120_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0
    ? (JSON.parse(stdout) as Look)
    : { bytes: 0, seconds: Number.POSITIVE_INFINITY, megabytes: Number.POSITIVE_INFINITY, refused: false };
}

function isOver({ seconds, megabytes }: Look): boolean {
  return seconds > limits.seconds || megabytes > limits.megabytes;
}

/** What else a machine does can only make it slower, so a look that seems to take too much is taken again. */
function best(shape: string, size: number, tries = 3): Look {
  const first = look(shape, size);
  if (!isOver(first) || tries === 1) return first;
  const second = best(shape, size, tries - 1);
  return second.seconds < first.seconds ? second : first;
}

/** Of some objects little is kept, however much is written into one. */
const largest = 50_000;

/** The number with which a shape has about so many bytes; a Service has no more ports than there are. */
function sizeFor(shape: string, bytes: number): number {
  const make = tenantShapes[shape];
  if (make === undefined) throw new Error(`no shape ${shape}`);
  const perUnit = (bytesOf(make(200)) - bytesOf(make(100))) / 100;
  return Math.min(largest, Math.max(1, Math.round(bytes / perUnit)));
}

function row(shape: string): string {
  const looks = [10_000, 100_000, 1_000_000].map((bytes) => best(shape, sizeFor(shape, bytes)));
  const cells = looks.map(
    ({ seconds, megabytes, refused }) =>
      `${seconds.toFixed(2)} s, ${megabytes.toFixed(0)} MB${refused ? ', MM119' : ''}`,
  );
  process.stdout.write(`${looks.some(isOver) ? 'OVER ' : ''}${shape}: ${cells.join(' | ')}\n`);
  return `| ${shape} | ${cells.join(' | ')} |`;
}

/** Puts a row into the table in place of the one of before: the others stay as they are. */
function write(shape: string, made: string): void {
  const [before = '', rest = ''] = readFileSync(page, 'utf8').split(begin);
  const [table = '', after = ''] = rest.split(end);
  const rows = new Map(table.split('\n').map((line) => [line.split(' | ')[0]?.slice(2) ?? '', line]));
  rows.set(shape, made);
  const all = Object.keys(tenantShapes).flatMap((each) => rows.get(each) ?? []);
  writeFileSync(
    page,
    `${before}${begin}\n\n| what is large | 10 kB | 100 kB | 1 MB |\n| --- | --- | --- | --- |\n${all.join('\n')}\n\n${end}${after}`,
  );
}

const {
  positionals: wanted,
  values: { namespaces, workloads, profile, count },
} = parseArgs({
  allowPositionals: true,
  options: {
    namespaces: { type: 'string', default: '200' },
    workloads: { type: 'string', default: '1' },
    profile: { type: 'string' },
    count: { type: 'string', default: '500' },
  },
});

if (wanted[0] === 'fleet') {
  await fleet({
    namespaces: Number(namespaces),
    workloads: Number(workloads),
    ...(profile !== undefined && { profile }),
  });
} else if (wanted[0] === 'pairs') {
  comparePairs(Number(count), wanted[1] ?? '');
} else if (wanted[0] === 'gates') {
  gates();
} else if (wanted[0] === 'commands') {
  measureCommands();
} else {
  for (const shape of Object.keys(tenantShapes).filter((each) => wanted.length === 0 || wanted.includes(each)))
    write(shape, row(shape));
}
rmSync(folder, { recursive: true });
process.exit();
