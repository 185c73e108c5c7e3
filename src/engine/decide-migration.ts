import type { MeshMigrationStatus, NamespaceTotals, Returned } from '../api/mesh-migration-status.ts';
import type { PlanStatus } from '../api/approval.ts';
import type { WaveStatus } from '../api/waves.ts';
import { journalAnnotation, type MeshMigration, type NamespaceMigration } from '../api/resources.ts';
import { timestamp } from '../base/clock.ts';
import { failedIn } from '../plan/admission.ts';
import { journalOn } from '../plan/journal.ts';
import type { Scope } from '../plan/scope.ts';
import { openingNow, startHold } from '../plan/start-hold.ts';
import { wavesOf } from '../plan/waves.ts';
import { windowFindings } from '../plan/window-findings.ts';
import type { Opening } from '../plan/windows.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { idleAcceptances } from './acceptances.ts';
import { actionInForce, editOf } from './commands.ts';
import { withLost } from './confirm.ts';
import { answerNow, conditionsFor, told } from './conditions.ts';
import { nameOf, wishesOf, type MigrationWrite, type Wishes } from './migration-writes.ts';
import { askedFor, whyNotCommanded } from './objections.ts';
import { nextOf, refusedObjects, withRefused, type RefusedWrites } from './refused-records.ts';
import { planNow } from './plan-status.ts';
import { summarise } from './summary.ts';
import { returnedNow } from './returned.ts';
import { scopeLost } from './scope-lost.ts';
import type { Wanted } from './situation.ts';
import type { Summary } from './summary-parts.ts';
import { attentionOf, totalsOf } from './totals.ts';
import { soakedInMs, wavesNow, type Watching } from './waves.ts';
import { windowsStatus } from './windows.ts';

/** A consistent picture of one migration. */
export interface MigrationSituation {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly object: MeshMigration;
  readonly scope: Scope;
  /** Its NamespaceMigrations, whose namespaces exist, confirmed. */
  readonly children: readonly NamespaceMigration[];
  /**
   * Records of another way that have the names of those of this migration, and tell nothing that their namespaces do
   * not.
   */
  readonly outdated?: readonly NamespaceMigration[];
  /** All namespaces. */
  readonly homes: readonly NamespaceView[];
  /** Whether the labels of a namespace are those of the new data plane, and of that alone. */
  readonly isThere?: (namespace: NamespaceView) => boolean;
  /** For how long this process has looked. Default: for ever. */
  readonly watching?: Watching;
  /** For how many milliseconds a write may still be carried out that nobody waits for any more. */
  readonly lateForMs?: number;
  /** Writes on our own objects that were not carried out. */
  readonly refused?: RefusedWrites;
}

/** The status is stored first; the write follows when it is stored. */
export interface MigrationDecision {
  readonly status: MeshMigrationStatus;
  readonly write: MigrationWrite | undefined;
  /** The names of all writes that are wanted now. */
  readonly wanted: readonly string[];
  /** Milliseconds until something that was refused is to be tried again, where there is nothing else to write. */
  readonly waitMs?: number;
  /** Milliseconds until a soak is over or a window opens or closes, which nothing else tells. */
  readonly againMs?: number;
}

/** What a migration wants of its namespaces now. */
export function wantedOf({ metadata, spec, status }: MeshMigration): Wanted {
  if (metadata.deletionTimestamp !== undefined) return spec.rollback.onDelete === 'Leave' ? 'DeleteLeave' : 'Rollback';
  return actionInForce(spec, status?.command);
}

function acceptEdit({ object, children, now }: MigrationSituation): {
  readonly status: MeshMigrationStatus;
  readonly answer?: string;
} {
  const { phase: _edited, ...stored } = object.status ?? {};
  const status: MeshMigrationStatus = stored;
  const edit = editOf(object.status, object.metadata.managedFields, now);
  if (edit === undefined) return { status };
  if (edit.kind === 'Senseless') return { status, answer: edit.message };
  const { command: _previous, ...uncommanded } = status;
  const { command } = edit;
  const why = whyNotCommanded(command.action, object, children);
  if (why !== undefined) return { status, answer: `${command.by} asked ${askedFor[command.action]}, but ${why}` };
  if (command.action === 'Migrate') return { status: uncommanded };
  return { status: { ...status, command: { ...command, overrides: object.spec.action } } };
}

function everyoneIn({ object, scope, children, homes }: MigrationSituation): readonly NamespaceMigration[] {
  const changed = new Set(scope.changed);
  return withLost(
    object,
    children,
    homes.filter(({ name }) => changed.has(name)),
  );
}

/**
 * Phase and verdict, once with what is refused: which writes are wanted depends on the phase, and nothing that is
 * refused makes it another one.
 */
function judged(
  situation: MigrationSituation,
  everyone: readonly NamespaceMigration[],
  commanded: MeshMigration,
  returned: readonly Returned[],
): Judged {
  const { scope, refused = new Map() } = situation;
  const wanted = wantedOf(commanded);
  const unreadable = situation.homes
    .filter((home) => home.annotations[journalAnnotation] !== undefined && journalOn(home) === undefined)
    .map(({ name }) => name);
  const failed = failedIn({ ...commanded, status: { ...commanded.status, returned: [...returned] } }, situation.homes);
  const places = wavesOf(commanded, situation.homes);
  const isThere = standsBy(situation);
  const summaryOf = (children: readonly NamespaceMigration[], own?: string): Omit<Judged, 'wishes'> => {
    const totals = totalsOf(children, scope, failed);
    const { now, watching } = situation;
    const waves = wavesNow({ now, watching, object: commanded, scope, children, waves: places, wanted, isThere });
    const plan = planNow({ object: commanded, scope, children, waves: places });
    return {
      children,
      totals,
      waves,
      plan,
      summary: summarise({
        wanted,
        object: commanded,
        scope,
        children,
        totals,
        failed,
        unreadable,
        waves,
        plan,
        places,
        hold: startHold(commanded, children, situation.now),
        ...(own !== undefined && { own }),
      }),
    };
  };
  const plain = summaryOf(everyone);
  const wishes = wishesOf(situation, plain.summary.phase);
  const objects = refusedObjects(commanded, wishes, refused);
  const children = withRefused(everyone, objects, commanded);
  return { wishes, ...(children === everyone && objects.own === undefined ? plain : summaryOf(children, objects.own)) };
}

interface Judged {
  readonly children: readonly NamespaceMigration[];
  readonly totals: NamespaceTotals;
  readonly waves: readonly WaveStatus[];
  readonly plan: PlanStatus | undefined;
  readonly summary: Summary;
  readonly wishes: Wishes;
}

/** Whether a namespace, by its name, has the labels of the new data plane; undefined where nobody can tell. */
function standsBy({ homes, isThere }: MigrationSituation): ((name: string) => boolean) | undefined {
  if (isThere === undefined) return undefined;
  const byName = new Map(homes.map((home) => [home.name, home]));
  return (name) => {
    const home = byName.get(name);
    return home !== undefined && isThere(home);
  };
}

/** As long as all go back nothing is kept as it is: what was begun there is not back. */
function notedNow(situation: MigrationSituation, commanded: MeshMigration): readonly Returned[] {
  const isThere = wantedOf(commanded) === 'Rollback' ? undefined : situation.isThere;
  return returnedNow({ ...situation, isThere: isThere ?? (() => false) });
}

function stated(waves: readonly WaveStatus[]): Pick<MeshMigrationStatus, 'waves'> {
  return waves.length === 0 ? {} : { waves: [...waves] };
}

/** When there is something to be said again, though nothing has changed but the time. */
function again(
  situation: MigrationSituation,
  waves: readonly WaveStatus[],
  opening: Opening | undefined,
): Pick<MigrationDecision, 'againMs'> {
  const { now } = situation;
  const ms = Math.min(soakedInMs(situation, waves) ?? Infinity, (opening?.changesAt ?? Infinity) - now);
  return ms === Infinity ? {} : { againMs: ms };
}

/** The one decision about a migration as a whole: pure, like `decide` for a namespace. */
export function decideMigration(given: MigrationSituation): MigrationDecision {
  const { object, now } = given;
  const everyone = everyoneIn(given);
  const scope = {
    ...given.scope,
    findings: [
      ...windowFindings(object, everyone, now),
      ...given.scope.findings,
      ...idleAcceptances(object, everyone, given.scope, now),
    ].slice(0, 50),
  };
  const situation = { ...given, scope };
  const { status, answer } = acceptEdit({ ...situation, children: everyone });
  const commanded: MeshMigration = { ...object, status };
  const noted = notedNow(situation, commanded);
  const { children, totals, waves, plan, summary, wishes } = judged(situation, everyone, commanded, noted);
  const started = children.some(({ status: child }) => child?.direction !== undefined);
  const opening = openingNow(object, children, now);
  const { command, returned: _returned, waves: _waves, windows: _windows, plan: _plan, ...rest } = status;
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
      ...attentionOf(children, wantedOf(commanded)),
      ...(noted.length > 0 && { returned: [...noted] }),
      ...stated(waves),
      ...(plan !== undefined && { plan }),
      ...windowsStatus(object, opening, children),
      ...(started && rest.startedAt === undefined && { startedAt: timestamp(now) }),
      conditions: [
        ...conditionsFor(
          told(summary.verdict, { name: object.metadata.name }),
          object.status?.conditions,
          generation,
          now,
          answerNow(answer, object.status?.writtenPhase, summary.phase),
        ),
        ...scopeLost(scope, object.status?.conditions, generation, now),
      ],
    },
    wanted: wishes.writes.map(nameOf),
    ...again(given, waves, opening),
    ...nextOf(wishes, situation.refused ?? new Map()),
  };
}
