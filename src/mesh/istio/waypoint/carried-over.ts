import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { isOfCallers } from '../policy/translate/route-features.ts';
import { namesService } from '../policy/translate/route-hosts.ts';
import { titleOf } from '../policy/translate/world.ts';
import { getsWaypoint } from './choose.ts';
import { translationOf } from './translation.ts';

/** Whether the translation says of the object that it blocks: one finding about it is enough. */
export function isReported(surroundings: Surroundings, object: ConfigView): boolean {
  return (
    getsWaypoint(surroundings) &&
    translationOf(surroundings).problems.some(
      (problem) => problem.severity === 'Critical' && problem.object === titleOf(object),
    )
  );
}

/**
 * Whether a host means Services of the namespace only, and the translation says what becomes of the route at each of
 * them.
 */
function isAnswered(surroundings: Surroundings, route: ConfigView, host: string): boolean {
  const { name } = surroundings.namespace;
  if (host.startsWith('*') && !host.endsWith(`.${name}.svc.cluster.local`)) return false;
  const { needs, bound } = translationOf(surroundings);
  const named = needs.filter(({ service }) => namesService(host, route.namespace, service));
  return (
    named.length > 0 &&
    named.every(
      ({ service, reasons }) => bound.includes(service) || reasons.some(({ object }) => object === titleOf(route)),
    )
  );
}

/**
 * Whether a route is the waypoint's business from now on, so that it is no loss: each of its hosts is a Service of the
 * namespace that goes behind the waypoint. What it loses there is MM080, what changes MM081.
 */
export function isCarriedOver(surroundings: Surroundings, route: ConfigView, hosts: readonly string[]): boolean {
  const { namespace, mesh } = surroundings;
  if (!getsWaypoint(surroundings) || isOfCallers(route, { namespace: namespace.name }, mesh)) return false;
  return (
    isReported(surroundings, route) ||
    (hosts.length > 0 && hosts.every((host) => isAnswered(surroundings, route, host)))
  );
}
