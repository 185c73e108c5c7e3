import { extend } from '../../../base/lists.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView, ServiceView } from '../../views.ts';
import { isFollowedHere } from './reach.ts';
import {
  concernsNamespace,
  gatewayRoutes,
  hostsOf,
  trafficPolicyOf,
  meshRoutes,
  namesOfRoute,
} from './route-objects.ts';
import { concerns, modeOf } from '../vocabulary/pod-mode.ts';
import { policyOptionsOf } from '../settings/policy-options.ts';
import { bounded, spend } from '../../../base/effort.ts';
import type { PolicyOptions } from '../policy/options.ts';
import { lostToCallers } from '../policy/translate/routes.ts';
import { sizeOf } from '../policy/translate/size.ts';
import { isServable, serviceTitle } from '../policy/translate/world.ts';
import { boundWaypoint } from './bound.ts';
import { calledServices, type Called } from './called-services.ts';
import { certainOf, guardedServices, sidecarCallers } from './callers.ts';
import { clusterServices, servicesAtHost } from './cluster-services.ts';
import { comingCallers } from './coming-callers.ts';
import { askedOf, inChain, link } from './neighbour.ts';

/**
 * What becomes of a route that the sidecars of a namespace follow when they call elsewhere, once they are gone:
 * - `Elsewhere`: no Service of the cluster has the host.
 * - `Unbound`: a waypoint of the Service would follow it, but the Service is behind none yet. Its namespace gets one
 *   when it moves,
 * unless it has left its sidecars already (`willMove`).
 * - `Lost`: no waypoint does.
 * - `Untold`: it takes more steps to tell than one look may take, by what is `large`.
 */
export type Fate =
  | { readonly kind: 'Elsewhere'; readonly route: ConfigView; readonly hosts: readonly string[] }
  | { readonly kind: 'Unbound'; readonly route: ConfigView; readonly service: ServiceView; readonly willMove: boolean }
  | { readonly kind: 'Lost'; readonly route: ConfigView; readonly service: ServiceView; readonly why: string }
  | { readonly kind: 'Untold'; readonly route: ConfigView; readonly namespace: string };

/** What becomes of a route of a Service. */
export type FateAtService = Extract<Fate, { readonly service: ServiceView }>;

/**
 * Steps for what the routes of one namespace do to calls from another, and for who calls the Services of one. They are
 * of others, so that it must not take long, and what one of them writes takes nothing from what is told of the rest.
 */
const steps = 100_000;

/** What it takes to keep what was found. */
const stepsOfFate = 10;

/** What is the same for all routes that a namespace may follow. */
interface Scene {
  readonly surroundings: Surroundings;
  readonly options: PolicyOptions;
  readonly called: Called;
}

const sceneOf = memoize((surroundings: Surroundings): Scene => ({
  surroundings,
  options: policyOptionsOf(surroundings.mesh),
  called: calledServices(surroundings),
}));

/** Whether pods of a namespace have sidecars; without any pods it is taken for one that will move. */
function hasSidecars({ mesh }: Surroundings, namespace: string): boolean {
  const pods = mesh.pods(namespace).filter((pod) => concerns(pod) && !pod.finished);
  return pods.length === 0 || pods.some((pod) => modeOf(pod) === 'Sidecar');
}

/** What becomes of a route of a Service that is called; undefined if a waypoint goes on with it. */
function fateAt({ surroundings, options }: Scene, route: ConfigView, service: ServiceView): FateAtService | undefined {
  spend(stepsOfFate);
  const home = boundWaypoint(service)?.namespace;
  const waypoint = { namespace: home ?? service.namespace };
  const lost =
    isServable(service) || home !== undefined
      ? lostToCallers(route, service, { options, waypoint })
      : 'no waypoint can stand before it';
  if (lost !== undefined) return { kind: 'Lost', route, service, why: lost };
  return home === undefined
    ? { kind: 'Unbound', route, service, willMove: hasSidecars(surroundings, service.namespace) }
    : undefined;
}

/**
 * Routes and traffic policies of other namespaces, of any kind or of one, that a Service or a caller in the mesh may
 * have to do with.
 */
function routesElsewhere(surroundings: Surroundings): readonly ConfigView[] {
  const { name } = surroundings.namespace;
  return [
    ...meshRoutes(surroundings),
    // Only beside a Service callers anywhere follow it.
    ...gatewayRoutes(surroundings).filter((route) => namesOfRoute(route).namespaces.has(route.namespace)),
    ...surroundings.mesh.configs('DestinationRule').filter((rule) => trafficPolicyOf(rule).lost.length > 0),
  ].filter((route) => !concernsNamespace(route, name));
}

/** What becomes of each of some routes, told for each namespace that has them within steps of its own. */
function* fatesOf(
  routes: readonly ConfigView[],
  fatesOfOne: (route: ConfigView) => Iterable<Fate>,
  most = Number.POSITIVE_INFINITY,
): Generator<Fate> {
  for (const [namespace, own] of Map.groupBy(routes, (route) => route.namespace)) {
    const found: Fate[] = [];
    const all = bounded(steps, () => {
      for (const route of own) for (const fate of fatesOfOne(route)) if (found.push(fate) >= most) return;
    });
    yield* found;
    const [first, ...others] = own;
    if (all.kind === 'TooLarge' && first !== undefined)
      yield { kind: 'Untold', namespace, route: others.reduce((a, b) => (sizeOf(b) > sizeOf(a) ? b : a), first) };
  }
}

/** Of Services that workloads of the namespace are known to call. */
function* calledBy(scene: Scene, route: ConfigView): Generator<Fate> {
  const { surroundings, called } = scene;
  for (const [namespace, services] of called.known) {
    spend(1 / 8);
    if (!namesOfRoute(route).reachInto(namespace) || !isFollowedHere(route, surroundings, namespace)) continue;
    spend(services.length);
    for (const service of services.filter((each) => namesOfRoute(route).has(each))) {
      const fate = fateAt(scene, route, service);
      if (fate !== undefined) yield fate;
    }
  }
}

/** Namespaces of which nobody can tell what of them is called, with a route to each: that may be lost. */
function untold({ surroundings, called }: Scene, routes: readonly ConfigView[]): readonly Fate[] {
  return called.untold.flatMap((namespace) => {
    const route = routes.find(
      (each) => namesOfRoute(each).reachInto(namespace) && isFollowedHere(each, surroundings, namespace),
    );
    return route === undefined ? [] : [{ kind: 'Untold', route, namespace }];
  });
}

/**
 * What becomes of routes and traffic policies of other namespaces that this one follows when it calls Services that it
 * is known to call; those that live on are left out. Several rules ask for it at one look.
 */
export const calledRoutes: (surroundings: Surroundings) => readonly Exclude<Fate, { kind: 'Elsewhere' }>[] = memoize(
  (surroundings: Surroundings) => {
    const routes = routesElsewhere(surroundings);
    if (routes.length === 0) return [];
    const scene = sceneOf(surroundings);
    return [...fatesOf(routes, (route) => calledBy(scene, route)), ...untold(scene, routes)].filter(
      (fate) => fate.kind !== 'Elsewhere',
    );
  },
);

/** A text of hosts that is longer is cut in the end. */
const maxHostsText = 1024;

/** Of hosts that are no Services, and of Services of which nobody can tell whether the namespace calls them. */
function* possiblyBy(scene: Scene, route: ConfigView): Generator<Fate> {
  const { surroundings, called } = scene;
  const services = clusterServices(surroundings.mesh);
  const met = new Set<ServiceView>();
  const nowhere: string[] = [];
  let length = 0;
  for (const host of hostsOf(route)) {
    const named = servicesAtHost(host, route.namespace, services);
    named.forEach((service) => met.add(service));
    if (named.length > 0 || length > maxHostsText) continue;
    nowhere.push(host);
    length += host.length;
  }
  // Whose namespace a host outside is of is not known: it counts as that of the object.
  if (nowhere.length > 0 && isFollowedHere(route, surroundings, route.namespace))
    yield { kind: 'Elsewhere', route, hosts: nowhere };
  const followed = new Set(
    [...new Set([...met].map(({ namespace }) => namespace))].filter((namespace) =>
      isFollowedHere(route, surroundings, namespace),
    ),
  );
  for (const service of met) {
    const fate =
      followed.has(service.namespace) && called.calls(service) === 'Unknown'
        ? fateAt(scene, route, service)
        : undefined;
    if (fate !== undefined) yield fate;
  }
}

/** The most that is told of what the namespace may call: there is no room for more findings, whose are all warnings. */
const maxPossible = 100;

/**
 * What becomes of those that this namespace follows if it calls what nobody can tell of: as many as there is room for.
 */
export function possiblyCalledRoutes(
  surroundings: Surroundings,
  isAsked: (route: ConfigView) => boolean,
): readonly Fate[] {
  const routes = routesElsewhere(surroundings).filter(isAsked);
  if (routes.length === 0) return [];
  const scene = sceneOf(surroundings);
  const found: Fate[] = [];
  for (const fate of fatesOf(routes, (route) => possiblyBy(scene, route), maxPossible)) {
    if (found.push(fate) === maxPossible) break;
  }
  return found;
}

/** Namespaces that have to move before this one: their waypoints follow routes that its sidecars follow today. */
function waitsForRoutes(surroundings: Surroundings): readonly string[] {
  return calledRoutes(surroundings).flatMap((fate) => (fate.kind === 'Unbound' ? [fate.service.namespace] : []));
}

/** Namespaces that have to move before this one: their sidecars would be refused. */
function waitsForCallers(surroundings: Surroundings): readonly string[] {
  if (surroundings.spec.policies.bypass !== 'CallersFirst') return [];
  return guardedServices(surroundings)
    .flatMap(({ callers }) =>
      certainOf(callers).flatMap((each) => [
        ...sidecarCallers(each.callers, surroundings),
        ...comingCallers(each.callers, surroundings),
      ]),
    )
    .map(({ namespace }) => namespace)
    .filter((namespace) => namespace !== surroundings.namespace.name);
}

/**
 * Whether another namespace waits, by itself or by others, until this one has moved: then neither would ever move.
 * Where that cannot be told this one waits.
 */
export function waitsForThis(surroundings: Surroundings, other: string): boolean {
  return inChain(() => leadsHere(surroundings, other), false);
}

function leadsHere(surroundings: Surroundings, other: string): boolean {
  const waits = link((name: string) =>
    askedOf<readonly string[]>(
      surroundings,
      name,
      (there) => [...waitsForCallers(there), ...waitsForRoutes(there)],
      () => [],
    ),
  );
  const visited = new Set<string>();
  const open = [other];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === surroundings.namespace.name) return true;
    if (visited.has(name)) continue;
    visited.add(name);
    extend(open, waits(name));
  }
  return false;
}

/** `Service bank/api`, for messages. */
export function calledTitle({ service }: FateAtService): string {
  return serviceTitle(service);
}
