import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { effectOf } from '../policy/classify-effect.ts';
import { spend } from '../../../base/effort.ts';
import { parsed } from '../policy/parsed.ts';
import { asPeerReading, effectiveMtls } from '../policy/peer-authentication.ts';
import {
  attachedPeerAuthentications,
  convertedPeerAuthentications,
  convertPeerAuthentication,
  parentPolicies,
  ztunnelPeerReadings,
  type ParentPolicies,
} from '../policy/peer-authentication-ztunnel.ts';
import type { Effect, Reading } from '../../../requests/semantics.ts';
import type { MtlsMode, PeerAuthentication } from '../policy/types.ts';
import { applicable } from './applicable.ts';
import { severityOfRefusals, type Evidence } from './rule.ts';
import { asksForStrict, inReach, nameOf } from '../vocabulary/objects.ts';

interface Peer {
  readonly config: ConfigView;
  readonly policy: PeerAuthentication;
}

function peers(configs: readonly ConfigView[]): readonly Peer[] {
  return configs.flatMap((config) => {
    const policy = parsed(config);
    return policy?.kind === 'PeerAuthentication' ? [{ config, policy }] : [];
  });
}

/** Only these can be converted otherwise than sidecars read them: port modes, and a selector that selects by nothing. */
function isOdd({ policy: { ports, selector } }: Peer): boolean {
  return Object.keys(ports).length > 0 || (selector !== undefined && Object.keys(selector).length === 0);
}

function rulesOf(readings: readonly Reading[]): Reading['rules'][number] {
  return readings.flatMap(({ rules }) => rules.flat());
}

/** What ztunnel makes of the policies for a pod that has just the labels which one of them selects. */
function effectFor(
  { policy: { selector = {} } }: Peer,
  namespace: string,
  all: readonly PeerAuthentication[],
  converted: ReturnType<typeof convertedPeerAuthentications>,
  rootNamespace: string,
): Effect {
  spend(1 + all.length / 2);
  const pod = { namespace, labels: selector };
  const intended = asPeerReading(effectiveMtls(all, pod, rootNamespace), namespace);
  const enforced = ztunnelPeerReadings(converted, attachedPeerAuthentications(all, pod, rootNamespace));
  return effectOf('DENY', rulesOf(enforced), rulesOf(intended === undefined ? [] : [intended]));
}

/** What of two generations of a parent istiod may have looked at, when it converted the policy of a workload. */
const modes: readonly MtlsMode[] = ['UNSET', 'STRICT', 'PERMISSIVE'];

/** What a parent may have been before: absent, if it is younger, and whatever, if it was edited. */
function before(parent: Peer | undefined, child: Peer): readonly (PeerAuthentication | undefined)[] {
  if (parent === undefined) return [];
  const { createdAt = 0 } = parent.policy;
  const isYounger = createdAt > (child.policy.createdAt ?? 0) && child.config.generation <= 1;
  const isEdited = parent.config.generation > 1;
  return [...(isYounger ? [undefined] : []), ...(isEdited ? modes.map((mode) => ({ ...parent.policy, mode })) : [])];
}

/** A parent that may have changed since istiod converted a policy, so that ztunnel enforces what was so before. */
function staleBy(child: Peer, all: readonly Peer[], rootNamespace: string): Peer | undefined {
  const parents = parentPolicies(
    all.map(({ policy }) => policy),
    child.policy,
    rootNamespace,
  );
  const converted = (above: ParentPolicies): string => {
    const groups = convertPeerAuthentication(child.policy, above, rootNamespace)?.groups ?? [];
    // What stands in it twice says no more.
    return JSON.stringify(groups.map(({ rules }) => [...new Set(rules.map((rule) => JSON.stringify(rule)))]));
  };
  const now = converted(parents);
  return (['namespace', 'mesh'] as const)
    .map((level) => ({ level, parent: all.find(({ policy }) => policy === parents[level]) }))
    .find(({ level, parent }) =>
      before(parent, child).some((then) => {
        const { [level]: _now, ...others } = parents;
        return converted({ ...others, ...(then && { [level]: then }) }) !== now;
      }),
    )?.parent;
}

function stale(child: Peer, all: readonly Peer[], rootNamespace: string): readonly Evidence[] {
  const parent = staleBy(child, all, rootNamespace);
  if (parent === undefined) return [];
  const { namespace, name } = child.policy;
  return [
    {
      object: nameOf(child.config),
      severity: 'Warning',
      message: `istiod converts it for ztunnel by the mode that ${nameOf(parent.config)} has at that moment, and not anew when that changes: unless istiod was started since, ztunnel enforces its ports by what was so before`,
      fix: `Have it converted anew before the migration: kubectl annotate peerauthentication -n ${namespace} ${name} converted=anew --overwrite. Or restart istiod.`,
    },
  ];
}

const messages: Readonly<Partial<Record<Effect, string>>> = {
  FailsOpen: 'ztunnel would take plaintext where sidecars refuse it',
  FailsClosed: 'ztunnel would refuse plaintext where sidecars take it',
};

/**
 * PeerAuthentications that istiod converts otherwise than sidecars read them (convertPeerAuthentication), by what both
 * make of all of them together.
 */
export const misreadPeers = memoize((surroundings: Surroundings): readonly Evidence[] => {
  const {
    namespace: { name },
    mesh: { rootNamespace },
  } = surroundings;
  const asked = peers(applicable('PeerAuthentication', surroundings)).filter(isOdd);
  if (asked.length === 0) return [];
  const all = peers(inReach(['PeerAuthentication'], surroundings));
  const policies = all.map(({ policy }) => policy);
  // Where nothing is STRICT, both take everything.
  if (!all.some(({ config }) => asksForStrict(config))) return [];
  const converted = convertedPeerAuthentications(policies, rootNamespace);
  return asked.flatMap((peer): readonly Evidence[] => {
    const effect = effectFor(peer, name, policies, converted, rootNamespace);
    const message = messages[effect];
    if (message === undefined) return stale(peer, all, rootNamespace);
    return [
      {
        object: nameOf(peer.config),
        message,
        ...(effect === 'FailsClosed' && { severity: severityOfRefusals(surroundings) }),
      },
    ];
  });
});
