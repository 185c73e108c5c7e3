import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { entriesOfHost } from '../settings/entries-by-host.ts';
import { useWaypointLabel } from '../vocabulary/labels.ts';
import { nameOf } from '../vocabulary/objects.ts';
import { hostsOf } from '../waypoint/route-objects.ts';

/** Whether it goes through a waypoint, as it or its namespace says. */
export function hasWaypoint({ labels, namespace }: ConfigView, { mesh }: Surroundings): boolean {
  const named = labels[useWaypointLabel] ?? mesh.labelsOf?.(namespace)?.[useWaypointLabel] ?? 'none';
  return named !== 'none';
}

/**
 * The ServiceEntries of a host that count for calls from the namespace: of several ztunnel answers for those of the
 * caller's own namespace (src/dns/server.rs), and what stands neither there nor beside the route says nothing of it.
 */
function counted(
  host: string,
  route: ConfigView,
  { mesh, namespace }: Surroundings,
): readonly ConfigView[] | undefined {
  const all = entriesOfHost(host, mesh);
  return all?.get(namespace.name) ?? all?.get(route.namespace);
}

/** Whether a route is followed by the waypoint of the ServiceEntries that it is for, which stand beside it. */
export function isOfWaypoint(route: ConfigView, surroundings: Surroundings): boolean {
  const hosts = hostsOf(route);
  const isFollowed = (entry: ConfigView): boolean =>
    entry.namespace === route.namespace && hasWaypoint(entry, surroundings);
  return hosts.length > 0 && hosts.every((host) => counted(host, route, surroundings)?.every(isFollowed) === true);
}

/** The one to put a waypoint before; none where nobody can tell which is meant. */
function candidate(host: string, route: ConfigView, surroundings: Surroundings): ConfigView | undefined {
  const all = entriesOfHost(host, surroundings.mesh);
  const only = all?.size === 1 ? [...all.values()][0] : undefined;
  return (counted(host, route, surroundings) ?? only)?.[0];
}

/** What to do about a route for hosts outside the mesh, where a waypoint can stand before them. */
export function fixAtEntries(route: ConfigView, surroundings: Surroundings): string | undefined {
  const found = hostsOf(route).map((host) => candidate(host, route, surroundings));
  const entry = found.includes(undefined) ? undefined : found[0];
  return entry === undefined
    ? undefined
    : `A waypoint of ${nameOf(entry)} does it, where the route stands beside it: kubectl label serviceentry -n ${entry.namespace} ${entry.name} ${useWaypointLabel}=NAME, with a waypoint of that name there. Or keep this namespace on sidecars.`;
}
