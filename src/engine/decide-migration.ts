import type { MeshMigrationStatus, MigrationPhase } from '../api/mesh-migration.ts';
import { journalAnnotation, rollbackFinalizer, type MeshMigration, type NamespaceMigration } from '../api/resources.ts';
import { timestamp } from '../base/clock.ts';
import { journalOn } from '../plan/journal.ts';
import type { Scope } from '../plan/scope.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { actionInForce, editOf } from './commands.ts';
import { confirmedRecord, evidenceOf } from './confirm.ts';
import { conditionsFor, told } from './conditions.ts';
import { hasLostJournal } from './lost-journal.ts';
import { summarise } from './summary.ts';
import { returnedNow } from './returned.ts';
import { scopeLost } from './scope-lost.ts';
import type { Wanted } from './situation.ts';
import { attentionOf, totalsOf } from './totals.ts';

/** A consistent picture of one migration. */
export interface MigrationSituation {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly object: MeshMigration;
  readonly scope: Scope;
  /** Its NamespaceMigrations, whose namespaces exist, confirmed. */
  readonly children: readonly NamespaceMigration[];
  /** Records of another way that have the names of those of this migration, and tell nothing that their namespaces do not. */
  readonly outdated?: readonly NamespaceMigration[];
  /** All namespaces. */
  readonly homes: readonly NamespaceView[];
  /** Whether the labels of a namespace are those of the new data plane, and of that alone. */
  readonly isThere?: (namespace: NamespaceView) => boolean;
  /** For how many milliseconds a write may still be carried out that nobody waits for any more. */
  readonly lateForMs?: number;
}

/** A write on our own objects. */
export type MigrationWrite =
  | { readonly kind: 'AddFinalizer' }
  | { readonly kind: 'RemoveFinalizer' }
  | { readonly kind: 'CreateChild'; readonly namespace: string }
  | { readonly kind: 'DeleteChild'; readonly namespace: string; readonly uid: string; readonly resourceVersion: string };

/** The status is stored first; the write follows when it is stored. */
export interface MigrationDecision {
  readonly status: MeshMigrationStatus;
  readonly write: MigrationWrite | undefined;
}

/** Whether the finalizer that the rollback at deletion depends on is there: nothing is started without it. */
export function isProtected({ metadata }: MeshMigration): boolean {
  return metadata.finalizers?.includes(rollbackFinalizer) === true;
}

/** What a migration wants of its namespaces now. */
export function wantedOf({ metadata, spec, status }: MeshMigration): Wanted {
  if (metadata.deletionTimestamp !== undefined) return spec.rollback.onDelete === 'Leave' ? 'DeleteLeave' : 'Rollback';
  return actionInForce(spec, status?.command);
}

/** Whether there is anything to go back from, or that has gone back. */
function wasStarted(children: readonly NamespaceMigration[]): boolean {
  return children.some(({ status }) => status?.direction !== undefined || status?.writtenPhase === 'RolledBack');
}

function acceptEdit({ object, children, now }: MigrationSituation): { readonly status: MeshMigrationStatus; readonly answer?: string } {
  const { phase: _edited, ...stored } = object.status ?? {};
  const status: MeshMigrationStatus = stored;
  const edit = editOf(object.status, object.metadata.managedFields, now);
  if (edit === undefined) return { status };
  if (edit.kind === 'Senseless') return { status, answer: edit.message };
  const { command: _previous, ...uncommanded } = status;
  const { command } = edit;
  if (status.writtenPhase === 'Finalized') return { status, answer: `${command.by} asked for ${command.action}, but the migration is Finalized` };
  if (command.action === 'Rollback' && object.spec.action === 'Plan' && !wasStarted(children)) {
    return { status, answer: `${command.by} asked for a rollback, but spec.action is Plan and nothing was started: there is nothing to roll back` };
  }
  if (command.action === 'Migrate') {
    return object.spec.action === 'Migrate' ? { status: uncommanded } : { status, answer: `${command.by} asked to go on, but spec.action is ${object.spec.action}: set it to Migrate` };
  }
  if (command.action === 'Pause' && object.spec.action !== 'Migrate') return { status, answer: `${command.by} asked for a pause, but spec.action is ${object.spec.action}: nothing is under way` };
  return { status: { ...status, command: { ...command, overrides: object.spec.action } } };
}

/**
 * F: what is started goes back first, then our records go, our finalizer last. Dying in between: the same again. As long as a write may still arrive
 * somebody has to be there who sweeps what it leaves. Where somebody took the journal away, the record stays until a person deletes it: it alone says
 * what the labels were.
 */
function lettingGo({ object, scope, children, lateForMs = 0 }: MigrationSituation): MigrationWrite | undefined {
  if (lateForMs > 0 && object.status?.startedAt !== undefined) return undefined;
  if (!isProtected(object) || scope.changed.length > 0 || children.some((child) => child.status?.writtenPhase === undefined || hasLostJournal(child))) return undefined;
  const [child] = children;
  return child === undefined ? { kind: 'RemoveFinalizer' } : deleteChild(child);
}

function nextWrite(situation: MigrationSituation, phase: MigrationPhase): MigrationWrite | undefined {
  const { object, scope, children, outdated = [] } = situation;
  const { metadata } = object;
  // Safe: by uid and resourceVersion, and what was begun stands on the namespace. Dying before: sent again; after: the name is free.
  const [inTheWay] = outdated;
  if (inTheWay !== undefined) return deleteChild(inTheWay);
  const hasRecord = (name: string): boolean => children.some((child) => child.metadata.namespace === name);
  // The record of a changed namespace was deleted by hand: without it nobody would ever put the namespace back.
  const lost = scope.changed.find((name) => !hasRecord(name));
  if (lost !== undefined && isProtected(object)) return { kind: 'CreateChild', namespace: lost };
  if (metadata.deletionTimestamp !== undefined) return lettingGo(situation);
  // Neither started nor to be started: whatever was said of it is over, unless it alone tells what was.
  const stray = children.find((child) => child.status?.direction === undefined && !isKept(child) && ![...scope.namespaces, ...scope.hbone].includes(child.metadata.namespace ?? ''));
  if (stray !== undefined) return deleteChild(stray);
  if (phase === 'Finalized' || scope.findings.some(({ severity }) => severity === 'Critical')) return undefined;
  if (!isProtected(object)) return { kind: 'AddFinalizer' };
  const missing = [...scope.namespaces, ...scope.hbone].find((name) => !hasRecord(name));
  return missing === undefined ? undefined : { kind: 'CreateChild', namespace: missing };
}

/** Finalized is final; what tells alone what a namespace was stays until a person deletes it, found to be so or not looked at yet. */
function isKept(child: NamespaceMigration): boolean {
  const { writtenPhase, original } = child.status ?? {};
  return writtenPhase === 'Finalized' || (writtenPhase === undefined && original !== undefined) || hasLostJournal(child);
}

function deleteChild({ metadata }: NamespaceMigration): MigrationWrite {
  return { kind: 'DeleteChild', namespace: metadata.namespace ?? '', uid: metadata.uid ?? '', resourceVersion: metadata.resourceVersion ?? '' };
}

/** What its records tell, and for namespaces whose record was lost what their journals do: they are under way like the others. */
function everyoneIn({ object: { metadata, spec }, scope, children, homes }: MigrationSituation): readonly NamespaceMigration[] {
  const recorded = new Set(children.map((child) => child.metadata.namespace));
  const lost = homes.filter(({ name }) => scope.changed.includes(name) && !recorded.has(name));
  return [...children, ...lost.map((home) => {
    const record = { metadata: { name: metadata.name, namespace: home.name }, spec: { migration: metadata.name, from: spec.from, to: spec.to } };
    return confirmedRecord(record, evidenceOf(record, home, undefined));
  })];
}

/** The one decision about a migration as a whole: pure, like `decide` for a namespace. */
export function decideMigration(situation: MigrationSituation): MigrationDecision {
  const { object, scope, now } = situation;
  const children = everyoneIn(situation);
  const { status, answer } = acceptEdit({ ...situation, children });
  const commanded: MeshMigration = { ...object, status };
  const totals = totalsOf(children, scope);
  const wanted = wantedOf(commanded);
  const unreadable = situation.homes.filter((home) => home.annotations[journalAnnotation] !== undefined && journalOn(home) === undefined).map(({ name }) => name);
  const summary = summarise({ wanted, object: commanded, scope, children, totals, unreadable });
  const started = children.some(({ status: child }) => child?.direction !== undefined);
  const { command, returned: _returned, ...rest } = status;
  const noted = returnedNow({ isThere: () => false, ...situation });
  const held = command?.overrides === object.spec.action;
  const generation = object.metadata.generation ?? 1;
  return {
    status: {
      ...rest,
      ...(held && { command }),
      phase: summary.phase,
      writtenPhase: summary.phase,
      observedGeneration: generation,
      namespaces: totals,
      findings: [...scope.findings],
      ...attentionOf(children, wanted),
      ...(noted.length > 0 && { returned: [...noted] }),
      ...(started && rest.startedAt === undefined && { startedAt: timestamp(now) }),
      conditions: [
        ...conditionsFor(told(summary.verdict, { name: object.metadata.name }), object.status?.conditions, generation, now, answer),
        ...scopeLost(scope, object.status?.conditions, generation, now),
      ],
    },
    write: nextWrite(situation, summary.phase),
  };
}
