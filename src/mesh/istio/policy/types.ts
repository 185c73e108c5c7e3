/*
 * Istio's policies as parsed from their YAML, one type per kind; `parse.ts` makes them. Lists that were absent are empty:
 * Istio reads both alike (protobuf has no difference), with the exceptions that a type says.
 */

/** What identifies a policy, and the metadata that changes its meaning. */
export interface PolicyMeta {
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  /**
   * Milliseconds since the epoch; the oldest PeerAuthentication of a scope wins. Undefined for a manifest that was
   * never applied.
   */
  readonly createdAt?: number;
}

/** `spec.targetRefs[]`; `group` is "" for core kinds. */
export interface TargetRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  /** Istio ignores a reference into another namespace. */
  readonly namespace?: string;
}

/** What a policy applies to. */
export interface Attachment {
  /**
   * `spec.selector.matchLabels`. Undefined without `spec.selector`; empty if it is there without labels, which is not
   * the same to ztunnel.
   */
  readonly selector?: Readonly<Record<string, string>>;
  /**
   * For a selector without labels: whether `matchLabels` is there, as `{}`. istiod then attaches the policy to every
   * workload of its scope; without it, to none (buildWorkloadPolicies in pilot/pkg/serviceregistry/ambient/workloads.go
   * wants a map that is not nil).
   */
  readonly hasEmptyLabels?: boolean;
  readonly targetRefs: readonly TargetRef[];
}

/** `rules[].from[].source` of an AuthorizationPolicy. */
export interface Source {
  readonly principals: readonly string[];
  readonly notPrincipals: readonly string[];
  readonly requestPrincipals: readonly string[];
  readonly notRequestPrincipals: readonly string[];
  readonly namespaces: readonly string[];
  readonly notNamespaces: readonly string[];
  readonly serviceAccounts: readonly string[];
  readonly notServiceAccounts: readonly string[];
  readonly trustDomains: readonly string[];
  readonly notTrustDomains: readonly string[];
  readonly ipBlocks: readonly string[];
  readonly notIpBlocks: readonly string[];
  readonly remoteIpBlocks: readonly string[];
  readonly notRemoteIpBlocks: readonly string[];
}

/** `rules[].to[].operation` of an AuthorizationPolicy. */
export interface Operation {
  readonly hosts: readonly string[];
  readonly notHosts: readonly string[];
  readonly ports: readonly string[];
  readonly notPorts: readonly string[];
  readonly methods: readonly string[];
  readonly notMethods: readonly string[];
  readonly paths: readonly string[];
  readonly notPaths: readonly string[];
}

/** `rules[].when[]` of an AuthorizationPolicy. */
export interface When {
  readonly key: string;
  readonly values: readonly string[];
  readonly notValues: readonly string[];
}

/**
 * One rule: matches if some source, some operation and every condition match. An empty list of one of them does not
 * restrict.
 */
export interface Rule {
  readonly from: readonly Source[];
  readonly to: readonly Operation[];
  readonly when: readonly When[];
}

/** `spec.action`. */
export type Action = 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';

/** security.istio.io AuthorizationPolicy. No rules: an ALLOW that allows nothing, a DENY that denies nothing. */
export interface AuthorizationPolicy extends PolicyMeta, Attachment {
  readonly kind: 'AuthorizationPolicy';
  readonly action: Action;
  /** `spec.provider.name` of CUSTOM. */
  readonly provider?: string;
  /** Annotation `istio.io/dry-run`, read as Go's strconv.ParseBool does. */
  readonly dryRun: boolean;
  readonly rules: readonly Rule[];
}

/** mTLS mode; UNSET inherits. */
export type MtlsMode = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT';

/** security.istio.io PeerAuthentication. */
export interface PeerAuthentication extends PolicyMeta, Attachment {
  readonly kind: 'PeerAuthentication';
  readonly mode: MtlsMode;
  /** By workload port. */
  readonly ports: Readonly<Record<number, MtlsMode>>;
}

/** security.istio.io RequestAuthentication. */
export interface RequestAuthentication extends PolicyMeta, Attachment {
  readonly kind: 'RequestAuthentication';
  /** The issuers whose tokens it checks. A request with an invalid token is refused; one without a token passes. */
  readonly issuers: readonly string[];
}

/** Any policy that decides about requests. */
export type Policy = AuthorizationPolicy | PeerAuthentication | RequestAuthentication;

/** The data planes that read policies. */
export type Plane = 'sidecar' | 'ztunnel' | 'waypoint';
