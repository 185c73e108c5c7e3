import { copyOfAnnotation, roleLabel } from '../../src/mesh/istio/policy/translate/names.ts';
import { kinds } from '../scenarios/manifests.ts';
import { availableWaypointPods, condition, isBound } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { policiesOf } from './policies.ts';

/** A policy that the operator made. */
export interface MadePolicy {
  readonly kind: string;
  readonly name: string;
  /** What it is for: Copy, AllowWaypoint or Guard. */
  readonly role: string;
  /** `KIND/NAMESPACE/NAME` of what it is a copy of. */
  readonly copyOf?: string;
  /** The data plane that it is for: the copies for the waypoint, the others for ztunnel. */
  readonly plane: 'waypoint' | 'ztunnel';
  /** Whether istiod says in its status that it has accepted it for that data plane. */
  readonly accepted: boolean;
}

/** What stands in front of a namespace whose policies need HTTP. */
export interface WaypointReport {
  readonly gateway: string;
  /** Whether callers can be sent to it. */
  readonly programmed: boolean;
  readonly availablePods: number;
  readonly policies: readonly MadePolicy[];
  /** Every Service of the namespace's owner, and whether istiod sends its callers through a waypoint. */
  readonly services: readonly { readonly name: string; readonly bound: boolean }[];
}

const gatewayName = 'waypoint';

const acceptedConditions = { waypoint: 'WaypointAccepted', ztunnel: 'ZtunnelAccepted' } as const;

async function madePolicies(world: World, namespace: string): Promise<readonly MadePolicy[]> {
  const made = await policiesOf(world, namespace, 'Operator');
  return await Promise.all(
    made.map(async ({ kind = '', metadata: { name, labels, annotations } }): Promise<MadePolicy> => {
      const role = labels?.[roleLabel] ?? '';
      const copyOf = annotations?.[copyOfAnnotation];
      const plane = role === 'Copy' ? 'waypoint' : 'ztunnel';
      const found = await condition(world, kind as keyof typeof kinds, namespace, name, acceptedConditions[plane]);
      return { kind, name, role, ...(copyOf !== undefined && { copyOf }), plane, accepted: found?.[1] === 'True' };
    }),
  );
}

async function boundServices(world: World, namespace: string): Promise<WaypointReport['services']> {
  const { items } = await world.client.list(kinds.Service, { namespace, signal: world.signal });
  const names = items.map(({ metadata }) => metadata.name).filter((name) => name !== gatewayName);
  return await Promise.all(
    names.map(async (name) => ({ name, bound: (await isBound(world, namespace, name)) === true })),
  );
}

/** Looks at the waypoint of a namespace; undefined if it has none. */
export async function observeWaypoint(world: World, namespace: string): Promise<WaypointReport | undefined> {
  const { items } = await world.client.list(kinds.Gateway, { namespace, signal: world.signal });
  if (!items.some(({ metadata }) => metadata.name === gatewayName)) return undefined;
  const programmed = await condition(world, 'Gateway', namespace, gatewayName, 'Programmed');
  return {
    gateway: `${namespace}/${gatewayName}`,
    programmed: programmed?.[1] === 'True',
    availablePods: await availableWaypointPods(world, namespace, gatewayName),
    policies: await madePolicies(world, namespace),
    services: await boundServices(world, namespace),
  };
}
