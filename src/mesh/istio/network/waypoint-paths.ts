import type { Direction, NetworkPolicy, PolicyPort, Protocol } from '../../network-policy/types.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { isEmpty } from '../../has-labels.ts';
import { dataplaneModeLabel, injectLabel, useWaypointLabel } from '../vocabulary/labels.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { chosenWaypoint } from '../waypoint/chosen.ts';
import { costed, recount, spend } from '../../../base/effort.ts';
import { selecting } from '../policy/selecting.ts';
import { gatewayNameLabel, waypointClass } from '../vocabulary/gateway.ts';
import { translationOf } from '../waypoint/translation.ts';
import { directions, rulesOf, type End } from './ends.ts';
import { getsThrough, hbonePort, isMeantAt } from './lost.ts';
import { placeOf, type Place } from './places.ts';
import { areOpen, isFree, isOpen, suppositions } from './sides.ts';

/** What the pods of a waypoint have to reach, or who has to reach them. */
export type Leg = 'ToWaypoint' | 'FromWaypoint' | 'ControlPlane' | 'Names';

/** A leg of a way through the waypoint that one policy cuts off. */
export interface LostLeg {
  readonly leg: Leg;
  readonly policy: NetworkPolicy;
  readonly direction: Direction;
  readonly waypoint: End;
  /** The pods at the other end, absent where it is istiod or the DNS. */
  readonly others?: readonly Place[];
  /** Whose calls go that way. */
  readonly calls: Calls;
}

/** Namespaces of which one calls the other. */
export interface Calls {
  readonly from: string;
  readonly to: string;
  /** What lets them through today means the namespace at the other end, and not whoever has some labels. */
  readonly isSingledOut: boolean;
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
  /** Everything that decides about it, as long as the places of the namespace are the same. */
  readonly key: string;
  /** Those of some places before which it stands; counted once in each work that asks. */
  readonly served: (called: readonly Place[]) => ReadonlySet<Place>;
}

type Labels = Readonly<Record<string, string>>;

/** Those that select something, each once. */
function different(selectors: readonly Labels[]): readonly Labels[] {
  return [...new Map(selectors.map((selector) => [JSON.stringify(selector), selector])).values()].filter(
    (selector) => !isEmpty(selector),
  );
}

/**
 * Those of some places that Services select. Whoever makes many of both decides how long it takes to compare them, so
 * they are looked up, and counted.
 */
function selectedBy(selectors: readonly Labels[], places: readonly Place[]): ReadonlySet<Place> {
  const found = new Set<Place>();
  const select = selecting(
    places.map(({ end }) => end.labels),
    spend,
  );
  for (const selector of selectors) {
    if (found.size === places.length) break;
    const selected = select(selector);
    spend(1 + selected.length / 8);
    for (const at of selected) {
      const place = places[at];
      if (place !== undefined) found.add(place);
    }
  }
  return found;
}

/** Undefined where the namespace gets none. */
export function waypointOf(surroundings: Surroundings): Waypoint | undefined {
  const { route, namespace } = surroundings;
  if (route.to !== 'IstioAmbient' || !getsWaypoint(surroundings)) return undefined;
  const { name, adopted } = chosenWaypoint(surroundings);
  const selectors = different(translationOf(surroundings).bound.map(({ selector }) => selector));
  const served = memoize((called: readonly Place[]) =>
    costed(() =>
      selectedBy(
        selectors,
        called.filter(({ end }) => end.namespace === namespace.name),
      ),
    ),
  );
  return {
    place: placeOf(endOf(namespace.name, name, labelsOf(name)), surroundings),
    isNew: !adopted,
    key: JSON.stringify([name, selectors]),
    served: (called) => recount(served(called)),
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

type About = Pick<LostLeg, 'leg' | 'waypoint' | 'others' | 'calls'>;

function callsOf(direction: Direction, caller: Place, called: Place): Calls {
  return {
    from: caller.end.namespace,
    to: called.end.namespace,
    isSingledOut: isMeantAt(direction, caller, called),
  };
}

/** What a call through the waypoint is short of. */
export function legsOf(caller: Place, called: Place, { place }: Waypoint): readonly LostLeg[] {
  const waypoint = place.end;
  const calls = callsOf('Ingress', caller, called);
  return [
    ...lostLeg(caller, place, hbonePort, { leg: 'ToWaypoint', waypoint, others: [caller], calls }),
    ...lostLeg(place, called, hbonePort, { leg: 'FromWaypoint', waypoint, others: [called], calls }),
  ];
}

/** Whether somebody goes through a waypoint of a namespace to what it has. */
export function usesWaypoint(name: string, { mesh }: Surroundings): boolean {
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
  const inAmbient = callers.filter(({ then }) => then === 'Ambient');
  const to = inAmbient
    .filter((caller) => waypoints.some((waypoint) => !isFree(caller, waypoint)))
    .flatMap((caller) => {
      spend(theirs.length / 4);
      const called = theirs.filter(({ now }) => now !== 'Waypoint').filter((each) => getsThrough(caller, each));
      const [first] = called;
      if (first === undefined) return [];
      const meant = called.find((each) => isMeantAt('Egress', caller, each)) ?? first;
      const about = { leg: 'ToWaypoint', others: [caller], calls: callsOf('Egress', caller, meant) } as const;
      return waypoints.flatMap((place) => lostLeg(caller, place, hbonePort, { ...about, waypoint: place.end }));
    });
  const served = selectedBy(selectorsThere(name, surroundings), theirs);
  return [
    ...to,
    ...legsFromOthers(
      inAmbient,
      waypoints,
      theirs.filter((each) => served.has(each)),
    ),
  ];
}

/** From waypoints of others to the pods before which they stand: whose calls these are is all that callers differ in. */
function legsFromOthers(
  callers: readonly Place[],
  waypoints: readonly Place[],
  served: readonly Place[],
): readonly LostLeg[] {
  return served.flatMap((called) => {
    spend(1 + waypoints.length / 4);
    const limiting = waypoints.filter((waypoint) => !isFree(waypoint, called));
    if (limiting.length === 0) return [];
    spend(callers.length / 4);
    const caller = callers.find((each) => getsThrough(each, called));
    return caller === undefined ? [] : limiting.flatMap((place) => fromWaypoint(caller, place, called));
  });
}

/** From a waypoint of others to the pods before which it stands. */
function fromWaypoint(caller: Place, place: Place, called: Place): readonly LostLeg[] {
  const calls = callsOf('Ingress', caller, called);
  return lostLeg(place, called, hbonePort, { leg: 'FromWaypoint', waypoint: place.end, others: [called], calls });
}

/** What Services of a namespace ask pods for that they send to through a waypoint. */
function selectorsThere(name: string, { mesh }: Surroundings): readonly Labels[] {
  const { [useWaypointLabel]: ofAll = 'none' } = mesh.labelsOf?.(name) ?? {};
  const behind = mesh.services(name).filter(({ labels }) => (labels[useWaypointLabel] ?? ofAll) !== 'none');
  return different(behind.map(({ selector }) => selector));
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
  const { namespace: home } = waypoint;
  const calls = { from: home, to: home, isSingledOut: false };
  const controlPlane = { ...placeOf(istiodIn(surroundings), surroundings), isolating: { Ingress: [], Egress: [] } };
  return [
    ...lostLeg(place, controlPlane, controlPlanePort, { leg: 'ControlPlane', waypoint, calls }),
    ...(Egress.some(letsAskNames)
      ? []
      : [{ leg: 'Names' as const, waypoint, calls, policy, direction: 'Egress' as const }]),
  ];
}
