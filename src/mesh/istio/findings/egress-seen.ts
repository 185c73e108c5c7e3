import type { MeshState } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import type { WaypointName } from '../policy/attachment.ts';
import { decidingKinds } from '../waypoint/by-target.ts';
import { digestOfAll } from '../settings/accepted.ts';

/** A ServiceEntry with its waypoint. */
export interface Bound {
  readonly entry: ConfigView;
  readonly waypoint: WaypointName;
}

/** `bank/waypoint`. */
export function nameOfWaypoint({ namespace, name }: WaypointName): string {
  return `${namespace}/${name}`;
}

/**
 * Digests of all ServiceEntries of a namespace that are behind waypoints, and of all policies that could decide about
 * them: asked once for each namespace, because there may be thousands of entries in one.
 */
export function wholes(
  byNamespace: ReadonlyMap<string, readonly Bound[]>,
  mesh: MeshState,
): (namespace: string) => () => string {
  const digest = (namespace: string): string => {
    const own = byNamespace.get(namespace) ?? [];
    const homes = new Set([namespace, mesh.rootNamespace, ...own.map(({ waypoint }) => waypoint.namespace)]);
    const policies = decidingKinds.flatMap((kind) => [...homes].flatMap((home) => mesh.configs(kind, home)));
    return digestOfAll(
      [...own.map(({ entry }) => entry), ...policies],
      [...new Set(own.map(({ waypoint }) => nameOfWaypoint(waypoint)))],
    );
  };
  const known = new Map<string, string>();
  return (namespace) => () => {
    const found = known.get(namespace) ?? digest(namespace);
    known.set(namespace, found);
    return found;
  };
}
