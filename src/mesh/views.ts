import type { WorkloadKind } from '../api/namespace-migration.ts';
import { memoize } from '../base/memoize.ts';
import { own } from '../base/own.ts';
import { hasLabels } from './has-labels.ts';
import type { Placement } from './placement.ts';
import type { PodAsks } from './pod-resources.ts';

/*
 * What decisions need of the cluster's objects, and no more: a pod is some 600 bytes here, not 11 KB, and the values of
 * environment variables never enter the operator's memory, but for the accounts that istiod trusts. `project.ts` makes these from the API objects.
 */

interface View {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** A namespace. */
export interface NamespaceView extends View {
  /** Milliseconds since the epoch. */
  readonly createdAt?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly terminating: boolean;
  /** Field manager by label key, from managedFields: to name who changed a label that the migration holds. */
  readonly labelManagers: Readonly<Record<string, string>>;
  /** Whether metadata.annotations exists: a JSON patch cannot add to a map that is not there. */
  readonly hasAnnotations: boolean;
}

/** What controls a pod. A StatefulSet of another API group than Kubernetes' own has the kind `StatefulSet.GROUP`. */
export interface OwnerView {
  readonly kind: string;
  readonly name: string;
}

/** A pod. */
export interface PodView extends View {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Only keys of istio.io, and those by which pods ask for another mesh. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The workload, with a ReplicaSet already resolved to its Deployment by name. */
  readonly owner?: OwnerView;
  readonly containers: readonly string[];
  /** Ports that its containers declare, and which container does; absent if none does. */
  readonly containerPorts?: readonly (ContainerPortView & { readonly container: string })[];
  readonly hostNetwork: boolean;
  /** The node that it is bound to; absent as long as it is to none. */
  readonly node?: string;
  /** Succeeded or Failed: it runs no more. */
  readonly finished: boolean;
  readonly terminating: boolean;
  readonly ready: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt?: number;
  /** Revision hash of a StatefulSet's or DaemonSet's pod. */
  readonly revision?: string;
  /** The ServiceAccount whose identity it has. */
  readonly serviceAccount: string;
  /** Whether some container of the template has a preStop hook. */
  readonly hasPreStop: boolean;
  /**
   * What keeps it from being Ready, in Kubernetes' own words: reasons of its containers, else its last condition.
   * Bounded.
   */
  readonly trouble?: string;
}

/**
 * Containers by name: those that stand for what a mesh puts into a pod, those that probe it there, those whose command
 * comes to no good end without it, and those that only call it.
 */
export interface ProxyParts {
  readonly containers: readonly string[];
  readonly probing: readonly string[];
  readonly failing: readonly string[];
  readonly calling: readonly string[];
}

/**
 * What pods are made from, and what makes them: a workload, or what comes and goes without the operator, like a
 * CronJob.
 */
export interface TemplateView extends View {
  /** Milliseconds since the epoch. */
  readonly createdAt?: number;
  /** As of an owner: one of another API group than that which the kind is known by has it in its name. */
  readonly kind: string;
  readonly namespace: string;
  /** The ServiceAccount of its pods. */
  readonly serviceAccount: string;
  /** Ports that the containers of the template declare. */
  readonly containerPorts: readonly ContainerPortView[];
  readonly templateLabels: Readonly<Record<string, string>>;
  /** Of what is no workload only those that a pod keeps. */
  readonly templateAnnotations: Readonly<Record<string, string>>;
  /** Its pods are on the network of their host. */
  readonly hostNetwork?: true;
  /** Absent if it has nothing that is for the proxy of a mesh. */
  readonly proxyParts?: ProxyParts;
  /** Names of its containers that may be of another mesh; absent if none is. */
  readonly otherProxies?: readonly string[];
  /** Names of its containers that are told of the header in which a sidecar says who calls; absent if none is. */
  readonly readsCertificate?: readonly string[];
  /** Names of its containers that send dynamic updates to a DNS server; absent if none does. */
  readonly updatesNames?: readonly string[];
  /** What it says about nodes; absent if it says nothing. */
  readonly placement?: Placement;
}

/** Whether it is a pod, and not what makes some. */
export function isPod(each: PodView | TemplateView): each is PodView {
  return !('templateLabels' in each);
}

/** What is asked of a pod, of those that a template makes. */
export function asPod({
  templateLabels: labels,
  templateAnnotations: annotations,
}: Pick<TemplateView, 'templateLabels' | 'templateAnnotations'>): Pick<PodView, 'labels' | 'annotations'> {
  return { labels, annotations };
}

/** A Deployment, StatefulSet or DaemonSet. */
export interface WorkloadView extends TemplateView {
  readonly kind: WorkloadKind;
  /** Pods wanted; for a DaemonSet desiredNumberScheduled. */
  readonly replicas: number;
  readonly generation: number;
  readonly observedGeneration: number;
  readonly updated: number;
  readonly available: number;
  /** Pods that exist, of any revision. */
  readonly current: number;
  readonly paused: boolean;
  /** RollingUpdate, Recreate or OnDelete. */
  readonly strategy: string;
  /** Pods its own strategy lets be unavailable at once, resolved to a number. */
  readonly maxUnavailable: number;
  /** StatefulSet: ordinals below stay on the old revision. */
  readonly partition: number;
  readonly updateRevision?: string;
  /**
   * Whether its template as it is was rolled out to the end once, as its controller remembers: that stays so when pods
   * die later. Absent where it remembers nothing, as that of a DaemonSet.
   */
  readonly rolledOut?: boolean;
  /** Milliseconds; Deployments only. */
  readonly progressDeadlineMs?: number;
  /** Deployments only: Progressing=False with reason ProgressDeadlineExceeded at the current generation. */
  readonly deadlineExceeded: boolean;
  /** Why its controller cannot create pods, in Kubernetes' own words: a quota, a webhook. Bounded. */
  readonly trouble?: string;
  /** Who set the restart annotation of its template last, from managedFields: to name whoever changes it back. */
  readonly templateManager?: string;
  /** What one of its pods asks for, by the template. */
  readonly asks: PodAsks;
  /** Image of each container of the template, by its name. */
  readonly images: Readonly<Record<string, string>>;
  readonly hasTemplateAnnotations: boolean;
  /** Accounts, as `NAMESPACE/NAME`, that it trusts to ask for the identities of others; absent if it says none. */
  readonly nodeAccounts?: readonly string[];
  /** Name of the Gateway that owns it; absent if none does. */
  readonly gateway?: string;
}

/** A port that a container declares. */
export interface ContainerPortView {
  readonly name?: string;
  readonly port: number;
}

/** A PodDisruptionBudget. */
export interface BudgetView extends View {
  readonly namespace: string;
  readonly selector: SelectorView | undefined;
  readonly disruptionsAllowed: number;
  readonly expectedPods: number;
  readonly desiredHealthy: number;
  readonly current: boolean;
}

/** A Service. */
export interface ServiceView extends View {
  readonly namespace: string;
  /** Milliseconds since the epoch. */
  readonly createdAt?: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Only the operator's own. */
  readonly annotations: Readonly<Record<string, string>>;
  /**
   * What really stands where `annotations` has the record of the labels of before that is known from elsewhere, or none
   * because what stands there is not ours: null for nothing.
   */
  readonly lostRecord?: string | null;
  /** Whether the maps exist: a JSON patch cannot add to one that is not there. */
  readonly hasLabels: boolean;
  /** Field manager by label key, as of a namespace. */
  readonly labelManagers: Readonly<Record<string, string>>;
  readonly hasAnnotations: boolean;
  readonly headless: boolean;
  readonly externalName: boolean;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePortView[];
  /** Namespaces whose sidecars are told of it, as it says itself; absent if it does not. */
  readonly exportTo?: readonly string[];
  /** What of it lets clients from outside the cluster call it, in words; absent if nothing does. */
  readonly opensBy?: string;
  /** Conditions by type. */
  readonly conditions: Readonly<Record<string, ConditionView>>;
}

/** A port of a Service. */
export interface ServicePortView {
  readonly name?: string;
  readonly port: number;
  /** Number, or name of a container port. */
  readonly targetPort: number | string;
  /** TCP, UDP or SCTP. */
  readonly protocol: string;
  readonly appProtocol?: string;
}

/** A metav1.Condition, as far as anything here reads it. */
export interface ConditionView {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** When it was said, in milliseconds since the epoch; absent where that is not told. */
  readonly at?: number;
}

/** metav1.LabelSelector in plain form. */
export interface SelectorView {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?:
    | readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] | undefined }[]
    | undefined;
}

/** Any configuration object of a mesh: policies, routes, extensions. Its spec is read by the rules of the adapter. */
export interface ConfigView extends View {
  readonly kind: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly generation: number;
  /** It is on its way out. */
  readonly terminating?: true;
  /** Milliseconds since the epoch. */
  readonly createdAt?: number;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
}

/** Whether a workload is what owns a pod, by kind and name: they are of one namespace. */
export function owns({ kind, name }: OwnerView, { owner }: Pick<PodView, 'owner'>): boolean {
  return owner?.kind === kind && owner.name === name;
}

/** Values of an expression; of many, looked up: each is compared with all templates of a namespace. */
const allOf = memoize((values: readonly string[]): ReadonlySet<string> => new Set(values));

function isAmong(value: string, values: readonly string[]): boolean {
  return values.length > 8 ? allOf(values).has(value) : values.includes(value);
}

/** Whether labels satisfy a selector (metav1.LabelSelector semantics: an empty selector matches everything). */
export function selects(selector: SelectorView, labels: Readonly<Record<string, string>>): boolean {
  const byLabel = selector.matchLabels === undefined || hasLabels(labels, selector.matchLabels);
  return (
    byLabel &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = own(labels, key);
      switch (operator) {
        case 'In':
          return value !== undefined && isAmong(value, values);
        case 'NotIn':
          return value === undefined || !isAmong(value, values);
        case 'Exists':
          return value !== undefined;
        default:
          return value === undefined;
      }
    })
  );
}
