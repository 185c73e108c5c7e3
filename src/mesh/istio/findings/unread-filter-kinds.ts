/** A kind of packet filters of which the meaning is not worked out here. */
export interface UnreadFilterKind {
  /** As views name it: with its group where another's is known by the name. */
  readonly kind: string;
  readonly scope: 'Namespace' | 'Cluster';
}

/** Of Cilium, of Calico (as it stores them, and as its API server or later versions serve them), and of administrators. */
export const unreadFilterKinds: readonly UnreadFilterKind[] = [
  { kind: 'CiliumNetworkPolicy', scope: 'Namespace' },
  { kind: 'CiliumClusterwideNetworkPolicy', scope: 'Cluster' },
  { kind: 'NetworkPolicy.crd.projectcalico.org', scope: 'Namespace' },
  { kind: 'GlobalNetworkPolicy.crd.projectcalico.org', scope: 'Cluster' },
  { kind: 'NetworkPolicy.projectcalico.org', scope: 'Namespace' },
  { kind: 'GlobalNetworkPolicy.projectcalico.org', scope: 'Cluster' },
  { kind: 'AdminNetworkPolicy', scope: 'Cluster' },
  { kind: 'BaselineAdminNetworkPolicy', scope: 'Cluster' },
  { kind: 'ClusterNetworkPolicy', scope: 'Cluster' },
];
