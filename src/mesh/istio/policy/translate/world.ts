import { memoize } from '../../../../base/memoize.ts';
import { isEmpty } from '../../../has-labels.ts';
import type { ConfigView, ServiceView } from '../../../views.ts';
import { withInjected } from '../injected.ts';
import type { PolicyOptions } from '../options.ts';
import type { AuthorizationPolicy, RequestAuthentication } from '../types.ts';

/** What a translation needs of a Service. */
export type ServiceFacts = Pick<
  ServiceView,
  'namespace' | 'name' | 'labels' | 'selector' | 'headless' | 'externalName' | 'ports'
>;

/** Pods that share their labels: a workload's template, or one running pod. */
export interface WorkloadFacts {
  readonly kind: string;
  readonly name: string;
  /** The name by which the injector knows it, if that is another. */
  readonly owner?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Container ports by name. */
  readonly ports: Readonly<Record<string, number>>;
  /** Every container port that is declared, named or not. */
  readonly declared: readonly number[];
}

/** A configuration object as it stands in the cluster or in a manifest. */
export type ConfigObject = Pick<ConfigView, 'kind' | 'namespace' | 'name' | 'labels' | 'annotations' | 'spec'>;

/** A policy in both forms: the copy is made from what stands there, decisions from what it means. */
export interface Original<P> {
  readonly object: ConfigObject;
  readonly policy: P;
}

/** The waypoint that a namespace is to use. */
export interface WaypointFacts {
  readonly namespace: string;
  readonly name: string;
  /** Istio names it after the Gateway unless the annotation `gateway.istio.io/service-account` says otherwise. */
  readonly serviceAccount: string;
}

/** Who may still reach the pods directly once the guard is up: declared by the user, never guessed. */
export interface Exceptions {
  /** As in `principals` of an AuthorizationPolicy. */
  readonly principals: readonly string[];
  /** Container ports that stay open to direct callers, for example those of metrics. */
  readonly ports: readonly number[];
}

/**
 * Everything that a translation of one namespace looks at. Policies and extensions: those of the namespace and of the
 * root namespace.
 */
export interface World {
  readonly namespace: string;
  readonly options: PolicyOptions;
  /** The revision of istiod, if there is one only. */
  readonly revision?: string;
  readonly waypoint: WaypointFacts;
  /** Services of which callers in ambient came through the waypoint before the migration; absent: of none. */
  readonly boundBefore?: readonly string[];
  /** Names of Services that the migration asks a waypoint for; absent: of none. */
  readonly requested?: readonly string[];
  readonly exceptions: Exceptions;
  /** Whether some pod of the namespace may still have a sidecar; it then reads the originals behind the waypoint. */
  readonly sidecars: boolean;
  readonly policies: readonly Original<AuthorizationPolicy>[];
  readonly requestAuthentications: readonly Original<RequestAuthentication>[];
  /** Only to be named where they are large: nothing is made of them. */
  readonly peerAuthentications?: readonly ConfigObject[];
  /** Telemetry, WasmPlugin, TrafficExtension and EnvoyFilter. */
  readonly extensions: readonly ConfigObject[];
  /** HTTPRoute, GRPCRoute, VirtualService and DestinationRule of the namespace and of the root namespace. */
  readonly routes: readonly ConfigObject[];
  readonly services: readonly ServiceFacts[];
  readonly workloads: readonly WorkloadFacts[];
}

/** SPIFFE identity of the waypoint without `spiffe://`, as `principals` names it. */
export function waypointPrincipal({ options, waypoint }: Pick<World, 'options' | 'waypoint'>): string {
  return `${options.trustDomain}/ns/${waypoint.namespace}/sa/${waypoint.serviceAccount}`;
}

/** The labels that these pods have while they have sidecars. */
export const sidecarLabels: (pods: WorkloadFacts) => WorkloadFacts['labels'] = memoize(
  ({ labels, name, owner = name }: WorkloadFacts) => withInjected(labels, owner),
);

/** `AuthorizationPolicy shop/deny-delete`. */
export function titleOf({ kind, namespace, name }: Pick<ConfigObject, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`;
}

/** `Service shop/cart`. */
export function serviceTitle({ namespace, name }: Pick<ServiceFacts, 'namespace' | 'name'>): string {
  return `Service ${namespace}/${name}`;
}

/** Whether a waypoint can stand before it: it has an address, and pods that its own selector names. */
export function isServable({ headless, externalName, selector }: ServiceFacts): boolean {
  return !headless && !externalName && !isEmpty(selector);
}
