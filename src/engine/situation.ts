import type { Returned } from '../api/mesh-migration-status.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { NamespaceMigration } from '../api/resources.ts';
import type { Command, Finding } from '../api/common.ts';
import type { MeshAdapter, Surroundings } from '../mesh/adapter.ts';
import type { PodView } from '../mesh/views.ts';
import type { KubeObject, Resource } from '../api/object.ts';
import type { JsonPatchOperation } from '../kube/client.ts';
import type { Parked } from '../plan/admission.ts';
import type { Approvals } from '../plan/approval.ts';
import type { Journal } from '../plan/journal.ts';
import type { Reading } from '../gates/judge.ts';
import type { Kept } from './waits.ts';
import type { StalledReason } from './ways-out.ts';

/** What the migration as a whole wants of its namespaces now, commands included. */
export type Wanted = 'Plan' | 'Migrate' | 'Pause' | 'Rollback' | 'Finalize' | 'DeleteLeave';

/** After so many refusals in a row of the same write, the status says so. */
export const refusalsToReport = 3;

/** Everything `decide` may know: a consistent picture of one namespace, taken before it is called. */
export interface Situation {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly adapter: MeshAdapter;
  readonly object: NamespaceMigration;
  readonly spec: MeshMigrationSpec;
  /** uid of the MeshMigration: part of the restart annotation, so that a migration of the same name is another one. */
  readonly migrationUid: string;
  readonly wanted: Wanted;
  /** Whether the scope of the migration contains the namespace: what was started may have left it since. */
  readonly inScope: boolean;
  /** That the namespace went back and is not started again by itself, as the MeshMigration has it. */
  readonly returned: Returned | undefined;
  /** Why the MeshMigration notes nothing of this namespace; undefined while it can. */
  readonly unnoted?: Unnoted | undefined;
  /**
   * The journal as this process saw or wrote it last, in case somebody takes it off the namespace; in a confirmed
   * picture the one that holds.
   */
  readonly remembered: Journal | undefined;
  /** The command on the migration as a whole that is in force, if one is: to say who gave it. */
  readonly commanded?: Command | undefined;
  readonly surroundings: Surroundings;
  /**
   * In how many milliseconds a list of findings may be stored that alone has changed; absent if it may now. What else
   * is stored takes it along.
   */
  readonly findingsDueInMs?: number;
  /** Findings about the migration as a whole that keep this namespace from starting. */
  readonly blockers: readonly Finding[];
  /** That somebody has frozen this namespace before its start; absent if nobody has. */
  readonly frozen?: string | undefined;
  /** Undefined if the namespace may start now, else what it waits for. */
  readonly notAdmitted: string | undefined;
  /** What its gates have read, for the time that `wantedReadings` named; absent while none is wanted. */
  readonly readings?: Readings | undefined;
  /** Whose plans somebody has to approve of before they start. Default: nobody's. */
  readonly approvals?: Approvals;
  /**
   * Why a namespace that has given its slot back, to wait for others, may not take one again yet; undefined if it may,
   * or has one.
   */
  readonly noSlot?: string | undefined;
  /**
   * Why a namespace at rest may not go back yet with all the others, or not be left as it is; undefined if it may, or
   * the migration does not go back.
   */
  readonly notTurned?: string | undefined;
  /** Milliseconds since the epoch at which podsPerMinute allows the next restart. */
  readonly nextRestartAt: number;
  /** What is restarted that keeps it for long; absent if nothing does. */
  readonly restartsOwed?: string | undefined;
  /**
   * Milliseconds of this process's monotonic clock for which every look so far has named this wait: all deadlines count
   * by it (`deadline` in waits.ts). Timestamps in the status are display only.
   */
  readonly waited: (wait: string) => number;
  /** Names of the waits that the look before this one named or kept. Default: none are known. */
  readonly waits?: readonly string[];
  /**
   * Whether this process has deleted the objects of ours that are not watched, in this attempt: nothing else could
   * tell.
   */
  readonly swept: boolean;
  /** The same, when no write could arrive any more. */
  readonly sweptLate: boolean;
  /** Milliseconds for which this process, as far as it knows, has sent nothing that changes the namespace. */
  readonly quietMs: number;
  /**
   * Writes that the API server has refused since the last look with nothing to write, and those that did not last, by
   * object and verb (`describeWrite`).
   */
  readonly refusals: ReadonlyMap<string, Refusal>;
}

/** What was read of each gate by its name, from some time on; of what is absent nothing was read yet. */
export interface Readings {
  /** `status.gatesSince`. */
  readonly since: string;
  readonly byGate: ReadonlyMap<string, Reading>;
}

/**
 * `Refused`: the API server keeps answering this to its status. `Full`: `status.returned` has as many entries as it has
 * room for.
 */
export type Unnoted =
  { readonly kind: 'Refused'; readonly message: string } | { readonly kind: 'Full'; readonly entries: number };

/** How often in a row a write was refused, and what the API server said last. */
export interface Refusal {
  readonly count: number;
  readonly message: string;
  /** Trying again would not help: a name that is needed is somebody else's. */
  readonly taken?: true;
  /** It was carried out, so often, and did not last: `message` is what is otherwise again, and who else writes it. */
  readonly undone?: true;
}

/**
 * A write on an object that is not ours. Everything that it depends on is tested by the API server in the same request.
 */
export type Write =
  /**
   * Not sent while a pod of the namespace satisfies `heldBy`: asked of the API server itself, because a pod may be
   * newer than the picture.
   */
  | {
      readonly kind: 'PatchNamespace';
      readonly operations: readonly JsonPatchOperation[];
      readonly heldBy?: (pod: PodView) => boolean;
    }
  | {
      readonly kind: 'PatchService';
      readonly name: string;
      readonly operations: readonly JsonPatchOperation[];
      readonly heldBy?: (pod: PodView) => boolean;
    }
  /**
   * Not sent if the pod because of which it is sent is gone: the picture of pods may be older than that of their
   * workload.
   */
  | {
      readonly kind: 'PatchTemplate';
      readonly workload: { readonly kind: string; readonly name: string };
      readonly operations: readonly JsonPatchOperation[];
      readonly because?: { readonly pod: string; readonly uid: string };
    }
  /** How many pods a Deployment has that was made for an object of ours. */
  | {
      readonly kind: 'Scale';
      readonly workload: { readonly kind: string; readonly name: string };
      readonly operations: readonly JsonPatchOperation[];
    }
  | { readonly kind: 'Evict'; readonly pod: string; readonly uid: string }
  /** Objects of our own, made in this order; what is there already and is not ours is never taken over. */
  | { readonly kind: 'Apply'; readonly manifests: readonly Applied[] }
  /**
   * Objects of our own, deleted in this order; one that is gone already is no error. Not sent while a pod satisfies
   * `heldBy`, like the patches.
   */
  | { readonly kind: 'Remove'; readonly objects: readonly OwnObject[]; readonly heldBy?: (pod: PodView) => boolean };

/** A manifest with the operator's marks on it. */
export interface Applied {
  readonly resource: Resource;
  readonly object: KubeObject;
  /** What is to be replaced; absent for what is to be created. */
  readonly before?: Before;
  /** Nobody watches it: what is there is read right before. */
  readonly unwatched?: true;
}

/** An object of ours as it was seen: what an update of it tests. */
export interface Before {
  readonly uid: string;
  readonly resourceVersion: string;
  /** 0 where the kind has none. */
  readonly generation: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** An object that the operator made; without uid it was never observed. */
export interface OwnObject {
  readonly resource: Resource;
  readonly name: string;
  readonly uid?: string;
  /** The label of the migration that one without uid has to have: what is like ours may be another's. */
  readonly migration?: string;
}

/** What follows once the status is stored. */
export type Next =
  /** Done before the status is stored: it writes down itself what follows from it. */
  | { readonly kind: 'Journal'; readonly write: Extract<Write, { kind: 'PatchNamespace' }> }
  | { readonly kind: 'Write'; readonly write: Write }
  /** Nothing to do until something changes, or until `until` (milliseconds since the epoch). */
  | { readonly kind: 'Wait'; readonly until?: number; readonly parked?: Parked };

/**
 * The answer of `decide`. The status is stored first, and `next` is carried out only when the stored status already
 * equals it: so whatever is done to a user's object was announced before (a write-ahead journal by construction).
 */
export interface Decision {
  readonly status: NamespaceMigrationStatus;
  readonly next: Next;
  /** Names of the waits in force: what this look asked `waited` about. */
  readonly waits: readonly string[];
  /** When it had no occasion to ask about others: they stand still, except these. */
  readonly kept?: Kept;
}

/** What one step of an itinerary answers. `patch` is status to store before anything else happens. */
export type Outcome = { readonly patch?: Partial<NamespaceMigrationStatus> } & (
  | { readonly kind: 'Done' }
  /** Says in the status what will be done next. */
  | { readonly kind: 'Announce'; readonly message: string }
  /** `urgent`: what protects was taken away, and is put back by it. */
  | { readonly kind: 'Write'; readonly write: Write; readonly message: string; readonly urgent?: true }
  /** `stalled` is why a person has to do something, if it is `stuck` for another reason than a pod. */
  | {
      readonly kind: 'Wait';
      readonly message: string;
      readonly until?: number;
      /** When what it waits for has to have come, where that is told: `until` may be sooner. */
      readonly tells?: number;
      readonly stuck?: boolean;
      readonly stalled?: StalledReason;
      readonly parked?: Parked;
      /**
       * Something outside of its own pods holds it, which may be away for a moment (`calm-way.ts`): names of namespaces
       * that are to go first, none where nobody's going would end it.
       */
      readonly held?: readonly string[];
    }
  /** Waits for nothing but the clock: `until` is shown in the status. */
  | { readonly kind: 'Pace'; readonly message: string; readonly until: number }
  | { readonly kind: 'Failed'; readonly reason: StalledReason; readonly message: string }
  /** Somebody else changed what the migration holds. */
  | { readonly kind: 'Foreign'; readonly message: string }
);
