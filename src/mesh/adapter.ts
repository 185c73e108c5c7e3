import type { DataPlane, Finding, Mode } from '../api/common.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration.ts';
import type { StepName } from '../api/namespace-migration.ts';
import type { Resource } from '../api/object.ts';
import type { BudgetView, ConfigView, NamespaceView, PodView, ServiceView, WorkloadView } from './views.ts';

/** Labels to have: a value, or null for "the label is absent". */
export type LabelTargets = Readonly<Record<string, string | null>>;

/** The one kind of work that a step does. */
export type StepWork =
  /** Looks only: every critical finding must be gone. */
  | { readonly kind: 'Check' }
  /** Writes the original labels into the status. */
  | { readonly kind: 'Snapshot' }
  /** Writes the number of pods by mode into the status. */
  | { readonly kind: 'Baseline' }
  /**
   * One patch of the namespace; `original` says what happens to the annotation that holds the original labels, and while
   * a pod satisfies `heldBy` the patch would strip that pod of its mesh and has to wait.
   */
  | { readonly kind: 'Labels'; readonly targets: LabelTargets; readonly original: 'Record' | 'Drop'; readonly heldBy?: (pod: PodView) => boolean }
  /** Restarts, one workload at a time, every workload with a stale pod. */
  | { readonly kind: 'Restart'; readonly stale: (pod: PodView) => boolean }
  /** Looks only: every pod that can be in `mode` is. */
  | { readonly kind: 'Verify'; readonly mode: Mode };

/** One step of an itinerary. */
export interface StepPlan {
  readonly name: StepName;
  /** One sentence for the plan: what it does and why it stands here. */
  readonly why: string;
  readonly work: StepWork;
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

/** What the rules of an adapter may look at besides the namespace itself. */
export interface MeshState {
  /** Configuration objects of a kind, in one namespace or in all. */
  configs(kind: string, namespace?: string): readonly ConfigView[];
  /** Whether the API server serves the kind. */
  serves(kind: string): boolean;
  /** Every DaemonSet of the cluster: a mesh's node components are among them. */
  daemonSets(): readonly WorkloadView[];
  /** Namespace of the control plane, where mesh-wide configuration lives. */
  readonly rootNamespace: string;
}

/** Everything the checks of one namespace may look at. */
export interface Surroundings {
  readonly route: Route;
  readonly restart: MeshMigrationSpec['restart'];
  readonly namespace: NamespaceView;
  /** Pods of the namespace that run or will run. */
  readonly pods: readonly PodView[];
  readonly workloads: readonly WorkloadView[];
  readonly budgets: readonly BudgetView[];
  readonly services: readonly ServiceView[];
  readonly mesh: MeshState;
}

/** A configuration kind that an adapter wants watched. */
export interface WatchedKind {
  readonly kind: string;
  readonly resource: Resource;
  /** `Root`: only in the control plane's namespace, so that the operator needs no rights to it elsewhere. */
  readonly namespace: 'All' | 'Root';
}

/**
 * All the knowledge of one mesh. Only adapters know label names; the engine moves labels and restarts workloads
 * without knowing what they mean.
 */
export interface MeshAdapter {
  /** Kinds whose objects the rules look at. */
  readonly watched: readonly WatchedKind[];
  /** Labels of a namespace that an itinerary may change or depends on; all are recorded and compared. */
  readonly labels: readonly string[];
  /** How the pod is connected now. */
  modeOf(pod: PodView): Mode;
  /** The mode that pods of a data plane have. */
  modeFor(dataPlane: DataPlane): Mode;
  /** False for pods that no data plane ever takes, whatever the labels of the namespace. */
  concerns(pod: PodView): boolean;
  /** The steps there and back for a namespace with these labels (before the first change). */
  itinerary(route: Route, original: LabelTargets): Itinerary;
  /** Whether the namespace's labels already say `to`, as the itinerary would set them. */
  arrived(route: Route, labels: Readonly<Record<string, string>>): boolean;
  /**
   * Findings before the first change (`Start`), or those that also matter on the way (`UnderWay`): a policy that
   * appears half-way, for example.
   */
  findings(surroundings: Surroundings, when: 'Start' | 'UnderWay'): readonly Finding[];
}
