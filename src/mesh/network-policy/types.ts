import type { AddressRange } from '../../base/address.ts';
import type { SelectorView } from '../views.ts';

type Labels = Readonly<Record<string, string>>;

/** What a NetworkPolicy can tell connections apart by. */
export type Protocol = 'TCP' | 'UDP' | 'SCTP';

/** As seen from the pods that a policy selects. */
export type Direction = 'Ingress' | 'Egress';

/** A port that a pod declares. */
export interface DeclaredPort {
  readonly name?: string;
  readonly port: number;
  /** TCP where it does not say. */
  readonly protocol?: Protocol;
}

/** One end of a connection. */
export interface Peer {
  readonly namespace: string;
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
  readonly ports: readonly DeclaredPort[];
  /** Where it is not known, no `ipBlock` means it. */
  readonly address?: string;
}

/** Who is at the other end, as a rule says it. */
export type PolicyPeer =
  /** Without `namespaces` those of the policy's own. */
  | { readonly kind: 'Pods'; readonly namespaces?: SelectorView; readonly pods?: SelectorView }
  | { readonly kind: 'Block'; readonly block: AddressRange; readonly except: readonly AddressRange[] };

/** Without a port every port of the protocol. */
export interface PolicyPort {
  readonly protocol: Protocol;
  /** Number, or name of a port of the pod that receives. */
  readonly port?: number | string;
  readonly endPort?: number;
}

/** Empty lists mean everybody, and every port of every protocol. */
export interface PolicyRule {
  readonly peers: readonly PolicyPeer[];
  readonly ports: readonly PolicyPort[];
}

/** A NetworkPolicy as it was written. */
export interface NetworkPolicy {
  readonly kind: 'NetworkPolicy';
  readonly namespace: string;
  readonly name: string;
  readonly selects: SelectorView;
  /** What it lets through in each direction in which it isolates; absent where it does not. */
  readonly rules: Readonly<Partial<Record<Direction, readonly PolicyRule[]>>>;
}

/** One of which nobody can tell what it does. */
export interface UnreadablePolicy {
  readonly kind: 'Unreadable';
  readonly namespace: string;
  readonly name: string;
  /** The field that is not what it has to be. */
  readonly field: string;
}
