import type { Direction, NetworkPolicy, PolicyPort, Protocol } from '../../network-policy/types.ts';
import type { Surroundings } from '../../adapter.ts';
import { selects } from '../../views.ts';
import { dataplaneModeLabel, injectLabel, useWaypointLabel } from '../labels.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { chosenWaypoint } from '../waypoint/chosen.ts';
import { gatewayNameLabel, waypointClass } from '../waypoint/gateway.ts';
import { translationOf } from '../waypoint/translation.ts';
import { rulesOf, type End } from './ends.ts';
import { getsThrough, hbonePort } from './lost.ts';
import { placeOf, type Place } from './places.ts';
import { areOpen, directions, isFree, isOpen, suppositions } from './sides.ts';

/** What the pods of a waypoint have to reach, or who has to reach them. */
export type Leg = 'ToWaypoint' | 'FromWaypoint' | 'ControlPlane' | 'Names';

/** A leg of a way through the waypoint that one policy cuts off. */
export interface LostLeg {
  readonly leg: Leg;
  readonly policy: NetworkPolicy;
  readonly direction: Direction;
  readonly waypoint: End;
  /** The pod at the other end, absent where it is istiod or the DNS. */
  readonly other?: End;
}

/** The port of istiod from which proxies get their configuration. */
const controlPlanePort = 15012;

/** Labels of its pods as istiod makes them (files/waypoint.yaml of the istio-discovery chart). */
function labelsOf(name: string): End['labels'] {
  return {
    [gatewayNameLabel]: name,
    'gateway.networking.k8s.io/gateway-class-name': waypointClass,
    [dataplaneModeLabel]: 'none',
    [injectLabel]: 'false',
    'service.istio.io/canonical-name': name,
    'service.istio.io/canonical-revision': 'latest',
  };
}

/** Pods that are called by HBONE or by ports that everybody knows. */
function endOf(namespace: string, name: string, labels: End['labels']): End {
  return { namespace, names: [name], way: 'Ambient', labels, ports: [], called: [] };
}

/** The waypoint of the namespace, and what goes through it. */
export interface Waypoint {
  readonly place: Place;
  /** It is going to be made, so that nobody knows yet whether it starts. */
  readonly isNew: boolean;
  readonly serves: (called: Place) => boolean;
}

/** Undefined where the namespace gets none. */
export function waypointOf(surroundings: Surroundings): Waypoint | undefined {
  const { route, namespace } = surroundings;
  if (route.to !== 'IstioAmbient' || !getsWaypoint(surroundings)) return undefined;
  const { name, adopted } = chosenWaypoint(surroundings);
  const bound = translationOf(surroundings).bound;
  return {
    place: placeOf(endOf(namespace.name, name, labelsOf(name)), surroundings),
    isNew: !adopted,
    serves: ({ end }) =>
      end.namespace === namespace.name &&
      bound.some(({ selector }) => Object.keys(selector).length > 0 && selects({ matchLabels: selector }, end.labels)),
  };
}

function lostLeg(caller: Place, called: Place, port: number, about: About): readonly LostLeg[] {
  if (isFree(caller, called)) return [];
  const supposed = suppositions(caller, called);
  if (supposed.some(({ then }) => areOpen(then, port))) return [];
  return directions.flatMap((direction) => {
    const [policy] = direction === 'Ingress' ? called.isolating.Ingress : caller.isolating.Egress;
    if (policy === undefined || supposed.some(({ then }) => isOpen(then[direction], port))) return [];
    return [{ ...about, policy, direction }];
  });
}

type About = Pick<LostLeg, 'leg' | 'waypoint' | 'other'>;

/** What a call through the waypoint is short of. */
export function legsOf(caller: Place, called: Place, { place }: Waypoint): readonly LostLeg[] {
  const waypoint = place.end;
  return [
    ...lostLeg(caller, place, hbonePort, { leg: 'ToWaypoint', waypoint, other: caller.end }),
    ...lostLeg(place, called, hbonePort, { leg: 'FromWaypoint', waypoint, other: called.end }),
  ];
}

/** Whether somebody goes through a waypoint of a namespace to what it has. */
function usesWaypoint(name: string, { mesh }: Surroundings): boolean {
  const all = [mesh.labelsOf?.(name) ?? {}, ...mesh.services(name).map(({ labels }) => labels)];
  return all.some((labels) => Object.hasOwn(labels, useWaypointLabel));
}

/**
 * Waypoints of others stand before what the namespace calls, and are for those who call from ambient: sidecars went past
 * them.
 */
export function legsToOthers(
  callers: readonly Place[],
  theirs: readonly Place[],
  name: string,
  surroundings: Surroundings,
): readonly LostLeg[] {
  const waypoints = theirs.filter(({ now }) => now === 'Waypoint');
  if (waypoints.length === 0 || surroundings.route.to !== 'IstioAmbient' || !usesWaypoint(name, surroundings))
    return [];
  return callers
    .filter((caller) => caller.then === 'Ambient' && waypoints.some((waypoint) => !isFree(caller, waypoint)))
    .filter((caller) => theirs.some((called) => called.now !== 'Waypoint' && getsThrough(caller, called)))
    .flatMap((caller) =>
      waypoints.flatMap((place) =>
        lostLeg(caller, place, hbonePort, { leg: 'ToWaypoint', waypoint: place.end, other: caller.end }),
      ),
    );
}

function opens({ protocol, port, endPort }: PolicyPort, asked: number, by: Protocol): boolean {
  if (protocol !== by) return false;
  // Which port a name stands for at the DNS is not known here, so it may be this one.
  return typeof port !== 'number' || (port <= asked && asked <= (endPort ?? port));
}

/** To whomever: where the DNS of the cluster answers, nobody has to say. */
function letsAskNames(policy: NetworkPolicy): boolean {
  return rulesOf(policy, 'Egress').some(
    ({ ports }) => ports.length === 0 || ports.some((port) => opens(port, 53, 'UDP')),
  );
}

/** As it runs; else as its chart has it. */
function istiodIn({ mesh }: Surroundings): End {
  const { controlPlaneNamespace: home } = mesh;
  const found = mesh.workloads(home).find(({ templateLabels }) => templateLabels['app'] === 'istiod');
  return endOf(home, 'istiod', found?.templateLabels ?? { app: 'istiod', istio: 'pilot' });
}

/** What a waypoint that is going to be made needs before it can do anything. */
export function legsOfItself({ place, isNew }: Waypoint, surroundings: Surroundings): readonly LostLeg[] {
  const { Egress } = place.isolating;
  const [policy] = Egress;
  if (!isNew || policy === undefined) return [];
  const waypoint = place.end;
  const controlPlane = { ...placeOf(istiodIn(surroundings), surroundings), isolating: { Ingress: [], Egress: [] } };
  return [
    ...lostLeg(place, controlPlane, controlPlanePort, { leg: 'ControlPlane', waypoint }),
    ...(Egress.some(letsAskNames) ? [] : [{ leg: 'Names' as const, waypoint, policy, direction: 'Egress' as const }]),
  ];
}
