import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { spend } from '../../../base/effort.ts';
import { isOfCallers } from '../policy/translate/route-features.ts';
import { namesService } from '../policy/translate/route-hosts.ts';
import type { Translation } from '../policy/translate/translate.ts';
import { titleOf, type ServiceFacts } from '../policy/translate/world.ts';
import { getsWaypoint } from './choose.ts';
import { translationOf } from './translation.ts';

/** What a translation says, to look up what it says of an object: each route is asked of each of its Services. */
interface Said {
  /** Objects of which it says that they block. */
  readonly blocking: ReadonlySet<string>;
  /** By the names of Services. */
  readonly needs: ReadonlyMap<string, readonly Need[]>;
}

/** A Service, and whether the translation says what becomes of the routes to it, or of which. */
interface Need {
  readonly service: ServiceFacts;
  readonly says: 'All' | ReadonlySet<string>;
}

const saidBy = memoize(({ problems, needs, bound }: Translation): Said => {
  const goes = new Set(bound);
  const all = needs.map(({ service, reasons }): Need => {
    spend(1 + reasons.length / 8);
    return { service, says: goes.has(service) ? 'All' : new Set(reasons.map(({ object }) => object)) };
  });
  return {
    blocking: new Set(problems.filter(({ severity }) => severity === 'Critical').map(({ object }) => object)),
    needs: Map.groupBy(all, ({ service }) => service.name),
  };
});

/** Whether the translation says of the object that it blocks: one finding about it is enough. */
export function isReported(surroundings: Surroundings, object: ConfigView): boolean {
  return getsWaypoint(surroundings) && saidBy(translationOf(surroundings)).blocking.has(titleOf(object));
}

/**
 * Whether a host means Services of the namespace only, and the translation says what becomes of the route at each of
 * them.
 */
function isAnswered(surroundings: Surroundings, route: ConfigView, host: string): boolean {
  const { name } = surroundings.namespace;
  if (host.startsWith('*') && !host.endsWith(`.${name}.svc.cluster.local`)) return false;
  const { needs } = saidBy(translationOf(surroundings));
  const near = host.startsWith('*') ? [...needs.values()].flat() : (needs.get(host.split('.', 1)[0] ?? '') ?? []);
  spend(1 + near.length / 8);
  const named = near.filter(({ service }) => namesService(host, route.namespace, service));
  const title = titleOf(route);
  return named.length > 0 && named.every(({ says }) => says === 'All' || says.has(title));
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
