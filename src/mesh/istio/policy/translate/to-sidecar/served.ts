import { waypointReads, type Attached } from '../../attachment.ts';
import { portMap } from '../ports.ts';
import { sharePods } from '../selection.ts';
import type { ServiceFacts, WaypointFacts, WorkloadFacts, World } from '../world.ts';

/** A Service whose callers in ambient come through a waypoint, and which one. */
export interface Served {
  readonly service: ServiceFacts;
  readonly waypoint: WaypointFacts;
}

/**
 * Everything that a translation back to sidecars looks at. `policies` are all that are in force, those of former
 * migrations among them.
 */
export interface ExitWorld extends World {
  readonly served: readonly Served[];
}

/** The world as one Service of it sees it: with its own waypoint. */
export function worldFor({ waypoint }: Served, world: ExitWorld): ExitWorld {
  return { ...world, waypoint };
}

/** Whether the waypoint of the Service enforces a policy for it. */
export function isEnforcedFor(
  policy: Attached,
  { service: { namespace, name }, waypoint }: Served,
  { options }: ExitWorld,
): boolean {
  return waypointReads(policy, waypoint, { kind: 'Service', namespace, name }, options);
}

/**
 * The Services behind waypoints that have pods in common with this one, itself among them: at a sidecar what is made
 * for one counts for all.
 */
export function neighbours({ service }: Served, world: ExitWorld): readonly Served[] {
  return world.served.filter(
    (other) => other.service.name === service.name || sharePods(service, other.service, world.workloads),
  );
}

/** From a port of a Service to the port of the container that it leads to. */
export interface PortPair {
  readonly service: number;
  readonly workload: number;
}

/** Where the ports of a Service lead. */
export function portPairs(service: ServiceFacts, workloads: readonly WorkloadFacts[]): readonly PortPair[] {
  return [...portMap(service, workloads).servicePorts].flatMap(([workload, ports]) =>
    ports.map((port) => ({ service: port, workload })),
  );
}

/**
 * The container ports that some of these Services lead to: on these the waypoint has a say, on all others it has none.
 */
export function coveredPorts(served: readonly Served[], workloads: readonly WorkloadFacts[]): readonly number[] {
  return [
    ...new Set(served.flatMap(({ service }) => portPairs(service, workloads)).map(({ workload }) => workload)),
  ].sort((a, b) => a - b);
}
