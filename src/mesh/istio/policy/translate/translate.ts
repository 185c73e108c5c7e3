import { useWaypointLabel } from '../../vocabulary/labels.ts';
import type { AuthorizationPolicy } from '../types.ts';
import { factsOf } from '../../../../requests/conditions.ts';
import { bounded } from '../../../../base/effort.ts';
import { translationSteps } from '../../../effort-limits.ts';
import { asSidecar } from '../sidecar.ts';
import { alike } from './alike.ts';
import { allowWaypoint, guard } from './companions.ts';
import { copyAuthorizationPolicy, copyExtension, copyRequestAuthentication, type Copies } from './copies.ts';
import { concernsServices, extensionProblems, unordered, unservedByExtension } from './extension-problems.ts';
import type { Manifest, Role } from './manifest.ts';
import { waypointNeeds, type ServiceNeed } from './needs.ts';
import { dormant, hindrances, labelledPods, protocolConflicts, unservable, unserved } from './obstacles.ts';
import { critical, type Problem } from './problem.ts';
import { featuresOfRevisions, policiesOfRevisions } from './revision.ts';
import { routeOffer, type RouteOffer } from './route-offer.ts';
import { routesAt } from './routes-at.ts';
import { keptFeatures, routeProblems, type KeptFeature } from './routes.ts';
import { countSizes, tooLarge } from './size.ts';
import { isServable, type ServiceFacts, type World } from './world.ts';
import { tooMuchWritten } from './written.ts';

/** What becomes of the policies of a namespace whose Services get a waypoint. */
export interface Translation {
  /** Every Service of the namespace; those with reasons get the waypoint. */
  readonly needs: readonly ServiceNeed[];
  /**
   * Services to bind to the waypoint. Bind these and not the namespace: a Service that is bound without copies is open
   * to the waypoint.
   */
  readonly bound: readonly ServiceFacts[];
  /** In the order in which they are to be applied. */
  readonly manifests: readonly Manifest[];
  /** With a critical one nothing is to be applied: the manifests are then not a whole. */
  readonly problems: readonly Problem[];
  /** Features of routes that work on, so that a plan can say so. */
  readonly kept: readonly KeptFeature[];
  /** Gateway API routes that may replace VirtualServices after the migration; never applied by it. */
  readonly offers: readonly RouteOffer[];
}

/**
 * Every policy is compared with every other for every Service; beyond this a look at the namespace would take minutes.
 */
export const maxPolicies = 150;

const order: readonly Role[] = ['AllowWaypoint', 'Copy', 'Guard'];

/**
 * What is known of a namespace that is too large to look at: every Service might need the waypoint, and nothing can be
 * made.
 */
function unknown(world: World, problem = tooLarge(world)): Translation {
  const own = world.services.filter(({ namespace }) => namespace === world.namespace);
  const needs = own.map((service): ServiceNeed => ({
    service,
    servable: isServable(service),
    reasons: [{ object: problem.object, enforces: true, sentence: problem.message }],
  }));
  return {
    needs,
    bound: own.filter((service) => usesWaypoint(service, world)),
    manifests: [],
    problems: [problem],
    kept: [],
    offers: [],
  };
}

/** `translate` within the steps of one look. */
export function translateInTime(world: World, steps = translationSteps): Translation {
  const made = bounded(steps, () => translate(world));
  return made.kind === 'Done' ? made.value : unknown(world);
}

/**
 * The objects that take over from the sidecars of a namespace. What a waypoint cannot do exactly is a problem, never an
 * approximation. Originals are not touched: sidecars go on reading them, waypoints never read objects without
 * targetRefs (ShouldAttachPolicy in pilot/pkg/model/policyattachment.go), and what ztunnel makes of them is part of the
 * calculation.
 */
export function translate(world: World): Translation {
  countSizes(world);
  const needs = waypointNeeds(world);
  const wanted = needs.filter(
    ({ service, servable, reasons }) => servable && (reasons.length > 0 || usesWaypoint(service, world)),
  );
  const bound = wanted.map(({ service }) => service);
  if (bound.length > 0 && world.policies.length > maxPolicies) {
    return {
      needs,
      bound,
      manifests: [],
      problems: [
        critical(
          `Namespace ${world.namespace}`,
          'metadata.name',
          `${world.policies.length} AuthorizationPolicies apply to it and to the mesh, more than the ${maxPolicies} that can be compared`,
          'Merge policies into fewer objects with more rules.',
        ),
      ],
      kept: [],
      offers: [],
    };
  }
  const copies = allCopies(bound, world);
  const manifests = [
    ...bound.flatMap((service) => allowWaypoint(service, world) ?? []),
    ...copies.flatMap((made) => made.manifests),
    ...wanted.flatMap((need) => guard(need, world) ?? []),
  ];
  const excess = tooMuchWritten(world.namespace, manifests);
  if (excess !== undefined) return unknown(world, excess);
  const problems = [
    ...alike(manifests),
    ...policiesOfRevisions(world),
    ...featuresOfRevisions(world),
    ...copies.flatMap((made) => made.problems),
    ...bound.flatMap((service) => hindrances(service, world)),
    ...bound.flatMap((service) => routeProblems(service, world)),
    ...bound.flatMap((service) => labelledPods(service, world)),
    ...protocolConflicts(bound, world),
    ...dormant(bound, world),
    ...unservable(needs, world),
    ...unserved(world),
    ...world.extensions
      .filter((object) => concernsServices(object, world))
      .flatMap((object) => extensionProblems(object, world)),
    ...world.extensions.flatMap((object) => unservedByExtension(object, world)),
    ...bound.flatMap((service) => unordered(service, world)),
  ];
  return {
    needs,
    bound,
    manifests: sorted(manifests),
    problems: distinct(problems),
    kept: keptFeatures(bound, world),
    offers: bound.flatMap((service) => offersFor(service, world)),
  };
}

/** Only a route about calls to a Service may be replaced there. */
function offersFor(service: ServiceFacts, world: World): readonly RouteOffer[] {
  return routesAt(service, world).flatMap((object) => routeOffer(object, service, world) ?? []);
}

/**
 * A Service that goes through the waypoint already keeps its copies when nothing asks for HTTP any more: without them
 * the waypoint would let everything through.
 */
function usesWaypoint({ labels }: ServiceFacts, { waypoint }: World): boolean {
  return labels[useWaypointLabel] === waypoint.name;
}

function allCopies(bound: readonly ServiceFacts[], world: World): readonly Copies[] {
  const forward = world.sidecars && world.policies.some(({ policy }) => asksForToken(policy, world));
  return [
    ...world.policies.map((original) => copyAuthorizationPolicy(original, bound, world)),
    ...world.requestAuthentications.map((original) => copyRequestAuthentication(original, forward, bound, world)),
    ...world.extensions.map((object) => copyExtension(object, bound, world)),
  ];
}

/**
 * Whether a sidecar that no longer sees the token would refuse because of it. An ALLOW would not: the waypoint itself
 * is allowed.
 */
export function asksForToken(policy: AuthorizationPolicy, { options }: Pick<World, 'options'>): boolean {
  const reading = asSidecar(policy, 'http', options);
  return (
    reading !== undefined && reading.action !== 'ALLOW' && reading.rules.some((rule) => factsOf(rule).includes('token'))
  );
}

function sorted(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests.toSorted(
    (a, b) =>
      order.indexOf(a.role) - order.indexOf(b.role) ||
      a.object.kind.localeCompare(b.object.kind) ||
      a.object.metadata.name.localeCompare(b.object.metadata.name),
  );
}

function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}
