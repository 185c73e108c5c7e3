import { extend } from '../../../../base/lists.ts';
import type { Surroundings } from '../../../adapter.ts';
import type { ServiceView } from '../../../views.ts';
import { guarded } from '../../../guarded.ts';
import { useWaypointLabel } from '../../vocabulary/labels.ts';
import { nameOf } from '../../vocabulary/objects.ts';
import type { WaypointName } from '../../policy/attachment.ts';
import { bounded, spend } from '../../../../base/effort.ts';
import type { PolicyOptions } from '../../policy/options.ts';
import { policyOptionsOf } from '../../settings/policy-options.ts';
import { boundCondition, boundWaypoint, soughtWaypoint } from '../bound.ts';
import { decides, enforcedAt, policiesByTarget, type ByTarget, type Enforced } from '../by-target.ts';
import { callersThrough } from './order.ts';

/** A Service that is reached through a waypoint, or is to be. */
interface Target {
  readonly service: ServiceView;
  readonly waypoint: WaypointName;
}

/** What is the same for all of them. */
interface Scene {
  readonly surroundings: Surroundings;
  readonly options: PolicyOptions;
  readonly policies: readonly ByTarget[];
}

/**
 * Steps for the Services of one namespace: they are of others, and what one of them writes takes nothing from what is
 * told of the rest.
 */
const steps = 200_000;

function titleOf({ service: { namespace, name } }: Target): string {
  return nameOf({ kind: 'Service', namespace, name });
}

/**
 * Whether the user says that nobody here calls into a namespace, or that somebody does; undefined if he says nothing of
 * it.
 */
function declared(namespace: string, { spec, namespace: home }: Surroundings): boolean | undefined {
  return spec.callers
    .find((entry) => entry.namespace === namespace)
    ?.from.some((caller) => caller.namespace === home.name);
}

/**
 * Whether somebody of this namespace may call what stands behind the waypoint: unless it is said who does, or its ALLOW
 * policies name all who get through, and nobody here is among them.
 */
function mayCall({ service }: Target, enforced: readonly Enforced[], surroundings: Surroundings): boolean {
  const said = declared(service.namespace, surroundings);
  if (said !== undefined) return said;
  const policies = enforced.flatMap(({ object, policy }) =>
    policy.kind === 'AuthorizationPolicy' ? [{ object, policy }] : [],
  );
  const callers = callersThrough(service, policies, { workloads: [] }, []);
  if (callers.kind !== 'Known') return true;
  spend(callers.callers.length / 16);
  return callers.callers.some(({ namespace }) => namespace === surroundings.namespace.name);
}

/** What would be gone around, and what that means. */
interface Around {
  readonly object: string;
  readonly message: string;
  /** What to do about this very one, if it is more than what is to be done about all. */
  readonly fix?: string;
}

function around(target: Target, { surroundings, policies, options }: Scene): readonly Around[] {
  const {
    service: { namespace, name },
    waypoint,
  } = target;
  const enforced = enforcedAt({ kind: 'Service', namespace, name }, waypoint, policies, options).filter(decides);
  const [first, ...more] = enforced;
  if (first === undefined || !mayCall(target, enforced, surroundings)) return [];
  const what = `${nameOf(first.object)}${more.length === 0 ? '' : ` and ${more.length} more`} for callers of this namespace`;
  const named = `${waypoint.namespace}/${waypoint.name}`;
  const object = titleOf(target);
  // Safe: E, it only holds whoever would be let through. Dying before or after: nothing is remembered, the next look
  // finds the same.
  return boundWaypoint(target.service) === undefined
    ? [
        {
          object,
          message: `callers outside ambient go around its waypoint ${named}, which is not there or not ready now, and is to enforce ${what}`,
          fix: `Move the namespace of that Service to sidecars first; or, if nothing here calls it, say so by naming its callers in spec.callers; or, if it is not to go through that waypoint any more, take the label ${useWaypointLabel} from it.`,
        },
      ]
    : [{ object, message: `callers outside ambient go around its waypoint ${named}, which enforces ${what} today` }];
}

/**
 * Of one namespace. Of those that are too many to tell that is said once, unless the user has said that nobody here
 * calls them.
 */
function aroundAll(namespace: string, targets: readonly Target[], scene: Scene): readonly Around[] {
  const { surroundings } = scene;
  if (declared(namespace, surroundings) === false) return [];
  const found: Around[] = [];
  let next: Target | undefined;
  const all = bounded(steps, () => {
    for (const target of targets) {
      next = target;
      const title = titleOf(target);
      extend(
        found,
        guarded<readonly Around[]>(
          surroundings,
          `who goes around the waypoint of ${title}`,
          () => around(target, scene),
          (why) => [
            {
              object: title,
              message: `${why}: whether callers of this namespace would go around its waypoint cannot be told`,
            },
          ],
        ),
      );
    }
  });
  return all.kind === 'Done' || next === undefined
    ? found
    : [
        ...found,
        {
          object: titleOf(next),
          message: `whether callers of this namespace would go around waypoints of ${namespace} takes more steps to work out than one look may take`,
        },
      ];
}

/**
 * What waypoints of other namespaces enforce against callers of this one, which go around them without ambient. For
 * ServiceEntries that is `findings/egress.ts`.
 */
export function goneAround(surroundings: Surroundings): readonly Around[] {
  const { mesh, namespace } = surroundings;
  const targets = mesh.services().flatMap((service): readonly Target[] => {
    const waypoint =
      service.namespace === namespace.name ? undefined : soughtWaypoint(service, boundCondition(service));
    return waypoint === undefined ? [] : [{ service, waypoint }];
  });
  if (targets.length === 0) return [];
  const scene = { surroundings, options: policyOptionsOf(mesh), policies: policiesByTarget(mesh) };
  return [...Map.groupBy(targets, ({ service }) => service.namespace)].flatMap(([home, own]) =>
    aroundAll(home, own, scene),
  );
}
