import { selects, type BudgetView } from '../mesh/views.ts';
import { calmAt, calmMs } from './calm.ts';
import type { Outcome } from './situation.ts';
import type { Turn } from './turn.ts';
import { waitEnded } from './waits.ts';

/** Budgets of the pods of a workload. */
function budgetsOf({ situation: { surroundings }, workload }: Turn): readonly BudgetView[] {
  return surroundings.budgets.filter(
    ({ selector }) => selector !== undefined && selects(selector, workload.templateLabels),
  );
}

/** By name: it can spare too few now. */
function wasTight({ workload }: Turn): string {
  return `${workload.kind} ${workload.uid} is kept by budget `;
}

/** A budget that cannot spare what the restart takes, or whose status is not of its current spec. */
export function tightBudget(turn: Turn, takes: number): BudgetView | undefined {
  if (takes === 0) return undefined;
  const tight = budgetsOf(turn).find(({ current, disruptionsAllowed }) => !current || disruptionsAllowed < takes);
  if (tight !== undefined) turn.situation.waited(wasTight(turn) + tight.name);
  return tight;
}

/**
 * One that could spare too few and is gone may be back in a moment, because somebody replaces it: until then the
 * workload is not restarted. One that is there and can spare more has nobody wait. Safe: nothing is written; dying
 * before or after, the next process goes by the budgets as they are.
 */
export function budgetGone(turn: Turn): Outcome | undefined {
  const { situation, workload } = turn;
  const there = budgetsOf(turn).map(({ name }) => name);
  const gone = (situation.waits ?? [])
    .filter((wait) => wait.startsWith(wasTight(turn)))
    .map((wait) => wait.slice(wasTight(turn).length))
    .filter((name) => !there.includes(name));
  const [first] = gone;
  if (first === undefined) return undefined;
  const before = `${workload.kind} ${workload.uid} is restarted without its budget`;
  const until = calmAt(situation, { before, isThere: false, wasThere: true });
  for (const name of gone) {
    if (until === undefined) waitEnded(situation, wasTight(turn) + name);
    else situation.waited(wasTight(turn) + name);
  }
  if (until === undefined) return undefined;
  const message = `PodDisruptionBudget ${first} could not spare what restarting ${workload.kind} ${workload.name} takes, and is gone; it is restarted when that has stayed so for ${calmMs / 1000}s`;
  return { kind: 'Wait', until, tells: until, message };
}
