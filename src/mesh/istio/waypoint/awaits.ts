import { listed } from '../../../base/counted.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Awaiting } from '../../others.ts';
import { circleFrom } from '../../circle.ts';
import type { PodView } from '../../views.ts';
import { oldSidecars, type OldSidecars } from './calls/old-sidecars.ts';
import {
  callsFrom,
  certainOf,
  guardedServices,
  sidecarCallers,
  sleepingCallers,
  type KnownCallers,
} from './callers.ts';
import { getsWaypoint } from './choose.ts';
import { comingCallers } from './coming-callers.ts';
import { askedOf, inChain, link } from './neighbour.ts';
import { refusedOutside, sleepersOutside } from './outside.ts';

function podNames(pods: readonly Pick<PodView, 'name'>[]): string {
  return listed(pods.map(({ name }) => name));
}

/** What keeps the namespaces that are waited for, in brackets; undefined when each of them goes on by itself. */
export function halt(namespaces: readonly string[], { scope }: Surroundings): string | undefined {
  const halted = namespaces.flatMap((namespace) => {
    const why = scope?.halted(namespace);
    return why === undefined ? [] : [`${namespace} ${why}`];
  });
  return halted.length === 0 ? undefined : `, but ${listed(halted)}`;
}

/** Old sidecars for which something is lost or gained when they are called in plaintext. */
export function dangerous(surroundings: Surroundings): readonly OldSidecars[] {
  return oldSidecars(surroundings).filter(({ matters }) => matters !== undefined);
}

/**
 * Whether a sidecar that this namespace may call, anywhere in the mesh, still takes no HBONE. From ambient it would be
 * called in plaintext: what a DENY of the caller refuses would get through.
 */
export function awaitsHbone(surroundings: Surroundings): Awaiting | undefined {
  const old = dangerous(surroundings);
  if (old.length === 0) return undefined;
  const stay = old.filter(({ restarted }) => !restarted);
  const name = ({ namespace, pods }: OldSidecars): string => `${namespace} (${podNames(pods)})`;
  if (stay.length > 0)
    return {
      stuck: true,
      message: `sidecars that may be called were injected before ambient was enabled, and this migration does not restart them: ${listed(stay.map(name))}`,
    };
  const namespaces = old.map(({ namespace }) => namespace);
  const halted = halt(namespaces, surroundings);
  return {
    stuck: halted !== undefined,
    namespaces,
    message: `waits until the sidecars that it may call take HBONE, in ${listed(namespaces)}: they are restarted first, then this goes on by itself${halted ?? ''}`,
  };
}

/**
 * Namespaces of callers whose next pods have sidecars, whatever runs now: by their templates, which anybody can see. Of
 * those whom metrics saw nobody need know a template: they did call.
 */
function comingFrom(callers: KnownCallers, surroundings: Surroundings): readonly string[] {
  const asleep = callers.seen === undefined ? [] : sleepingCallers(callers.callers, surroundings);
  return [...asleep, ...comingCallers(callers.callers, surroundings)].map(({ namespace }) => namespace);
}

/**
 * Namespaces of callers that have no sidecar now, but will: they start with one, or go back to it. Nobody joins what
 * they would have to wait for then.
 */
function laterCallers(callers: KnownCallers, surroundings: Surroundings): readonly string[] {
  const coming = comingFrom(callers, surroundings);
  const leaving = (surroundings.scope?.goingBack() ?? []).filter((namespace) =>
    callsFrom(namespace, callers, surroundings),
  );
  return [...coming, ...leaving];
}

/** Namespaces in scope whose next pods call from outside the mesh for as long as they have not moved. */
const outsideUntilMoved = memoize(
  (surroundings: Surroundings): ReadonlySet<string> =>
    new Set(
      guardedServices(surroundings).flatMap(({ service, callers }) => sleepersOutside(service, callers, surroundings)),
    ),
);

/**
 * Namespaces whose workloads call Services here that refuse sidecars, and still have some; with their pods. And those
 * whose next pods are outside the mesh for as long as they have not moved. Several questions of a look ask it, and many
 * Services have the same callers.
 */
const callersWithSidecars = memoize((surroundings: Surroundings): ReadonlyMap<string, readonly PodView[]> => {
  if (surroundings.spec.policies.bypass !== 'CallersFirst' || !getsWaypoint(surroundings)) return new Map();
  const found = new Map<string, Set<PodView>>();
  function podsFrom(namespace: string): Set<PodView> {
    const pods = found.get(namespace) ?? new Set();
    found.set(namespace, pods);
    return pods;
  }
  for (const callers of new Set(guardedServices(surroundings).flatMap((each) => certainOf(each.callers)))) {
    for (const pod of sidecarCallers(callers.callers, surroundings)) podsFrom(pod.namespace).add(pod);
    for (const namespace of laterCallers(callers, surroundings)) podsFrom(namespace);
  }
  for (const namespace of outsideUntilMoved(surroundings)) podsFrom(namespace);
  return new Map([...found].map(([namespace, pods]) => [namespace, [...pods]]));
});

/**
 * Those of other namespaces: callers beside the called are restarted before them (`order.ts`), or hold their restart up
 * (`findings/own-callers.ts`). Who calls was known at the start (MM082) and is in the journal; whoever is named beside
 * what is open now counts as well (`certainOf`).
 */
export function awaitedCallers(surroundings: Surroundings): ReadonlyMap<string, readonly PodView[]> {
  return new Map(
    [...callersWithSidecars(surroundings)].filter(([namespace]) => namespace !== surroundings.namespace.name),
  );
}

/** Namespaces of callers that would be refused with their next pods. */
function comingRefused(surroundings: Surroundings): readonly string[] {
  const { bypass } = surroundings.spec.policies;
  if (bypass !== 'CallersFirst' || !getsWaypoint(surroundings)) return [];
  const callers = new Set(guardedServices(surroundings).flatMap((each) => certainOf(each.callers)));
  return [...new Set([...callers].flatMap((each) => comingFrom(each, surroundings)))].sort();
}

/**
 * Callers that are refused now, because they came with sidecars, or went back to them, when the namespace had moved; a
 * sentence. Those of whom no pod runs at this moment (a CronJob between two runs) are refused as soon as one does: what
 * is sealed in such a moment would refuse them for good.
 */
export function refusedCallers(surroundings: Surroundings): string | undefined {
  const refused = [...callersWithSidecars(surroundings)]
    .filter(([, pods]) => pods.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (refused.length > 0)
    return `callers with sidecars go past the waypoint and are refused: ${listed(refused.map(([name, pods]) => `${name} (${podNames(pods)})`))}`;
  const coming = comingRefused(surroundings);
  return coming.length === 0
    ? undefined
    : `callers with sidecars go past the waypoint and would be refused with their next pods: ${listed(coming)}`;
}

/**
 * The namespaces on the way from this one back to itself, if callers wait for it in turn; undefined if none do, or if
 * that cannot be told: then it waits.
 */
export function circleOfCallers(surroundings: Surroundings): readonly string[] | undefined {
  const {
    namespace: { name: home },
    scope,
  } = surroundings;
  const awaited = (name: string): readonly string[] =>
    name === home
      ? [...awaitedCallers(surroundings).keys()]
      : askedOf<readonly string[]>(
          surroundings,
          name,
          (there) => [...awaitedCallers(there).keys()],
          () => [],
        );
  return inChain(
    () =>
      circleFrom(
        home,
        link((name) => awaited(name).filter((each) => scope?.moves(each) === true)),
      ),
    undefined,
  );
}

/** Whether callers that are declared call from outside the mesh, and would be refused for good: nobody moves them. */
function awaitsOutside(surroundings: Surroundings): Awaiting | undefined {
  if (surroundings.spec.policies.bypass !== 'CallersFirst' || !getsWaypoint(surroundings)) return undefined;
  const refused = guardedServices(surroundings).map(({ service, callers }) =>
    refusedOutside(service, callers, surroundings),
  );
  const pods = [...new Set(refused)].flat();
  if (pods.length === 0) return undefined;
  const names = [...new Set(pods.map(({ namespace }) => namespace))].sort();
  return {
    stuck: true,
    message: `callers outside the mesh never use a waypoint and would be refused for good: ${listed(names)} (${podNames([...new Set(pods)])})`,
  };
}

/**
 * Whether workloads of other namespaces that call here would be refused by pods without a sidecar: they still have
 * theirs, or are outside the mesh.
 */
export function awaitsCallers(surroundings: Surroundings): Awaiting | undefined {
  return awaitsOutside(surroundings) ?? awaitsSidecars(surroundings) ?? awaitsAnswer(surroundings);
}

/** One thing to say of all that nobody knows. */
const waysToKnow =
  'Name its callers in spec.callers, or in every rule of the ALLOW policies, or set spec.policies.bypass to FailClosed';

/**
 * Before the labels change: of each Service that refuses sidecars somebody knows who calls it, or knew it at the start.
 * An answer that was never there holds its own namespace only, whoever has made it go: it has its sidecars, and all of
 * it works. While Prometheus is still being asked, which ends with its window or its failure, nobody has to do anything.
 */
function awaitsAnswer(surroundings: Surroundings): Awaiting | undefined {
  if (surroundings.itinerary === undefined) return undefined; // MM082 says so before the start.
  if (surroundings.spec.policies.bypass !== 'CallersFirst' || !getsWaypoint(surroundings)) return undefined;
  const open = guardedServices(surroundings).flatMap(({ service, callers }) =>
    callers.kind === 'Known' || callers.settled === true ? [] : [{ service, callers }],
  );
  const [first] = open;
  if (first === undefined) return undefined;
  const stuck = open.some(({ callers }) => callers.passing !== true);
  const who = `nobody knows who calls ${listed(open.map(({ service }) => `Service ${service.name}`))} (${first.callers.why}), and callers with sidecars would be refused`;
  return { stuck, message: `${who}. ${waysToKnow}` };
}

function awaitsSidecars(surroundings: Surroundings): Awaiting | undefined {
  const awaited = awaitedCallers(surroundings);
  if (awaited.size === 0) return undefined;
  const names = [...awaited.keys()].sort();
  const stay = names.filter((name) => surroundings.scope?.moves(name) !== true);
  const pods = [...new Set(names.flatMap((name) => awaited.get(name) ?? []))];
  const outside = names.filter((name) => outsideUntilMoved(surroundings).has(name));
  const away = names.filter((name) => awaited.get(name)?.length === 0 && !outside.includes(name));
  const who = [
    listed(names),
    ...(pods.length === 0 ? [] : [`(${podNames(pods)})`]),
    ...(away.length === 0 ? [] : [`(no sidecar now, but with their next pods: ${listed(away)})`]),
    ...(outside.length === 0
      ? []
      : [`(outside the mesh with their next pods until they have moved: ${listed(outside)})`]),
  ].join(' ');
  if (stay.length > 0)
    return {
      stuck: true,
      message: `callers with sidecars go past the waypoint and would be refused, and ${listed(stay)} are not in scope: ${who}`,
    };
  const circle = circleOfCallers(surroundings);
  if (circle !== undefined)
    return {
      stuck: true,
      message: `namespaces wait for each other in a circle: ${circle.toReversed().join(' calls ')}`,
    };
  const halted = halt(names, surroundings);
  return {
    stuck: halted !== undefined,
    namespaces: names,
    message: `its callers in ${who} are in scope: they go first, then this goes on by itself${halted ?? ''}`,
  };
}
