import type { Surroundings } from '../../adapter.ts';
import type { ConfigView, ServiceView } from '../../views.ts';
import { isFollowedHere } from '../findings/reach.ts';
import { concernsNamespace, gatewayRoutes, hostsOf, lostTrafficPolicy, meshRoutes, namespaceOfHost } from '../findings/route-objects.ts';
import { concerns, modeOf } from '../pod-mode.ts';
import { lostToCallers } from '../policy/translate/routes.ts';
import { namesService } from '../policy/translate/route-hosts.ts';
import { isServable, serviceTitle } from '../policy/translate/world.ts';
import type { PolicyOptions } from '../policy/options.ts';
import { boundWaypoint } from './bound.ts';
import { callersOf, guardedServices, isOf, sidecarCallers, type Callers } from './callers.ts';
import { askedOf } from './neighbour.ts';
import { worldOf } from './world.ts';

/**
 * What becomes of a route that the sidecars of a namespace follow when they call elsewhere, once they are gone:
 * - `Elsewhere`: no Service of the cluster has the host.
 * - `Unbound`: a waypoint of the Service would follow it, but the Service is behind none yet. Its namespace gets one when it moves,
 *   unless it has left its sidecars already (`willMove`).
 * - `Lost`: no waypoint does.
 */
export type Fate =
  | { readonly kind: 'Elsewhere'; readonly route: ConfigView; readonly hosts: readonly string[] }
  | { readonly kind: 'Unbound'; readonly route: ConfigView; readonly service: ServiceView; readonly calls: Calls; readonly willMove: boolean }
  | { readonly kind: 'Lost'; readonly route: ConfigView; readonly service: ServiceView; readonly calls: Calls; readonly why: string };

/** Whether workloads of the namespace call a Service; nobody needs a route of a Service that they do not. */
export type Calls = 'Yes' | 'Unknown';

/** Whether workloads of the namespace call a Service; the policies of each other namespace are read once. */
function callsOf(surroundings: Surroundings): (service: ServiceView) => Calls | 'No' {
  const { namespace: { name }, pods, workloads, otherTemplates } = surroundings;
  const identities = [...pods, ...workloads, ...otherTemplates].map(({ serviceAccount }) => ({ namespace: name, serviceAccount }));
  const neighbours = new Map<string, (service: ServiceView) => Callers>();
  function lookAt(namespace: string): (service: ServiceView) => Callers {
    return askedOf<(service: ServiceView) => Callers>(surroundings, namespace, (there) => {
      const world = worldOf(there);
      return (service) => askedOf<Callers>(surroundings, namespace, () => callersOf(service, world, there), (why) => ({ kind: 'Unknown', why }));
    }, (why) => () => ({ kind: 'Unknown', why }));
  }
  return (service) => {
    const callersAt = neighbours.get(service.namespace) ?? lookAt(service.namespace);
    neighbours.set(service.namespace, callersAt);
    const callers = callersAt(service);
    if (callers.kind === 'Unknown') return 'Unknown';
    return callers.callers.some((caller) => identities.some((identity) => isOf(caller, identity))) ? 'Yes' : 'No';
  };
}

/** What is the same for all routes that a namespace may follow. */
interface Scene {
  readonly surroundings: Surroundings;
  readonly options: PolicyOptions;
  readonly calls: (service: ServiceView) => Calls | 'No';
}

function servicesOf({ mesh }: Surroundings, host: string, home: string): readonly ServiceView[] {
  const namespace = host.startsWith('*') ? undefined : namespaceOfHost(host, home);
  if (namespace === undefined && !host.startsWith('*')) return [];
  return mesh.services(namespace).filter((service) => namesService(host, home, service));
}

/** Whether pods of a namespace have sidecars; without any pods it is taken for one that will move. */
function hasSidecars({ mesh }: Surroundings, namespace: string): boolean {
  const pods = mesh.pods(namespace).filter((pod) => concerns(pod) && !pod.finished);
  return pods.length === 0 || pods.some((pod) => modeOf(pod) === 'Sidecar');
}

function fateAt({ surroundings, options, calls }: Scene, route: ConfigView, service: ServiceView): readonly Fate[] {
  const home = boundWaypoint(service)?.namespace;
  const waypoint = { namespace: home ?? service.namespace };
  const lost = isServable(service) || home !== undefined ? lostToCallers(route, service, { options, waypoint }) : 'no waypoint can stand before it';
  if (lost === undefined && home !== undefined) return [];
  const called = calls(service);
  if (called === 'No') return [];
  return [lost === undefined ? { kind: 'Unbound', route, service, calls: called, willMove: hasSidecars(surroundings, service.namespace) } : { kind: 'Lost', route, service, calls: called, why: lost }];
}

function fatesOf(scene: Scene, route: ConfigView): readonly Fate[] {
  const { surroundings } = scene;
  const hosts = hostsOf(route).map((host) => ({ host, services: servicesOf(surroundings, host, route.namespace) }));
  // Whose namespace a host outside is of is not known: it counts as that of the object.
  const nowhere = hosts.filter(({ services }) => services.length === 0 && isFollowedHere(route, surroundings, route.namespace)).map(({ host }) => host);
  const services = [...new Set(hosts.flatMap((found) => found.services))].filter(({ namespace }) => isFollowedHere(route, surroundings, namespace));
  return [...(nowhere.length === 0 ? [] : [{ kind: 'Elsewhere' as const, route, hosts: nowhere }]), ...services.flatMap((service) => fateAt(scene, route, service))];
}

/** Whether a Gateway API route stands beside a Service: callers anywhere follow it. */
function isBesideService(route: ConfigView): boolean {
  return hostsOf(route).some((host) => namespaceOfHost(host, route.namespace) === route.namespace);
}

function lookAtRoutes(surroundings: Surroundings): readonly Fate[] {
  const { name } = surroundings.namespace;
  const scene = { surroundings, options: worldOf(surroundings).options, calls: callsOf(surroundings) };
  const routes = [
    ...meshRoutes(surroundings),
    ...gatewayRoutes(surroundings).filter(isBesideService),
    ...surroundings.mesh.configs('DestinationRule').filter((rule) => lostTrafficPolicy(rule).length > 0),
  ];
  return routes.filter((route) => !concernsNamespace(route, name)).flatMap((route) => fatesOf(scene, route));
}

const seen = new WeakMap<Surroundings, readonly Fate[]>();

/**
 * What becomes of routes and traffic policies of other namespaces that this one may follow when it calls; those that live on are left
 * out. Several rules ask for it at one look.
 */
export function calledRoutes(surroundings: Surroundings): readonly Fate[] {
  const known = seen.get(surroundings) ?? lookAtRoutes(surroundings);
  seen.set(surroundings, known);
  return known;
}

/** Namespaces that have to move before this one: their waypoints follow routes that its sidecars follow today. */
function waitsForRoutes(surroundings: Surroundings): readonly string[] {
  return calledRoutes(surroundings).flatMap((fate) => (fate.kind === 'Unbound' && fate.calls === 'Yes' ? [fate.service.namespace] : []));
}

/** Namespaces that have to move before this one: their sidecars would be refused. */
function waitsForCallers(surroundings: Surroundings): readonly string[] {
  if (surroundings.spec.policies.bypass !== 'CallersFirst') return [];
  return guardedServices(surroundings).flatMap(({ callers }) => (callers.kind === 'Known' ? sidecarCallers(callers.callers, surroundings) : []))
    .map(({ namespace }) => namespace).filter((namespace) => namespace !== surroundings.namespace.name);
}

/** Whether another namespace waits, by itself or by others, until this one has moved: then neither would ever move. */
export function waitsForThis(surroundings: Surroundings, other: string): boolean {
  const visited = new Set<string>();
  const open = [other];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === surroundings.namespace.name) return true;
    if (visited.has(name)) continue;
    visited.add(name);
    open.push(...askedOf<readonly string[]>(surroundings, name, (there) => [...waitsForCallers(there), ...waitsForRoutes(there)], () => []));
  }
  return false;
}

/** `Service bank/api`, for messages. */
export function calledTitle({ service }: Extract<Fate, { readonly service: ServiceView }>): string {
  return serviceTitle(service);
}
