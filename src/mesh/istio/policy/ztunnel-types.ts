/*
 * What istiod sends to ztunnel, in the JSON form of istio/istio pkg/workloadapi/security/authorization.proto; empty lists are absent.
 */

/** How a text is compared. */
export type StringMatch =
  | { readonly exact: string }
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly presence: Readonly<Record<string, never>> };

/** An address with the length of its prefix; bits beyond it may be set. */
export interface ZtunnelAddress {
  readonly address: string;
  readonly length: number;
}

/** A ServiceAccount. */
export interface ServiceAccountMatch {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Lists are AND-ed, the members of a list OR-ed. */
export interface ZtunnelMatch {
  readonly namespaces?: readonly StringMatch[];
  readonly notNamespaces?: readonly StringMatch[];
  readonly serviceAccounts?: readonly ServiceAccountMatch[];
  readonly notServiceAccounts?: readonly ServiceAccountMatch[];
  readonly principals?: readonly StringMatch[];
  readonly notPrincipals?: readonly StringMatch[];
  readonly sourceIps?: readonly ZtunnelAddress[];
  readonly notSourceIps?: readonly ZtunnelAddress[];
  readonly destinationIps?: readonly ZtunnelAddress[];
  readonly notDestinationIps?: readonly ZtunnelAddress[];
  readonly destinationPorts?: readonly number[];
  readonly notDestinationPorts?: readonly number[];
}

/** One of `from`, `to` and each member of `when`; its matches are OR-ed. */
export interface ZtunnelRules {
  readonly matches: readonly ZtunnelMatch[];
}

/** A rule of the policy; its parts are AND-ed. */
export interface ZtunnelGroup {
  readonly rules: readonly ZtunnelRules[];
}

/** security.Authorization. Groups are OR-ed. */
export interface ZtunnelAuthorization {
  readonly name: string;
  readonly namespace: string;
  readonly scope: 'GLOBAL' | 'NAMESPACE' | 'WORKLOAD_SELECTOR';
  readonly action: 'ALLOW' | 'DENY';
  readonly groups: readonly ZtunnelGroup[];
  readonly dryRun: boolean;
}
