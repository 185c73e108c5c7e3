import { isDeepStrictEqual } from 'node:util';
import type { Surroundings } from '../../adapter.ts';
import { sidecarReads, waypointReads, ztunnelReads, type Workload } from '../policy/attachment.ts';
import { RequestSpaceTooLarge } from '../policy/boxes.ts';
import {
  ambientDirect,
  ambientThroughWaypoint,
  outside,
  sidecarToAmbient,
  sidecarToSidecar,
  type DataPath,
  type Destination,
} from '../policy/data-path.ts';
import { describe } from '../policy/describe.ts';
import { spend, stepsOfScene } from '../policy/effort.ts';
import { gain, outcome, type Outcome } from '../policy/equivalence.ts';
import { parsePolicy } from '../policy/parse.ts';
import {
  attachedPeerAuthentications,
  convertedPeerAuthentications,
  ztunnelPeerReadings,
} from '../policy/peer-authentication-ztunnel.ts';
import { effectiveMtls, type EffectiveMtls } from '../policy/peer-authentication.ts';
import type { Protocol } from '../policy/protocol.ts';
import type { Reading } from '../policy/semantics.ts';
import { asSidecars } from '../policy/sidecar.ts';
import { asker, intersect, matching, subtract, type Asker, type RequestSet } from '../policy/space.ts';
import type { Role } from '../policy/translate/manifest.ts';
import { ofProtocol, protocolsOf, throughService } from '../policy/translate/reach.ts';
import { podsBehind, tlsModeLabel } from '../policy/translate/selection.ts';
import type { Translation } from '../policy/translate/translate.ts';
import { nobody } from '../policy/translate/companions.ts';
import { serviceTitle, waypointPrincipal, type ServiceFacts, type World } from '../policy/translate/world.ts';
import type { AuthorizationPolicy, PeerAuthentication } from '../policy/types.ts';
import { asWaypoints } from '../policy/waypoint.ts';
import { asZtunnel } from '../policy/ztunnel.ts';
import { inTime, unknown, type Change } from './change.ts';
import { remembered } from './memo.ts';
import { peerAuthentications } from './peer-authentications.ts';
import { Signatures } from './signature.ts';
import { translationOf } from './translation.ts';
import { worldOf } from './world.ts';

/** What is in the cluster after a step of the itinerary. */
interface State {
  readonly step: string;
  readonly policies: readonly AuthorizationPolicy[];
  readonly bound: boolean;
  readonly plane: 'sidecar' | 'ztunnel';
}

/** Everything that stays the same on the way. */
interface Scene {
  readonly world: World;
  readonly peers: readonly PeerAuthentication[];
  readonly service: ServiceFacts;
  readonly workload: Workload;
  /** Those of its pods while they have sidecars, if more is known of them than that they have one. */
  readonly sidecarLabels?: Workload['labels'];
  readonly protocol: Protocol;
}

/** The AuthorizationPolicies that are there once the objects of some roles are made beside the originals. */
export function policiesWith(
  { policies }: Pick<World, 'policies'>,
  { manifests }: Pick<Translation, 'manifests'>,
): (...roles: readonly Role[]) => readonly AuthorizationPolicy[] {
  const originals = policies.map(({ policy }) => policy);
  const made = manifests.flatMap(({ role, object }) => {
    const { policy } = parsePolicy({
      kind: object.kind,
      ...object.metadata,
      annotations: object.metadata.annotations ?? {},
      spec: object.spec,
    });
    return policy?.kind === 'AuthorizationPolicy' ? [{ role, policy }] : [];
  });
  return (...roles) => [...originals, ...made.filter(({ role }) => roles.includes(role)).map(({ policy }) => policy)];
}

/** In the order of `steps.ts`. */
function statesOf(world: World, translation: Translation): readonly State[] {
  const upTo = policiesWith(world, translation);
  const originals = upTo();
  const all = upTo('Copy', 'AllowWaypoint', 'Guard');
  return [
    { step: 'Baseline', policies: originals, bound: false, plane: 'sidecar' },
    { step: 'CopyPolicies', policies: upTo('Copy'), bound: false, plane: 'sidecar' },
    { step: 'AllowWaypoint', policies: upTo('Copy', 'AllowWaypoint'), bound: false, plane: 'sidecar' },
    { step: 'BindWaypoint', policies: upTo('Copy', 'AllowWaypoint'), bound: true, plane: 'sidecar' },
    { step: 'GuardBypass', policies: all, bound: true, plane: 'sidecar' },
    { step: 'RestartWorkloads', policies: all, bound: true, plane: 'ztunnel' },
  ];
}

/** What mutual TLS asks of requests, by whom it concerns. */
interface Mtls {
  readonly mtls: EffectiveMtls;
  readonly strict: readonly Reading[];
}

const mtlsOf = new WeakMap<Omit<Scene, 'service'>, Mtls>();

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
    mtls: effectiveMtls(peers, pod, rootNamespace),
    strict: ztunnelPeerReadings(
      convertedPeerAuthentications(peers, rootNamespace),
      attachedPeerAuthentications(peers, workload, rootNamespace),
    ),
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
const already = 'a caller in ambient that comes through the waypoint already';

function pathsOf(state: State, scene: Scene): Readonly<Record<string, DataPath>> {
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
    'a caller outside the mesh': outside(destination, 'Service'),
    'a caller outside the mesh that addresses the pod': outside(destination, 'Pod'),
  };
}

/** The waypoint is no caller, and nobody calls from the address that the guard rests on. */
function unreal(world: World): RequestSet {
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

/**
 * What it is if less gets through for a caller. Callers with sidecars are not among them, because they move first, and
 * hardly anybody in ambient addresses pods before there is anything in ambient.
 */
const lessFor: Readonly<Record<string, 'Refuses' | 'Ends'>> = {
  'a caller in ambient': 'Refuses',
  [already]: 'Refuses',
  'a caller outside the mesh': 'Ends',
  'a caller outside the mesh that addresses the pod': 'Ends',
};

/** One way of a caller, the first step after which it is so, and what gets through by it. */
interface Way {
  readonly step: string;
  readonly path: DataPath;
  readonly outcome: Outcome;
}

/** The ways that differ from those before; the first is the one of today. */
function waysOf(
  caller: string,
  states: readonly { readonly step: string; readonly paths: Readonly<Record<string, DataPath>> }[],
): readonly Way[] {
  const ways: Way[] = [];
  for (const { step, paths } of states) {
    const path = paths[caller];
    if (path === undefined || ways.some((way) => isDeepStrictEqual(way.path, path))) continue;
    ways.push({ step, path, outcome: outcome(path) });
  }
  return ways;
}

/** A change, of whatever Service. */
type Found = Omit<Change, 'object'>;

function changesFor(
  caller: string,
  [was, ...later]: readonly Way[],
  withinOf: (path: DataPath) => RequestSet,
  ask: Asker,
): readonly Found[] {
  if (was === undefined) return [];
  const within = withinOf(was.path);
  const less = lessFor[caller];
  const found = later.flatMap(({ step, outcome: is }): readonly Found[] => {
    const more = caller === already ? undefined : ask(gain(is, was.outcome, within));
    if (more !== undefined)
      return [
        { kind: 'Opens', message: `at ${step} ${caller} would get through that is refused today: ${describe(more)}` },
      ];
    const fewer = less && ask(gain(was.outcome, is, within));
    return fewer === undefined || less === undefined
      ? []
      : [{ kind: less, message: `at ${step} ${caller} would be refused that gets through today: ${describe(fewer)}` }];
  });
  // One of a kind is enough to show, and the first step at which it happens.
  return [...new Map(found.toReversed().map((change) => [change.kind, change])).values()];
}

/** What was found where the same decides: most Services of a namespace differ by their names only. */
interface Known {
  readonly signatures: Signatures;
  readonly changes: Map<string, readonly Found[]>;
}

function changesIn(scene: Scene, states: readonly State[], known: Known): readonly Found[] {
  spend(stepsOfScene);
  const { world, service, protocol } = scene;
  const shown = states.map((state) => ({ step: state.step, paths: pathsOf(state, scene) }));
  const callers = Object.keys(shown[0]?.paths ?? {})
    .map((caller) => ({ caller, ways: waysOf(caller, shown) }))
    .filter(({ ways }) => ways.length > 1);
  const { set, space } = throughService(service, world.workloads);
  const signature = JSON.stringify([
    protocol,
    space.servicePorts,
    shown.map(({ step, paths }) => [step, known.signatures.of(Object.entries(paths))]),
  ]);
  const before = known.changes.get(signature);
  if (before !== undefined) return before;
  const toPod = subtract(ofProtocol(protocol), unreal(world));
  const toService = intersect(toPod, set);
  const ask = asker(
    [
      toService,
      ...callers.flatMap(({ ways }) => ways).flatMap(({ outcome: { allowed, unasked } }) => [allowed, unasked]),
    ],
    space,
  );
  const withinOf = ({ address }: DataPath): RequestSet => (address === 'Service' ? toService : toPod);
  const found = callers.flatMap(({ caller, ways }) => changesFor(caller, ways, withinOf, ask));
  known.changes.set(signature, found);
  return found;
}

/**
 * Compares, for every Service that gets the waypoint and every way to its pods, which requests are let through after
 * each step with which are today, over all requests that the policies can tell apart. Nothing may open, at no step.
 */
export function changes(
  world: World,
  peers: readonly PeerAuthentication[],
  translation: Translation,
): readonly Change[] {
  const states = statesOf(world, translation);
  const compared: Known = { signatures: new Signatures(), changes: new Map() };
  return translation.bound.flatMap((service): readonly Change[] => {
    const known = podsBehind(service, world.workloads).map(({ labels }) => labels);
    // Without a comparison nothing would be proven: a Service whose pods nobody knows is asked of what its selector
    // says.
    const pods = known.length > 0 ? known : [service.selector];
    try {
      return pods.flatMap((labels) =>
        protocolsOf(service).flatMap((protocol) =>
          changesIn(
            { world, peers, service, workload: { namespace: world.namespace, labels }, protocol },
            states,
            compared,
          ).map((found) => ({ ...found, object: serviceTitle(service) })),
        ),
      );
    } catch (error) {
      if (!(error instanceof RequestSpaceTooLarge)) throw error;
      return [unknown(service, world)];
    }
  });
}

/** What would change for the callers of the namespace on its way behind a waypoint. */
export const changesOf: (surroundings: Surroundings) => readonly Change[] = remembered((surroundings) => {
  const world = worldOf(surroundings);
  const translation = translationOf(surroundings);
  if (translation.problems.some((problem) => problem.unknownMesh === true))
    return translation.bound.map((service) => unknown(service, world));
  return inTime(translation.bound, world, () => changes(world, peerAuthentications(surroundings), translation));
});

/** The same, once nothing else stands in the way: what cannot be made need not be compared. */
export function certainChanges(surroundings: Surroundings): readonly Change[] {
  const blocked = translationOf(surroundings).problems.some(({ severity }) => severity === 'Critical');
  return blocked ? [] : changesOf(surroundings);
}
