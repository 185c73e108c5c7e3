import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { durationMs } from '../base/duration.ts';
import { fewFindings } from '../mesh/few-findings.ts';
import type { Hold } from '../mesh/others.ts';
import type { Verdict } from './conditions.ts';
import type { Outcome, Situation } from './situation.ts';
import { deadline } from './waits.ts';
import { commandLine } from './command-lines.ts';

/** A finding as one sentence. */
export function sentence({ id, object, message }: Finding): string {
  return `${id} ${object}: ${message}`;
}

/**
 * What keeps a write back that would break or loosen something, because of what appeared since the start: it is not
 * sent, and the finding clears by itself or by a person, or after the deadline the namespace has failed. The message
 * counts what gets on by itself (a node component that is being rolled out), so each such progress begins a new wait.
 * What others have in their namespaces is held against nobody: it has no deadline, and the slot is given back
 * meanwhile.
 */
export function heldByFinding(situation: Situation, { finding, others, passing }: Hold, what: string): Outcome {
  const message = `${what} waits: ${sentence(finding)}. ${finding.fix}`;
  if (passing === true) return { kind: 'Wait', parked: 'Waits', message };
  if (others) return { kind: 'Wait', parked: 'Waits', stuck: true, stalled: 'HeldByFinding', message };
  const { over, until } = deadline(
    situation,
    `${what}: ${sentence(finding)}`,
    durationMs(situation.spec.restart.progressDeadline),
  );
  if (over) return { kind: 'Failed', reason: 'CriticalFinding', message: sentence(finding) };
  return { kind: 'Wait', until, stuck: true, stalled: 'HeldByFinding', message };
}

/**
 * The same on the way back, for which there is no other way out: it has no deadline, and the slot is given back
 * meanwhile.
 */
export function heldBack(finding: Finding, what: string): Outcome {
  const message = `${what} waits: ${sentence(finding)}. ${finding.fix}`;
  return { kind: 'Wait', parked: 'Waits', stuck: true, stalled: 'RollbackStuck', message };
}

/** The findings with this critical one first; without one, those of the start, of which none was critical. */
export function withFinding(status: NamespaceMigrationStatus, critical: Finding | undefined): NamespaceMigrationStatus {
  const others = (status.findings ?? []).filter(({ severity }) => severity !== 'Critical');
  if (critical === undefined)
    return others.length === status.findings?.length
      ? status
      : { ...status, ...(status.findings && { findings: others }) };
  return { ...status, findings: [...fewFindings([critical, ...others])] };
}

/**
 * With what came since the start and is no more than a warning: it keeps nobody, but it is said. What is said once
 * stays, and no more than the API admits, so whoever makes and deletes such things causes no endless writes.
 */
export function withWarnings(status: NamespaceMigrationStatus, found: readonly Finding[]): NamespaceMigrationStatus {
  const known = status.findings ?? [];
  const since = found.filter(
    ({ severity, id, object }) =>
      severity === 'Warning' && !known.some((each) => each.id === id && each.object === object),
  );
  const all = [...known, ...since].slice(0, 100);
  return all.length === known.length ? status : { ...status, findings: all };
}

/** At rest nothing is changed by a finding: it is said, with the way on where there is one. */
export function notEnforced(
  {
    adapter,
    surroundings,
    object: {
      metadata: { name, namespace },
    },
  }: Situation,
  finding: Finding,
): Verdict {
  const way = adapter.longer(surroundings);
  const on =
    way !== undefined && way.obstacle === undefined
      ? `Or go on through a waypoint, which does it: ${commandLine('GoOn', { name, namespace })}`
      : 'It clears by itself';
  return { state: 'Stalled', reason: 'CriticalFinding', message: sentence(finding), way: `${finding.fix} ${on}` };
}
