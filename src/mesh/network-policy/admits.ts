import { parseAddress, type AddressRange } from '../../base/address.ts';
import { memoize } from '../../base/memoize.ts';
import { selects } from '../views.ts';
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

/** A connection, of which one end is asked: `to` receives it, whoever is asked. */
export interface Connection {
  readonly from: Peer;
  readonly to: Peer;
  readonly port: number;
  /** TCP where it is not said. */
  readonly protocol?: Protocol;
}

/** A rule by its place in a policy. */
export interface AdmittingRule {
  readonly policy: NetworkPolicy;
  readonly index: number;
}

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

function contains(range: AddressRange, peer: Peer): boolean {
  const parsed = addressOf(peer);
  return parsed?.family === range.family && parsed.value >= range.first && parsed.value <= range.last;
}

function isMeant(peer: PolicyPeer, pod: Peer, home: string): boolean {
  if (peer.kind === 'Block') return contains(peer.block, pod) && !peer.except.some((range) => contains(range, pod));
  const { namespaces, pods } = peer;
  const isThere = namespaces === undefined ? pod.namespace === home : selects(namespaces, pod.namespaceLabels);
  return isThere && (pods === undefined || selects(pods, pod.labels));
}

function isOpen(
  { protocol, port, endPort }: PolicyPort,
  asked: Required<Pick<Connection, 'to' | 'port' | 'protocol'>>,
): boolean {
  if (protocol !== asked.protocol) return false;
  if (port === undefined) return true;
  if (typeof port === 'number') return asked.port >= port && asked.port <= (endPort ?? port);
  return asked.to.ports.some(
    (declared) =>
      declared.name === port && declared.port === asked.port && (declared.protocol ?? 'TCP') === asked.protocol,
  );
}

function letsThrough(
  { peers, ports }: PolicyRule,
  home: string,
  direction: Direction,
  connection: Connection,
): boolean {
  const { from, to, port, protocol = 'TCP' } = connection;
  const other = direction === 'Ingress' ? from : to;
  return (
    (ports.length === 0 || ports.some((each) => isOpen(each, { to, port, protocol }))) &&
    (peers.length === 0 || peers.some((peer) => isMeant(peer, other, home)))
  );
}

/** Whether a policy isolates a pod in a direction. */
export function isolates(policy: NetworkPolicy, { namespace, labels }: Peer, direction: Direction): boolean {
  return policy.rules[direction] !== undefined && policy.namespace === namespace && selects(policy.selects, labels);
}

/** The first rule of a policy, which isolates one end of a connection, that lets it through; undefined if none does. */
export function ruleFor(
  policy: NetworkPolicy,
  connection: Connection,
  direction: Direction,
): AdmittingRule | undefined {
  const { namespace, rules } = policy;
  const index = (rules[direction] ?? []).findIndex((rule) => letsThrough(rule, namespace, direction, connection));
  return index < 0 ? undefined : { policy, index };
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
  const by = isolating.flatMap((policy) => ruleFor(policy, connection, direction) ?? []);
  if (by.length > 0) return { kind: 'Admitted', by };
  const because = policies.filter(
    (policy): policy is UnreadablePolicy => policy.kind === 'Unreadable' && policy.namespace === pod.namespace,
  );
  if (because.length > 0) return { kind: 'Unknown', because };
  return isolating.length === 0 ? { kind: 'NotIsolated' } : { kind: 'Refused', by: isolating };
}
