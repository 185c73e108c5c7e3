import { isDeepStrictEqual } from 'node:util';
import type { Surroundings } from '../../../adapter.ts';
import { RequestSpaceTooLarge } from '../../../../requests/boxes.ts';
import type { DataPath } from '../../policy/data-path.ts';
import { describe } from '../../../../requests/describe.ts';
import { spend } from '../../../../base/effort.ts';
import { stepsOfScene } from '../../../effort-limits.ts';
import { gain, outcome, type Outcome } from '../../policy/equivalence.ts';
import { asker, type Asker } from '../../../../requests/space.ts';
import { protocolsOf, throughService } from '../../policy/translate/reach.ts';
import { podsBehind } from '../../policy/translate/selection.ts';
import type { ExitWorld } from '../../policy/translate/to-sidecar/served.ts';
import type { ExitTranslation } from '../../policy/translate/to-sidecar/translate.ts';
import { serviceTitle, sidecarLabels } from '../../policy/translate/world.ts';
import type { PeerAuthentication } from '../../policy/types.ts';
import { inTime, unknown, whoRefuses, type Change } from '../change.ts';
import { remembered } from '../memo.ts';
import { peerAuthentications } from '../peer-authentications.ts';
import { policiesWith } from '../proof.ts';
import { exitWorldOf } from './served.ts';
import { exitTranslationOf } from './translation.ts';
import {
  type State,
  type Scene,
  waysOf,
  type Comparison,
  startOf,
  isSame,
  requestsIn,
  comparisons,
} from './comparisons.ts';

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
        message: `at ${state.step} ${caller} would get through that is refused today, for example ${describe(more)}`,
      },
    ];
  const fewer = less && ask(gain(before, is, within));
  if (less === undefined || fewer === undefined) return [];
  return [
    {
      kind: less,
      object,
      message: `at ${state.step} ${caller} would be refused that gets through today, for example ${describe(fewer)}; ${whoRefuses(path, fewer)}`,
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
