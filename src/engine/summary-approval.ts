import { stalledBy } from '../api/common.ts';
import { counted, listed } from '../base/counted.ts';
import { isInFlight } from '../plan/admission.ts';
import { noWaves, notBegun } from '../plan/waves.ts';
import { approvalField, statersOf } from '../plan/stated.ts';
import { approvalLine } from './command-lines.ts';
import { unapprovedIn, type Unapproved } from './plan-status.ts';
import { stalled, underWay, type Facts, type Summary } from './summary-parts.ts';
import { phaseOf } from './totals.ts';

/** Of those whose wave has begun, who waits for an approval, where nobody else could be started; else nobody. */
function heldUp({ object, scope, children, plan, places = noWaves }: Facts): readonly Unapproved[] {
  const isOpen = (name: string): boolean => notBegun(name, places) === undefined;
  const planned = { ...object, status: { ...object.status, ...(plan && { plan }) } };
  const held = unapprovedIn({ object: planned, scope, children, waves: places }).filter(({ namespace }) =>
    isOpen(namespace),
  );
  const names = new Set(held.map(({ namespace }) => namespace));
  const mayBegin = children
    .filter((child) => phaseOf(child) === 'Pending')
    .map(({ metadata }) => metadata.namespace ?? '')
    .filter(isOpen);
  return mayBegin.every((name) => names.has(name)) ? held : [];
}

/** Nothing is under way, or waits for these, and whatever may begin needs an approval that it does not have; undefined where not so. */
export function awaitingApproval(facts: Facts): Summary | undefined {
  const held = heldUp(facts);
  const [first] = held;
  if (first === undefined) return undefined;
  const { object, totals, waves, plan } = facts;
  const wave = waves.find(({ state }) => state === 'Open')?.name;
  const hash = plan?.waves?.find(({ name }) => name === wave)?.hash ?? plan?.hash;
  const whose = wave === undefined ? '' : ` of wave ${wave}`;
  return stalled(
    'Migrating',
    'ApprovalRequired',
    `${counted(held.length, 'namespace')}${whose} of ${totals.total} cannot start: ${first.namespace} ${first.why}`,
    hash === undefined ? undefined : approving(hash, object),
  );
}

/** Where a manifest states the approvals, what is patched beside it is set back sooner or later. */
function approving(hash: string, object: Facts['object']): string {
  const by = statersOf(object, approvalField);
  return by.length === 0
    ? `To approve of what is planned now: ${approvalLine(hash, object.metadata)}`
    : `To approve of what is planned now, add ${hash} to spec.approval.plans of the manifest that ${listed(by)} applies`;
}

/**
 * Something is under way. Where all of that waits for others of which nobody has approved, this is to be said, and not
 * where each of them stands.
 */
export function movingOn(facts: Facts): Summary {
  const waits = facts.children
    .filter(isInFlight)
    .every(({ status }) => stalledBy(status?.conditions)?.reason === 'WaitsForOthers');
  return (waits ? awaitingApproval(facts) : undefined) ?? underWay(facts, 'Migrating');
}
