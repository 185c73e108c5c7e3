import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { nameOf } from '../vocabulary/objects.ts';
import { hiddenRoot } from '../settings/discovery.ts';
import { meshKnowledge } from '../settings/mesh-settings.ts';
import { isOurs, roleOf } from '../policy/translate/names.ts';
import { critical, type Problem } from '../policy/translate/problem.ts';
import { chosenWaypoint } from './chosen.ts';
import { servedServices } from './exit/served.ts';
import { principalsOf } from './standing-principals.ts';

/** What names a waypoint; copies name whom their originals name. */
export const naming: readonly (string | undefined)[] = ['AllowWaypoint', 'Guard', 'SidecarAllow'];

/** The trust domains by which an object of ours names waypoints of the namespace. */
function domainsOf(config: ConfigView, waypoints: readonly string[]): readonly string[] {
  return principalsOf(config).flatMap((principal) => {
    const [domain = '', ...rest] = principal.split('/');
    return waypoints.includes(rest.join('/')) ? [domain] : [];
  });
}

/** What stands of the namespace and names its waypoints, with the trust domains by which it does. */
function standing(surroundings: Surroundings): readonly (readonly [ConfigView, readonly string[]])[] {
  const {
    mesh,
    namespace: { name },
  } = surroundings;
  const waypoints = [chosenWaypoint(surroundings), ...servedServices(surroundings).map(({ waypoint }) => waypoint)].map(
    ({ namespace, serviceAccount }) => `ns/${namespace}/sa/${serviceAccount}`,
  );
  const ours = mesh
    .configs('AuthorizationPolicy', name)
    .filter((config) => isOurs(config, true) && naming.includes(roleOf(config)));
  return ours.map((config) => [config, domainsOf(config, waypoints)] as const);
}

/**
 * The one trust domain by which everything that stands names the waypoints of the namespace; undefined where nothing
 * does, or not all by the same.
 */
export function standingDomain(surroundings: Surroundings): string | undefined {
  const [first, ...others] = new Set(standing(surroundings).flatMap(([, domains]) => domains));
  return others.length === 0 ? first : undefined;
}

/**
 * What stands names the waypoint by another trust domain than the mesh has by now. istiod takes a new one at once for
 * policies and for its CA only when it starts; proxies have the identity of their certificate until that ends. No
 * moment is right for all of them, so that nothing is rewritten.
 */
function renamed(surroundings: Surroundings, trustDomain: string): Problem | undefined {
  for (const [config, domains] of standing(surroundings)) {
    const before = domains.find((domain) => domain !== trustDomain);
    if (before === undefined) continue;
    return critical(
      nameOf(config),
      'spec.rules',
      `it names the waypoint by the trust domain ${shown(before)}, which the mesh configuration gives as ${shown(trustDomain)} now; nobody can tell when the waypoint has the new identity, so nothing is rewritten`,
      `Set trustDomain back to ${shown(before)} in the mesh configuration. To change it, take the namespace back first, let every pod get its new identity, and migrate it again.`,
    );
  }
  return undefined;
}

/** Why nobody knows what the mesh configuration makes of the whole mesh, or which identity a waypoint has. */
export function unknownConfiguration(surroundings: Surroundings): Problem | undefined {
  const known = meshKnowledge(surroundings.mesh);
  return known.kind === 'Known'
    ? renamed(surroundings, known.settings.trustDomain)
    : critical(known.object, 'data.mesh', known.message, known.fix);
}

/**
 * The same, or why what stands for the whole mesh may not be in force; undefined if all is known. Nothing is made from
 * a guess, and nothing rewritten.
 */
export function unknownMesh(surroundings: Surroundings): Problem | undefined {
  const problem = unknownConfiguration(surroundings) ?? hiddenRoot(surroundings.mesh);
  return problem && { ...problem, unknownMesh: true };
}
