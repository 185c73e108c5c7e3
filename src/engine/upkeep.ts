import type { NamespaceMigrationStatus, Step } from '../api/namespace-migration.ts';
import { timestamp } from '../base/clock.ts';
import { durationMs } from '../base/duration.ts';
import type { StepPlan, StepWork } from '../mesh/adapter.ts';
import type { Followed } from './follow.ts';
import { bindStep } from './services.ts';
import { settling } from './settle.ts';
import type { Outcome, Situation } from './situation.ts';
import { outageEnded, stillOut, wellAgain } from './outage.ts';

/** What a look at the steps behind found: `Done` when all of them still hold. */
export interface Kept {
  readonly status: NamespaceMigrationStatus;
  readonly outcome: Outcome;
  /** By when it is to be asked again whether what holds by now has held for as long as it did not. */
  readonly until?: number;
}

function withStep(
  status: NamespaceMigrationStatus,
  name: Step['name'],
  change: (step: Step) => Step,
): NamespaceMigrationStatus {
  return { ...status, steps: (status.steps ?? []).map((step) => (step.name === name ? change(step) : step)) };
}

function holdsAgain({ name }: StepPlan): string {
  return `${name} holds again`;
}

function allowedMs({ spec }: Situation): number {
  return durationMs(spec.restart.progressDeadline);
}

/**
 * A completed step whose gate does not hold any more: nothing goes on meanwhile, and after the deadline it has failed.
 * One that comes and goes (the pods of a waypoint in a crash loop) has its time go on where it stood, less what it held
 * in between: it would never have failed else.
 */
function lost(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  known: Step,
  missing: string,
): Kept {
  const lostAt = known.lostAt ?? timestamp(situation.now);
  const { over, until } = stillOut(situation, holdsAgain(step), allowedMs(situation));
  const noted = known.lostAt === undefined ? withStep(status, step.name, (entry) => ({ ...entry, lostAt })) : status;
  return over
    ? {
        status: noted,
        outcome: { kind: 'Failed', reason: 'GateLost', message: `${step.name} does not hold any more: ${missing}` },
      }
    : {
        status: noted,
        outcome: { kind: 'Wait', until, message: `waiting until ${step.name} holds again: ${missing}` },
      };
}

/** A completed step that binds something anew: from when it holds again, proxies need their time once more. */
function rewritten(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  due: Outcome | undefined,
  write: Outcome,
): Kept {
  if (due !== undefined) return { status, outcome: due };
  return {
    status: withStep(status, step.name, (entry) => ({ ...entry, lostAt: entry.lostAt ?? timestamp(situation.now) })),
    outcome: write,
  };
}

/** As many findings as the API admits, and an adapter makes. */
const mostFindings = 100;

type BindWork = Extract<StepWork, { kind: 'BindServices' }>;

/**
 * Services that join are bound but for those of which something critical is said: `held` if one is, and what is said of
 * it is then the news.
 */
function rebind(situation: Situation, work: BindWork): { readonly outcome: Outcome; readonly held?: boolean } {
  const outcome = bindStep(situation, work);
  if (outcome.kind !== 'Write') return { outcome };
  const { adapter, surroundings } = situation;
  const found = adapter.findings(surroundings, 'UnderWay');
  const critical = new Set(found.flatMap(({ severity, object }) => (severity === 'Critical' ? [object] : [])));
  const names = work.services(surroundings);
  if (typeof names === 'string') return { outcome };
  // A full list may leave out what is said of one of them.
  const free =
    found.length >= mostFindings
      ? []
      : names.filter((name) => !critical.has(`Service ${surroundings.namespace.name}/${name}`));
  return { outcome: bindStep(situation, { ...work, services: () => free }), held: free.length < names.length };
}

/**
 * What a completed step has to do again when the user's objects have changed. What it made has been followed before
 * (`follow.ts`).
 */
function redo(
  situation: Situation,
  step: StepPlan,
  { faults }: Followed,
): { readonly outcome: Outcome; readonly held?: boolean } {
  return step.work.kind === 'BindServices'
    ? rebind(situation, step.work)
    : { outcome: faults.get(step.name) ?? { kind: 'Done' } };
}

/** A completed step whose gate holds in this look, and may have come and gone before. */
function holding(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  { lostAt }: Step,
): { readonly status: NamespaceMigrationStatus; readonly until: number } {
  const left = wellAgain(situation, holdsAgain(step), allowedMs(situation));
  if (left === undefined) outageEnded(situation, holdsAgain(step));
  const until = left?.until ?? Infinity;
  if (lostAt === undefined) return { status, until };
  const regainedAt = timestamp(situation.now);
  return { status: withStep(status, step.name, ({ lostAt: _lostAt, ...entry }) => ({ ...entry, regainedAt })), until };
}

/**
 * Looks after the steps that are completed: what had to be observed has to stay so, and only when it does are Services
 * bound that joined since. Asked before anything else goes on.
 */
export function upkeep(
  situation: Situation,
  start: NamespaceMigrationStatus,
  steps: readonly StepPlan[],
  followed: Followed,
): Kept {
  let status = start;
  let until = Infinity;
  for (const step of steps) {
    const known = status.steps?.find(({ name }) => name === step.name);
    if (known?.completedAt === undefined) continue;
    const due = settling(situation, step);
    const { outcome, held } = redo(situation, step, followed);
    if (outcome.kind === 'Write') return rewritten(situation, status, step, due, outcome);
    if (outcome.kind !== 'Done' || held === true) return { status, outcome };
    const missing = followed.pending.get(step.name) ?? step.gate?.(situation.surroundings);
    if (missing !== undefined) return lost(situation, status, step, known, missing);
    const found = holding(situation, status, step, known);
    status = found.status;
    until = Math.min(until, found.until);
  }
  return { status, outcome: { kind: 'Done' }, ...(until < Infinity && { until }) };
}
