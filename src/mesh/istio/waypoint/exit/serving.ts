import { memoize } from '../../../../base/memoize.ts';
import { own } from '../../../../base/own.ts';
import type { Surroundings } from '../../../adapter.ts';
import { list, text } from '../../../json.ts';
import { configByName } from '../../../look-up.ts';
import type { ConfigView } from '../../../views.ts';
import { nameOf } from '../../vocabulary/objects.ts';
import { useWaypointLabel } from '../../vocabulary/labels.ts';
import { markOf } from '../calls/mark.ts';
import type { WaypointName } from '../../policy/attachment.ts';
import { gatewayNameLabel, waypointClass } from '../../vocabulary/gateway.ts';
import { current } from '../gates.ts';
import { goneServices, servedEver } from './gone.ts';
import { isExit } from './route.ts';
import { servedServices, workloadsOf } from './served.ts';

/*
 * Whether the waypoints to which a rollback leads back serve. Nobody goes through them while pods have sidecars, so that they are gone, or without pods, is
 * noticed by nobody else.
 */

/** What a waypoint lacks before somebody may depend on it. */
export interface Lack {
  readonly object: string;
  readonly message: string;
  readonly fix: string;
  /** By which it is known again that this was so at the start; absent where nothing starts with it. */
  readonly mark?: string;
}

/** So many pods as a waypoint needs that is its owner's, however many he wants. */
const fewestPods = 1;

/** Without pods it loses its address sooner or later, so that it does not serve is one and the same. */
function notServing({ namespace, name }: WaypointName, said: Pick<Lack, 'message' | 'fix'>): Lack {
  const object = nameOf({ kind: 'Gateway', namespace, name });
  return { object, ...said, mark: markOf('waypoint', object, 'does not serve') };
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
    return [notServing(waypoint, { message: `${nameOf(gateway)} is not ${type}${why}`, fix })];
  });
  return list(gateway.status['addresses']).length > 0
    ? lacks
    : [...lacks, notServing(waypoint, { message: `${nameOf(gateway)} has no address`, fix })];
}

function withoutPods(waypoint: WaypointName, { namespace, workloads, mesh }: Surroundings): readonly Lack[] {
  const { name, namespace: home } = waypoint;
  const own = workloadsOf(name, home === namespace.name ? workloads : mesh.workloads(home));
  const available = own.reduce((sum, workload) => sum + workload.available, 0);
  if (available >= fewestPods) return [];
  const asleep = own.find(({ replicas }) => replicas === 0);
  const fix =
    asleep === undefined
      ? `Repair its pods: kubectl describe pods -n ${home} -l ${gatewayNameLabel}=${name}`
      : `Have it run: kubectl scale ${asleep.kind.toLowerCase()} ${asleep.name} -n ${home} --replicas=${fewestPods}`;
  const message = `the waypoint ${home}/${name} has ${available} of ${fewestPods} pods available`;
  return [notServing(waypoint, { message, fix })];
}

/** The first thing that it lacks: the others follow from that, or come to light after it. */
function lacksOf(waypoint: WaypointName, surroundings: Surroundings): readonly Lack[] {
  const { namespace, name } = waypoint;
  const gateway = configByName(surroundings.mesh.configs('Gateway', namespace), name);
  if (gateway === undefined)
    return [notThere(waypoint, `${nameOf({ kind: 'Gateway', namespace, name })} is not there`)];
  if (gateway.terminating === true) return [notThere(waypoint, `${nameOf(gateway)} is being deleted`)];
  if (text(gateway.spec['gatewayClassName']) !== waypointClass)
    return [notThere(waypoint, `${nameOf(gateway)} is no waypoint of class ${waypointClass}`)];
  return [...withoutPods(waypoint, surroundings), ...unaccepted(gateway, waypoint)].slice(0, 1);
}

/**
 * Services that had no label of their own went through the waypoint that their namespace named, and will again: what it
 * names now may be none, or one that enforces nothing of theirs.
 */
function ledElsewhere(surroundings: Surroundings): readonly Lack[] {
  const { namespace, records = {}, back, services } = surroundings;
  const before = back?.[useWaypointLabel] ?? undefined;
  const now = namespace.labels[useWaypointLabel];
  if (before === undefined || before === now) return [];
  // One that is away and has left nothing behind holds nobody.
  const names = [...services.map(({ name }) => name), ...servedEver(surroundings)];
  const inherits = names.some((name) => {
    const known = own(records, name);
    return known !== undefined && typeof known[useWaypointLabel] !== 'string';
  });
  if (!inherits) return [];
  return [
    {
      object: `Namespace ${namespace.name}`,
      message: `the label ${useWaypointLabel} of the namespace is ${now ?? 'absent'} instead of ${before}, through which its Services went`,
      fix: `Put it back: kubectl label namespace ${namespace.name} --overwrite ${useWaypointLabel}=${before}`,
    },
  ];
}

/** Services that were behind a waypoint and are away, while policies for them are enforced by the sidecars of pods. */
function away(surroundings: Surroundings): readonly Lack[] {
  const { namespace } = surroundings;
  return goneServices(surroundings).map((name) => ({
    object: nameOf({ kind: 'Service', namespace: namespace.name, name }),
    message: `Service ${namespace.name}/${name} is not there, behind whose waypoint its policies are enforced`,
    fix: 'Create it again as it was, or delete the policies that are for it',
  }));
}

/** The waypoints of the namespace, each once. */
function waypointsOf(surroundings: Surroundings): readonly WaypointName[] {
  const all = servedServices(surroundings).map(({ waypoint }) => waypoint);
  return [...new Map(all.map((waypoint) => [`${waypoint.namespace}/${waypoint.name}`, waypoint])).values()];
}

/** What all of them lack now, since the start or before. */
export const lacksNow = memoize((surroundings: Surroundings): readonly Lack[] =>
  isExit(surroundings.route)
    ? [
        ...ledElsewhere(surroundings),
        ...away(surroundings),
        ...waypointsOf(surroundings).flatMap((waypoint) => lacksOf(waypoint, surroundings)),
      ]
    : [],
);

/** Marks of that: a rollback leads back to it where it was so at the start. */
export function waypointLacksNow(surroundings: Surroundings): readonly string[] {
  return lacksNow(surroundings).flatMap(({ mark }) => mark ?? []);
}

/** What they have come to lack since the start. */
export function waypointsLack(surroundings: Surroundings): readonly Lack[] {
  const { heldBefore } = surroundings;
  return lacksNow(surroundings).filter(({ mark }) => mark === undefined || heldBefore?.has(mark) !== true);
}
