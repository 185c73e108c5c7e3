import { sidecarReads, waypointReads, ztunnelReads, type Workload } from '../policy/attachment.ts';
import {
  ambientDirect,
  ambientThroughWaypoint,
  outside,
  sidecarToAmbient,
  sidecarToSidecar,
  type DataPath,
  type Destination,
} from '../policy/data-path.ts';
import { peersAmong, type PeersAt } from '../policy/peers-at.ts';
import type { Protocol } from '../policy/protocol.ts';
import { asSidecars } from '../policy/sidecar.ts';
import { matching, type RequestSet } from '../../../requests/space.ts';
import { tlsModeLabel } from '../policy/translate/selection.ts';
import { nobody } from '../policy/translate/companions.ts';
import { waypointPrincipal, type ServiceFacts, type World } from '../policy/translate/world.ts';
import type { AuthorizationPolicy, PeerAuthentication } from '../policy/types.ts';
import { asWaypoints } from '../policy/waypoint.ts';
import { asZtunnel } from '../policy/ztunnel.ts';

/** What is in the cluster after a step of the itinerary. */
export interface State {
  readonly step: string;
  readonly policies: readonly AuthorizationPolicy[];
  readonly bound: boolean;
  readonly plane: 'sidecar' | 'ztunnel';
}

/** Everything that stays the same on the way. */
export interface Scene {
  readonly world: World;
  readonly peers: readonly PeerAuthentication[];
  readonly service: ServiceFacts;
  readonly workload: Workload;
  /** Those of its pods while they have sidecars, if more is known of them than that they have one. */
  readonly sidecarLabels?: Workload['labels'];
  readonly protocol: Protocol;
}

/** By whom it concerns. */
const mtlsOf = new WeakMap<Omit<Scene, 'service'>, PeersAt>();

/** The proxy of the pods in a state, with all that it decides by. */
export function destinationOf(
  { policies, plane }: Pick<State, 'policies' | 'plane'>,
  scene: Omit<Scene, 'service'>,
): Destination {
  const {
    world: { options },
    peers,
    workload,
    protocol,
  } = scene;
  const { rootNamespace } = options;
  const pod = { ...workload, labels: scene.sidecarLabels ?? { ...workload.labels, [tlsModeLabel]: 'istio' } };
  // Once for all states: whatever is made, PeerAuthentications are not.
  const { mtls, strict } = mtlsOf.get(scene) ?? {
    mtls: peersAmong(peers, rootNamespace)(pod).mtls,
    strict: peersAmong(peers, rootNamespace)(workload).strict,
  };
  mtlsOf.set(scene, { mtls, strict });
  if (plane === 'sidecar')
    return {
      plane,
      readings: asSidecars(
        policies.filter((policy) => sidecarReads(policy, pod, options)),
        protocol,
        options,
      ),
      mtls,
    };
  return {
    plane,
    readings: [
      ...strict,
      ...policies
        .filter((policy) => ztunnelReads(policy, workload, options))
        .flatMap((policy) => asZtunnel(policy, options) ?? []),
    ],
  };
}

/** Address that the waypoint's pods have for the pods behind it; any that no policy names would do. */
export const waypointAddress = '169.254.169.250';

/**
 * Callers of a Service that its owner has put behind the waypoint before. The pods see the waypoint and not them, so
 * what gets through today may not be what the policies say of them: they must not come to be refused, and that they get
 * no more than the policies say is looked at in all other callers.
 */
export const already = 'a caller in ambient that comes through the waypoint already';

/** Who has no identity and comes by the address of the Service. */
export const fromOutside = 'a caller outside the mesh';

/** The ways by which requests reach a Service in one state, by who takes them. */
export function pathsOf(state: State, scene: Scene): Readonly<Record<string, DataPath>> {
  const destination = destinationOf(state, scene);
  const { world, service, protocol } = scene;
  const name = { kind: 'Service', namespace: service.namespace, name: service.name } as const;
  const waypoint = {
    readings: asWaypoints(
      state.policies.filter((policy) => waypointReads(policy, world.waypoint, name, world.options)),
      protocol,
      world.options,
    ),
    identity: waypointPrincipal(world),
    sourceIp: waypointAddress,
  };
  const through = ambientThroughWaypoint(waypoint, destination);
  return {
    // It has its sidecar until it is bound: what becomes of its address if it moves before that is MM123.
    'a caller in ambient': state.bound ? through : sidecarToSidecar(destination, 'Service'),
    ...(world.boundBefore?.includes(service.name) === true && { [already]: through }),
    'a caller in ambient that addresses the pod': ambientDirect(destination, 'Pod'),
    'a caller with a sidecar':
      state.plane === 'sidecar' ? sidecarToSidecar(destination, 'Service') : sidecarToAmbient(destination, 'Service'),
    [fromOutside]: outside(destination, 'Service'),
    'a caller outside the mesh that addresses the pod': outside(destination, 'Pod'),
  };
}

/** The waypoint is no caller, and nobody calls from the address that the guard rests on. */
export function unreal(world: World): RequestSet {
  return matching([
    [
      {
        anyOf: [{ of: 'identity', part: 'Principal', match: { kind: 'Exact', value: waypointPrincipal(world) } }],
        negated: false,
      },
    ],
    [{ anyOf: [{ of: 'remoteIp', block: nobody }], negated: false }],
  ]);
}
