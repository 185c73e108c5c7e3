import { isDeepStrictEqual } from 'node:util';
import type { StepName } from '../../../../api/namespace-migration.ts';
import type { Surroundings } from '../../../adapter.ts';
import { waypointReads } from '../../policy/attachment.ts';
import { RequestSpaceTooLarge } from '../../policy/boxes.ts';
import {
  ambientDirect,
  ambientThroughWaypoint,
  outside,
  sidecarToSidecar,
  type DataPath,
  type Destination,
} from '../../policy/data-path.ts';
import { describe } from '../../policy/describe.ts';
import { spend, stepsOfScene } from '../../policy/effort.ts';
import { gain, outcome, type Outcome } from '../../policy/equivalence.ts';
import type { Matcher } from '../../policy/semantics.ts';
import type { Protocol } from '../../policy/protocol.ts';
import { asker, intersect, matching, subtract, union, type Asker, type RequestSet } from '../../policy/space.ts';
import { nobody } from '../../policy/translate/companions.ts';
import { ofProtocol, protocolsOf, throughService } from '../../policy/translate/reach.ts';
import { podsBehind } from '../../policy/translate/selection.ts';
import {
  coveredPorts,
  neighbours,
  worldFor,
  type ExitWorld,
  type Served,
} from '../../policy/translate/to-sidecar/served.ts';
import type { ExitTranslation } from '../../policy/translate/to-sidecar/translate.ts';
import { serviceTitle, sidecarLabels, waypointPrincipal } from '../../policy/translate/world.ts';
import type { AuthorizationPolicy, PeerAuthentication } from '../../policy/types.ts';
import { asWaypoints } from '../../policy/waypoint.ts';
import { inTime, unknown, whoRefuses, type Change } from '../change.ts';
import { remembered } from '../memo.ts';
import { peerAuthentications } from '../peer-authentications.ts';
import { destinationOf, policiesWith, waypointAddress } from '../proof.ts';
import { exitWorldOf } from './served.ts';
import { exitTranslationOf } from './translation.ts';

/** What is in the cluster after a step of the itinerary, as one of the two kinds of pods that there may be. */
interface State {
  readonly step: StepName;
  readonly policies: readonly AuthorizationPolicy[];
  readonly bound: boolean;
  readonly plane: 'sidecar' | 'ztunnel';
  /** Whether workloads of this namespace may have their sidecars, and so go around waypoints. */
  readonly moved: boolean;
}

/** Everything that stays the same on the way. */
interface Scene {
  readonly world: ExitWorld;
  readonly peers: readonly PeerAuthentication[];
  readonly served: Served;
  readonly workload: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  readonly sidecarLabels?: Readonly<Record<string, string>>;
  readonly protocol: Protocol;
}

/** In the order of `steps.ts`. */
function statesOf(world: ExitWorld, translation: ExitTranslation): readonly [State, ...State[]] {
  const upTo = policiesWith(world, translation);
  const originals = upTo();
  const all = upTo('SidecarCopy', 'SidecarAllow', 'SidecarDeny', 'SidecarGuard');
  return [
    { step: 'Baseline', policies: originals, bound: true, plane: 'ztunnel', moved: false },
    { step: 'CopyForSidecars', policies: upTo('SidecarCopy'), bound: true, plane: 'ztunnel', moved: false },
    {
      step: 'AllowForSidecars',
      policies: upTo('SidecarCopy', 'SidecarAllow', 'SidecarDeny'),
      bound: true,
      plane: 'ztunnel',
      moved: false,
    },
    { step: 'GuardUntilSidecars', policies: all, bound: true, plane: 'ztunnel', moved: false },
    { step: 'RestartWorkloads', policies: all, bound: true, plane: 'ztunnel', moved: true },
    { step: 'RestartWorkloads', policies: all, bound: true, plane: 'sidecar', moved: true },
    { step: 'UnbindWaypoint', policies: all, bound: false, plane: 'sidecar', moved: true },
  ];
}

/** The ways to a pod. */
interface Ways {
  readonly destination: Destination;
  /** Of a caller in ambient to the Service: through the waypoint as long as it is bound. */
  readonly through: DataPath;
  /**
   * Of whoever goes around the waypoint with mutual TLS: a sidecar or a gateway to the Service, a caller in ambient to
   * the pod.
   */
  readonly around: DataPath;
  readonly aroundToPod: DataPath;
  /** Plaintext: from outside the mesh, and from a sidecar that addresses a pod. */
  readonly plain: DataPath;
  readonly plainToPod: DataPath;
}

function waysOf(state: State, scene: Scene): Ways {
  const { world, served, protocol } = scene;
  const { service, waypoint } = served;
  const destination = destinationOf(state, scene);
  const name = { kind: 'Service', namespace: service.namespace, name: service.name } as const;
  const entry = {
    readings: asWaypoints(
      state.policies.filter((policy) => waypointReads(policy, waypoint, name, world.options)),
      protocol,
      world.options,
    ),
    identity: waypointPrincipal(worldFor(served, world)),
    sourceIp: waypointAddress,
  };
  return {
    destination,
    around: sidecarToSidecar(destination, 'Service'),
    through: state.bound ? ambientThroughWaypoint(entry, destination) : ambientDirect(destination, 'Service'),
    aroundToPod: ambientDirect(destination, 'Pod'),
    plain: outside(destination, 'Service'),
    plainToPod: outside(destination, 'Pod'),
  };
}

/**
 * One caller, what it gets through now, what it or its identity got through at the start, and which requests it can
 * send.
 */
interface Comparison {
  readonly caller: string;
  readonly path: DataPath;
  readonly before: Outcome;
  readonly within: RequestSet;
  /** What it is if less gets through; undefined: the order of the restarts sees to it. */
  readonly less?: 'Refuses' | 'Ends';
}

/** Requests of which one matcher holds. */
function those(match: Matcher): RequestSet {
  return matching([[{ anyOf: [match], negated: false }]]);
}

/**
 * Requests of this protocol from anybody who exists: the waypoints are no callers, and nobody calls from the address
 * that guards rest on.
 */
function real({ world, served, protocol }: Scene): RequestSet {
  const waypoints = neighbours(served, world).map((other) =>
    those({
      of: 'identity',
      part: 'Principal',
      match: { kind: 'Exact', value: waypointPrincipal(worldFor(other, world)) },
    }),
  );
  return subtract(ofProtocol(protocol), union(...waypoints, those({ of: 'remoteIp', block: nobody })));
}

/** Which requests a caller can send. */
interface Requests {
  readonly all: RequestSet;
  readonly service: RequestSet;
  /** To ports that no waypoint has a say in. */
  readonly elsewhere: RequestSet;
  /** From the namespace itself. */
  readonly ownToService: RequestSet;
  readonly ownElsewhere: RequestSet;
}

/** What gets through at the start, by the ways that there are. */
type Start = Readonly<Record<'through' | 'aroundToPod' | 'plain' | 'plainToPod' | 'eitherWay', Outcome>>;

function startOf({ through, around, aroundToPod, plain, plainToPod }: Ways): Start {
  return {
    through: outcome(through),
    aroundToPod: outcome(aroundToPod),
    plain: outcome(plain),
    plainToPod: outcome(plainToPod),
    eitherWay: outcome(around, through),
  };
}

/** Whether both ask the same; of a path that is the same as another one the same gets through. */
function isSame(a: Comparison, b: Comparison): boolean {
  return (
    a.caller === b.caller &&
    a.before === b.before &&
    a.within === b.within &&
    a.less === b.less &&
    isDeepStrictEqual(a.path, b.path)
  );
}

function requestsIn(scene: Scene): Requests {
  const { world, served } = scene;
  const all = real(scene);
  const ports = coveredPorts(neighbours(served, world), world.workloads).map((port): Matcher => ({
    of: 'port',
    side: 'Workload',
    port,
  }));
  const service = intersect(all, throughService(served.service, world.workloads).set);
  const elsewhere = intersect(all, matching([[{ anyOf: ports, negated: true }]]));
  const own = those({ of: 'identity', part: 'Namespace', match: { kind: 'Exact', value: world.namespace } });
  return { all, service, elsewhere, ownToService: intersect(service, own), ownElsewhere: intersect(elsewhere, own) };
}

/**
 * On the ports that a waypoint has a say in, a request of a caller with an identity is no more allowed than today if
 * the waypoint lets it through: whether it comes through it or past it afterwards, the same rules decide. A caller in
 * plaintext never came through it, so for that one only its own way counts.
 */
function comparisons(
  state: State,
  start: Start,
  now: Ways,
  { all, service, elsewhere, ownToService, ownElsewhere }: Requests,
): readonly Comparison[] {
  const { eitherWay } = start;
  const always: readonly Comparison[] = [
    { caller: 'a caller in ambient', path: now.through, before: start.through, within: service, less: 'Refuses' },
    {
      caller: 'a caller that goes around the waypoint',
      path: now.around,
      before: eitherWay,
      within: service,
      ...(state.plane === 'sidecar' && { less: 'Ends' as const }),
    },
    {
      caller: 'a caller that addresses the pod',
      path: now.aroundToPod,
      before: start.aroundToPod,
      within: elsewhere,
      less: 'Ends',
    },
    { caller: 'a caller outside the mesh', path: now.plain, before: start.plain, within: service, less: 'Ends' },
    {
      caller: 'a caller outside the mesh that addresses the pod',
      path: now.plainToPod,
      before: start.plainToPod,
      within: all,
      less: 'Ends',
    },
  ];
  if (!state.moved) return always;
  const toPod = sidecarToSidecar(now.destination, 'Pod');
  return [
    ...always,
    {
      caller: 'a workload of this namespace that has its sidecar',
      path: now.around,
      before: start.through,
      within: ownToService,
      ...(state.plane === 'sidecar' && { less: 'Refuses' as const }),
    },
    {
      caller: 'a workload of this namespace that has its sidecar and addresses the pod',
      path: toPod,
      before: start.aroundToPod,
      within: ownElsewhere,
      ...(state.plane === 'sidecar' && { less: 'Ends' as const }),
    },
    {
      caller: 'a workload of this namespace that has its sidecar and addresses the pod',
      path: { ...toPod, address: 'Service' },
      before: eitherWay,
      within: ownToService,
    },
  ];
}

/** A comparison, and what gets through now. */
interface Compared {
  readonly state: State;
  readonly comparison: Comparison;
  readonly is: Outcome;
}

function outcomeOnce(others: readonly Compared[], path: DataPath): Outcome {
  return others.find(({ comparison }) => isDeepStrictEqual(comparison.path, path))?.is ?? outcome(path);
}

function changesAt({ state, comparison, is }: Compared, ask: Asker, object: string): readonly Change[] {
  const { caller, path, before, within, less } = comparison;
  const more = ask(gain(is, before, within));
  if (more !== undefined)
    return [
      {
        kind: 'Opens',
        object,
        message: `at ${state.step} ${caller} would get through that is refused today: ${describe(more)}`,
      },
    ];
  const fewer = less && ask(gain(before, is, within));
  if (less === undefined || fewer === undefined) return [];
  return [
    {
      kind: less,
      object,
      message: `at ${state.step} ${caller} would be refused that gets through today: ${describe(fewer)}; ${whoRefuses(path, fewer)}`,
    },
  ];
}

/** One change of a kind for each caller is enough to show. */
function firstOfEach(changes: readonly (Change & { readonly caller: string })[]): readonly Change[] {
  return [
    ...new Map(changes.toReversed().map(({ caller, ...change }) => [`${change.kind} ${caller}`, change])).values(),
  ].toReversed();
}

function changesIn(scene: Scene, [today, ...later]: readonly [State, ...State[]]): readonly Change[] {
  spend(stepsOfScene);
  const first = waysOf(today, scene);
  const start = startOf(first);
  const requests = requestsIn(scene);
  const { service } = scene.served;
  const compared = later
    .map((state) => ({ state, now: waysOf(state, scene) }))
    // What is narrowed to sidecars is nothing to ztunnel: then every way is as it was.
    .filter(({ state, now }) => state.moved || !isDeepStrictEqual(now, first))
    .flatMap(({ state, now }) => comparisons(state, start, now, requests).map((comparison) => ({ state, comparison })))
    // The first step at which it is so is enough.
    .reduce<readonly Compared[]>(
      (others, one) =>
        others.some(({ comparison }) => isSame(comparison, one.comparison))
          ? others
          : [...others, { ...one, is: outcomeOnce(others, one.comparison.path) }],
      [],
    );
  const sets = compared.flatMap(({ is, comparison: { before, within } }) => [
    within,
    ...[before, is].flatMap(({ allowed, unasked }) => [allowed, unasked]),
  ]);
  const ask = asker(sets, throughService(service, scene.world.workloads).space);
  return firstOfEach(
    compared.flatMap((one) =>
      changesAt(one, ask, serviceTitle(service)).map((change) => ({ ...change, caller: one.comparison.caller })),
    ),
  );
}

/**
 * Compares, for every Service behind a waypoint and every way to its pods, which requests get through after each step
 * with which do today, over all requests that the policies can tell apart.
 */
export function exitChanges(
  world: ExitWorld,
  peers: readonly PeerAuthentication[],
  translation: ExitTranslation,
): readonly Change[] {
  const states = statesOf(world, translation);
  return translation.served.flatMap((served): readonly Change[] => {
    const { service } = served;
    const known = podsBehind(service, world.workloads).map((pods) => ({
      workload: { namespace: world.namespace, labels: pods.labels },
      sidecarLabels: sidecarLabels(pods),
    }));
    // A Service whose pods nobody knows: of what its selector says.
    const pods = known.length > 0 ? known : [{ workload: { namespace: world.namespace, labels: service.selector } }];
    try {
      return pods.flatMap((each) =>
        protocolsOf(service).flatMap((protocol) => changesIn({ world, peers, served, ...each, protocol }, states)),
      );
    } catch (error) {
      if (!(error instanceof RequestSpaceTooLarge)) throw error;
      return [unknown(service, world)];
    }
  });
}

/** What would change for the callers of the namespace on its way from waypoints to sidecars. */
export const exitChangesOf: (surroundings: Surroundings) => readonly Change[] = remembered((surroundings) => {
  const world = exitWorldOf(surroundings);
  const translation = exitTranslationOf(surroundings);
  if (translation.problems.some((problem) => problem.unknownMesh === true))
    return translation.served.map(({ service }) => unknown(service, world));
  return inTime(
    translation.served.map(({ service }) => service),
    world,
    () => exitChanges(world, peerAuthentications(surroundings), translation),
  );
});
