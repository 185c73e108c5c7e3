import { logEvidence, type Count, type Direction } from './evidence.ts';
import { limitsOf, sum, thinned, type Block, type Bounds } from './limit.ts';
import { isTrafficLost } from './lost.ts';
import type { Measured, Missing, Verdict } from './verdict.ts';

/** What it means where nothing, or too little, is known at the deadline. */
export type NoData = 'Inconclusive' | 'Pass' | 'Fail';

/** What a gate asks for. */
export interface GateRule extends Bounds {
  /** With which chance at most one who is within the limit ever fails, however often one looks. */
  readonly falseAlarm: number;
  /** With which chance at most one who is above the limit ever passes. */
  readonly miss: number;
  readonly noData: NoData;
  /** Whether it is also a failure that what there was before is gone. */
  readonly expectsTraffic: boolean;
}

/** What one of those who tell has counted. */
export interface Part {
  readonly by: string;
  /** Who says so. */
  readonly observer: string;
  readonly baseline: readonly Block[];
  readonly since: readonly Block[];
}

/** What was read of a namespace. Pieces of time are in order; those of which nothing is known are absent. */
export type Reading =
  | { readonly kind: 'Unreachable'; readonly why: string }
  /** Nobody could have counted anything yet. */
  | { readonly kind: 'Early' }
  /** Which alerts fire that were not there before, in words. */
  | { readonly kind: 'Alerts'; readonly firing: readonly string[] }
  | {
      readonly kind: 'Read';
      readonly blockMs: number;
      /** Who has counted, for messages. */
      readonly observer?: string;
      /** Before anything was changed; empty where what is read now cannot be compared with that. */
      readonly baseline: readonly Block[];
      /** Whether something was counted then all the same, by others or of other things. */
      readonly busyBefore?: boolean;
      /** From when the restarts were over. */
      readonly since: readonly Block[];
      /** When the called themselves were called since, by the ends of these pieces of time. */
      readonly heard?: ReadonlySet<number>;
      /** Each of these is to be within the limit, where it is not enough that all together are. */
      readonly parts?: readonly Part[];
      /** Why nobody answers about what came after that, if nobody does. */
      readonly unanswered?: string;
    };

type Read = Extract<Reading, { kind: 'Read' }>;

/** For how long it was looked at. */
export interface Looked {
  /** For as long as it has to be, before it may pass. */
  readonly soaked: boolean;
  /** For as long as it may take. */
  readonly overdue: boolean;
}

function measured(count: Count, limit: number, dispersion: number, direction: Direction): Measured {
  const log = logEvidence(thinned(count, dispersion), limit, direction);
  return { ...count, limit, evidence: Math.exp(Math.min(log, 700)) };
}

const explanations: Readonly<Record<Exclude<Missing, 'NoTarget'>, string>> = {
  TooEarly: 'the first piece of time since the restarts is not over',
  NoSeries: 'no such series has been seen since the restarts',
  NoTraffic: 'the series are there, and nothing has been counted since the restarts',
};

/** What there was before may have paused only: until the deadline that it is gone can still show. */
function mayPause({ baseline, busyBefore = false }: Read, { soaked, overdue }: Looked): boolean {
  return soaked && (overdue || (!busyBefore && baseline.every(({ total }) => total === 0)));
}

function withoutData(reading: Read, rule: GateRule, looked: Looked): Verdict {
  const reason = reading.since.length === 0 ? 'NoSeries' : 'NoTraffic';
  const nothing = { bad: 0, total: 0, limit: rule.max, evidence: 1 };
  if (rule.noData === 'Fail' && looked.overdue) return { kind: 'Fail', reason, ...nothing };
  // Nobody says of series that are not there that all is well with what they would count.
  if (rule.noData === 'Pass' && reason === 'NoTraffic' && mayPause(reading, looked))
    return { kind: 'Pass', missing: reason, ...nothing };
  return { kind: 'NoData', reason, why: explanations[reason] };
}

/** Neither that it is above the limit is shown, nor that it is below. */
function unshown(below: Measured, { noData }: GateRule, { soaked, overdue }: Looked): Verdict {
  if (overdue && noData === 'Fail') return { kind: 'Fail', reason: 'TooFew', ...below };
  if (overdue && soaked && noData === 'Pass') return { kind: 'Pass', missing: 'TooFew', ...below };
  return { kind: 'Inconclusive', reason: 'TooFew', ...below };
}

/** Of more than so many who are beyond `max` at once no further one is worth the time. */
const mostJudged = 1000;

/** Those that could be above the limit, which is never below `max`; the furthest first. */
function suspects<T extends Pick<Part, 'since'>>(all: readonly T[], max: number): readonly (T & { count: Count })[] {
  return all
    .map((each) => ({ ...each, count: sum(each.since) }))
    .filter(({ count: { bad, total } }) => bad > max * total)
    .sort((one, other) => other.count.bad - max * other.count.total - (one.count.bad - max * one.count.total))
    .slice(0, mostJudged);
}

/** What is above the limit: all together, or the worst of those of whom each is judged by himself. */
function aboveOf(rule: GateRule, reading: Read): Verdict | undefined {
  const all: readonly (Pick<Part, 'baseline' | 'since'> & Partial<Part>)[] = reading.parts ?? [reading];
  const judged = suspects(all, rule.max).map(({ by, observer = '', baseline, count }) => {
    const { fail, dispersion } = limitsOf(baseline, rule);
    return { ...measured(count, fail, dispersion, 'Above'), ...(by !== undefined && { of: { by, observer } }) };
  });
  const [worst] = judged.sort((one, other) => other.evidence - one.evidence);
  // Of so many some one is beyond it by chance as many times as often (Bonferroni).
  if (worst === undefined || !(worst.evidence >= all.length / rule.falseAlarm)) return undefined;
  return { kind: 'Fail', reason: 'AboveLimit', ...worst };
}

function judgedBy(rule: GateRule, reading: Read, looked: Looked): Verdict {
  const { baseline, since, blockMs } = reading;
  const { fail, pass, dispersion } = limitsOf(baseline, rule);
  const count = sum(since);
  const failure = aboveOf(rule, reading);
  if (failure !== undefined) return failure;
  const above = measured(count, fail, dispersion, 'Above');
  if (rule.expectsTraffic && isTrafficLost(baseline, since, blockMs, reading.heard))
    return { kind: 'Fail', reason: 'TrafficLost', ...above };
  if (count.total === 0) return withoutData(reading, rule, looked);
  const below = measured(count, pass, dispersion, 'Below');
  // What is no number shows nothing.
  if (!(below.evidence >= 1 / rule.miss)) return unshown(below, rule, looked);
  return looked.soaked ? { kind: 'Pass', ...below } : { kind: 'Inconclusive', reason: 'Soaking', ...below };
}

/** Whether time has made it so, and not what was counted: it says that nothing else has come until now. */
function isByTime(verdict: Verdict): boolean {
  if (verdict.kind === 'Pass') return true;
  return verdict.kind === 'Fail' && verdict.reason !== 'AboveLimit' && verdict.reason !== 'TrafficLost';
}

/** So many are named. */
const mostNamed = 3;

function alarmed(firing: readonly string[], { soaked }: Looked): Verdict {
  if (firing.length > 0) {
    const more = firing.length > mostNamed ? ` and ${firing.length - mostNamed} more` : '';
    return { kind: 'Fail', reason: 'AlertFiring', why: `${firing.slice(0, mostNamed).join(', ')}${more}` };
  }
  const why = 'none fires that was not there before the start';
  return soaked ? { kind: 'Pass', reason: 'NoAlert', why } : { kind: 'Inconclusive', reason: 'Soaking', why };
}

/**
 * Pure: the same reading gives the same verdict, whoever asks. That nobody can be asked is nobody's failure, and nobody's
 * health, whatever `noData` says; nor is it that there was no time to count anything.
 */
export function judge(rule: GateRule, reading: Reading, looked: Looked): Verdict {
  switch (reading.kind) {
    case 'Unreachable':
      return { kind: 'NoData', reason: 'NoTarget', why: reading.why };
    case 'Early':
      return { kind: 'NoData', reason: 'TooEarly', why: explanations.TooEarly };
    case 'Alerts':
      return alarmed(reading.firing, looked);
    case 'Read': {
      const verdict = judgedBy(rule, reading, looked);
      const { unanswered } = reading;
      return unanswered !== undefined && isByTime(verdict)
        ? { kind: 'NoData', reason: 'NoTarget', why: unanswered }
        : verdict;
    }
  }
}
