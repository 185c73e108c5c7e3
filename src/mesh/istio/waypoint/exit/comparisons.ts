import { isDeepStrictEqual } from 'node:util';
import type { StepName } from '../../../../api/namespace-migration.ts';
import { waypointReads } from '../../policy/attachment.ts';
import {
  ambientDirect,
  ambientThroughWaypoint,
  outside,
  sidecarToSidecar,
  type DataPath,
  type Destination,
} from '../../policy/data-path.ts';
import { outcome, type Outcome } from '../../policy/equivalence.ts';
import type { Matcher } from '../../../../requests/semantics.ts';
import type { Protocol } from '../../policy/protocol.ts';
import { intersect, matching, type RequestSet, subtract, unionOf } from '../../../../requests/space.ts';
import { nobody } from '../../policy/translate/companions.ts';
import { ofProtocol, throughService } from '../../policy/translate/reach.ts';
import {
  coveredPorts,
  neighbours,
  worldFor,
  type ExitWorld,
  type Served,
} from '../../policy/translate/to-sidecar/served.ts';
import { waypointPrincipal } from '../../policy/translate/world.ts';
import type { AuthorizationPolicy, PeerAuthentication } from '../../policy/types.ts';
import { asWaypoints } from '../../policy/waypoint.ts';
import { destinationOf, waypointAddress } from '../proof-paths.ts';

/** What is in the cluster after a step of the itinerary, as one of the two kinds of pods that there may be. */
export interface State {
  readonly step: StepName;
  readonly policies: readonly AuthorizationPolicy[];
  readonly bound: boolean;
  readonly plane: 'sidecar' | 'ztunnel';
  /** Whether workloads of this namespace may have their sidecars, and so go around waypoints. */
  readonly moved: boolean;
}

/** Everything that stays the same on the way. */
export interface Scene {
  readonly world: ExitWorld;
  readonly peers: readonly PeerAuthentication[];
  readonly served: Served;
  readonly workload: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  readonly sidecarLabels?: Readonly<Record<string, string>>;
  readonly protocol: Protocol;
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

/** The ways by which requests reach a pod at one moment. */
export function waysOf(state: State, scene: Scene): Ways {
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
export interface Comparison {
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
  return subtract(ofProtocol(protocol), unionOf([...waypoints, those({ of: 'remoteIp', block: nobody })]));
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

/** What becomes of requests before anything is changed, by the way that they take. */
export function startOf({ through, around, aroundToPod, plain, plainToPod }: Ways): Start {
  return {
    through: outcome(through),
    aroundToPod: outcome(aroundToPod),
    plain: outcome(plain),
    plainToPod: outcome(plainToPod),
    eitherWay: outcome(around, through),
  };
}

/** Whether both ask the same; of a path that is the same as another one the same gets through. */
export function isSame(a: Comparison, b: Comparison): boolean {
  return (
    a.caller === b.caller &&
    a.before === b.before &&
    a.within === b.within &&
    a.less === b.less &&
    isDeepStrictEqual(a.path, b.path)
  );
}

/** The requests that there can be, by who sends them. */
export function requestsIn(scene: Scene): Requests {
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
export function comparisons(
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
