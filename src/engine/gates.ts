import { least } from '../base/lists.ts';
import { isCounting, type Gate, type GateStatus } from '../api/gates.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { timestamp } from '../base/clock.ts';
import { durationMs } from '../base/duration.ts';
import { judge, type GateRule, type Looked } from '../gates/judge.ts';
import type { Verdict } from '../gates/verdict.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import { statusOf } from './gate-status.ts';
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

/** Of alerts nothing is counted that it could be about. */
const noRule: GateRule = { max: 0.5, falseAlarm: 0.01, miss: 0.01, noData: 'Inconclusive', expectsTraffic: false };

function ruleOf(gate: Gate): GateRule {
  if (!isCounting(gate)) return noRule;
  const { preset, max, maxIncrease, falseAlarm, miss } = gate.prometheus;
  const { noData } = gate;
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

interface Judged {
  readonly gate: Gate;
  readonly verdict: Verdict;
  readonly status: GateStatus;
}

const notYet = { kind: 'Unreachable', why: 'it has not been asked yet' } as const;

function judged(situation: Situation, status: NamespaceMigrationStatus, gate: Gate, looked: Looked): Judged {
  const { readings } = situation;
  // What was read from another time on is of before.
  const reading = (readings?.since === status.gatesSince ? readings?.byGate.get(gate.name) : undefined) ?? notYet;
  const verdict = judge(ruleOf(gate), reading, looked);
  const of = 'why' in verdict ? undefined : verdict.of;
  const observer = of?.observer ?? (reading.kind === 'Read' ? (reading.observer ?? '') : '');
  const before = status.gates?.find(({ name }) => name === gate.name);
  return { gate, verdict, status: statusOf(situation.now, gate, verdict, observer, before) };
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
  const until = least(
    open.flatMap(({ gate }) =>
      [gate.soak, gate.deadline]
        .map((allowed) => deadline(situation, wait, durationMs(allowed)))
        .flatMap((each) => (each.over ? [] : [each.until])),
    ),
  );
  return { kind: 'Wait', until, message: said(first) };
}
