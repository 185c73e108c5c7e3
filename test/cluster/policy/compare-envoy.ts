import { sidecarReads, waypointReads, type ServiceName } from '../../../src/mesh/istio/policy/attachment.ts';
import { defaultOptions } from '../../../src/mesh/istio/policy/options.ts';
import type { Protocol } from '../../../src/mesh/istio/policy/protocol.ts';
import type { AuthorizationPolicy } from '../../../src/mesh/istio/policy/types.ts';
import { compareMaps, type Disagreement } from './disagreement.ts';
import { readFilter, type FilterModel, type FilterRules, type RbacFilter } from './envoy-filters.ts';
import { stageServiceEntry, type StageNode } from './stage.ts';
import type { FilterChain } from './xds-stream.ts';

/** A filter chain that carries traffic to a workload, and what the proxy ought to check in it. */
interface GuardedChain {
  readonly name: string;
  readonly chain: FilterChain;
  readonly protocol: Protocol;
  readonly policies: readonly AuthorizationPolicy[];
}

/** Compares the RBAC filters in all chains of a sidecar or a waypoint with the model. */
export function compareNode(
  node: StageNode,
  policies: readonly AuthorizationPolicy[],
  model: FilterModel,
): readonly Disagreement[] {
  const identity = node.kind === 'sidecar' ? 'connection' : 'filterState';
  const read = new Map<string, RbacFilter>();
  const seen = new Set<string>();
  return guardedChains(node, policies).flatMap(({ name, chain, protocol, policies: attached }) => {
    const placed = chain.filters.filter(({ kind }) => kind !== 'jwt');
    const wrongKind = placed.filter(({ kind }) => kind !== protocol);
    if (wrongKind.length > 0)
      return [{ policy: '', where: `${describeNode(node)} ${name}`, sent: wrongKind, model: protocol }];
    const fingerprint = `${placed.map(({ digest }) => digest).join()} ${attached.map((policy) => `${policy.namespace}/${policy.name}`).join()}`;
    if (seen.has(fingerprint)) return [];
    seen.add(fingerprint);
    const sent = placed.map(({ digest }) => {
      const known = read.get(digest) ?? readFilter(node.stream.filter(digest));
      read.set(digest, known);
      return known;
    });
    return compareFilters(`${describeNode(node)} ${name}`, sent, model.filters(attached, protocol, identity));
  });
}

/** For messages. */
export function describeNode(node: StageNode): string {
  return node.kind === 'sidecar'
    ? `the sidecar of ${node.pod.namespace}/${node.pod.name}`
    : `the waypoint of ${node.namespace}`;
}

/** Chains that lead nowhere, or to the proxy itself. */
const unguarded: ReadonlySet<string> = new Set(['virtualInbound-blackhole']);

function guardedChains(node: StageNode, policies: readonly AuthorizationPolicy[]): readonly GuardedChain[] {
  if (node.kind === 'sidecar') {
    const attached = policies.filter((policy) => sidecarReads(policy, node.pod, defaultOptions));
    return chainsOf(node, 'virtualInbound')
      .filter(({ name }) => !unguarded.has(name))
      .map((chain, index) => ({
        name: `virtualInbound ${chain.name} (chain ${index})`,
        chain,
        policies: attached,
        protocol: chain.filters.some(({ kind }) => kind === 'http') ? 'http' : 'tcp',
      }));
  }
  return chainsOf(node, 'main_internal').map((chain) => {
    const { protocol, service } = readChainName(chain.name);
    return {
      name: chain.name,
      chain,
      protocol,
      policies: policies.filter((policy) =>
        waypointReads(policy, { namespace: node.namespace, name: 'waypoint' }, service, defaultOptions),
      ),
    };
  });
}

function chainsOf({ stream }: StageNode, listener: string): readonly FilterChain[] {
  return stream.listeners.get(listener) ?? [];
}

/**
 * `inbound-vip|80|http|web.shop.svc.cluster.local`, the same with the host of a ServiceEntry, or `direct-http` for pods
 * that are addressed themselves.
 */
function readChainName(name: string): { readonly protocol: Protocol; readonly service: ServiceName } {
  const [, , protocol = name === 'direct-http' ? 'http' : 'tcp', host = ''] = name.split('|');
  const [service = '', namespace = ''] = host.split('.');
  const { host: outside, ...entry } = stageServiceEntry;
  return {
    protocol: protocol === 'http' ? 'http' : 'tcp',
    service: host === outside ? { kind: 'ServiceEntry', ...entry } : { kind: 'Service', namespace, name: service },
  };
}

function compareFilters(
  where: string,
  sent: readonly RbacFilter[],
  model: readonly RbacFilter[],
): readonly Disagreement[] {
  const shape = (filters: readonly RbacFilter[]): string =>
    filters.map(({ enforced, shadow }) => `${enforced?.action ?? ''}/${shadow?.action ?? ''}`).join(', ');
  if (shape(sent) !== shape(model)) return [{ policy: '', where, sent: shape(sent), model: shape(model) }];
  return sent.flatMap((filter, index) => [
    ...compareRules(`${where} enforces`, filter.enforced, model[index]?.enforced),
    ...compareRules(`${where} evaluates`, filter.shadow, model[index]?.shadow),
  ]);
}

function compareRules(
  where: string,
  sent: FilterRules | undefined,
  model: FilterRules | undefined,
): readonly Disagreement[] {
  return compareMaps(where, sent?.rules ?? new Map(), model?.rules ?? new Map(), (name) => {
    const { namespace = '', policy = '' } = /ns\[(?<namespace>.*?)\]-policy\[(?<policy>.*?)\]/.exec(name)?.groups ?? {};
    return `${namespace}/${policy}`;
  });
}
