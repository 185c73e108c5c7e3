import { own } from '../../../base/own.ts';
import type { Surroundings } from '../../adapter.ts';
import { list, records, text } from '../../json.ts';
import type { ConfigView, ServiceView } from '../../views.ts';
import { nameOf, targetRefs } from '../vocabulary/objects.ts';
import { useWaypointLabel } from '../vocabulary/labels.ts';
import { parsed } from '../policy/parsed.ts';
import { guardField } from '../policy/translate/companions.ts';
import type { Role } from '../policy/translate/manifest.ts';
import { isOurs, roleOf } from '../policy/translate/names.ts';
import { isWaypoint, stillThrough, whyNotBound } from './bound.ts';
import { chosenGateway, chosenWaypoint, namesChosen, type Chosen } from './chosen.ts';
import { namesakes } from './taken.ts';
import { boundServices } from './translation.ts';

/**
 * A condition of a configuration object, if it is of the current generation; Istio writes observedGeneration as a
 * string, Gateway API as a number.
 */
export function current(
  { status, generation }: ConfigView,
  type: string,
): { readonly status: string; readonly reason: string; readonly message: string } | undefined {
  const found = records(status['conditions']).find((condition) => condition['type'] === type);
  if (found === undefined || Number(found['observedGeneration']) < generation) return undefined;
  return {
    status: text(found['status']) ?? '',
    reason: text(found['reason']) ?? '',
    message: text(found['message']) ?? '',
  };
}

const putBack = 'it is yours (spec.waypoint.adopt) and never made anew, so put it back';

function notThere({ namespace, name, adopted }: Chosen): string {
  return `Gateway ${namespace}/${name} is not there${adopted ? `: ${putBack}` : ''}`;
}

/** What its Gateway lacks. */
function gatewayMissing(surroundings: Surroundings): string | undefined {
  const chosen = chosenWaypoint(surroundings);
  const gateway = chosenGateway(surroundings);
  if (gateway === undefined) return notThere(chosen);
  if (gateway.terminating === true) return `${nameOf(gateway)} is being deleted${chosen.adopted ? `: ${putBack}` : ''}`;
  // Pods of somebody else's Deployment say nothing about the waypoint.
  const [taken] = namesakes(surroundings);
  if (taken !== undefined) return `${nameOf(taken)} is there already and is not the waypoint's: rename or delete it`;
  for (const type of ['Accepted', 'Programmed']) {
    const condition = current(gateway, type);
    if (condition?.status !== 'True')
      return `${nameOf(gateway)} is not ${type} yet${condition === undefined ? '' : ` (${condition.reason}: ${condition.message})`}`;
  }
  return list(gateway.status['addresses']).length === 0 ? `${nameOf(gateway)} has no address yet` : undefined;
}

/**
 * What is missing before requests may be sent through the waypoint. Before its Gateway has an address istiod lets
 * callers go past it (fails open), with an address and no pod they fail; Programmed alone says neither
 * (pilot/pkg/serviceregistry/ambient/waypoints.go).
 */
export function waypointMissing(surroundings: Surroundings): string | undefined {
  const { workloads, spec } = surroundings;
  const chosen = chosenWaypoint(surroundings);
  const missing = gatewayMissing(surroundings);
  if (missing !== undefined) return missing;
  const deployment = workloads.find(({ kind, name }) => kind === 'Deployment' && name === chosen.name);
  // How many pods an adopted one has is its owner's business.
  const min = chosen.adopted ? 1 : spec.waypoint.replicas.min;
  const available = deployment?.available ?? 0;
  return available >= min ? undefined : `the waypoint has ${available} of ${min} pods available`;
}

/** What is missing before every Service that gets the waypoint is known to be served by the waypoint. */
export function bindingMissing(surroundings: Surroundings): string | undefined {
  const { services } = surroundings;
  const chosen = chosenWaypoint(surroundings);
  const names = boundServices(surroundings);
  if (typeof names === 'string') return names;
  for (const service of services.filter(({ name }) => names.includes(name))) {
    const missing = whyNotBound(service, chosen);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

/**
 * A Service that istiod still sends through the waypoint of the namespace. Others that the user has are his own: names
 * are compared whole. One that its owner bound before stays bound; that he did the journal says, because a label alone
 * may be ours.
 */
export function stillBound(surroundings: Surroundings): string | undefined {
  const { services, records } = surroundings;
  const chosen = chosenWaypoint(surroundings);
  const isOwners = ({ name, labels }: ServiceView): boolean =>
    chosen.adopted && namesChosen(labels, chosen) && own(records, name)?.[useWaypointLabel] === chosen.name;
  return stillThrough(
    services.filter((service) => !isOwners(service)),
    (waypoint) => isWaypoint(waypoint, chosen),
  );
}

/**
 * The Services whose labels name the waypoint of the namespace, as long as it is ours: names are compared whole, the
 * namespace with them.
 */
export function namingOurs(surroundings: Surroundings): readonly ServiceView[] {
  const chosen = chosenWaypoint(surroundings);
  const gateway = chosenGateway(surroundings);
  const ours = !chosen.adopted && gateway !== undefined && isOurs(gateway, true);
  return ours ? surroundings.services.filter(({ labels }) => namesChosen(labels, chosen)) : [];
}

/** The policies that the operator made in the namespace. */
function ownPolicies({ mesh, namespace }: Surroundings): readonly ConfigView[] {
  return mesh.configs('AuthorizationPolicy', namespace.name).filter((policy) => isOurs(policy, true));
}

/**
 * What istiod says of a copy for the waypoint. Of a dry run it writes that ztunnel does not take it, though it has
 * targets, and that takes the other condition away (`conditions` is an atomic list): that one says as well that istiod
 * has read it as it is now.
 */
function ofWaypoint(policy: ConfigView): ReturnType<typeof current> {
  const condition = current(policy, 'WaypointAccepted');
  return (
    condition ??
    (isDryRun(policy) && current(policy, 'ZtunnelAccepted') !== undefined
      ? { status: 'True', reason: 'Read', message: '' }
      : undefined)
  );
}

function isDryRun(policy: ConfigView): boolean {
  const read = parsed(policy);
  return read?.kind === 'AuthorizationPolicy' && read.dryRun;
}

/** Nothing waits for what decides nothing. A dry run of CUSTOM denies. */
function decides(policy: ConfigView): boolean {
  return !isDryRun(policy) || policy.spec['action'] === 'CUSTOM';
}

/**
 * What is missing before istiod is known to have taken in the copies for the waypoint. A copy for a Service is only
 * accepted once the Service is bound; before that it says AncestorNotBound, which shows that istiod has read it.
 */
export function copiesMissing(surroundings: Surroundings, bound: boolean): string | undefined {
  for (const policy of ownPolicies(surroundings).filter(
    (candidate) => targetRefs(candidate).length > 0 && decides(candidate),
  )) {
    const condition = ofWaypoint(policy);
    if (condition === undefined) return `istiod has not looked at ${nameOf(policy)} yet`;
    const waits = !bound && condition.reason === 'AncestorNotBound';
    if (!waits && (condition.status !== 'True' || condition.reason === 'PartiallyInvalid'))
      return `${nameOf(policy)} is not accepted (${condition.reason}: ${condition.message})`;
  }
  return undefined;
}

/**
 * istiod keeps all policies that it sends to no ztunnel under one key, so that their statuses overwrite each other and
 * may stay out (ResourceName of WorkloadAuthorization in pilot/pkg/model/service.go).
 */
function isReported(policy: ConfigView): boolean {
  return policy.spec['action'] !== 'AUDIT' && policy.spec['action'] !== 'CUSTOM' && !isDryRun(policy);
}

/**
 * What is missing before istiod is known to have read the policies of a role, whatever it makes of them for ztunnel.
 */
export function unread(surroundings: Surroundings, role: Role): string | undefined {
  const policy = ownPolicies(surroundings).find(
    (candidate) =>
      roleOf(candidate) === role && isReported(candidate) && current(candidate, 'ZtunnelAccepted') === undefined,
  );
  return policy && `istiod has not looked at ${nameOf(policy)} yet`;
}

/** What is missing before istiod is known to have taken in the policies of a role for ztunnel. */
export function companionsMissing(surroundings: Surroundings, role: Role): string | undefined {
  for (const policy of ownPolicies(surroundings).filter((policy) => roleOf(policy) === role)) {
    const condition = current(policy, 'ZtunnelAccepted');
    if (condition === undefined) return `istiod has not looked at ${nameOf(policy)} yet`;
    if (condition.status !== 'True')
      return `${nameOf(policy)} is not accepted (${condition.reason}: ${condition.message})`;
  }
  return undefined;
}

/**
 * The same for the guards, which ztunnel has to enforce and sidecars must not: what makes the difference is that
 * ztunnel drops a field (`companions.ts`), and istiod has to say so in its own words, or the guard would mean something
 * else to this version.
 */
export function guardMissing(surroundings: Surroundings, role: Role = 'Guard'): string | undefined {
  const missing = companionsMissing(surroundings, role);
  if (missing !== undefined) return missing;
  for (const guard of ownPolicies(surroundings).filter((policy) => roleOf(policy) === role)) {
    const message = current(guard, 'ZtunnelAccepted')?.message ?? '';
    if (!message.includes(guardField) || !message.includes('enforced without'))
      return `istiod does not say that ztunnel enforces ${nameOf(guard)} without ${guardField}: ${message}`;
  }
  return undefined;
}
