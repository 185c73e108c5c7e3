import { memoize } from '../../../base/memoize.ts';
import { isolates } from '../../network-policy/admits.ts';
import type { Direction, NetworkPolicy, Peer } from '../../network-policy/types.ts';
import type { Surroundings } from '../../adapter.ts';
import { withLabels } from '../label-changes.ts';
import type { DataPlane } from '../../../api/common.ts';
import { itinerary } from '../itinerary.ts';
import { spend } from '../policy/effort.ts';
import { neighbour } from '../waypoint/neighbour.ts';
import { endsIn, labelsAskedBy, namespaceLabelsAskedBy, readableIn, type End, type Way } from './ends.ts';

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

function waysOf(end: End, { route, scope, namespace }: Surroundings): Pick<Place, 'now' | 'then'> {
  const { way } = end;
  if (way === 'Gateway' || way === 'Waypoint') return { now: way, then: way };
  if (end.namespace === namespace.name) {
    const now = ways[route.from];
    return { now: now === 'Sidecar' && way === 'OldSidecar' ? way : now, then: ways[route.to] };
  }
  const isRestarted = scope?.moves(end.namespace) === true || scope?.restartsForHbone(end.namespace) === true;
  return { now: way, then: way === 'OldSidecar' && isRestarted ? 'Sidecar' : way };
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
    spend(1 + policies.length / 4);
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

/** By namespace and the labels that are asked for: the own ones are asked for beside each other namespace. */
const known = memoize((_surroundings: Surroundings) => new Map<string, readonly Place[] | undefined>());

/**
 * All pods of a namespace, told apart as its own policies and those of another one do. Undefined where that takes more
 * than a look may take.
 */
export function placesIn(name: string, beside: string, surroundings: Surroundings): readonly Place[] | undefined {
  const { mesh, namespace } = surroundings;
  const asked = labelsAskedBy(mesh.configs('NetworkPolicy', beside));
  const key = JSON.stringify([name, asked]);
  const places = known(surroundings);
  if (!places.has(key)) {
    const there = name === namespace.name ? surroundings : neighbour(surroundings, name);
    places.set(key, endsIn(there, asked)?.map(placing(name, surroundings)));
  }
  return places.get(key);
}
