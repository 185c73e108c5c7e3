import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import { list, text } from '../../../json.ts';
import type { ConfigView } from '../../../views.ts';
import { nameOf } from '../../findings/rule.ts';
import type { WaypointName } from '../../policy/attachment.ts';
import { waypointClass } from '../gateway.ts';
import { current } from '../gates.ts';
import { isExit } from './route.ts';
import { servedServices } from './served.ts';

/*
 * Whether the waypoints to which a rollback leads back serve. Nobody goes through them while pods have sidecars, so that they are gone, or without pods, is
 * noticed by nobody else.
 */

/** What a waypoint lacks before somebody may depend on it. */
export interface Lack {
  readonly object: string;
  readonly message: string;
  readonly fix: string;
}

/** Nobody but its owner can say how it was. */
function notThere({ namespace, name }: WaypointName, why: string): Lack {
  return {
    object: nameOf({ kind: 'Gateway', namespace, name }),
    message: why,
    fix: `Create it again as it was; a plain one: istioctl waypoint apply -n ${namespace} --name ${name}`,
  };
}

/** What istiod says of the Gateway as it is now. */
function unaccepted(gateway: ConfigView, waypoint: WaypointName): readonly Lack[] {
  const fix = `Repair it: kubectl describe gateway ${waypoint.name} -n ${waypoint.namespace}`;
  const lacks = ['Accepted', 'Programmed'].flatMap((type) => {
    const condition = current(gateway, type);
    if (condition?.status === 'True') return [];
    const why = condition === undefined ? '' : ` (${condition.reason}: ${condition.message})`;
    return [{ object: nameOf(gateway), message: `${nameOf(gateway)} is not ${type}${why}`, fix }];
  });
  return list(gateway.status['addresses']).length > 0
    ? lacks
    : [...lacks, { object: nameOf(gateway), message: `${nameOf(gateway)} has no address`, fix }];
}

function lacksOf(waypoint: WaypointName, surroundings: Surroundings): readonly Lack[] {
  const { namespace, name } = waypoint;
  const gateway = surroundings.mesh.configs('Gateway', namespace).find((candidate) => candidate.name === name);
  if (gateway === undefined)
    return [notThere(waypoint, `${nameOf({ kind: 'Gateway', namespace, name })} is not there`)];
  if (gateway.terminating === true) return [notThere(waypoint, `${nameOf(gateway)} is being deleted`)];
  if (text(gateway.spec['gatewayClassName']) !== waypointClass)
    return [notThere(waypoint, `${nameOf(gateway)} is no waypoint of class ${waypointClass}`)];
  return unaccepted(gateway, waypoint);
}

/** The waypoints of the namespace, each once. */
function waypointsOf(surroundings: Surroundings): readonly WaypointName[] {
  const all = servedServices(surroundings).map(({ waypoint }) => waypoint);
  return [...new Map(all.map((waypoint) => [`${waypoint.namespace}/${waypoint.name}`, waypoint])).values()];
}

/** What the waypoints lack to which a rollback leads back. */
export const waypointsLack = memoize((surroundings: Surroundings): readonly Lack[] =>
  isExit(surroundings.route) ? waypointsOf(surroundings).flatMap((waypoint) => lacksOf(waypoint, surroundings)) : [],
);
