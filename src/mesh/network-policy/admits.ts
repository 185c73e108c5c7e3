import { parseAddress } from '../../base/address.ts';
import { memoize } from '../../base/memoize.ts';
import { coverOf, covers, isEmptyCover } from './blocks.ts';
import { asksForMore, isSelected } from './selected.ts';
import type {
  Direction,
  NetworkPolicy,
  Peer,
  PolicyPeer,
  PolicyPort,
  PolicyRule,
  Protocol,
  UnreadablePolicy,
} from './types.ts';

/*
 * The documentation of Kubernetes, Concepts, Network Policies: pods are not isolated unless a policy selects them for a direction; then what any of these
 * policies lets through is let through; a connection has to be let through at both ends. What a node sends to its own pods is not asked about.
 */

/** Who calls whom: `to` receives, whichever end is asked. */
export interface Ends {
  readonly from: Peer;
  readonly to: Peer;
  /** TCP where it is not said. */
  readonly protocol?: Protocol;
}

/** The same by one port. */
export interface Connection extends Ends {
  readonly port: number;
}

/** A rule by its place in a policy. */
export interface AdmittingRule {
  readonly policy: NetworkPolicy;
  readonly index: number;
}

/** Ports that a rule opens between two ends; the first and the last of them belong to it. */
export interface Opening extends AdmittingRule, Ports {}

/** What policies say of a connection at one of its ends. */
export type Verdict =
  | { readonly kind: 'NotIsolated' }
  /** By the first rule of each policy that lets it through. */
  | { readonly kind: 'Admitted'; readonly by: readonly AdmittingRule[] }
  /** By these, none of which lets it through. */
  | { readonly kind: 'Refused'; readonly by: readonly NetworkPolicy[] }
  /** One of these, of which nobody can tell, decides. */
  | { readonly kind: 'Unknown'; readonly because: readonly UnreadablePolicy[] };

const addressOf = memoize(({ address }: Peer) => (address === undefined ? undefined : parseAddress(address)));

type PodsPeer = Extract<PolicyPeer, { readonly kind: 'Pods' }>;

const podsOf = memoize((peers: readonly PolicyPeer[]): readonly PodsPeer[] =>
  peers.filter((peer) => peer.kind === 'Pods'),
);

function isInBlock(peers: readonly PolicyPeer[], pod: Peer): boolean {
  const address = addressOf(pod);
  return address !== undefined && covers(coverOf(peers), address);
}

function isThere({ namespaces }: PodsPeer, { namespace, namespaceLabels }: Whereabouts, home: string): boolean {
  return namespaces === undefined ? namespace === home : isSelected(namespaces, namespaceLabels);
}

function isMeant(peer: PodsPeer, pod: Peer, home: string): boolean {
  return isThere(peer, pod, home) && (peer.pods === undefined || isSelected(peer.pods, pod.labels));
}

/** Where pods are. */
export type Whereabouts = Pick<Peer, 'namespace' | 'namespaceLabels'>;

/** Whether a rule of a policy in `home` may mean some pod of a namespace, whatever its labels and its address are. */
export function mayMean({ peers }: PolicyRule, there: Whereabouts, home: string): boolean {
  if (peers.length === 0 || !isEmptyCover(coverOf(peers))) return true;
  return podsOf(peers).some((peer) => isThere(peer, there, home));
}

/**
 * Whether a rule means a pod by what its namespace is, in which that differs from the policy's own: so it is somebody
 * whom the rule is about, and not whoever has the labels that it asks for.
 */
export function singlesOut({ peers }: PolicyRule, pod: Peer, home: Whereabouts): boolean {
  return podsOf(peers).some(
    (peer) =>
      peer.namespaces !== undefined &&
      isMeant(peer, pod, home.namespace) &&
      asksForMore(peer.namespaces, home.namespaceLabels),
  );
}

/** Ports of the pod that receives, which something opens: both ends belong to it. */
interface Ports {
  readonly first: number;
  readonly last: number;
}

const everyPort: Ports = { first: 1, last: 65_535 };

function meant({ protocol, port, endPort }: PolicyPort, to: Peer, asked: Protocol): readonly Ports[] {
  if (protocol !== asked) return [];
  if (port === undefined) return [everyPort];
  if (typeof port === 'number') return [{ first: port, last: endPort ?? port }];
  return to.ports
    .filter((declared) => declared.name === port && (declared.protocol ?? 'TCP') === asked)
    .map((declared) => ({ first: declared.port, last: declared.port }));
}

function opened({ peers, ports }: PolicyRule, home: string, direction: Direction, ends: Ends): readonly Ports[] {
  const { from, to, protocol = 'TCP' } = ends;
  const other = direction === 'Ingress' ? from : to;
  const isAsked = peers.length === 0 || podsOf(peers).some((peer) => isMeant(peer, other, home));
  if (!isAsked && !isInBlock(peers, other)) return [];
  return ports.length === 0 ? [everyPort] : ports.flatMap((port) => meant(port, to, protocol));
}

/** Whether a policy isolates a pod in a direction. */
export function isolates(policy: NetworkPolicy, { namespace, labels }: Peer, direction: Direction): boolean {
  return policy.rules[direction] !== undefined && policy.namespace === namespace && isSelected(policy.selects, labels);
}

/** What the rules of a policy, which isolates one end of a connection, open at that end. */
export function openings(policy: NetworkPolicy, ends: Ends, direction: Direction): readonly Opening[] {
  const { namespace, rules } = policy;
  return (rules[direction] ?? []).flatMap((rule, index) =>
    opened(rule, namespace, direction, ends).map((ports) => ({ policy, index, ...ports })),
  );
}

/**
 * What policies say of a connection at its end in this direction: at that of the called pod for ingress, at that of the
 * caller for egress.
 */
export function admits(
  policies: readonly (NetworkPolicy | UnreadablePolicy)[],
  connection: Connection,
  direction: Direction,
): Verdict {
  const pod = direction === 'Ingress' ? connection.to : connection.from;
  const isolating = policies.filter(
    (policy): policy is NetworkPolicy => policy.kind === 'NetworkPolicy' && isolates(policy, pod, direction),
  );
  const { port } = connection;
  const by = isolating.flatMap((policy) => {
    const found = openings(policy, connection, direction).find(({ first, last }) => first <= port && port <= last);
    return found === undefined ? [] : [{ policy, index: found.index }];
  });
  if (by.length > 0) return { kind: 'Admitted', by };
  const because = policies.filter(
    (policy): policy is UnreadablePolicy => policy.kind === 'Unreadable' && policy.namespace === pod.namespace,
  );
  if (because.length > 0) return { kind: 'Unknown', because };
  return isolating.length === 0 ? { kind: 'NotIsolated' } : { kind: 'Refused', by: isolating };
}
