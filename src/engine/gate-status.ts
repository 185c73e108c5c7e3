import type { Gate, GatePreset, GateStatus } from '../api/gates.ts';
import { timestamp } from '../base/clock.ts';
import { cutText } from '../base/cut-text.ts';
import { printable } from '../base/printable.ts';
import type { Measured, Verdict } from '../gates/verdict.ts';

function percent(share: number): string {
  return `${(100 * share).toPrecision(3)} %`;
}

function counts({ bad, total, limit }: Measured): string {
  const share = total === 0 ? '' : `, ${percent(bad / total)}`;
  return `${whole(bad)} of ${whole(total)}${share}, at most ${percent(limit)} allowed`;
}

const words: Readonly<Record<string, string>> = {
  AboveLimit: 'too many are bad',
  TrafficLost: 'what came before does not come any more',
  TooFew: 'too few to tell',
  NoTraffic: 'nothing was counted',
  NoSeries: 'there are no such series',
  TooEarly: 'nothing can have been counted yet',
  Soaking: 'well so far',
  BelowLimit: 'well',
  NoAlert: 'no alert',
  AlertFiring: 'alerts fire',
};

function reasonOf(verdict: Verdict): string {
  if ('reason' in verdict) return verdict.reason;
  return verdict.missing ?? 'BelowLimit';
}

function askedOf(gate: Gate): string {
  return gate.prometheus?.preset ?? cutText(gate.prometheus?.query ?? '', 160);
}

/** As a status can hold it: an API server takes no larger number for an integer, nor a reader of JSON in between. */
function whole(count: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.round(count));
}

/** A query, and what a server says of it, is text of others. */
function sentence(text: string): string {
  return cutText(printable(text), 512);
}

/** Why there may be no series, where a preset has nobody to ask but those who tell before and since. */
const hints: Readonly<Partial<Record<GatePreset, string>>> = {
  Refusals: 'nobody outside of the namespace was let in before and can be asked since',
  MtlsShare: 'the new data plane says of nothing whether it was encrypted',
  Latency: 'nobody outside of the namespace tells both before and since, with slowerThan among the bounds he has',
};

function whyOf({ prometheus }: Gate, reason: string, why: string): string {
  const preset = prometheus?.preset;
  const hint = preset === undefined || reason !== 'NoSeries' ? undefined : hints[preset];
  return hint === undefined ? why : `${why}, or ${hint}`;
}

function messageOf(gate: Gate, verdict: Verdict, observer: string): string {
  const reason = reasonOf(verdict);
  if ('why' in verdict)
    return sentence(`${words[reason] ?? 'Prometheus cannot be asked'}: ${whyOf(gate, reason, verdict.why)}`);
  const of = verdict.of === undefined ? '' : ` of ${verdict.of.by}`;
  const by = observer === '' || observer === 'Query' ? '' : ` by ${observer}`;
  return sentence(`${words[reason] ?? reason}: ${counts(verdict)}, ${askedOf(gate)}${of}${by}`);
}

/** So much more is news: a thousand namespaces that wait are not to store each piece of time. */
const growth = 1.1;

function isNear(before: number | undefined, count: number): boolean {
  return before !== undefined && before <= count && count <= growth * before;
}

/** What is told of the counts: what was told before as long as it says the same, nearly. */
function toldOf(verdict: Verdict, before: GateStatus | undefined): Verdict {
  if ('why' in verdict) return verdict;
  const [bad, total] = [whole(verdict.bad), whole(verdict.total)];
  if (before?.bad === undefined || before.total === undefined) return { ...verdict, bad, total };
  const isSame = isNear(before.bad, bad) && isNear(before.total, total);
  return { ...verdict, ...(isSame ? { bad: before.bad, total: before.total } : { bad, total }) };
}

/** What the status says of a gate, told anew where it says something else. */
export function statusOf(
  now: number,
  gate: Gate,
  verdict: Verdict,
  observer: string,
  before: GateStatus | undefined,
): GateStatus {
  const reason = reasonOf(verdict);
  const isSame = before?.verdict === verdict.kind && before.reason === reason;
  const told = toldOf(verdict, isSame ? before : undefined);
  return {
    name: gate.name,
    verdict: told.kind,
    reason,
    ...(!('why' in told) && { bad: told.bad, total: told.total, limit: percent(told.limit) }),
    ...(observer !== '' && { observer }),
    message: messageOf(gate, told, observer),
    since: isSame ? before.since : timestamp(now),
  };
}
