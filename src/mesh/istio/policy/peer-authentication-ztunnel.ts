import { isSelected, type Workload } from './attachment.ts';
import { oldest, scopes } from './peer-authentication.ts';
import type { Reading } from '../../../requests/semantics.ts';
import type { MtlsMode, PeerAuthentication } from './types.ts';
import type { ZtunnelAuthorization, ZtunnelGroup, ZtunnelMatch, ZtunnelRules } from './ztunnel-types.ts';
import { authorizationReading } from './ztunnel.ts';

/*
 * What ztunnel gets of PeerAuthentications: DENY policies that istiod makes of them. istiod decides in two places: what a policy
 * becomes (convertPeerAuthentication in istio/istio pilot/pkg/serviceregistry/ambient/authorization.go), and which of the results a
 * workload refers to (convertedSelectorPeerAuthentications). Where they disagree, a reference leads nowhere and nothing is denied.
 */

/** The policies above one of a workload, as istiod saw them when it last converted that one. */
export interface ParentPolicies {
  readonly namespace?: PeerAuthentication;
  readonly mesh?: PeerAuthentication;
}

const noIdentity: ZtunnelMatch = { notPrincipals: [{ presence: {} }] };
const staticStrict = 'istio_converted_static_strict';

function rulesOf(match: ZtunnelMatch): ZtunnelRules {
  return { matches: [match] };
}

/**
 * The parents that istiod finds for the policies of a namespace now: policies with a `selector` are none, even without labels. istiod does
 * not follow later changes of them: a converted policy stays as it is until its own PeerAuthentication changes or
 * istiod starts again (PolicyCollections in policies.go looks them up in an index without depending on it).
 */
export function parentPolicies(
  policies: readonly PeerAuthentication[],
  home: string,
  rootNamespace: string,
): ParentPolicies {
  const above = (wanted: string): PeerAuthentication | undefined =>
    oldest(policies.filter(({ namespace, selector }) => namespace === wanted && selector === undefined));
  const [namespace, mesh] = [above(home), above(rootNamespace)];
  return { ...(namespace && { namespace }), ...(mesh && { mesh }) };
}

/** convertPeerAuthentication: the resource for a policy with port modes; undefined if istiod makes none. */
export function convertPeerAuthentication(
  policy: PeerAuthentication,
  parents: ParentPolicies,
  rootNamespace: string,
): ZtunnelAuthorization | undefined {
  const ports = Object.entries(policy.ports)
    .map(([port, mode]) => ({ port: Number(port), mode }))
    .sort((a, b) => a.port - b.port);
  if (policy.namespace === rootNamespace || policy.selector === undefined || ports.length === 0) return undefined;
  const strict = ports.filter(({ mode }) => mode === 'STRICT' && !isStrictAlready(policy.mode, parents));
  const lenient = ports.filter(
    ({ mode }) => (mode === 'PERMISSIVE' || mode === 'DISABLE') && !isLenientAlready(policy.mode, parents),
  );
  if (lenient.length === 0 && (policy.mode === 'STRICT' || strict.length === 0)) return undefined;
  const rules = [
    ...(policy.mode === 'STRICT' ? [rulesOf(noIdentity)] : []),
    ...lenient.map(({ port }) => rulesOf({ notDestinationPorts: [port] })),
    ...(lenient.length > 0 && isStrictAbove(parents) ? [rulesOf(noIdentity)] : []),
  ];
  const groups: readonly ZtunnelGroup[] = strict.map(({ port }) => ({
    rules: [rulesOf({ ...noIdentity, destinationPorts: [port] })],
  }));
  return {
    name: `converted_peer_authentication_${policy.name}`,
    namespace: policy.namespace,
    scope: 'WORKLOAD_SELECTOR',
    action: 'DENY',
    groups: rules.length > 0 ? [...groups, { rules }] : groups,
    dryRun: false,
  };
}

/**
 * Whether istiod leaves a STRICT port to the parent. A STRICT mesh is enough for it, whatever the mode of the workload.
 */
function isStrictAlready(mode: MtlsMode, { namespace, mesh }: ParentPolicies): boolean {
  if (mode === 'STRICT' || (mode === 'UNSET' && namespace?.mode === 'STRICT')) return true;
  return (namespace === undefined || namespace.mode === 'UNSET') && mesh?.mode === 'STRICT';
}

/**
 * Whether istiod thinks that a PERMISSIVE port is no exception. A policy of the namespace without a mode hides the one
 * of the mesh.
 */
function isLenientAlready(mode: MtlsMode, { namespace, mesh }: ParentPolicies): boolean {
  if (mode !== 'UNSET') return mode !== 'STRICT';
  return (namespace ?? mesh)?.mode !== 'STRICT';
}

function isStrictAbove({ namespace, mesh }: ParentPolicies): boolean {
  if (namespace?.mode === 'STRICT') return true;
  return mesh?.mode === 'STRICT' && (namespace === undefined || namespace.mode === 'UNSET');
}

/**
 * Everything that istiod sends, if it starts with these policies. The first is there as soon as there is any
 * PeerAuthentication.
 */
export function convertedPeerAuthentications(
  policies: readonly PeerAuthentication[],
  rootNamespace: string,
): readonly ZtunnelAuthorization[] {
  if (policies.length === 0) return [];
  // Those of one namespace have the same ones above them, which are looked for among all.
  const parents = new Map<string, ParentPolicies>();
  const converted = policies.map((policy) => {
    const above = parents.get(policy.namespace) ?? parentPolicies(policies, policy.namespace, rootNamespace);
    parents.set(policy.namespace, above);
    return convertPeerAuthentication(policy, above, rootNamespace);
  });
  return [
    {
      name: staticStrict,
      namespace: rootNamespace,
      scope: 'WORKLOAD_SELECTOR',
      action: 'DENY',
      groups: [{ rules: [rulesOf(noIdentity)] }],
      dryRun: false,
    },
    ...converted.filter((authorization) => authorization !== undefined),
  ];
}

/** convertedSelectorPeerAuthentications: the names, as `namespace/name`, that the workload refers to. */
export function attachedPeerAuthentications(
  policies: readonly PeerAuthentication[],
  workload: Workload,
  rootNamespace: string,
): readonly string[] {
  const found = scopes(
    policies.filter((policy) => isFetched(policy, workload, rootNamespace)),
    rootNamespace,
  );
  const own = found.workload;
  const strict = [found.mesh, found.namespace, own].reduce((parent, policy, level) => {
    if (level > 0 && (policy === undefined || policy.mode === 'UNSET')) return parent;
    return policy?.mode === 'STRICT';
  }, false);
  const exceptions = exceptionModes(strict, own?.mode);
  const hasException = own !== undefined && Object.values(own.ports).some((mode) => exceptions.includes(mode));
  const names = [
    ...(strict && !hasException ? [`${rootNamespace}/${staticStrict}`] : []),
    ...(hasException ? [`${own.namespace}/converted_peer_authentication_${own.name}`] : []),
  ];
  return names.sort();
}

/** fetchPeerAuthentications: a policy of the mesh must not have a selector at all. */
function isFetched({ namespace, selector }: PeerAuthentication, workload: Workload, rootNamespace: string): boolean {
  if (namespace === rootNamespace && selector === undefined) return true;
  return namespace === workload.namespace && isSelected(selector, workload.labels);
}

/** Port modes that make a workload refer to its own policy. Where it has no mode itself, a DISABLE port is none. */
function exceptionModes(strict: boolean, own: MtlsMode | undefined): readonly MtlsMode[] {
  if (!strict) return ['STRICT'];
  return own === 'UNSET' ? ['PERMISSIVE'] : ['PERMISSIVE', 'DISABLE'];
}

/** What ztunnel enforces for the workload: the resources that it refers to, as far as they exist. */
export function ztunnelPeerReadings(
  sent: readonly ZtunnelAuthorization[],
  attached: readonly string[],
): readonly Reading[] {
  return sent.filter(({ namespace, name }) => attached.includes(`${namespace}/${name}`)).map(authorizationReading);
}
