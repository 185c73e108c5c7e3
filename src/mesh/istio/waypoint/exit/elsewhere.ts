import type { Surroundings } from '../../../adapter.ts';
import type { ConfigView, ServiceView } from '../../../views.ts';
import { guarded } from '../../guarded.ts';
import { nameOf } from '../../findings/rule.ts';
import { waypointReads, type WaypointName } from '../../policy/attachment.ts';
import type { PolicyOptions } from '../../policy/options.ts';
import { policyOptionsOf } from '../../policy-options.ts';
import { parsed } from '../../policy/parsed.ts';
import type { Policy } from '../../policy/types.ts';
import { boundWaypoint } from '../bound.ts';
import { worldOf } from '../world.ts';
import { callersThrough } from './order.ts';

/** A Service that is reached through a waypoint. */
interface Target {
  readonly kind: 'Service';
  readonly namespace: string;
  readonly name: string;
  readonly waypoint: WaypointName;
}

/** A policy in both forms. */
interface Enforced {
  readonly object: ConfigView;
  readonly policy: Policy;
}

function ofService(service: ServiceView): readonly Target[] {
  const { namespace, name } = service;
  const waypoint = boundWaypoint(service);
  return waypoint === undefined ? [] : [{ kind: 'Service', namespace, name, waypoint }];
}

/** Policies that the waypoint of a target enforces for it. */
function enforcedFor(target: Target, { mesh }: Surroundings, options: PolicyOptions): readonly Enforced[] {
  return ['AuthorizationPolicy', 'RequestAuthentication'].flatMap((kind) => mesh.configs(kind)).flatMap((object) => {
    const policy = parsed(object);
    return policy !== undefined && waypointReads(policy, target.waypoint, target, options) ? [{ object, policy }] : [];
  });
}

/**
 * Whether somebody of this namespace may call what stands behind the waypoint: unless it is said who does, or its ALLOW policies name
 * all who get through, and nobody here is among them.
 */
function mayCall(target: Target, enforced: readonly Enforced[], surroundings: Surroundings): boolean {
  const { spec, namespace: home, mesh } = surroundings;
  const entry = spec.callers.find(({ namespace }) => namespace === target.namespace);
  if (entry !== undefined) return entry.from.some(({ namespace }) => namespace === home.name);
  const service = mesh.services(target.namespace).find(({ name }) => name === target.name);
  const policies = enforced.flatMap(({ object, policy }) => (policy.kind === 'AuthorizationPolicy' ? [{ object, policy }] : []));
  const callers = service && callersThrough(service, policies, { ...worldOf(surroundings), workloads: [] }, []);
  return callers?.kind !== 'Known' || callers.callers.some(({ namespace }) => namespace === home.name);
}

/** What would be gone around, and what that means. */
interface Around {
  readonly object: string;
  readonly message: string;
}

/** What waypoints of other namespaces enforce against callers of this one, which go around them without ambient. For ServiceEntries that is `findings/egress.ts`. */
export function goneAround(surroundings: Surroundings): readonly Around[] {
  const { mesh, namespace } = surroundings;
  const options = policyOptionsOf(mesh);
  const targets = mesh.services().filter((service) => service.namespace !== namespace.name).flatMap(ofService);
  const about = (target: Target): readonly Around[] => {
    const enforced = enforcedFor(target, surroundings, options);
    const [first, ...more] = enforced;
    return first === undefined || !mayCall(target, enforced, surroundings) ? [] : [{
      object: nameOf(target),
      message: `callers outside ambient go around its waypoint ${target.waypoint.namespace}/${target.waypoint.name}, which enforces ${nameOf(first.object)}${more.length === 0 ? '' : ` and ${more.length} more`} for callers of this namespace today`,
    }];
  };
  return targets.flatMap((target) => guarded<readonly Around[]>(surroundings, `who goes around the waypoint of ${nameOf(target)}`, () => about(target), (why) => [{
    object: nameOf(target), message: `${why}: whether callers of this namespace would go around its waypoint cannot be told`,
  }]));
}
