import { execFileSync } from 'node:child_process';
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

function look(shape: string, size: number): Look {
  const output = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--expose-gc', '--max-old-space-size=96', '--max-semi-space-size=4', join(import.meta.dirname, 'look.ts'), shape, String(size)], { encoding: 'utf8', timeout: 120_000 });
  return JSON.parse(output) as Look;
}

/** The number with which a shape has about so many bytes; a Service has no more ports than there are. */
function sizeFor(shape: string, bytes: number): number {
  const make = tenantShapes[shape];
  if (make === undefined) throw new Error(`no shape ${shape}`);
  const perUnit = (bytesOf(make(200)) - bytesOf(make(100))) / 100;
  return Math.max(1, Math.round(bytes / perUnit));
}

function row(shape: string): string {
  const looks = [10_000, 100_000, 1_000_000].map((bytes) => look(shape, sizeFor(shape, bytes)));
  const cells = looks.map(({ seconds, megabytes, refused }) => `${seconds.toFixed(2)} s, ${megabytes.toFixed(0)} MB${refused ? ', MM119' : ''}`);
  const over = looks.some(({ seconds, megabytes }) => seconds > limits.seconds || megabytes > limits.megabytes);
  process.stdout.write(`${over ? 'OVER ' : ''}${shape}: ${cells.join(' | ')}\n`);
  return `| ${shape} | ${cells.join(' | ')} |`;
}

const rows = Object.keys(tenantShapes).map(row);
const text = readFileSync(page, 'utf8');
const [before = '', rest = ''] = text.split(begin);
const [, after = ''] = rest.split(end);
writeFileSync(page, `${before}${begin}\n\n| what is large | 10 kB | 100 kB | 1 MB |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n\n${end}${after}`);
