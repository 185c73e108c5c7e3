import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { fieldManager } from '../api/resources.ts';
import { listed } from '../base/counted.ts';
import { stalledMeanwhile, type Verdict } from './conditions.ts';
import type { Draft } from './draft.ts';
import { foreignChange } from './labels.ts';
import type { Situation } from './situation.ts';
import { commandLine } from './command-lines.ts';
import { leavesEarly, settledBefore, waitedBefore, waitEnded } from './waits.ts';

/** For how long labels that somebody changed have to stay as they were set before they count as settled. */
const calmMs = 30_000;

const changed = 'labels are as others have changed them';

/** That somebody else is at work on the labels, with when it will be over if they stay as they are now. */
export interface Unrest {
  readonly message: string;
  readonly until?: number;
}

function hands(
  {
    surroundings: {
      namespace: { labelManagers },
    },
  }: Situation,
  { labels = [] }: NamespaceMigrationStatus,
): string {
  const managers = new Set(
    labels.flatMap(({ key }) => labelManagers[key] ?? []).filter((manager) => manager !== fieldManager),
  );
  return managers.size === 0 ? '' : ` (last by ${listed([...managers])})`;
}

/**
 * Labels that somebody else has changed, or had until a moment ago: who changes them again and again (two controllers
 * that disagree) would else have a namespace begin every wait anew, and be said to be at work half of the time. No
 * deadline comes nearer meanwhile, and none begins anew.
 */
export function unrestOf(
  situation: Situation,
  status: NamespaceMigrationStatus,
  change: string | undefined,
): Unrest | undefined {
  if (change === undefined && waitedBefore(situation, changed) === 0) return undefined;
  const calm =
    change === undefined ? settledBefore(situation, 'what relies on labels that somebody changed', calmMs) : undefined;
  if (calm?.over === true) {
    waitEnded(situation, changed);
    return undefined;
  }
  situation.waited(changed);
  leavesEarly(situation);
  if (change !== undefined) return { message: change };
  const message = `labels of the namespace were changed by someone else${hands(situation, status)} and are as they should be again: it goes on when they have stayed so for ${calmMs / 1000}s`;
  return { message, ...(calm && { until: calm.until }) };
}

/**
 * On the way there. Who goes on with the labels as they are now has decided: only one that stopped because of them
 * waits until they are settled.
 */
export function unrestOnTheWay(situation: Situation, status: NamespaceMigrationStatus): Unrest | undefined {
  const foreign = foreignChange(situation, status);
  return foreign === undefined && status.phase !== 'Paused' ? undefined : unrestOf(situation, status, foreign);
}

/** Whoever knows that it is over need not wait. */
export function goingOn({ object: { spec, metadata } }: Situation): string {
  return `It goes on by itself. To go on at once: ${commandLine('GoOn', { name: spec.migration, namespace: metadata.namespace })}`;
}

/** Nothing goes on meanwhile. */
export function restless(
  status: NamespaceMigrationStatus,
  phase: Draft['phase'],
  { message, until }: Unrest,
  way?: string,
): Draft {
  const verdict: Verdict = { state: 'Stalled', reason: 'ForeignChange', message, ...(way !== undefined && { way }) };
  return { status, phase, verdict, next: { kind: 'Wait', ...(until !== undefined && { until }) } };
}

/** It goes back as far as it can in between, and that somebody is at the labels is said all the time. */
export function alsoRestless(draft: Draft, unrest: Unrest | undefined): Draft {
  if (unrest === undefined) return draft;
  const message = `${draft.verdict.message}; ${unrest.message}`;
  return {
    ...draft,
    verdict:
      draft.verdict.state === 'Stalled'
        ? { ...draft.verdict, message }
        : stalledMeanwhile(draft.verdict, 'ForeignChange', message),
  };
}
