import { isSelected, type Workload } from './attachment.ts';
import type { Literal, Matcher, Reading } from '../../../requests/semantics.ts';
import type { MtlsMode, PeerAuthentication } from './types.ts';

/*
 * What a sidecar makes of PeerAuthentications: ComposePeerAuthentication in istio/istio
 * pilot/pkg/security/authn/policy_applier.go, and addPeerAuthentication in pilot/pkg/model/authentication.go.
 */

/** A mode that nothing is left to inherit. */
export type EffectiveMode = Exclude<MtlsMode, 'UNSET'>;

/** The mode of a workload, and of the ports that have another policy. */
export interface EffectiveMtls {
  readonly mode: EffectiveMode;
  readonly ports: Readonly<Record<number, EffectiveMode>>;
}

/** The policies that count for a workload, the oldest of each scope. */
export interface PeerAuthenticationScopes {
  readonly mesh?: PeerAuthentication;
  readonly namespace?: PeerAuthentication;
  readonly workload?: PeerAuthentication;
}

/** Whether the policy is about a namespace or the mesh: it has no labels to select by. */
export function isWide({ selector }: PeerAuthentication): boolean {
  return Object.keys(selector ?? {}).length === 0;
}

/**
 * The oldest; of two that were created in the same second, the first by name, as istiod sorts them for sidecars
 * (configCompareByCreationTime).
 */
export function oldest(policies: readonly PeerAuthentication[]): PeerAuthentication | undefined {
  return byAge(policies)[0];
}

/** All of them in that order. */
export function byAge(policies: readonly PeerAuthentication[]): readonly PeerAuthentication[] {
  return policies.toSorted((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0) || (a.name < b.name ? -1 : 1));
}

/**
 * Of the policies that istiod looks at, those that count for a workload. Policies with labels do not count in the root
 * namespace.
 */
export function scopes(policies: readonly PeerAuthentication[], rootNamespace: string): PeerAuthenticationScopes {
  const mesh = oldest(policies.filter((policy) => isWide(policy) && policy.namespace === rootNamespace));
  const namespace = oldest(policies.filter((policy) => isWide(policy) && policy.namespace !== rootNamespace));
  const workload = oldest(policies.filter((policy) => !isWide(policy) && policy.namespace !== rootNamespace));
  return { ...(mesh && { mesh }), ...(namespace && { namespace }), ...(workload && { workload }) };
}

/** The modes that the sidecar of the workload enforces. Without any policy: PERMISSIVE. */
export function effectiveMtls(
  policies: readonly PeerAuthentication[],
  workload: Workload,
  rootNamespace: string,
): EffectiveMtls {
  const inReach = policies.filter(
    (policy) =>
      (policy.namespace === workload.namespace || policy.namespace === rootNamespace) &&
      isSelected(policy.selector, workload.labels),
  );
  const found = scopes(inReach, rootNamespace);
  const mode = inherit(found.workload?.mode, inherit(found.namespace?.mode, inherit(found.mesh?.mode, 'PERMISSIVE')));
  const ports = Object.entries(found.workload?.ports ?? {}).map(([port, own]) => [port, inherit(own, mode)] as const);
  return { mode, ports: Object.fromEntries(ports) };
}

function inherit(own: MtlsMode | undefined, parent: EffectiveMode): EffectiveMode {
  return own === undefined || own === 'UNSET' ? parent : own;
}

/** The mode of one port of the workload. */
export function modeOfPort({ mode, ports }: EffectiveMtls, port: number): EffectiveMode {
  return ports[port] ?? mode;
}

const noIdentity: Literal = {
  anyOf: [{ of: 'identity', part: 'Principal', match: { kind: 'Present' } }],
  negated: true,
};

/**
 * STRICT as a policy that denies what has no identity; undefined if plaintext is let in on every port. DISABLE refuses
 * nothing: callers learn of it from istiod and send plaintext.
 */
export function asPeerReading(mtls: EffectiveMtls, namespace: string): Reading | undefined {
  const ports = (strict: boolean): readonly Matcher[] =>
    Object.entries(mtls.ports)
      .filter(([, mode]) => (mode === 'STRICT') === strict)
      .map(([port]): Matcher => ({ of: 'port', side: 'Workload', port: Number(port) }));
  const [strict, lenient] = [ports(true), ports(false)];
  const everywhere =
    mtls.mode === 'STRICT' ? [[noIdentity, ...(lenient.length > 0 ? [{ anyOf: lenient, negated: true }] : [])]] : [];
  const here = mtls.mode !== 'STRICT' && strict.length > 0 ? [[noIdentity, { anyOf: strict, negated: false }]] : [];
  const rules = [...everywhere, ...here];
  return rules.length === 0 ? undefined : { namespace, name: 'PeerAuthentication', action: 'DENY', rules: [rules] };
}
