import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { durationMs } from '../base/duration.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import type { Outcome, Situation } from './situation.ts';

/**
 * What a step has to wait for that relies on the steps before it: the last of them has only just been reached, or reached again,
 * and some proxy may not know of it yet. Undefined when they have held long enough. The times are stored, so a process
 * that dies meanwhile neither waits twice nor less.
 */
export function settling({ now, spec }: Situation, status: NamespaceMigrationStatus, step: StepPlan, steps: readonly StepPlan[]): Outcome | undefined {
  if (step.settled !== true) return undefined;
  const before = steps.slice(0, steps.indexOf(step)).map(({ name }) => name);
  const { settle } = spec.policies;
  const reached = (status.steps ?? []).filter(({ name }) => before.includes(name)).map(({ regainedAt, completedAt }) => Date.parse(regainedAt ?? completedAt ?? ''));
  const until = Math.max(-Infinity, ...reached.filter((at) => !Number.isNaN(at))) + durationMs(settle);
  return until <= now ? undefined : { kind: 'Pace', until, message: `giving all proxies ${settle} to receive what was made, before ${step.name} relies on it` };
}
