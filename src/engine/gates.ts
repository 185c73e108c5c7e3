import type { Gate, GatePreset, GateStatus } from '../api/gates.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { timestamp } from '../base/clock.ts';
import { cutText } from '../base/cut-text.ts';
import { printable } from '../base/printable.ts';
import { durationMs } from '../base/duration.ts';
import { judge, type GateRule, type Looked } from '../gates/judge.ts';
import type { Measured, Verdict } from '../gates/verdict.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import { restartedNow, wasRestartedIn } from './restarted.ts';
import type { Outcome, Situation } from './situation.ts';
import { deadline, standStill } from './waits.ts';

/*
 * Gates: what metrics say of a namespace whose workloads are restarted. Safe: nothing is written; dying before or after,
 * the next process reads the same again and looks for as long anew. A gate that cannot be read neither passes nor fails.
 */

/** A share as it is written, 1 for 100 %. */
function shareOf(written: string): number {
  return Number(written.replace('%', '')) / 100;
}

function ruleOf({ prometheus: { preset, max, maxIncrease, falseAlarm, miss }, noData }: Gate): GateRule {
  return {
    max: shareOf(max),
    ...(maxIncrease !== undefined && { maxIncrease: shareOf(maxIncrease) }),
    falseAlarm: shareOf(falseAlarm),
    miss: shareOf(miss),
    noData,
    expectsTraffic: preset === 'ErrorRate',
  };
}

/** From and to when gates read, in milliseconds since the epoch; undefined while none is looked at. */
export function wantedReadings(
  { gates }: MeshMigrationSpec,
  { direction, writtenPhase, gatesSince, original }: NamespaceMigrationStatus,
): { readonly before: number; readonly since: number } | undefined {
  if (gates.length === 0 || direction !== 'Forward' || writtenPhase !== 'Migrating') return undefined;
  const [before, since] = [Date.parse(original?.capturedAt ?? ''), Date.parse(gatesSince ?? '')];
  // Whatever the status claims, nothing of before the first change is counted as if it came since.
  return Number.isNaN(before) || Number.isNaN(since) ? undefined : { before, since: Math.max(before, since) };
}

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
};

interface Judged {
  readonly gate: Gate;
  readonly verdict: Verdict;
  readonly status: GateStatus;
}

function reasonOf(verdict: Verdict): string {
  return verdict.kind === 'Pass' ? (verdict.missing ?? 'BelowLimit') : verdict.reason;
}

function askedOf({ prometheus: { preset, query = '' } }: Gate): string {
  return preset ?? cutText(query, 160);
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
  Latency: 'nobody outside of the namespace tells both before and since, with slowerThan among the bounds he has',
};

function whyOf({ prometheus: { preset } }: Gate, reason: string, why: string): string {
  const hint = preset === undefined || reason !== 'NoSeries' ? undefined : hints[preset];
  return hint === undefined ? why : `${why}, or ${hint}`;
}

function messageOf(gate: Gate, verdict: Verdict, observer: string): string {
  const reason = reasonOf(verdict);
  if (verdict.kind === 'NoData')
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
  if (verdict.kind === 'NoData') return verdict;
  const [bad, total] = [whole(verdict.bad), whole(verdict.total)];
  if (before?.bad === undefined || before.total === undefined) return { ...verdict, bad, total };
  const isSame = isNear(before.bad, bad) && isNear(before.total, total);
  return { ...verdict, ...(isSame ? { bad: before.bad, total: before.total } : { bad, total }) };
}

function statusOf(
  { now }: Situation,
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
    ...(told.kind !== 'NoData' && { bad: told.bad, total: told.total, limit: percent(told.limit) }),
    ...(observer !== '' && { observer }),
    message: messageOf(gate, told, observer),
    since: isSame ? before.since : timestamp(now),
  };
}

const notYet = { kind: 'Unreachable', why: 'it has not been asked yet' } as const;

function judged(situation: Situation, status: NamespaceMigrationStatus, gate: Gate, looked: Looked): Judged {
  const { readings } = situation;
  // What was read from another time on is of before.
  const reading = (readings?.since === status.gatesSince ? readings?.byGate.get(gate.name) : undefined) ?? notYet;
  const verdict = judge(ruleOf(gate), reading, looked);
  const of = verdict.kind === 'NoData' ? undefined : verdict.of;
  const observer = of?.observer ?? (reading.kind === 'Read' ? (reading.observer ?? '') : '');
  const before = status.gates?.find(({ name }) => name === gate.name);
  return { gate, verdict, status: statusOf(situation, gate, verdict, observer, before) };
}

function said({ gate, status }: Judged): string {
  return `gate ${gate.name}: ${status.message}`;
}

/** The first that failed decides; one that goes back before one that stays. */
function failure(all: readonly Judged[]): Outcome | undefined {
  const failed = all.filter(({ verdict }) => verdict.kind === 'Fail');
  const decides = failed.find(({ gate }) => gate.onFail === 'Rollback') ?? failed[0];
  if (decides === undefined) return undefined;
  const reason = decides.gate.onFail === 'Rollback' ? 'GateFailed' : 'GateHeld';
  return { kind: 'Failed', reason, message: said(decides) };
}

/** Whether something was restarted in this step. */
function isGated(situation: Situation, status: NamespaceMigrationStatus, step: StepPlan): boolean {
  if (situation.spec.gates.length === 0 || step.gated !== true) return false;
  return (
    status.gatesSince !== undefined ||
    wasRestartedIn(status, step.name) ||
    situation.surroundings.workloads.some((workload) => restartedNow(situation, status, workload) === step.name)
  );
}

/** When the last workload was restarted that is: what is restarted after the others has all of it counted anew. */
function sinceOf({ now }: Situation, { gatesSince, workloads = [] }: NamespaceMigrationStatus, step: string): string {
  if (gatesSince === undefined) return timestamp(now);
  // Whoever writes a time to come there has nothing begin anew at each look.
  const isLater = workloads.some(({ step: of, completedAt = '' }) => {
    const at = Date.parse(completedAt);
    return of === step && at > Date.parse(gatesSince) && at <= now;
  });
  return isLater ? timestamp(now) : gatesSince;
}

/**
 * What the gates say once all workloads are restarted; `Done` when all of them pass. Time in which something else is
 * `lacking` does not count. After its deadline one that is not shown to be well leaves the namespace where it is, which
 * is a valid state, without a slot.
 */
export function gated(
  situation: Situation,
  given: NamespaceMigrationStatus,
  step: StepPlan,
  isLacking: boolean,
): Outcome {
  if (!isGated(situation, given, step)) return { kind: 'Done' };
  const wait = `${step.name}: gates`;
  if (isLacking) {
    standStill(situation, wait);
    return { kind: 'Done' };
  }
  const status = { ...given, gatesSince: sinceOf(situation, given, step.name) };
  const over = (allowed: string): boolean => deadline(situation, wait, durationMs(allowed)).over;
  const all = situation.spec.gates.map((gate) =>
    judged(situation, status, gate, { soaked: over(gate.soak), overdue: over(gate.deadline) }),
  );
  const patch = { gatesSince: status.gatesSince, gates: all.map((each) => each.status) };
  return { ...(failure(all) ?? waiting(situation, all, wait)), patch };
}

function waiting(situation: Situation, all: readonly Judged[], wait: string): Outcome {
  const open = all.filter(({ verdict }) => verdict.kind !== 'Pass');
  const [first] = open;
  if (first === undefined) return { kind: 'Done' };
  const stuck = open.find(({ gate, verdict }) => {
    const isSoaking = verdict.kind === 'Inconclusive' && verdict.reason === 'Soaking';
    return !isSoaking && deadline(situation, wait, durationMs(gate.deadline)).over;
  });
  if (stuck !== undefined)
    return {
      kind: 'Wait',
      stuck: true,
      stalled: 'GateUndecided',
      message: `${said(stuck)}, for ${stuck.gate.deadline}`,
    };
  const until = Math.min(
    ...open.flatMap(({ gate }) =>
      [gate.soak, gate.deadline]
        .map((allowed) => deadline(situation, wait, durationMs(allowed)))
        .flatMap((each) => (each.over ? [] : [each.until])),
    ),
  );
  return { kind: 'Wait', until, message: said(first) };
}
