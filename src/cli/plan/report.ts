import type { ItineraryName, StepName } from '../../api/namespace-migration.ts';
import type { Role } from '../../mesh/istio/policy/translate/manifest.ts';
import type { ProxyRequests } from '../../mesh/proxy-requests.ts';
import type { RouteOffer } from '../../mesh/istio/policy/translate/route-offer.ts';
import type { KeptFeature } from '../../mesh/istio/policy/translate/routes.ts';
import type { AuditFinding } from '../audit/report.ts';
import type { Unreadable } from '../manifests/manifest.ts';
import type { Withheld } from './withheld.ts';

/** A Service, and whether it gets a waypoint. */
export interface ServicePlan {
  readonly name: string;
  readonly waypoint: boolean;
  /** It goes through a waypoint that is to be used already. */
  readonly already?: true;
  /** Sentences: why, or why not. */
  readonly reasons: readonly string[];
  /** Who calls it, for a Service that only the waypoint may call. */
  readonly callers?: string;
}

/** An object that the migration makes. */
export interface MadePlan {
  readonly role: Role | 'Waypoint';
  readonly kind: string;
  readonly name: string;
  /** What it is for and when it has to be there. */
  readonly why: string;
}

/** A workload at its place in the order. */
export interface WorkloadPlan {
  readonly kind: string;
  readonly name: string;
  /** Whom it has to wait for, and why; undefined if it need not. */
  readonly after?: string;
}

/** What becomes of one namespace. */
export interface NamespacePlan {
  readonly name: string;
  readonly itinerary: ItineraryName;
  /** Name of its waypoint, if it gets one or uses one. */
  readonly waypoint?: string;
  /** Why it has this place among the namespaces. */
  readonly order: string;
  readonly services: readonly ServicePlan[];
  /** In the order in which they are to be applied. */
  readonly makes: readonly MadePlan[];
  readonly workloads: readonly WorkloadPlan[];
  /** What the operator does, in its order. */
  readonly steps: readonly { readonly name: StepName; readonly why: string }[];
  /** What of routes works on behind the waypoint. */
  readonly kept: readonly KeptFeature[];
  /** Routes of the Gateway API that do exactly what a VirtualService does. */
  readonly offers: readonly RouteOffer[];
  readonly findings: readonly AuditFinding[];
}

/** A namespace that is left as it is. */
export interface LeftNamespace {
  readonly name: string;
  readonly why: string;
}

/** What `--write` did: files, or a sentence about why there are none. */
export type Written =
  | { readonly directory: string; readonly files: readonly string[]; readonly withheld?: readonly Withheld[] }
  | { readonly directory: string; readonly refused: string };

/** How the namespaces of some manifests get from sidecars to ambient. */
export interface PlanReport {
  /** The API server, where a cluster was asked about. */
  readonly cluster?: string;
  readonly istioVersion: string;
  /** In the order in which to migrate them. */
  readonly namespaces: readonly NamespacePlan[];
  readonly left: readonly LeftNamespace[];
  /** What is taken for granted about which namespaces move; absent where a MeshMigration says it. */
  readonly assumed?: string;
  /** Of a cluster, where pods are: manifests do not say what an injector adds. */
  readonly proxies?: ProxyRequests;
  readonly unreadable: readonly Unreadable[];
  readonly written?: Written;
}
