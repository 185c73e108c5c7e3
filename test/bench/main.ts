import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesOf, tenantShapes } from '../support/tenant-shapes.ts';

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

/** A look that its process does not survive is worse than any other, and no reason to leave the rest out. */
function look(shape: string, size: number): Look {
  const args = ['--disable-warning=ExperimentalWarning', ...bounds, join(import.meta.dirname, 'look.ts'), shape, String(size)];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000, stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 ? JSON.parse(stdout) as Look : { bytes: 0, seconds: Number.POSITIVE_INFINITY, megabytes: Number.POSITIVE_INFINITY, refused: false };
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

/** The number with which a shape has about so many bytes; a Service has no more ports than there are. */
function sizeFor(shape: string, bytes: number): number {
  const make = tenantShapes[shape];
  if (make === undefined) throw new Error(`no shape ${shape}`);
  const perUnit = (bytesOf(make(200)) - bytesOf(make(100))) / 100;
  return Math.max(1, Math.round(bytes / perUnit));
}

function row(shape: string): string {
  const looks = [10_000, 100_000, 1_000_000].map((bytes) => best(shape, sizeFor(shape, bytes)));
  const cells = looks.map(({ seconds, megabytes, refused }) => `${seconds.toFixed(2)} s, ${megabytes.toFixed(0)} MB${refused ? ', MM119' : ''}`);
  const over = looks.some(isOver);
  process.stdout.write(`${over ? 'OVER ' : ''}${shape}: ${cells.join(' | ')}\n`);
  return `| ${shape} | ${cells.join(' | ')} |`;
}

const wanted = process.argv.slice(2);
const rows = Object.keys(tenantShapes).filter((shape) => wanted.length === 0 || wanted.includes(shape)).map(row);
// Of some shapes the numbers are only told: the table is of all.
if (wanted.length > 0) process.exit();
const text = readFileSync(page, 'utf8');
const [before = '', rest = ''] = text.split(begin);
const [, after = ''] = rest.split(end);
writeFileSync(page, `${before}${begin}\n\n| what is large | 10 kB | 100 kB | 1 MB |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n\n${end}${after}`);
