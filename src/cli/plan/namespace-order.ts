import { extend } from '../../base/lists.ts';
import type { Surroundings } from '../../mesh/adapter.ts';
import { nameOf } from '../../mesh/istio/vocabulary/objects.ts';
import { calledRoutes } from '../../mesh/istio/waypoint/called-routes.ts';
import { guardedServices } from '../../mesh/istio/waypoint/callers.ts';

/** A namespace at its place, and why it is there. */
export interface Placed {
  readonly surroundings: Surroundings;
  readonly sentence: string;
  /** Namespaces whose calls it refuses as long as they have sidecars. */
  readonly needs: readonly string[];
}

/** A namespace with those that have to move before it. */
interface Node {
  readonly name: string;
  readonly surroundings: Surroundings;
  /** Services that refuse callers with sidecars, by the namespace of their callers. */
  readonly calledFrom: ReadonlyMap<string, readonly string[]>;
  /** Services of which nobody knows who calls them, each with why. */
  readonly unknown: readonly string[];
  readonly guarded: number;
  /** Routes that its sidecars follow when they call, by the namespace whose waypoint has to follow them afterwards. */
  readonly routedBy: ReadonlyMap<string, readonly string[]>;
}

function nodeOf(surroundings: Surroundings): Node {
  const { name } = surroundings.namespace;
  const guarded = guardedServices(surroundings);
  const pairs = guarded.flatMap(({ service, callers }) =>
    (callers.kind === 'Known' ? callers.callers : [])
      .filter(({ namespace }) => namespace !== name)
      .map(({ namespace }) => ({ namespace, service: `${name}/${service.name}` })),
  );
  const byNamespace = Map.groupBy(pairs, ({ namespace }) => namespace);
  const routes = calledRoutes(surroundings).flatMap((fate) =>
    fate.kind === 'Unbound' ? [{ namespace: fate.service.namespace, route: nameOf(fate.route) }] : [],
  );
  return {
    routedBy: new Map(
      [...Map.groupBy(routes, ({ namespace }) => namespace)].map(([namespace, found]) => [
        namespace,
        [...new Set(found.map(({ route }) => route))],
      ]),
    ),
    name,
    surroundings,
    guarded: guarded.length,
    calledFrom: new Map(
      [...byNamespace].map(([namespace, calls]) => [namespace, [...new Set(calls.map(({ service }) => service))]]),
    ),
    unknown: guarded.flatMap(({ service, callers }) =>
      callers.kind === 'Unknown' ? [`Service ${name}/${service.name} (${callers.why})`] : [],
    ),
  };
}

/** Callers of namespaces that nobody described: whether they have sidecars cannot be seen here. */
function strangers({ calledFrom }: Node, described: ReadonlySet<string>): string {
  const names = [...calledFrom.keys()].filter((other) => !described.has(other)).sort();
  return names.length === 0
    ? ''
    : ` Before it, the callers in ${names.join(', ')}, of which these manifests say nothing, have to be in ambient.`;
}

/** Why calls of the namespace need another to come first. */
function routes({ routedBy }: Node, before: readonly string[]): string {
  const from = before.filter((other) => routedBy.has(other));
  return from.length === 0
    ? ''
    : ` After ${from.join(', ')}, whose waypoint has to follow ${[...new Set(from.flatMap((other) => routedBy.get(other) ?? []))].join(', ')} for its calls.`;
}

function sentence(node: Node, before: readonly string[], after: readonly string[]): string {
  const { name, calledFrom, unknown, guarded } = node;
  const waits = before.filter((other) => calledFrom.has(other));
  const circle = after.filter((other) => calledFrom.has(other));
  const services = (names: readonly string[]): string =>
    [...new Set(names.flatMap((other) => calledFrom.get(other) ?? []))].join(', ');
  if (circle.length > 0)
    return `It has no right place: ${circle.join(', ')} should come before it, because workloads there call Service ${services(circle)}, and ${name} should come before ${circle.join(', ')}.`;
  const follows = routes(node, before);
  if (waits.length > 0)
    return `After ${waits.join(', ')}, whose workloads call Service ${services(waits)}: with sidecars they would go past its waypoint and be refused.${follows}`;
  if (unknown.length > 0)
    return `Last, because nobody knows who calls ${unknown.join(', ')}: callers with sidecars would be refused.${follows}`;
  if (follows !== '') return follows.trim();
  if (guarded > 0)
    return 'At any time: all who call through its waypoint are known, and none of them is in another namespace that moves.';
  return 'At any time: none of its Services refuses callers with sidecars, so nobody who calls them has to come first.';
}

/**
 * Namespaces in the order in which to migrate them: callers before the Services that refuse callers with sidecars, and
 * those of which nobody knows the callers as late as possible. What is in a circle comes last, in the order of its
 * names. `described`: all namespaces that the manifests say something about.
 */
export function namespaceOrder(planned: readonly Surroundings[], described: ReadonlySet<string>): readonly Placed[] {
  const nodes = planned
    .map(nodeOf)
    .sort((a, b) => Number(a.unknown.length > 0) - Number(b.unknown.length > 0) || (a.name < b.name ? -1 : 1));
  const sorted: Node[] = [];
  while (sorted.length < nodes.length) {
    const left = nodes.filter((node) => !sorted.includes(node));
    const called = left.filter(({ calledFrom }) => !left.some((other) => calledFrom.has(other.name)));
    // A route that is lost for a while refuses nobody, so it gives way.
    const free = called.find(({ routedBy }) => !left.some((other) => routedBy.has(other.name))) ?? called[0];
    extend(sorted, free === undefined ? left : [free]);
  }
  const names = sorted.map(({ name }) => name);
  return sorted.map((node, index) => ({
    surroundings: node.surroundings,
    needs: [...node.calledFrom.keys()],
    sentence: `${sentence(node, names.slice(0, index), names.slice(index + 1))}${strangers(node, described)}`,
  }));
}
