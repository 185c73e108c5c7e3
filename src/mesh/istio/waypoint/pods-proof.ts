import type { DataPlane } from '../../../api/common.ts';
import type { Route, Surroundings } from '../../adapter.ts';
import { sidecarReads, ztunnelReads } from '../policy/attachment.ts';
import { RequestSpaceTooLarge } from '../../../requests/boxes.ts';
import { ambientDirect, outside, sidecarToSidecar, type DataPath, type Destination } from '../policy/data-path.ts';
import { bounded, spend } from '../../../base/effort.ts';
import { proofSteps, stepsOfScene } from '../../effort-limits.ts';
import { gain, outcome } from '../policy/equivalence.ts';
import type { Protocol } from '../policy/protocol.ts';
import type { Matcher, Reading } from '../../../requests/semantics.ts';
import { asSidecar } from '../policy/sidecar.ts';
import { asker, intersect, matching, subtract, type RequestSet } from '../../../requests/space.ts';
import { nobody } from '../policy/translate/companions.ts';
import { isSameAtZtunnel } from '../policy/translate/needs.ts';
import { ofProtocol } from '../policy/translate/reach.ts';
import { countSizes } from '../policy/translate/size.ts';
import { sidecarLabels, type WorkloadFacts, type World } from '../policy/translate/world.ts';
import type { AuthorizationPolicy, PeerAuthentication } from '../policy/types.ts';
import { asZtunnel } from '../policy/ztunnel.ts';
import { memoize } from '../../../base/memoize.ts';
import { asSelected } from './alike-pods.ts';
import { isByIdentity, opensNameless } from './by-identity.ts';
import { unknownAt, whoRefuses, type Change } from './change.ts';
import { directPods } from './direct-pods.ts';
import { isExit } from './exit/route.ts';
import { remembered } from './memo.ts';
import { peerAuthentications } from './peer-authentications.ts';
import { destinationOf } from './proof-paths.ts';
import { Signatures } from './signature.ts';
import { worldOf } from './world.ts';
import { changeOf, whyOf, type Difference, type Scene } from './pods-proof-words.ts';

/** In no mesh nobody asks any policy. */
const unprotected: Destination = { plane: 'ztunnel', readings: [] };

/** What decides about the pods in a data plane by these policies. */
function decidesIn(
  dataPlane: DataPlane,
  policies: readonly AuthorizationPolicy[],
  { world, peers, pods, protocol }: Scene,
): Destination {
  const scene = {
    world,
    peers,
    protocol,
    workload: { namespace: world.namespace, labels: pods.labels },
    sidecarLabels: sidecarLabels(pods),
  };
  switch (dataPlane) {
    case 'None':
      return unprotected;
    case 'IstioSidecar':
      return destinationOf({ policies, plane: 'sidecar' }, scene);
    case 'IstioAmbient':
      return destinationOf({ policies, plane: 'ztunnel' }, scene);
  }
}

/** What a policy is to these pods in a data plane; undefined: nothing. */
function readingIn(
  dataPlane: DataPlane,
  policy: AuthorizationPolicy,
  { world: { namespace, options }, pods, protocol }: Scene,
): Reading | undefined {
  switch (dataPlane) {
    case 'None':
      return undefined;
    case 'IstioSidecar':
      return sidecarReads(policy, { namespace, labels: sidecarLabels(pods) }, options)
        ? asSidecar(policy, protocol, options)
        : undefined;
    case 'IstioAmbient':
      return ztunnelReads(policy, { namespace, labels: pods.labels }, options) ? asZtunnel(policy, options) : undefined;
  }
}

/**
 * The policies that do not say the same of these pods before and afterwards, those among them that are read in one of
 * the two only.
 */
function differing(scene: Scene, isSame: (policy: AuthorizationPolicy) => boolean): readonly AuthorizationPolicy[] {
  const {
    world: { policies },
    route: { from, to },
  } = scene;
  spend(1 + policies.length / 2);
  return policies
    .map(({ policy }) => policy)
    .filter((policy) => {
      const [before, after] = [readingIn(from, policy, scene), readingIn(to, policy, scene)];
      if (before === undefined || after === undefined) return before !== after;
      return before.action !== after.action || !isSame(policy);
    });
}

/** One caller, the ways that it has before and afterwards, and which requests it can send. */
interface Comparison {
  readonly caller: string;
  readonly was: DataPath;
  readonly is: DataPath;
  readonly within: RequestSet;
  /** Nothing is said of what it loses: it comes by another way than before. */
  readonly onlyMore?: true;
}

function those(match: Matcher): RequestSet {
  return matching([[{ anyOf: [match], negated: false }]]);
}

/**
 * Callers are what they are; only what they call moves. But a sidecar sends to the address of a pod in plaintext, and
 * workloads of the namespace get theirs.
 */
function comparisons(scene: Scene, policies: readonly AuthorizationPolicy[]): readonly Comparison[] {
  const { route, world, protocol } = scene;
  spend(policies.length / 2);
  const [before, after] = [decidesIn(route.from, policies, scene), decidesIn(route.to, policies, scene)];
  // Nobody calls from the address that guards rest on.
  const within = subtract(ofProtocol(protocol), those({ of: 'remoteIp', block: nobody }));
  const own = intersect(
    within,
    those({ of: 'identity', part: 'Namespace', match: { kind: 'Exact', value: world.namespace } }),
  );
  return [
    { caller: 'a caller in the mesh', was: ambientDirect(before, 'Pod'), is: ambientDirect(after, 'Pod'), within },
    { caller: 'a caller outside the mesh', was: outside(before, 'Pod'), is: outside(after, 'Pod'), within },
    ...(isExit(route)
      ? [
          {
            caller: 'a workload of this namespace that has its sidecar and addresses the pod',
            was: ambientDirect(before, 'Pod'),
            is: sidecarToSidecar(after, 'Pod'),
            within: own,
            onlyMore: true,
          } as const,
        ]
      : []),
  ];
}

function differencesOf(compared: readonly Comparison[]): readonly Difference[] {
  spend(stepsOfScene);
  const asked = compared.map((comparison) => ({
    ...comparison,
    before: outcome(comparison.was),
    after: outcome(comparison.is),
  }));
  const ask = asker(
    asked.flatMap(({ within, before, after }) => [
      within,
      ...[before, after].flatMap(({ allowed, unasked }) => [allowed, unasked]),
    ]),
  );
  return asked.flatMap(({ caller, was, is, within, onlyMore, before, after }): readonly Difference[] => {
    const more = ask(gain(after, before, within));
    if (more !== undefined) return [{ kind: 'Opens', caller, request: more, who: whoRefuses(was, more) }];
    const fewer = onlyMore ? undefined : ask(gain(before, after, within));
    return fewer === undefined ? [] : [{ kind: 'Refuses', caller, request: fewer, who: whoRefuses(is, fewer) }];
  });
}

/** What was found where the same decides: most workloads of a namespace differ by their names only. */
class Known {
  private readonly signatures = new Signatures();
  private readonly found = new Map<string, readonly Difference[]>();
  private readonly nameless = new Map<AuthorizationPolicy, boolean>();

  /** Of those whose calls lose their identity only, where nothing can change for others. */
  differences(
    scene: Scene,
    policies: readonly AuthorizationPolicy[],
    which: 'All' | 'Nameless' = 'All',
  ): readonly Difference[] {
    const compared = comparisons(scene, policies).filter(({ onlyMore }) => which === 'All' || onlyMore);
    const signature = `${scene.protocol} ${this.signatures.of(
      compared.flatMap(
        ({ caller, was, is }) =>
          [
            [caller, was],
            [caller, is],
          ] as const,
      ),
    )}`;
    const found = this.found.get(signature) ?? differencesOf(compared);
    this.found.set(signature, found);
    return found;
  }

  /** Whether some policy of these pods may let a workload of the namespace through that shows no identity any more. */
  opensNameless(scene: Scene): boolean {
    const { world, route } = scene;
    spend(world.policies.length / 4);
    return world.policies.some(({ policy }) => {
      if (readingIn(route.to, policy, scene) === undefined) return false;
      const known = this.nameless.get(policy) ?? opensNameless(policy, world.namespace);
      this.nameless.set(policy, known);
      return known;
    });
  }
}

/**
 * Where every policy says the same in both and callers come as before, only what asks for mutual TLS can make a
 * difference, and that hardly ever does. On the way to sidecars callers come another way, which is nothing to policies
 * by identity and port, but to those whose calls lose their identity.
 */
function differencesIn(scene: Scene, others: readonly AuthorizationPolicy[], known: Known): readonly Difference[] {
  const policies = scene.world.policies.map(({ policy }) => policy);
  spend(policies.length / 4);
  const isAlike =
    others.length === 0 && (!isExit(scene.route) || policies.every((policy) => isAsBefore(policy, scene)));
  if (!isAlike || (scene.peers.length > 0 && known.differences(scene, []).length > 0))
    return known.differences(scene, policies);
  return isExit(scene.route) && known.opensNameless(scene) ? known.differences(scene, policies, 'Nameless') : [];
}

/** A policy that these pods do not read, or to which the way of a call is nothing. */
function isAsBefore(policy: AuthorizationPolicy, scene: Scene): boolean {
  return isByIdentity(policy) || readingIn(scene.route.to, policy, scene) === undefined;
}

/** One of a kind is enough to show. */
function firstOfEach(changes: readonly (Change & { readonly key: string })[]): readonly Change[] {
  return [
    ...new Map(changes.toReversed().map(({ key, ...change }) => [`${change.kind} ${key}`, change])).values(),
  ].toReversed();
}

/**
 * What would change for those who call some pods when these move, over all requests that the policies can tell apart.
 */
export function podChanges(
  world: World,
  peers: readonly PeerAuthentication[],
  route: Route,
  moved: readonly WorkloadFacts[],
): readonly Change[] {
  countSizes(world);
  const differences = differencesOfAlike(world, peers);
  return firstOfEach(
    moved.flatMap((pods) =>
      (['http', 'tcp'] as const).flatMap((protocol) => {
        const scene: Scene = { world, peers, route, pods, protocol };
        const { others, why, found } = differences(scene);
        return found.map((difference) => changeOf(difference, others, why, scene));
      }),
    ),
  );
}

interface Compared {
  readonly others: readonly AuthorizationPolicy[];
  /** The policies that it is about, in words. */
  readonly why: string;
  readonly found: readonly Difference[];
}

/** Worked out once for all pods that the same policies select. */
function differencesOfAlike(world: World, peers: readonly PeerAuthentication[]): (scene: Scene) => Compared {
  const known = new Known();
  const alike = new Map<string, Compared>();
  const sameFor = (protocol: Protocol): ((policy: AuthorizationPolicy) => boolean) =>
    memoize((policy) => isSameAtZtunnel(policy, protocol, world.options));
  const isSame = { http: sameFor('http'), tcp: sameFor('tcp') };
  const textOf = asSelected([...world.policies.map(({ policy }) => policy), ...peers].map(({ selector }) => selector));
  return (scene) => {
    const key = `${scene.protocol} ${textOf(scene.pods)}`;
    const before = alike.get(key);
    if (before !== undefined) return before;
    const others = differing(scene, isSame[scene.protocol]);
    const found = differencesIn(scene, others, known);
    const compared = { others, why: found.length === 0 ? '' : whyOf(others, scene), found };
    alike.set(key, compared);
    return compared;
  };
}

function tooMany(world: World): Change {
  return unknownAt(`Namespace ${world.namespace}`, world);
}

/** What would change for the callers of pods that no waypoint stands before. */
export const podChangesOf: (surroundings: Surroundings) => readonly Change[] = remembered((surroundings) => {
  const world = worldOf(surroundings);
  try {
    const proved = bounded(proofSteps, () =>
      podChanges(world, peerAuthentications(surroundings), surroundings.route, directPods(surroundings, world)),
    );
    return proved.kind === 'Done' ? proved.value : [tooMany(world)];
  } catch (error) {
    if (!(error instanceof RequestSpaceTooLarge)) throw error;
    return [tooMany(world)];
  }
});
