import { stalledBy, type Condition } from '../api/common.ts';
import type { GateStatus } from '../api/gates.ts';
import type { EventRecord } from '../kube/events.ts';

/** What both kinds of status have that an event is made from. */
interface Reported {
  readonly phase?: string | undefined;
  readonly writtenPhase?: string | undefined;
  readonly step?: string | undefined;
  readonly failure?: { readonly reason: string; readonly message: string } | undefined;
  readonly conditions?: readonly Condition[] | undefined;
  readonly gates?: readonly GateStatus[] | undefined;
}

/** An event without the object that it is about. */
export type News = Omit<EventRecord, 'regarding'>;

function failed(before: Reported, after: Reported): readonly News[] {
  const { failure } = after;
  if (
    failure === undefined ||
    (failure.reason === before.failure?.reason && failure.message === before.failure.message)
  )
    return [];
  return [{ type: 'Warning', reason: failure.reason, action: 'Reconcile', note: failure.message }];
}

function messageOf({ conditions }: Reported): string {
  return conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}

function moved(before: Reported, after: Reported): readonly News[] {
  const [was, is] = [stalledBy(before.conditions), stalledBy(after.conditions)];
  const samePhase = before.writtenPhase === after.phase;
  if (samePhase && before.step === after.step && was?.reason === is?.reason) return [];
  const phase = after.phase ?? '';
  const reason = is?.reason ?? after.step ?? phase;
  return [
    {
      type: is === undefined ? 'Normal' : 'Warning',
      reason: samePhase ? reason : phase,
      action: 'Reconcile',
      note: messageOf(after),
    },
  ];
}

/** Whoever gives a command that is not carried out sees nothing but the phase jump back. */
function answered(before: Reported, after: Reported): readonly News[] {
  const [was, is] = [before, after].map(
    ({ conditions }) => conditions?.find(({ type }) => type === 'CommandRejected')?.message,
  );
  return is === undefined || is === was
    ? []
    : [{ type: 'Warning', reason: 'CommandRejected', action: 'Reconcile', note: is }];
}

/** Each other verdict of a gate; that one is waited for at the beginning is none. */
function judged(before: Reported, after: Reported): readonly News[] {
  const was = new Map((before.gates ?? []).map(({ name, verdict }) => [name, verdict]));
  return (after.gates ?? [])
    .filter(({ name, verdict }) => verdict !== (was.get(name) ?? 'NoData'))
    .map(({ name, verdict, message }) => ({
      type: verdict === 'Fail' ? ('Warning' as const) : ('Normal' as const),
      reason: `Gate${verdict}`,
      action: 'Gate',
      note: `gate ${name}: ${message}`,
    }));
}

/**
 * What a change of a status is worth telling: an answer to a command, another verdict of a gate, a failure, a change of phase or step, and that
 * something is stalled, or is no longer, which happens without either. The message alone changes too often.
 */
export function newsOf(before: Reported, after: Reported): readonly News[] {
  return [...answered(before, after), ...judged(before, after), ...failed(before, after), ...moved(before, after)];
}
