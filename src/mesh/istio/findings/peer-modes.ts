import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { effectOf } from '../policy/classify-effect.ts';
import { spend } from '../../../base/effort.ts';
import { parsed } from '../policy/parsed.ts';
import { asPeerReading } from '../policy/peer-authentication.ts';
import {
  convertPeerAuthentication,
  parentPolicies,
  type ParentPolicies,
} from '../policy/peer-authentication-ztunnel.ts';
import { peersAmong } from '../policy/peers-at.ts';
import type { Effect, Reading } from '../../../requests/semantics.ts';
import type { MtlsMode, PeerAuthentication } from '../policy/types.ts';
import { applicable } from './applicable.ts';
import { severityOfRefusals, type Evidence } from './rule.ts';
import { asksForStrict, inReach, nameOf } from '../vocabulary/objects.ts';

interface Peer {
  readonly config: ConfigView;
  readonly policy: PeerAuthentication;
}

/**
 * With two ports of each mode: both data planes decide by the mode of a port, whichever it is, and by whether there is
 * another one of it. So however many a policy names, a few say what becomes of all.
 */
function withFewPorts(policy: PeerAuthentication): PeerAuthentication {
  const byMode = Map.groupBy(Object.values(policy.ports), (mode) => mode);
  spend(1 + Object.keys(policy.ports).length / 8);
  const few = [...byMode].toSorted().flatMap(([mode, ports]) => ports.slice(0, 2).map(() => mode));
  return { ...policy, ports: Object.fromEntries(few.map((mode, at) => [at + 1, mode])) };
}

function peers(configs: readonly ConfigView[]): readonly Peer[] {
  return configs.flatMap((config) => {
    const policy = parsed(config);
    return policy?.kind === 'PeerAuthentication' ? [{ config, policy: withFewPorts(policy) }] : [];
  });
}

/** Only these can be converted otherwise than sidecars read them: port modes, and a selector that selects by nothing. */
function isOdd({ policy: { ports, selector } }: Peer): boolean {
  return Object.keys(ports).length > 0 || (selector !== undefined && Object.keys(selector).length === 0);
}

function rulesOf(readings: readonly Reading[]): Reading['rules'][number] {
  return readings.flatMap(({ rules }) => rules.flat());
}

/**
 * What ztunnel makes of the policies for a pod that has just the labels which one of them selects. Most of them are
 * alike in that, which is compared once.
 */
function effectsAmong(
  all: readonly PeerAuthentication[],
  namespace: string,
  rootNamespace: string,
): (peer: Peer) => Effect {
  const at = peersAmong(all, rootNamespace);
  const known = new Map<string, Effect>();
  return ({ policy: { selector = {} } }) => {
    const { mtls, strict } = at({ namespace, labels: selector });
    const intended = asPeerReading(mtls, namespace);
    const [plane, intent] = [rulesOf(strict), rulesOf(intended === undefined ? [] : [intended])];
    const key = JSON.stringify([plane, intent]);
    const effect = known.get(key) ?? effectOf('DENY', plane, intent);
    known.set(key, effect);
    return effect;
  };
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

/** The policies above those of a namespace: they are looked for among all. */
type Parents = (namespace: string) => Readonly<Partial<Record<keyof ParentPolicies, Peer>>>;

function parentsAmong(all: readonly Peer[], rootNamespace: string): Parents {
  const policies = all.map(({ policy }) => policy);
  const byPolicy = new Map(all.map((peer) => [peer.policy, peer]));
  const known = new Map<string, ReturnType<Parents>>();
  return (home) => {
    const before = known.get(home);
    if (before !== undefined) return before;
    const { namespace, mesh } = parentPolicies(policies, home, rootNamespace);
    const [near, far] = [namespace, mesh].map((policy) => policy && byPolicy.get(policy));
    const found = { ...(near && { namespace: near }), ...(far && { mesh: far }) };
    known.set(home, found);
    return found;
  };
}

/** A parent that may have changed since istiod converted a policy, so that ztunnel enforces what was so before. */
function staleBy(child: Peer, parents: ReturnType<Parents>, rootNamespace: string): Peer | undefined {
  spend(1);
  const above = {
    ...(parents.namespace && { namespace: parents.namespace.policy }),
    ...(parents.mesh && { mesh: parents.mesh.policy }),
  };
  const converted = (policies: ParentPolicies): string => {
    const groups = convertPeerAuthentication(child.policy, policies, rootNamespace)?.groups ?? [];
    // What stands in it twice says no more.
    return JSON.stringify(groups.map(({ rules }) => [...new Set(rules.map((rule) => JSON.stringify(rule)))]));
  };
  const now = converted(above);
  const level = (['namespace', 'mesh'] as const).find((each) =>
    before(parents[each], child).some((then) => {
      const { [each]: _now, ...others } = above;
      return converted({ ...others, ...(then && { [each]: then }) }) !== now;
    }),
  );
  return level && parents[level];
}

function stale(child: Peer, parents: Parents, rootNamespace: string): readonly Evidence[] {
  const parent = staleBy(child, parents(child.policy.namespace), rootNamespace);
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
  const effectFor = effectsAmong(policies, name, rootNamespace);
  const parents = parentsAmong(all, rootNamespace);
  return asked.flatMap((peer): readonly Evidence[] => {
    const effect = effectFor(peer);
    const message = messages[effect];
    if (message === undefined) return stale(peer, parents, rootNamespace);
    return [
      {
        object: nameOf(peer.config),
        message,
        ...(effect === 'FailsClosed' && { severity: severityOfRefusals(surroundings) }),
      },
    ];
  });
});
