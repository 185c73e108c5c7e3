import { memoize } from '../../../base/memoize.ts';
import { Recent } from '../../../base/recent.ts';
import { isolates } from '../../network-policy/admits.ts';
import type { Direction, NetworkPolicy, Peer } from '../../network-policy/types.ts';
import type { Surroundings } from '../../adapter.ts';
import { withLabels } from '../vocabulary/label-changes.ts';
import type { DataPlane } from '../../../api/common.ts';
import { itinerary } from '../itinerary.ts';
import { bounded, spend } from '../../../base/effort.ts';
import { neighbour } from '../waypoint/neighbour.ts';
import { endsIn, labelsAskedBy, labelsThere, namespaceLabelsAskedBy, readableIn, type End, type Way } from './ends.ts';

type Labels = Readonly<Record<string, string>>;

/** Pods as policies see them before a namespace moves, and after that. */
export interface Place {
  readonly end: End;
  readonly now: Way;
  readonly then: Way;
  readonly peerNow: Peer;
  readonly peerThen: Peer;
  /** Policies that isolate them. */
  readonly isolating: Readonly<Record<Direction, readonly NetworkPolicy[]>>;
}

const ways: Readonly<Record<DataPlane, Way>> = {
  IstioSidecar: 'Sidecar',
  IstioAmbient: 'Ambient',
  None: 'Outside',
};

/** Whom each calls by HBONE, all on one port: anybody else it calls on the port of the application. */
const tunnels: Readonly<Record<Way, readonly Way[]>> = {
  Ambient: ['Ambient', 'Sidecar'],
  Sidecar: ['Ambient'],
  Gateway: ['Ambient'],
  Waypoint: [],
  OldSidecar: [],
  Outside: [],
};

/** Whether calls go by HBONE. */
export function isTunnelled(caller: Way, called: Way): boolean {
  return tunnels[caller].includes(called);
}

/** The API server puts the name of each namespace among its labels; manifests leave it to that. */
function withName(name: string, labels: Labels): Labels {
  return { 'kubernetes.io/metadata.name': name, ...labels };
}

/** What of a namespace policies see. */
interface Seen {
  readonly now: Labels;
  readonly then: Labels;
}

/**
 * Labels of the namespace that moves, before its first step and after the last: the same ones where nobody asks for
 * those that change.
 */
const labelsOfMoving = memoize(({ namespace, route, back = {}, mesh }: Surroundings): Seen => {
  const now = withLabels(namespace.labels, back);
  const targets = itinerary(route, now, 'L4').forward.flatMap(({ work }) =>
    work.kind === 'Labels' ? Object.entries(work.targets) : [],
  );
  const asked = namespaceLabelsAskedBy(mesh.configs('NetworkPolicy'));
  return targets.some(([key]) => asked.has(key))
    ? { now, then: withLabels(now, Object.fromEntries(targets)) }
    : { now, then: now };
});

function labelsOf(name: string, surroundings: Surroundings): Seen {
  if (name === surroundings.namespace.name) return labelsOfMoving(surroundings);
  const labels = surroundings.mesh.labelsOf?.(name) ?? {};
  return { now: labels, then: labels };
}

function isRestarted(name: string, { scope }: Surroundings): boolean {
  return scope?.moves(name) === true || scope?.restartsForHbone(name) === true;
}

/** Whether the migration takes another namespace from its sidecars to ambient as well. */
function goesAlong(name: string, { route, scope }: Surroundings): boolean {
  return route.from === 'IstioSidecar' && route.to === 'IstioAmbient' && scope?.moves(name) === true;
}

function waysOf(end: End, surroundings: Surroundings): Pick<Place, 'now' | 'then'> {
  const { route, namespace } = surroundings;
  const { way } = end;
  if (way === 'Gateway' || way === 'Waypoint') return { now: way, then: way };
  if (end.namespace === namespace.name) {
    const now = ways[route.from];
    return { now: now === 'Sidecar' && way === 'OldSidecar' ? way : now, then: ways[route.to] };
  }
  // In which order they move is not decided here: whoever calls from ambient goes through waypoints.
  if (goesAlong(end.namespace, surroundings) && ['Sidecar', 'OldSidecar'].includes(way))
    return { now: way, then: 'Ambient' };
  return { now: way, then: way === 'OldSidecar' && isRestarted(end.namespace, surroundings) ? 'Sidecar' : way };
}

/** Puts pods where they stand, seen from the namespace that moves. Those that the same policies isolate share the list. */
function placing(namespace: string, surroundings: Surroundings): (end: End) => Place {
  const policies = readableIn(surroundings.mesh.configs('NetworkPolicy', namespace));
  const { now, then } = labelsOf(namespace, surroundings);
  const [labelsNow, labelsThen] = [withName(namespace, now), withName(namespace, then)];
  const lists = new Map<string, readonly NetworkPolicy[]>();
  const isolating = (peer: Peer, direction: Direction): readonly NetworkPolicy[] => {
    const found = policies.filter((policy) => isolates(policy, peer, direction));
    const key = `${direction} ${found.map(({ name }) => name).join(' ')}`;
    const list = lists.get(key) ?? found;
    lists.set(key, list);
    return list;
  };
  return (end) => {
    spend(1 + (policies.length / 4) * (1 + Object.keys(end.labels).length / 8));
    const peerNow = { namespace, namespaceLabels: labelsNow, labels: end.labels, ports: end.ports };
    return {
      end,
      ...waysOf(end, surroundings),
      peerNow,
      peerThen: then === now ? peerNow : { ...peerNow, namespaceLabels: labelsThen },
      isolating: { Ingress: isolating(peerNow, 'Ingress'), Egress: isolating(peerNow, 'Egress') },
    };
  };
}

/** The same of pods that are to be made, or are none of the application's. */
export function placeOf(end: End, surroundings: Surroundings): Place {
  return placing(end.namespace, surroundings)(end);
}

/** Of the namespace itself, and of another one. */
const ownSteps = 1_000_000;
const neighbourSteps = 200_000;

/** Ways in which the same pods are looked at: by the routes and scopes of those who look. */
const mostViews = 8;

interface Placed {
  readonly policies: readonly NetworkPolicy[];
  readonly places: readonly Place[] | undefined;
}

const known = memoize((_ends: readonly End[]) => new Recent<Placed>(mostViews));

/** Worked out once for as long as all that decides about it stays as it is, whoever asks. */
function placesOf(ends: readonly End[], name: string, surroundings: Surroundings): Placed['places'] {
  const { mesh, namespace, route } = surroundings;
  const policies = readableIn(mesh.configs('NetworkPolicy', name));
  const isOwn = name === namespace.name;
  const key = JSON.stringify([
    labelsOf(name, surroundings),
    isOwn ? route : [isRestarted(name, surroundings), goesAlong(name, surroundings)],
  ]);
  const before = known(ends).get(key);
  if (before?.policies === policies) return before.places;
  const found = bounded(isOwn ? ownSteps : neighbourSteps, () => ends.map(placing(name, surroundings)));
  const places = found.kind === 'Done' ? found.value : undefined;
  known(ends).set(key, { policies, places });
  return places;
}

/**
 * All pods of a namespace, told apart as its own policies and those of another one do: the same list for as long as
 * nothing of that changes. Undefined where that takes more than a look may take.
 */
export function placesIn(name: string, beside: string, surroundings: Surroundings): readonly Place[] | undefined {
  const there = name === surroundings.namespace.name ? surroundings : neighbour(surroundings, name);
  const { Ingress, Egress } = labelsAskedBy(surroundings.mesh.configs('NetworkPolicy', beside));
  const asked = labelsThere([...new Set([...Ingress, ...Egress])].sort(), there);
  const ends = endsIn(there, asked);
  return ends && placesOf(ends, name, surroundings);
}
