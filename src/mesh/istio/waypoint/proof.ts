import { isDeepStrictEqual } from 'node:util';
import type { Surroundings } from '../../adapter.ts';
import { RequestSpaceTooLarge } from '../../../requests/boxes.ts';
import type { DataPath } from '../policy/data-path.ts';
import { describe } from '../../../requests/describe.ts';
import { spend } from '../../../base/effort.ts';
import { stepsOfScene } from '../../effort-limits.ts';
import { gain, outcome, type Outcome } from '../policy/equivalence.ts';
import { readPolicy } from '../policy/parse.ts';
import { asker, intersect, subtract, type Asker, type RequestSet } from '../../../requests/space.ts';
import type { Role } from '../policy/translate/manifest.ts';
import { ofProtocol, protocolsOf, throughService } from '../policy/translate/reach.ts';
import { podsBehind } from '../policy/translate/selection.ts';
import type { Translation } from '../policy/translate/translate.ts';
import { serviceTitle, type World } from '../policy/translate/world.ts';
import type { AuthorizationPolicy, PeerAuthentication } from '../policy/types.ts';
import { inTime, unknown, type Change } from './change.ts';
import { remembered } from './memo.ts';
import { peerAuthentications } from './peer-authentications.ts';
import { Signatures } from './signature.ts';
import { translationOf } from './translation.ts';
import { worldOf } from './world.ts';
import { type State, type Scene, already, fromOutside, pathsOf, unreal } from './proof-paths.ts';

/** The AuthorizationPolicies that are there once the objects of some roles are made beside the originals. */
export function policiesWith(
  { policies }: Pick<World, 'policies'>,
  { manifests }: Pick<Translation, 'manifests'>,
): (...roles: readonly Role[]) => readonly AuthorizationPolicy[] {
  const originals = policies.map(({ policy }) => policy);
  const made = manifests.flatMap(({ role, object }) => {
    const policy = readPolicy({
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

/**
 * What it is if less gets through for a caller. Callers with sidecars are not among them, because they move first, and
 * hardly anybody in ambient addresses pods before there is anything in ambient.
 */
const lessFor: Readonly<Record<string, 'Refuses' | 'Ends'>> = {
  'a caller in ambient': 'Refuses',
  [already]: 'Refuses',
  [fromOutside]: 'Ends',
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
        {
          kind: 'Opens',
          message: `at ${step} ${caller} would get through that is refused today, for example ${describe(more)}`,
        },
      ];
    const fewer = less && ask(gain(was.outcome, is, within));
    return fewer === undefined || less === undefined
      ? []
      : [
          {
            kind: less,
            message: `at ${step} ${caller} would be refused that gets through today, for example ${describe(fewer)}`,
            ...(caller === fromOutside && { fromOutside: true as const }),
          },
        ];
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
