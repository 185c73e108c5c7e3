import { quoted } from '../../../../../base/shown.ts';
import { bounded } from '../../../../../base/effort.ts';
import { translationSteps } from '../../../../effort-limits.ts';
import { alike } from '../alike.ts';
import { labelledPods, protocolConflicts } from '../obstacles.ts';
import { portMap } from '../ports.ts';
import { critical, warning, type Problem } from '../problem.ts';
import { sidecarAction } from '../reach.ts';
import { policiesOfRevisions } from '../revision.ts';
import { coverage, sharePods } from '../selection.ts';
import { inexactHeader } from '../exactness.ts';
import type { Manifest } from '../manifest.ts';
import { countSizes, tooLarge } from '../size.ts';
import { maxPolicies } from '../translate.ts';
import { serviceTitle, titleOf } from '../world.ts';
import { tooMuchWritten } from '../written.ts';
import { allowAtSidecars, denyAtSidecars, enforcedAt, guardUntilSidecars } from './companions.ts';
import { copyForSidecars, copyTokenRules } from './copies.ts';
import { dependsOnAddresses, inexactAtSidecars } from './exactness.ts';
import { isEnforcedFor, type ExitWorld, type Served } from './served.ts';
import { tokenProblems, tokenRulesAt } from './tokens.ts';

/** What becomes of the policies of a namespace whose Services leave their waypoint for sidecars. */
export interface ExitTranslation {
  readonly served: readonly Served[];
  /** In the order in which they are to be applied. */
  readonly manifests: readonly Manifest[];
  /** With a critical one nothing is to be applied: the manifests are then not a whole. */
  readonly problems: readonly Problem[];
}

function manifestsFor(served: Served, world: ExitWorld): readonly Manifest[] {
  return [
    // Tokens first: istiod says of the policies that it has read them, and of these it says nothing.
    ...tokenRulesAt(served, world).map((original) => copyTokenRules(original, served, world)),
    ...world.policies
      .filter(({ policy }) => isEnforcedFor(policy, served, world))
      .flatMap((original) => copyForSidecars(original, served, world)),
    ...[allowAtSidecars(served, world), denyAtSidecars(served, world), guardUntilSidecars(served, world)].filter(
      (made) => made !== undefined,
    ),
  ];
}

function portProblems({ service }: Served, { workloads }: ExitWorld): readonly Problem[] {
  return portMap(service, workloads).unresolved.map((port) =>
    critical(
      serviceTitle(service),
      'spec.ports',
      `port ${port.port} leads to ${quoted(port.targetPort)}, which is no single port of its pods`,
      'Use a number as targetPort, or name the same container port in all pods of the Service.',
    ),
  );
}

function policyProblems(served: Served, world: ExitWorld): readonly Problem[] {
  const { service } = served;
  return world.policies
    .filter(({ policy }) => sidecarAction(policy, world.options) !== undefined)
    .flatMap(({ object, policy }) => {
      if (isEnforcedFor(policy, served, world))
        // What a waypoint is asked at its own pod nobody answers today.
        return [...inexactAtSidecars(object), ...inexactHeader(object, policy, world.options)];
      return coverage(policy, service, world.workloads) === 'None' ? [] : dependsOnAddresses(object);
    });
}

/** What ends or is refused. */
function known(served: Served, world: ExitWorld): readonly Problem[] {
  const title = serviceTitle(served.service);
  return [
    ...(guardUntilSidecars(served, world) === undefined
      ? []
      : [
          warning(
            title,
            'spec.selector',
            'until its pods have sidecars, they refuse callers of this namespace that go around its waypoint: those that address a pod, use a Service without waypoint, or have their sidecar already',
            'Restart in a quiet hour if pods of this namespace address each other directly on these ports.',
          ),
        ]),
    ...tokenRulesAt(served, world).map(({ object }) =>
      warning(
        titleOf(object),
        'spec.jwtRules',
        `sidecars of ${title} also refuse invalid tokens of callers that never came through the waypoint`,
        'Nothing, if no such caller sends one.',
      ),
    ),
  ];
}

/**
 * Services that share pods with one behind a waypoint, that one among them: the pods' sidecars have one filter chain
 * for each port.
 */
function sharingServices(world: ExitWorld): ExitWorld['services'] {
  return world.services.filter((service) =>
    world.served.some((served) => sharePods(served.service, service, world.workloads)),
  );
}

function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/**
 * The objects by which the sidecars of a namespace take over from its waypoints. Each copy is narrowed to pods with a
 * sidecar and to the ports of its Service, so that ztunnel never reads it and it has no say where the waypoint had
 * none. Originals are not touched: the waypoint goes on reading them for as long as a Service is bound to it.
 */
export function translateToSidecars(world: ExitWorld): ExitTranslation {
  countSizes(world);
  const { served } = world;
  if (served.length > 0 && world.policies.length > maxPolicies) {
    return {
      served,
      manifests: [],
      problems: [
        critical(
          `Namespace ${world.namespace}`,
          'metadata.name',
          `${world.policies.length} AuthorizationPolicies apply to it and to the mesh, more than the ${maxPolicies} that can be compared`,
          'Merge policies into fewer objects with more rules.',
        ),
      ],
    };
  }
  const manifests = served.flatMap((one) => manifestsFor(one, world));
  const excess = tooMuchWritten(world.namespace, manifests);
  if (excess !== undefined) return { served, manifests: [], problems: [excess] };
  const problems = [
    ...alike(manifests),
    ...policiesOfRevisions(world),
    ...served.flatMap((one) => [
      ...policyProblems(one, world),
      ...portProblems(one, world),
      ...labelledPods(one.service, world),
      ...known(one, world),
    ]),
    ...tokenProblems(world),
    ...protocolConflicts(sharingServices(world), world),
  ];
  return { served, manifests, problems: distinct(problems) };
}

/** `translateToSidecars` within the steps of one look. */
export function translateToSidecarsInTime(world: ExitWorld, steps = translationSteps): ExitTranslation {
  const made = bounded(steps, () => translateToSidecars(world));
  return made.kind === 'Done' ? made.value : { served: world.served, manifests: [], problems: [tooLarge(world)] };
}

/** The Services of the namespace for which a waypoint decides something. */
export function decidedServices(world: ExitWorld): readonly Served[] {
  return world.served.filter((served) => enforcedAt(served, world).length > 0);
}
