import type { Acknowledgement } from '../api/acknowledged.ts';
import type { DataPlane, Finding, Mode } from '../api/common.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import type { ItineraryName, PlannedRestart, StepName } from '../api/namespace-migration.ts';
import type { KubeObject, Resource } from '../api/object.ts';
import type { Answered } from './named.ts';
import type { Manifest, Orphan } from './manifest.ts';
import type { MeshPlace } from './mesh-place.ts';
import type { Awaiting, CallersBefore, Hold, Refusing, ScopeView, UnseenBefore } from './others.ts';
import type { GateTelemetry } from './gate-telemetry.ts';
import type { ObservedCallers, Telemetry } from './telemetry.ts';
import type {
  BudgetView,
  ConfigView,
  NamespaceView,
  PodView,
  ServiceView,
  TemplateView,
  WorkloadView,
} from './views.ts';
import type { WatchedKind } from './watched-kind.ts';

/** Labels to have: a value, or null for "the label is absent". */
export type LabelTargets = Readonly<Record<string, string | null>>;

/** The one kind of work that a step does. */
export type StepWork =
  /** Looks only: every critical finding must be gone. */
  | { readonly kind: 'Check' }
  /** The original labels are recorded: they are in the journal since before the start. */
  | { readonly kind: 'Snapshot' }
  /** Writes the number of pods by mode into the status. */
  | { readonly kind: 'Baseline' }
  /**
   * One patch of the namespace; while a pod satisfies `heldBy` the patch would strip that pod of its mesh and has to
   * wait.
   */
  | { readonly kind: 'Labels'; readonly targets: LabelTargets; readonly heldBy?: (pod: PodView) => boolean }
  /** Restarts, one workload at a time and in this order, every workload with a stale pod. */
  | {
      readonly kind: 'Restart';
      readonly stale: (pod: PodView, surroundings: Surroundings) => boolean;
      readonly order?: (surroundings: Surroundings) => readonly WorkloadView[];
    }
  /**
   * Makes objects of our own and keeps them as `objects` says for as long as the namespace is under way or migrated:
   * they follow the user's objects that they are made from. A sentence says why they cannot be made now; then none is
   * made for the first time, and those that are there follow as far as `possible` says: one policy that has no copy
   * must not keep the others from theirs. Of `orphans` some can go even then; what is `withheld` is not there, and is
   * named. An object that `stays` is left as it is seen instead of becoming what is wanted, or going where nothing is:
   * it refuses what would get through then. What `isRollout` is over with the rollouts that are under way, and waited
   * for. Only the callers of the Service that `serves` names meet an object; without, those of all do.
   */
  | {
      readonly kind: 'Apply';
      readonly objects: (surroundings: Surroundings) => readonly Manifest[] | string;
      readonly possible?: (surroundings: Surroundings) => readonly Manifest[];
      readonly orphans?: (surroundings: Surroundings) => readonly Orphan[];
      readonly withheld?: (surroundings: Surroundings) => readonly string[];
      readonly isRollout?: (surroundings: Surroundings) => boolean;
      readonly stays?: (surroundings: Surroundings, seen: ConfigView, wanted: Manifest | undefined) => boolean;
      readonly serves?: (object: Pick<KubeObject['metadata'], 'annotations'>) => string | undefined;
    }
  /**
   * Deletes every object that these steps made, in the order of the steps, once no pod satisfies `heldBy` any more;
   * `unwatched` ones right before those of the kind `before`.
   */
  | {
      readonly kind: 'Remove';
      readonly steps: readonly StepName[];
      readonly heldBy?: (pod: PodView) => boolean;
      readonly unwatched?: readonly { readonly before: Resource; readonly resource: Resource; readonly name: string }[];
    }
  /**
   * Sets labels of the Services that `services` names, and of those that it names later; each keeps its labels of
   * before in an annotation. A sentence says why nobody can tell which they are. `owners` names those that their owner
   * has bound to the same, and that stay bound on the way back. `keeps` names those whose labels of before decide about
   * what is made: these are recorded from the start on, and a label that is neither as it was nor as it is set is a
   * stranger's, one that is absent too. While a pod satisfies `heldBy` none is changed: it
   * would lose what protects it. Labels beside the targets may change what these mean: a Service of which `besides`
   * tells so is waited for, and each patch tests that these labels are as they were seen.
   */
  | {
      readonly kind: 'BindServices';
      readonly targets: LabelTargets;
      readonly heldBy?: (pod: PodView) => boolean;
      readonly services: (surroundings: Surroundings) => readonly string[] | string;
      readonly owners?: (surroundings: Surroundings) => readonly string[];
      readonly keeps?: (surroundings: Surroundings) => readonly string[];
      readonly besides?: {
        readonly labels: readonly string[];
        readonly tells: (service: ServiceView) => string | undefined;
      };
    }
  /**
   * Puts the labels of every such Service back, once no pod satisfies `heldBy` any more. With `objectsStay` what was
   * made is needed after that too, and goes on following the user's objects.
   */
  | {
      readonly kind: 'UnbindServices';
      readonly keys: readonly string[];
      readonly heldBy?: (pod: PodView) => boolean;
      readonly objectsStay?: true;
      /**
       * Services that nobody knows to have been bound by us and that are bound to what is going to be removed: they
       * lose `binding` and no other label.
       */
      readonly strays?: {
        readonly binding: string;
        readonly services: (surroundings: Surroundings) => readonly ServiceView[];
      };
    }
  /** Looks only: every pod that can be in `mode` is, but for those that the way `leaves` as they are. */
  | {
      readonly kind: 'Verify';
      readonly mode: Mode;
      readonly leaves?: (pod: PodView, surroundings: Surroundings) => boolean;
    };

/** How many pods a Deployment is to have from the start, which the mesh has made for an object of ours. */
export interface Scale {
  readonly workload: WorkloadView;
  readonly replicas: number;
}

/** What a step relies on and is not there any more. */
export interface Lacking {
  readonly message: string;
  /** Nobody says that it is gone, only not yet that it is there: that passes, and counts for nothing once it has stood. */
  readonly passes?: true;
}

/** One step of an itinerary. */
export interface StepPlan {
  readonly name: StepName;
  /** One sentence for the plan: what it does and why it stands here. */
  readonly why: string;
  readonly work: StepWork;
  /**
   * What has to be observed besides before the step counts as done, and after that for as long as the itinerary goes
   * on; a sentence about what is missing, undefined when nothing is.
   */
  readonly gate?: (surroundings: Surroundings) => string | undefined;
  /** While the gate is waited for: what gets there by itself, and sooner with this. The step never depends on it. */
  readonly scales?: (surroundings: Surroundings) => Scale | undefined;
  /**
   * What other namespaces have to have done whenever this step changes something. Until then the namespace waits,
   * without a slot and without a deadline: those for which it waits need the slots.
   */
  readonly awaits?: (surroundings: Surroundings) => Awaiting | undefined;
  /**
   * Of what the steps before have reached, what has to be so right before each change that this one makes, because it
   * takes away what protects until then. Asked anew each time: what was reached once may be gone.
   */
  readonly relies?: (surroundings: Surroundings) => Lacking | undefined;
  /**
   * It relies on what the steps before it made: it writes nothing before these have held for `spec.policies.settle`,
   * because the control plane says what it has accepted, but nobody says when the last proxy has received it, nor when
   * the API server itself goes by labels that it has stored.
   */
  readonly settled?: true | ((surroundings: Surroundings) => boolean);
  /** Its restarts move the namespace: they are over only when the gates of the migration pass (`spec.gates`). */
  readonly gated?: true;
}

/** The steps of one namespace, and the way back. */
export interface Itinerary {
  readonly forward: readonly StepPlan[];
  readonly backward: readonly StepPlan[];
}

/** From where to where. */
export interface Route {
  readonly from: DataPlane;
  readonly to: DataPlane;
}

/** Which namespaces call a namespace; `Unknown` says why nobody can tell, and then every namespace may. */
export type NamespaceCallers =
  /** `seen`: metrics have seen them call; else it is somebody who says that they do, or may. */
  | { readonly kind: 'Known'; readonly namespaces: readonly string[]; readonly from: string; readonly seen?: true }
  | { readonly kind: 'Unknown'; readonly why: string };

/** What the rules of an adapter may look at besides the namespace itself. */
export interface MeshState extends MeshPlace {
  /** Configuration objects of a kind, by its name in the mesh's table, in one namespace or in all. */
  configs(kind: string, namespace?: string): readonly ConfigView[];
  /** Whether the API server serves the kind. */
  serves(kind: string): boolean;
  /** Every DaemonSet of the cluster: a mesh's node components are among them. */
  daemonSets(): readonly WorkloadView[];
  /** Names of all namespaces that have pods, or templates that make some, in no order: who sleeps wakes. */
  inhabitedNamespaces(): readonly string[];
  /** Pods of another namespace: callers are judged by what they are. */
  pods(namespace: string): readonly PodView[];
  /** Services and workloads of another namespace, or of all: what is called is judged by where it stands. */
  services(namespace?: string): readonly ServiceView[];
  workloads(namespace: string): readonly WorkloadView[];
  /** What makes pods in another namespace besides its workloads. */
  otherTemplates(namespace: string): readonly TemplateView[];
  /** Kinds of these that the operator has no right to read, so that they are missing; absent if there are none. */
  readonly unreadable?: readonly string[];
  /** Labels of another namespace, if it is there and known: they say what pods will be that do not run now. */
  labelsOf?(namespace: string): Readonly<Record<string, string>> | undefined;
  /** When a namespace was made, in milliseconds since the epoch; undefined where nobody knows. */
  madeAt?(namespace: string): number | undefined;
  /** What metrics tell about who calls the workloads of a namespace; absent if none are configured. */
  observedCallers?(namespace: string): ObservedCallers;
  /** Version of the control plane, as `1.31`, if it is known; else the newest that is known counts. */
  readonly version?: string | undefined;
}

/** What of it decides about the pods of any namespace. */
export type MeshObjects = Pick<
  MeshState,
  'configs' | 'workloads' | 'rootNamespace' | 'controlPlaneNamespace' | 'assumesDefaults'
>;

/** A finding that somebody answers for. */
export interface Acknowledged extends Acknowledgement {
  /** Who has written it, by its field manager; absent where nobody knows. */
  readonly by?: string;
  /** Its time is over. */
  readonly isOver: boolean;
}

/** Everything the checks of one namespace may look at. */
export interface Surroundings {
  readonly route: Route;
  readonly spec: Pick<MeshMigrationSpec, 'restart' | 'waypoint' | 'policies' | 'callers' | 'accept'>;
  /** What of `spec.acknowledge` there is, by now; absent where nobody says what time it is, and then nothing counts. */
  readonly acknowledged?: readonly Acknowledged[];
  /** The itinerary under way; undefined before the start, when it is still to be chosen. */
  readonly itinerary?: ItineraryName;
  /**
   * Name of the user's waypoint that it uses; undefined if that is one that the operator makes, or before the start.
   */
  readonly adopted?: string;
  /**
   * Names of the Services that the migration asked a waypoint for, as the journal has them; absent before the start, and
   * where it asked for none.
   */
  readonly requested?: readonly string[];
  /** Labels that Services had before they were bound, by Service, as the journal has them; absent before the start. */
  readonly records?: Readonly<Record<string, LabelTargets>>;
  /** The labels of the namespace to come back to, as the journal has them; absent before the start. */
  readonly back?: LabelTargets;
  /**
   * What would have held a way back at the start already, as the journal has it; absent before the start, and
   * where nobody knows. A rollback leads back to that, and waits for none of it.
   */
  readonly heldBefore?: ReadonlySet<string>;
  /** When they were recorded, in milliseconds since the epoch: what is older stood there before the start. */
  readonly since?: number;
  /** It is looked at as if it had one of its workloads only. */
  readonly alone?: true;
  /** Its attempt has failed, and it goes back because some of its pods do not run. */
  readonly failed?: true;
  /** Which namespaces move besides this one; absent where nobody says, and then none does. */
  readonly scope?: ScopeView;
  /** The order of restarts that was stored at the start; undefined before it, when it is still to be found. */
  readonly order?: readonly PlannedRestart[];
  readonly namespace: NamespaceView;
  /** Pods of the namespace that run or will run. */
  readonly pods: readonly PodView[];
  readonly workloads: readonly WorkloadView[];
  /**
   * Of CronJobs: pods that come by themselves, in the data plane that the namespace then gives them, and that the
   * operator never restarts.
   */
  readonly otherTemplates: readonly TemplateView[];
  readonly budgets: readonly BudgetView[];
  readonly services: readonly ServiceView[];
  readonly mesh: MeshState;
  /** Is told of a fault of ours, an object of a shape that no rule expected, which then blocks this namespace only. */
  readonly onFault?: (where: string, error: unknown) => void;
}

/** When findings are asked for: before the first change, on the way, or at the end of it. */
export type FindingsWhen = 'Start' | 'UnderWay' | 'AtRest';

/**
 * All the knowledge of one mesh. Only adapters know label names; the engine moves labels and restarts workloads
 * without knowing what they mean.
 */
export interface MeshAdapter {
  /** What the mesh is called in messages and by the registry: no two have one name. */
  readonly name: string;
  /** The data planes that it has; it knows the ways between all of them, and to and from none. */
  readonly dataPlanes: readonly DataPlane[];
  /** Ids of all that `findings` may tell; no other mesh has one of them. */
  readonly findingIds: readonly string[];
  /** Kinds whose objects the rules look at; see `kindsOf` for what a table may not have. */
  readonly watched: readonly WatchedKind[];
  /** Labels of a namespace that an itinerary may change or depends on; all are recorded and compared. */
  readonly labels: readonly string[];
  /**
   * Those of them that name what may be replaced for good meanwhile (a revision of the control plane): who gives them
   * another value has it kept by a rollback, where no step changes them.
   */
  readonly revised: readonly string[];
  /** Where policies that apply to the whole mesh are; the namespace of the control plane where nobody knows it. */
  rootNamespaceOf(mesh: MeshState): string;
  /** What runs on every node for the mesh: a rollout of it passes. */
  nodeAgents(mesh: MeshState): readonly WorkloadView[];
  /** The version of the control plane, from the workloads of its namespace; undefined if they do not tell. */
  versionOf(workloads: readonly WorkloadView[]): string | undefined;
  /** How the pod is connected now. */
  modeOf(pod: PodView): Mode;
  /** The mode that pods of a data plane have. */
  modeFor(dataPlane: DataPlane): Mode;
  /** Whether a data plane takes running pods of its own accord, a moment after they were made; others need a restart. */
  captures(dataPlane: DataPlane): boolean;
  /**
   * False for pods that no data plane ever takes, whatever the labels of the namespace, and for those of the mesh's own
   * gateways among `workloads`, of the pod's namespace: they are none of the application's.
   */
  concerns(pod: PodView, workloads: readonly WorkloadView[]): boolean;
  /** Whether other namespaces may be waiting for the pod to be replaced. */
  holdsOthersBack(pod: PodView): boolean;
  /**
   * Whether the pod is in no mesh though nobody keeps it out: by labels that were taken away it may have lost what
   * protects it.
   */
  isStranded(pod: PodView): boolean;
  /** Kinds of the objects that `Apply` steps make; all are among `watched`, except those of unwatched manifests. */
  readonly made: readonly WatchedKind[];
  /**
   * Whether a migration made the object and it is as it was made; `underWay` also what stands under a name of ours and
   * was edited since. Never by a label alone, which is copied with the object.
   */
  isOurs(config: ConfigView, underWay?: boolean): boolean;
  /** Which itinerary a namespace needs that is not started yet. */
  choose(surroundings: Surroundings): ItineraryName;
  /**
   * Name of the user's waypoint that a namespace which is not started yet would use, if it needs one; undefined if the
   * operator makes it.
   */
  adopts(surroundings: Surroundings): string | undefined;
  /**
   * Names of the Services that are to have a waypoint because the migration says so; asked once, at the start.
   */
  requests(surroundings: Surroundings): readonly string[];
  /** The order in which workloads are to be restarted and why, if it matters. */
  order(surroundings: Surroundings): readonly PlannedRestart[];
  /** Which namespaces call a namespace, this one or another. */
  callersOf(namespace: string, surroundings: Surroundings): NamespaceCallers;
  /** What its metrics tell. */
  readonly telemetry: Telemetry;
  /** What they tell of whether a namespace is well. */
  readonly gateTelemetry: GateTelemetry;
  /** Whether a way may depend on who calls, so that metrics have to be asked. */
  needsCallers(route: Route): boolean;
  /**
   * The steps there and back for a namespace with these labels (before the first change); `adopted` is the user's
   * waypoint that it uses.
   */
  itinerary(route: Route, original: LabelTargets, name: ItineraryName, adopted?: string): Itinerary;
  /** What the user should know of the plan and has nothing to do about: what goes on as before. */
  explain(surroundings: Surroundings): readonly string[];
  /** Whether the namespace's labels already say `to`, as the itinerary would set them. */
  arrived(route: Route, labels: Readonly<Record<string, string>>): boolean;
  /**
   * Findings before the first change (`Start`), or those that also matter later: a policy that appears half-way, for
   * example. Then what others have in their namespaces is no more than a warning; at rest it is critical again where
   * somebody is protected by it.
   */
  findings(surroundings: Surroundings, when: FindingsWhen): readonly Finding[];
  /**
   * What would be critical at the start, and is not because `spec.accept` or `spec.acknowledge` has an answer to it; all
   * of it, however much is told.
   */
  answered(surroundings: Surroundings): readonly Answered[];
  /** Whether it says that something cannot be worked out: while that is so nothing is begun, and nothing is undone. */
  isUnknown(finding: Finding): boolean;
  /**
   * Whether it says how the mesh is doing: its components are rolled out and lose nodes, which comes and goes by itself.
   */
  isOfMesh(finding: Finding): boolean;
  /**
   * Whether its object stands in a namespace of others: whatever it says, on the way that holds the namespace at the
   * most, and is never held against it.
   */
  isOfOthers(finding: Finding, surroundings: Surroundings): boolean;
  /** What is critical about changing the labels of the namespace now; asked right before it. */
  unready(surroundings: Surroundings): Hold | undefined;
  /**
   * What is critical about restarting this workload now, by its template and all around it as they are at that moment.
   */
  unfit(surroundings: Surroundings, workload: WorkloadView): Hold | undefined;
  /**
   * What is critical about putting the labels of before back now, which templates and the mesh may have come to be at
   * rest; of one that has failed only what keeps pods out of every mesh: the others of its pods do not run. `stood`:
   * without what passes by itself, which has been waited for and has stood still.
   */
  unreadyBack(surroundings: Surroundings, hasFailed: boolean, stood?: boolean): Finding | undefined;
  /**
   * What would keep this workload from running, or from its mesh, back in its old data plane, or what its pods refuse
   * now and would admit there. Of one that has failed not the latter: others of its pods do not run.
   */
  unfitBack(surroundings: Surroundings, workload: WorkloadView, hasFailed: boolean): Finding | undefined;
  /**
   * What has to be done before this workload gets back into its old data plane, beside pods that are still in the new
   * one: it would be refused by them, or would let them through.
   */
  awaitsBack(surroundings: Surroundings, workload: WorkloadView): Awaiting | undefined;
  /**
   * What is to be remembered from the start on, because afterwards nobody can tell: which calls its sidecars could not
   * judge even then.
   */
  unseenBefore(surroundings: Surroundings): UnseenBefore | undefined;
  /** The same of who calls what refuses sidecars; undefined where nothing does, or it is too much to be remembered. */
  callersBefore(surroundings: Surroundings): CallersBefore | undefined;
  /** The same of what would hold a way back: marks of it, `mostHeldBefore` at most, of a few characters. */
  heldBefore(surroundings: Surroundings): readonly string[];
  /** Who would refuse the namespace if it went back now, of those that do not go back already. */
  refusing(surroundings: Surroundings): Refusing;
  /** The namespace that goes back and that this one would refuse then; undefined if there is none. */
  refuses(surroundings: Surroundings): string | undefined;
  /** What keeps a namespace at rest from ever coming back, if somebody wanted it now; undefined if nothing does. */
  noWayBack(surroundings: Surroundings): Finding | undefined;
  /**
   * What policies of a namespace ask for that the data plane `to` does not do, where somebody else has brought it there:
   * Warnings.
   */
  unenforcedThere(surroundings: Surroundings): readonly Finding[];
  /** Whose calls a namespace at rest refuses though it should not; a sentence, undefined if nobody's. */
  refusedCallers(surroundings: Surroundings): string | undefined;
  /**
   * The itinerary with which a namespace at rest could go on, because something appeared that its own does not enforce;
   * and what keeps it from that.
   */
  longer(
    surroundings: Surroundings,
  ): { readonly itinerary: ItineraryName; readonly adopted?: string; readonly obstacle?: Finding } | undefined;
}
