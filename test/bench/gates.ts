import { play, type Ended, type Traffic } from '../support/gate-traffic.ts';
import { writeBetween } from './page.ts';

/*
 * How often a gate fails, passes and tells nothing, beside a rule by the error rate of two minutes: the table of docs/gates.md.
 */

const [begin, end] = ['<!-- gates: npm run bench -- gates -->', '<!-- end of gates -->'];

const rows: readonly (Traffic & { readonly runs: number })[] = [
  { perSecond: 0.2, before: 0.002, since: 0.002, runs: 1000 },
  { perSecond: 1, before: 0.002, since: 0.002, runs: 1000 },
  { perSecond: 5, before: 0.01, since: 0.01, runs: 1000 },
  { perSecond: 50, before: 0.01, since: 0.01, burst: 0.02, runs: 400 },
  { perSecond: 1, before: 0.002, since: 0.02, runs: 1000 },
  { perSecond: 1, before: 0.002, since: 0.1, runs: 1000 },
  { perSecond: 5, before: 0.002, since: 0.02, runs: 1000 },
  { perSecond: 0.2, before: 0, since: 1, runs: 1000 },
];

function percent(ended: readonly Ended[], isIt: (one: Ended) => boolean): string {
  return ((100 * ended.filter(isIt).length) / ended.length).toFixed(1);
}

function medianLook(ended: readonly Ended[]): string {
  const looks = ended.flatMap(({ kind, look }) => (kind === 'Fail' ? [look] : [])).sort((a, b) => a - b);
  return looks.length < ended.length / 2 ? '' : String(looks[Math.floor(looks.length / 2)]);
}

function row({ runs, ...traffic }: Traffic & { readonly runs: number }): string {
  const ended = play(traffic, runs, 1);
  const { perSecond, before, since, burst } = traffic;
  const share = (part: number): string => `${(100 * part).toFixed(1)} %`;
  const cells = [
    `${perSecond}/s, ${share(before)} → ${share(since)}${burst === undefined ? '' : ', in bursts'}`,
    percent(ended, ({ byThreshold }) => byThreshold),
    percent(ended, ({ kind }) => kind === 'Fail'),
    percent(ended, ({ kind }) => kind === 'Pass'),
    percent(ended, ({ kind }) => kind === 'Inconclusive'),
    medianLook(ended),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Plays every row and writes the table. */
export function gates(): void {
  const head =
    '| requests, bad before → since | rule of two minutes: back % | gate: Fail % | Pass % | Inconclusive % | Fail at look (median) |\n| --- | --- | --- | --- | --- | --- |';
  writeBetween('gates.md', begin, end, `${head}\n${rows.map(row).join('\n')}`);
}
