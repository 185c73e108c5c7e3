import type { DataPlane } from '../../../api/common.ts';
import type { Route, Surroundings } from '../../adapter.ts';
import { isEmpty } from '../../has-labels.ts';
import { dataplaneModeLabel } from '../labels.ts';
import { isSelected, sidecarReads, ztunnelReads } from '../policy/attachment.ts';
import { RequestSpaceTooLarge } from '../policy/boxes.ts';
import { ambientDirect, outside, sidecarToSidecar, type DataPath, type Destination } from '../policy/data-path.ts';
import { describe } from '../policy/describe.ts';
import { bounded, proofSteps, spend, stepsOfScene } from '../policy/effort.ts';
import { gain, outcome } from '../policy/equivalence.ts';
import type { Protocol } from '../policy/protocol.ts';
import type { Matcher, Reading, Request } from '../policy/semantics.ts';
import { asSidecar } from '../policy/sidecar.ts';
import { asker, intersect, matching, subtract, type RequestSet } from '../policy/space.ts';
import { nobody } from '../policy/translate/companions.ts';
import { isSameAtZtunnel } from '../policy/translate/needs.ts';
import { ofProtocol } from '../policy/translate/reach.ts';
import { holds } from '../policy/translate/selection.ts';
import { countSizes } from '../policy/translate/size.ts';
import {
  sidecarLabels,
  titleOf,
  type ServiceFacts,
  type WorkloadFacts,
  type World,
} from '../policy/translate/world.ts';
import type { AuthorizationPolicy, PeerAuthentication } from '../policy/types.ts';
import { asZtunnel } from '../policy/ztunnel.ts';
import { isByIdentity, opensNameless } from './by-identity.ts';
import { refuses, unknownAt, whoRefuses, type Change } from './change.ts';
import { itineraryOf } from './choose.ts';
import { isExit } from './exit/route.ts';
import { servedServices } from './exit/served.ts';
import { remembered } from './memo.ts';
import { peerAuthentications } from './peer-authentications.ts';
import { destinationOf } from './proof.ts';
import { Signatures } from './signature.ts';
import { translationOf } from './translation.ts';
import { worldOf } from './world.ts';

/** Pods of which their proxy alone decides, before and afterwards, and how the traffic to them is read. */
interface Scene {
  readonly world: World;
  readonly peers: readonly PeerAuthentication[];
  readonly route: Route;
  readonly pods: WorkloadFacts;
  readonly protocol: Protocol;
}

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
function differing(scene: Scene): readonly AuthorizationPolicy[] {
  const {
    world: { policies, options },
    route: { from, to },
    protocol,
  } = scene;
  spend(1 + policies.length / 8);
  return policies
    .map(({ policy }) => policy)
    .filter((policy) => {
      const [before, after] = [readingIn(from, policy, scene), readingIn(to, policy, scene)];
      if (before === undefined || after === undefined) return before !== after;
      return before.action !== after.action || !isSameAtZtunnel(policy, protocol, options);
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

/** A request that one caller gets through afterwards and not before, or the other way round. */
interface Difference {
  readonly kind: 'Opens' | 'Refuses';
  readonly caller: string;
  readonly request: Request;
  /** What refuses it, before or afterwards. */
  readonly who: string;
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

const arrival: Readonly<Record<DataPlane, string>> = {
  IstioAmbient: 'in ambient',
  IstioSidecar: 'with sidecars',
  None: 'outside the mesh',
};

/** Whether anybody can be known to call these pods: they say a port, or are behind a Service. */
function isCalled({ labels, declared }: WorkloadFacts, { services }: World): boolean {
  return declared.length > 0 || services.some(({ selector }) => !isEmpty(selector) && holds(selector, labels));
}

function titled({ kind, name }: WorkloadFacts, { namespace }: World): string {
  return titleOf({ kind, namespace, name });
}

/** What asks for mutual TLS has names of istiod's own in a data plane. */
function inWords(who: string, { policies, peerAuthentications = [] }: World): string {
  const isKnown = policies.some(({ policy: { namespace, name } }) => who === refuses(`${namespace}/${name}`));
  return isKnown || peerAuthentications.length === 0 || !who.endsWith(refuses(''))
    ? who
    : refuses('mutual TLS that is STRICT');
}

function listed(titles: readonly string[]): string {
  return `${titles.slice(0, 5).join(', ')}${titles.length > 5 ? ` and ${titles.length - 5} more` : ''}`;
}

/**
 * The policies that it is about: of pods that were in no mesh all that come into force, else those that mean another
 * thing.
 */
function whyOf(others: readonly AuthorizationPolicy[], { route, peers, pods }: Scene): string {
  const strict = peers.filter(
    ({ mode, ports, selector }) =>
      [mode, ...Object.values(ports)].includes('STRICT') && isSelected(selector, sidecarLabels(pods)),
  );
  if (route.from === 'None') return `; in force then: ${listed([...others, ...strict].map(titleOf))}`;
  const odd = others.length === 0 ? strict : others;
  return odd.length === 0 ? '' : `; not the same to ztunnel as to a sidecar: ${listed(odd.map(titleOf))}`;
}

/** The policy that it is about; of pods that were in no mesh all policies are. */
function objectOf(who: string, others: readonly AuthorizationPolicy[], { world, route, pods }: Scene): string {
  if (route.from === 'None') return `Namespace ${world.namespace}`;
  const [refusing] = others.filter(({ namespace, name }) => who === refuses(`${namespace}/${name}`));
  return (
    [refusing ?? others[0]].flatMap((policy) => (policy === undefined ? [] : [titleOf(policy)]))[0] ??
    titled(pods, world)
  );
}

function changeOf(
  { kind, caller, request, who }: Difference,
  others: readonly AuthorizationPolicy[],
  scene: Scene,
): Change & { readonly key: string } {
  const { world, route, pods } = scene;
  const [title, object, why, by] = [
    titled(pods, world),
    objectOf(who, others, scene),
    whyOf(others, scene),
    inWords(who, world),
  ];
  const where = `${arrival[route.to]} ${caller}`;
  // Of pods that were in no mesh it is said for each caller, and for each set of policies that they come under.
  const key = route.from === 'None' ? `${caller}${why}` : object;
  return kind === 'Opens'
    ? {
        kind,
        key,
        object,
        message: `${where} would get through to ${title} that is refused today: ${describe(request)}; today ${by}${why}`,
      }
    : {
        kind: isCalled(pods, world) ? kind : 'Ends',
        key,
        object,
        message: `${where} would be refused by ${title} that gets through today: ${describe(request)}; ${by}${why}`,
      };
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
  const known = new Known();
  return firstOfEach(
    moved.flatMap((pods) =>
      (['http', 'tcp'] as const).flatMap((protocol) => {
        const scene: Scene = { world, peers, route, pods, protocol };
        const others = differing(scene);
        return differencesIn(scene, others, known).map((difference) => changeOf(difference, others, scene));
      }),
    ),
  );
}

/** The Services whose pods the proof of their waypoint is about. */
function servedIn(surroundings: Surroundings): readonly Pick<ServiceFacts, 'selector'>[] {
  if (itineraryOf(surroundings) !== 'L7') return [];
  return isExit(surroundings.route)
    ? servedServices(surroundings).map(({ service }) => service)
    : translationOf(surroundings).bound;
}

/** Pods that move and that no waypoint stands before. Who has opted out stays what it is. */
export function directPods(surroundings: Surroundings, { workloads }: World): readonly WorkloadFacts[] {
  const served = servedIn(surroundings);
  return workloads.filter(
    ({ labels }) =>
      labels[dataplaneModeLabel] !== 'none' &&
      !served.some(({ selector }) => !isEmpty(selector) && holds(selector, labels)),
  );
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
