import { quoted } from '../../../prometheus/promql.ts';
import type { Asked, Counted } from '../../gate-telemetry.ts';
import type { SeriesLabels } from '../../telemetry.ts';

/** Prometheus writes where it scraped a series; what a pod says of that becomes `exported_namespace`. */
export const scraped = 'namespace';

const namespaceForm = /^[-a-z0-9]{1,63}$/;

/** Series of one metric. */
export interface Selected {
  readonly metric: string;
  readonly matchers: readonly string[];
}

/** For whom something is counted, and whose word counts. */
export interface Grouped {
  readonly by: readonly string[];
  /** The label of who tells: he speaks for himself. */
  readonly speaker: string;
}

/** Where and for how long it is looked. */
export type Span = Pick<Asked, 'seconds' | 'root' | 'extraMatchers'>;

function selector(
  { metric, matchers }: Selected,
  { seconds, extraMatchers }: Span,
  more: readonly string[] = [],
): string {
  const extra = extraMatchers.map(({ label, value }) => `${label}=${quoted(value)}`);
  return `${metric}{${[...matchers, ...more, ...extra].join(',')}}[${seconds}s]`;
}

/** How much a counter has increased in the piece of time. */
export function increase(part: Selected, span: Span): string {
  return `increase(${selector(part, span)})`;
}

/** `sum(increase())`, never `increase(sum())`: a counter begins anew with each pod. */
export function summed({ by }: Grouped, each: string): string {
  return `sum by (${[...by, scraped].join(', ')}) (${each})`;
}

/** The sum over several metrics; no series may be in two of them. */
export function increases(grouped: Grouped, span: Span, parts: readonly Selected[]): string {
  return summed(grouped, parts.map((part) => increase(part, span)).join(' or '));
}

/**
 * Who is told of where he was scraped, or where everybody may speak for him. Names of others are anybody's to make up,
 * by the thousand, and each would be in the answer.
 */
function speakers(speaker: string, span: Span, parts: readonly Selected[]): string {
  const there = (...more: readonly string[]): string =>
    parts.map((part) => `last_over_time(${selector(part, span, more)})`).join(' or ');
  const themselves = `label_replace(group by (${scraped}) (${there()}), "${speaker}", "$1", "${scraped}", "(.+)")`;
  return `(${themselves} or group by (${speaker}, ${scraped}) (${there(`${scraped}=~"|${span.root}"`)}))`;
}

/** What each who is among `parts` says in `expression`, and speaks for himself. */
export function spoken({ speaker }: Grouped, span: Span, parts: readonly Selected[], expression: string): string {
  return `${expression} and on (${speaker}, ${scraped}) ${speakers(speaker, span, parts)}`;
}

/** The same requests in all, and those of them that are bad: each of these has its own matchers, and none is in two. */
export function sharesOf(
  grouped: Grouped,
  span: Span,
  total: Selected,
  bad: readonly Selected[],
): Pick<Counted, 'total' | 'bad'> {
  const among = bad.map(({ metric, matchers }) => ({ metric, matchers: [...total.matchers, ...matchers] }));
  return {
    total: spoken(grouped, span, [total], increases(grouped, span, [total])),
    bad: spoken(grouped, span, [total], increases(grouped, span, among)),
  };
}

/** Who may speak for a namespace: what was scraped there, or where the mesh itself runs, or where nothing says so. */
export function speaksFor(name: string, labels: SeriesLabels, root: string): boolean {
  const where = labels[scraped] ?? '';
  return where === '' || where === root || where === name;
}

/** Whether it is the name of a namespace that is known. */
export function isNamed(name: string): boolean {
  return namespaceForm.test(name) && name !== 'unknown';
}

/** Whether it is another one: a namespace's own pods do not count, because they change with it. */
export function isOutside(by: string, namespace: string): boolean {
  return isNamed(by) && by !== namespace;
}
