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

/** Components of the mesh that come and go are no object that somebody replaces: whatever goes on asks about them anew. */
function heldBy({ adapter }: Situation, finding: Finding): { readonly held?: readonly string[] } {
  return adapter.isOfMesh(finding) ? {} : { held: [] };
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
  const held = heldBy(situation, finding);
  if (passing === true) return { kind: 'Wait', parked: 'Waits', message };
  if (others) return { kind: 'Wait', parked: 'Waits', stuck: true, stalled: 'HeldByFinding', ...held, message };
  const { over, until } = deadline(
    situation,
    `${what}: ${sentence(finding)}`,
    durationMs(situation.spec.restart.progressDeadline),
  );
  if (over) return { kind: 'Failed', reason: 'CriticalFinding', message: sentence(finding) };
  return { kind: 'Wait', until, stuck: true, stalled: 'HeldByFinding', ...held, message };
}

/**
 * The same on the way back, for which there is no other way out: it has no deadline, and the slot is given back
 * meanwhile.
 */
export function heldBack(situation: Situation, finding: Finding, what: string): Extract<Outcome, { kind: 'Wait' }> {
  const message = `${what} waits: ${sentence(finding)}. ${finding.fix}`;
  return {
    kind: 'Wait',
    parked: 'Waits',
    stuck: true,
    stalled: 'RollbackStuck',
    ...heldBy(situation, finding),
    message,
  };
}

function isSame(a: Finding, b: Finding): boolean {
  return a.id === b.id && a.object === b.object;
}

/**
 * The status with what is found now in the place of what was found before. While something cannot be worked out what
 * stood there stays beside it: that it is not found is no sign that it is over.
 */
export function withFindings(
  { adapter }: Pick<Situation, 'adapter'>,
  status: NamespaceMigrationStatus,
  found: readonly Finding[],
): NamespaceMigrationStatus {
  if (!found.some((each) => adapter.isUnknown(each))) return { ...status, findings: [...found] };
  const stands = (status.findings ?? []).filter(
    (each) => each.severity !== 'Critical' && !found.some((other) => isSame(each, other)),
  );
  const [critical, others] = [true, false].map((first) =>
    found.filter(({ severity }) => (severity === 'Critical') === first),
  );
  return { ...status, findings: [...fewFindings([...(critical ?? []), ...stands, ...(others ?? [])])] };
}

/** What was found of the way there is said no longer, once it is over or led back. */
export function withoutFindings({
  findings: _findings,
  ...status
}: NamespaceMigrationStatus): NamespaceMigrationStatus {
  return status;
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
