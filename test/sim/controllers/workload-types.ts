import type { KubeObject } from '../../../src/api/object.ts';
import type { Condition, LabelSelector, PodTemplate } from './pod-types.ts';

/** intstr.IntOrString: `2` or `"25%"`. */
export type IntOrPercent = number | string;

/** apps/v1 DeploymentStatus. */
export interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly conditions?: readonly Condition[];
}

/** apps/v1 Deployment, defaulted. */
export interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly strategy: {
      readonly type: 'RollingUpdate' | 'Recreate';
      readonly rollingUpdate?: { readonly maxSurge: IntOrPercent; readonly maxUnavailable: IntOrPercent };
    };
    readonly minReadySeconds?: number;
    readonly progressDeadlineSeconds?: number;
    readonly revisionHistoryLimit?: number;
    readonly paused?: boolean;
  };
  readonly status?: DeploymentStatus;
}

/** apps/v1 ReplicaSet, defaulted. */
export interface ReplicaSet extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly minReadySeconds?: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
  };
  readonly status?: {
    readonly replicas: number;
    readonly fullyLabeledReplicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly terminatingReplicas?: number;
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
  };
}

/** apps/v1 StatefulSetStatus. */
export interface StatefulSetStatus {
  readonly observedGeneration: number;
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly currentReplicas: number;
  readonly updatedReplicas: number;
  readonly currentRevision: string;
  readonly updateRevision: string;
  readonly collisionCount: number;
}

/** apps/v1 StatefulSet, defaulted. */
export interface StatefulSet extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly serviceName?: string;
    readonly podManagementPolicy: 'OrderedReady' | 'Parallel';
    readonly updateStrategy: {
      readonly type: 'RollingUpdate' | 'OnDelete';
      readonly rollingUpdate?: { readonly partition?: number };
    };
    readonly minReadySeconds?: number;
    readonly revisionHistoryLimit: number;
    readonly ordinals?: { readonly start?: number };
  };
  readonly status?: Partial<StatefulSetStatus>;
}

/** apps/v1 DaemonSet, defaulted. */
export interface DaemonSet extends KubeObject {
  readonly spec: {
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly updateStrategy: {
      readonly type: 'RollingUpdate' | 'OnDelete';
      readonly rollingUpdate?: { readonly maxSurge?: IntOrPercent; readonly maxUnavailable?: IntOrPercent };
    };
    readonly minReadySeconds?: number;
    readonly revisionHistoryLimit: number;
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly desiredNumberScheduled: number;
    readonly currentNumberScheduled: number;
    readonly numberMisscheduled: number;
    readonly numberReady: number;
    readonly numberAvailable?: number;
    readonly numberUnavailable?: number;
    readonly updatedNumberScheduled?: number;
  };
}

/** apps/v1 ControllerRevision: one template of a StatefulSet or DaemonSet. */
export interface ControllerRevision extends KubeObject {
  readonly data: { readonly spec: { readonly template: PodTemplate & { readonly $patch: 'replace' } } };
  readonly revision: number;
}

/** batch/v1 Job, defaulted. */
export interface Job extends KubeObject {
  readonly spec: {
    readonly parallelism: number;
    readonly completions?: number;
    readonly suspend?: boolean;
    readonly selector?: LabelSelector;
    readonly template: PodTemplate;
  };
  readonly status?: {
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly active?: number;
    readonly ready?: number;
    readonly succeeded?: number;
    readonly conditions?: readonly Condition[];
  };
}

/** policy/v1 PodDisruptionBudget. */
export interface PodDisruptionBudget extends KubeObject {
  readonly spec: {
    readonly selector?: LabelSelector;
    readonly minAvailable?: IntOrPercent;
    readonly maxUnavailable?: IntOrPercent;
  };
  readonly status?: {
    readonly currentHealthy: number;
    readonly desiredHealthy: number;
    readonly expectedPods: number;
    readonly disruptionsAllowed: number;
    readonly disruptedPods?: Readonly<Record<string, string>>;
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
  };
}
