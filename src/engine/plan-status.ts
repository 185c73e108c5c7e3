import { mostApproved, type ApprovedPlan, type PlanStatus } from '../api/approval.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { approvalsOf, notApproved } from '../plan/approval.ts';
import { hashAlone, hashOf } from '../plan/digest.ts';
import type { Scope } from '../plan/scope.ts';
import { waveOf, type Waves } from '../plan/waves.ts';

/** What the plan of a migration is made from. */
export interface PlanSituation {
  readonly object: MeshMigration;
  readonly scope: Pick<Scope, 'namespaces' | 'hbone'>;
  readonly children: readonly NamespaceMigration[];
  readonly waves: Waves;
}

/** The plan of some namespaces. */
interface Part {
  readonly hash: string;
  readonly digests: Readonly<Record<string, string>>;
}

/**
 * By namespace; undefined for those that were not looked at. One without a plan of its own is there already, or was
 * begun by a version that made none: it has nothing that anybody could approve of.
 */
function digestsOf(children: readonly NamespaceMigration[]): ReadonlyMap<string, string | undefined> {
  return new Map(
    children.map(({ metadata, status }) => [
      metadata.namespace ?? '',
      status?.writtenPhase === undefined ? undefined : (status.planDigest ?? ''),
    ]),
  );
}

/** Absent where one of them was not looked at. */
function partOf(
  { object: { spec } }: PlanSituation,
  label: readonly string[],
  names: readonly string[],
  known: ReadonlyMap<string, string | undefined>,
): Part | undefined {
  const digests: Record<string, string> = {};
  for (const name of names) {
    const digest = known.get(name);
    if (digest === undefined) return undefined;
    digests[name] = digest;
  }
  return { hash: hashOf(spec, label, digests), digests };
}

/** Whom the plan is about. */
function everyoneIn({ scope }: Pick<PlanSituation, 'scope'>): readonly string[] {
  return [...scope.namespaces, ...scope.hbone];
}

/** By the place of their wave. What is restarted for HBONE only comes before all waves: it belongs to the first. */
function membersOf(situation: PlanSituation): (place: number) => readonly string[] {
  const places = Map.groupBy(everyoneIn(situation), (name) => Math.max(0, waveOf(name, situation.waves)));
  return (place) => places.get(place) ?? [];
}

interface Parts {
  readonly all: Part | undefined;
  readonly waves: readonly { readonly name: string; readonly part: Part }[];
}

function partsOf(situation: PlanSituation): Parts {
  const { waves, children } = situation;
  const known = digestsOf(children);
  const everyone = everyoneIn(situation);
  const membersAt = membersOf(situation);
  const byWave = waves.names.flatMap((name, place) => {
    const members = membersAt(place);
    const part = members.length === 0 ? undefined : partOf(situation, [name], members, known);
    return part === undefined ? [] : [{ name, part }];
  });
  // Who is in which wave is part of what is approved of.
  const order = waves.names.map((name, place) => [name, ...membersAt(place).toSorted()].join(' '));
  return { all: everyone.length === 0 ? undefined : partOf(situation, order, everyone, known), waves: byWave };
}

/**
 * Each namespace by itself: whoever changes his own again and again changes the hash of all with it, and the others are
 * approved of without him. Only where somebody approves at all, because there may be a thousand.
 */
function alone(situation: PlanSituation): readonly Part[] {
  const { object, children } = situation;
  if (object.spec.approval.plans.length === 0) return [];
  const known = digestsOf(children);
  return everyoneIn(situation).flatMap((name) => {
    const digest = known.get(name);
    return digest === undefined ? [] : [{ hash: hashAlone(object.spec, name, digest), digests: { [name]: digest } }];
  });
}

function homeOf({ metadata }: NamespaceMigration): string {
  return metadata.namespace ?? '';
}

/** What a listed plan says now, over what was approved of before. */
function approvedBy(part: Part, before: ReadonlyMap<string, ApprovedPlan>): readonly ApprovedPlan[] {
  return Object.entries(part.digests)
    .filter(([namespace, digest]) => before.get(namespace)?.digest !== digest)
    .map(([namespace, digest]) => ({ namespace, digest, by: part.hash }));
}

/**
 * What is approved of: as it was, as long as the plan by which it was is still listed, and whatever a listed plan says
 * now.
 */
function approvedNow(situation: PlanSituation, { all, waves }: Parts): readonly ApprovedPlan[] {
  const { object, children } = situation;
  const listed = new Set(object.spec.approval.plans);
  const inScope = new Set(everyoneIn(situation));
  const before = object.status?.plan?.approved ?? [];
  // Who is started needs none, and there is room for those who are to come.
  const begun = new Set(children.filter(({ status }) => status?.direction !== undefined).map(homeOf));
  const isOpen = (name: string): boolean => inScope.has(name) && !begun.has(name);
  const kept = before.filter(({ by, namespace }) => listed.has(by) && isOpen(namespace));
  const approved = new Map(kept.map((entry) => [entry.namespace, entry]));
  const parts = [...waves.map(({ part }) => part), ...(all === undefined ? [] : [all]), ...alone(situation)];
  for (const part of parts.filter(({ hash }) => listed.has(hash)))
    for (const entry of approvedBy(part, approved)) approved.set(entry.namespace, entry);
  return [...approved.values()]
    .filter(({ namespace }) => isOpen(namespace))
    .sort((a, b) => (a.namespace < b.namespace ? -1 : 1))
    .slice(0, mostApproved);
}

/** Phases in which a namespace may still be started by itself. */
const open: readonly (string | undefined)[] = ['Pending', 'Planned', 'Blocked', 'Migrating', 'Paused'];

/** Whether it is not started, and may still be by itself. */
export function mayStart(status: NamespaceMigration['status']): boolean {
  return status?.direction === undefined && open.includes(status?.writtenPhase);
}

/** A namespace that waits for an approval, and why. */
export interface Unapproved {
  readonly namespace: string;
  readonly why: string;
}

/** Those that are not started and need an approval that they do not have. */
export function unapprovedIn({ object, scope, children, waves }: PlanSituation): readonly Unapproved[] {
  const approvals = approvalsOf(object, waves);
  const inScope = new Set(everyoneIn({ scope }));
  return children.flatMap(({ metadata: { namespace = '' }, status }) => {
    if (!inScope.has(namespace) || !mayStart(status)) return [];
    const why = notApproved(namespace, status?.planDigest, approvals);
    return why === undefined ? [] : [{ namespace, why }];
  });
}

/**
 * The plan as it is now, and what of it is approved of. Safe: what is approved of is only ever read from the
 * MeshMigration, and compared with the plan as it is right before a start (look.ts). Dying before it is stored: nothing
 * was started by it; after: it stands.
 */
export function planNow(situation: PlanSituation): PlanStatus | undefined {
  const { object } = situation;
  const parts = partsOf(situation);
  const approved = approvedNow(situation, parts);
  const plan: PlanStatus = {
    ...(parts.all !== undefined && { hash: parts.all.hash }),
    ...(parts.waves.length > 0 && { waves: parts.waves.map(({ name, part: { hash } }) => ({ name, hash })) }),
    ...(approved.length > 0 && { approved: [...approved] }),
  };
  const planned = { ...object, status: { ...object.status, plan } };
  const awaiting = unapprovedIn({ ...situation, object: planned }).length;
  const told = { ...plan, ...(awaiting > 0 && { awaiting }) };
  return Object.keys(told).length === 0 ? undefined : told;
}
