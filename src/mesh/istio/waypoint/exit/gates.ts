import { memoize } from '../../../../base/memoize.ts';
import type { Lacking, Surroundings } from '../../../adapter.ts';
import { records, text } from '../../../json.ts';
import { configByName } from '../../../look-up.ts';
import type { ConfigView, ServiceView } from '../../../views.ts';
import { nameOf, targetRefs } from '../../vocabulary/objects.ts';
import type { WaypointName } from '../../policy/attachment.ts';
import { boundCondition, stillThrough, whyNotBound } from '../bound.ts';
import { servedServices } from './served.ts';
import { lacksNow, waypointsLack } from './serving.ts';

const byName = memoize(
  (services: readonly ServiceView[]): ReadonlyMap<string, ServiceView> =>
    new Map(services.map((service) => [service.name, service])),
);

function views(surroundings: Surroundings): readonly (readonly [ServiceView, WaypointName])[] {
  const all = byName(surroundings.services);
  return servedServices(surroundings).flatMap(({ service: { name }, waypoint }) => {
    const view = all.get(name);
    return view === undefined ? [] : [[view, waypoint] as const];
  });
}

/** A Service that istiod still sends through a waypoint, whichever: from all of them it is taken. */
export function stillThroughWaypoint(surroundings: Surroundings): string | undefined {
  return stillThrough(
    views(surroundings).map(([service]) => service),
    () => true,
  );
}

/** A Service that istiod does not send through the waypoint that its labels name. */
export function notThroughWaypoint(surroundings: Surroundings): string | undefined {
  for (const [service, waypoint] of views(surroundings)) {
    const missing = whyNotBound(service, waypoint);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

/** Whether istiod says itself that callers go past a waypoint, because it is not ready. */
function isGonePast(surroundings: Surroundings): boolean {
  return views(surroundings).some(([service]) => boundCondition(service)?.reason === 'WaypointIsNotReady');
}

/**
 * What keeps a waypoint from serving, which did at the start: nobody is sent there, and nobody left to it. One that did
 * not serve then either let nobody through, and has to do that still.
 */
export function waypointsAway(surroundings: Surroundings): Lacking | undefined {
  const [lack] = isGonePast(surroundings) ? lacksNow(surroundings) : waypointsLack(surroundings);
  return lack && { message: `${lack.message}. ${lack.fix}` };
}

/** A Service of which istiod said that it is bound before its Gateway was made: that was about another one. */
function boundToFormer(surroundings: Surroundings): string | undefined {
  for (const [service, { namespace, name }] of views(surroundings)) {
    const said = boundCondition(service)?.at;
    const gateway = configByName(surroundings.mesh.configs('Gateway', namespace), name);
    if (said !== undefined && gateway?.createdAt !== undefined && said < gateway.createdAt)
      return `istiod has said nothing of ${nameOf({ ...service, kind: 'Service' })} since ${nameOf(gateway)} was made`;
  }
  return undefined;
}

/** Whether istiod says of a policy as it was before, or that its Service is not bound, though it is. */
function isUnread({ generation, status }: ConfigView): boolean {
  const said = records(status['conditions']).find(({ type }) => type === 'WaypointAccepted');
  return (
    said !== undefined && (Number(said['observedGeneration']) < generation || said['reason'] === 'AncestorNotBound')
  );
}

/** A policy of Services that go through a waypoint, and that istiod has not taken in yet as they are now. */
function unreadPolicy(surroundings: Surroundings): string | undefined {
  const { namespace, mesh } = surroundings;
  const served = new Set(servedServices(surroundings).map(({ service }) => service.name));
  const policy = mesh.configs('AuthorizationPolicy', namespace.name).find((candidate) => {
    const refs = targetRefs(candidate);
    const isOfServed = refs.every(({ kind, name }) => kind === 'Service' && served.has(text(name) ?? ''));
    return refs.length > 0 && isOfServed && isUnread(candidate);
  });
  return policy && `istiod does not say yet that ${nameOf(policy)} is in force at its waypoint`;
}

/**
 * What pods without a sidecar rely on, and those of the namespace that go past waypoints no more: each waypoint serves,
 * istiod binds each Service to it, and has read what it enforces.
 */
export function notServed(surroundings: Surroundings): Lacking | undefined {
  const away = waypointsAway(surroundings);
  if (away !== undefined) return away;
  const unbound = notThroughWaypoint(surroundings);
  if (unbound !== undefined) return { message: unbound };
  const message = boundToFormer(surroundings) ?? unreadPolicy(surroundings);
  return message === undefined ? undefined : { message, passes: true };
}
