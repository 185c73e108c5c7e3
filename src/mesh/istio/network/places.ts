import { memoize } from '../../../base/memoize.ts';
import { isolates } from '../../network-policy/admits.ts';
import type { Direction, NetworkPolicy, Peer } from '../../network-policy/types.ts';
import type { LabelTargets, Surroundings } from '../../adapter.ts';
import type { DataPlane } from '../../../api/common.ts';
import { itinerary } from '../itinerary.ts';
import { spend } from '../policy/effort.ts';
import { neighbour } from '../waypoint/neighbour.ts';
import { endsIn, labelsAskedBy, policiesIn, type End, type Way } from './ends.ts';

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

function changed(labels: Labels, targets: LabelTargets): Labels {
  const all: LabelTargets = { ...labels, ...targets };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null));
}

/** Labels of the namespace that moves, before its first step and after the last. */
const labelsOfMoving = memoize(({ namespace, route, back = {} }: Surroundings) => {
  const now = changed(namespace.labels, back);
  const targets = itinerary(route, now, 'L4').forward.flatMap(({ work }) =>
    work.kind === 'Labels' ? Object.entries(work.targets) : [],
  );
  return { now, then: changed(now, Object.fromEntries(targets)) };
});

/** Policies of a namespace of which anybody can tell what they do. */
export function readableIn(namespace: string, { mesh }: Surroundings): readonly NetworkPolicy[] {
  return policiesIn(mesh.configs('NetworkPolicy', namespace)).filter((policy) => policy.kind === 'NetworkPolicy');
}

function waysOf(end: End, { route, scope, namespace }: Surroundings): Pick<Place, 'now' | 'then'> {
  const { way } = end;
  if (way === 'Gateway') return { now: way, then: way };
  if (end.namespace === namespace.name) {
    const now = ways[route.from];
    return { now: now === 'Sidecar' && way === 'OldSidecar' ? way : now, then: ways[route.to] };
  }
  const isRestarted = scope?.moves(end.namespace) === true || scope?.restartsForHbone(end.namespace) === true;
  return { now: way, then: way === 'OldSidecar' && isRestarted ? 'Sidecar' : way };
}

/** Puts pods where they stand, seen from the namespace that moves. */
export function placeOf(end: End, surroundings: Surroundings): Place {
  const { namespace, mesh } = surroundings;
  const labels =
    end.namespace === namespace.name
      ? labelsOfMoving(surroundings)
      : { now: mesh.labelsOf?.(end.namespace) ?? {}, then: mesh.labelsOf?.(end.namespace) ?? {} };
  const peer = { namespace: end.namespace, labels: end.labels, ports: end.ports };
  const peerNow = { ...peer, namespaceLabels: withName(end.namespace, labels.now) };
  const policies = readableIn(end.namespace, surroundings);
  spend(1 + policies.length / 4);
  const isolating = (direction: Direction): readonly NetworkPolicy[] =>
    policies.filter((policy) => isolates(policy, peerNow, direction));
  return {
    end,
    ...waysOf(end, surroundings),
    peerNow,
    peerThen: { ...peer, namespaceLabels: withName(end.namespace, labels.then) },
    isolating: { Ingress: isolating('Ingress'), Egress: isolating('Egress') },
  };
}

/**
 * All pods of a namespace, told apart as its own policies and those of another one do. Undefined where that takes more
 * than a look may take.
 */
export function placesIn(name: string, beside: string, surroundings: Surroundings): readonly Place[] | undefined {
  const { mesh, namespace } = surroundings;
  const asked = labelsAskedBy(mesh.configs('NetworkPolicy', beside));
  const there = name === namespace.name ? surroundings : neighbour(surroundings, name);
  return endsIn(there, asked)?.map((end) => placeOf(end, surroundings));
}
