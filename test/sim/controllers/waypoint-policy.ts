import type { SimApi } from '../sim-api.ts';
import { bindingOf, usableWaypoint } from './waypoint-binding.ts';
import type { AuthorizationPolicy, TargetReference } from './gateway-types.ts';
import { istioNamespace } from './istiod.ts';
import { gatewayClasses, serviceEntries, services } from './kinds.ts';
import { getByKey, isServed } from './typed-api.ts';

/** What a status condition says. */
export interface Report {
  readonly accepted: boolean;
  readonly reason: string;
  readonly message: string;
}

interface TargetReport extends Report {
  readonly ancestor: string;
}

const meshControllerName = 'istio.io/mesh-controller';

/** The targets of a policy; the older `targetRef` counts only alone (model.GetTargetRefs). */
export function targetsOf({ spec }: AuthorizationPolicy): readonly TargetReference[] {
  const { targetRef, targetRefs = [] } = spec ?? {};
  return targetRefs.length === 0 && targetRef !== undefined ? [targetRef] : targetRefs;
}

/** The condition WaypointAccepted of a policy with targets (WaypointPolicyStatusCollection in ambient/policies.go). */
export function waypointAccepted(api: SimApi, policy: AuthorizationPolicy): Report | undefined {
  const reports = targetsOf(policy).map((target) => reportOf(api, policy, target));
  const [only] = reports;
  if (reports.length < 2 || only === undefined) return only;
  // flattenConditions in model/service.go: any target that is bound is enough.
  const unbound = reports.filter(({ accepted }) => !accepted).map(({ ancestor }) => ancestor);
  const accepted = unbound.length < reports.length;
  const good = unbound.length > 0 ? 'PartiallyInvalid' : 'Accepted';
  return {
    accepted,
    reason: accepted ? good : 'Invalid',
    message: unbound.length === 0 ? '' : `Invalid targetRefs: ${unbound.join(', ')}`,
  };
}

function reportOf(api: SimApi, { metadata }: AuthorizationPolicy, target: TargetReference): TargetReport {
  const namespace = (target.namespace ?? '') === '' ? (metadata.namespace ?? '') : (target.namespace ?? '');
  const key = `${namespace}/${target.name}`;
  const group = (target.group ?? '') === '' ? 'core' : (target.group ?? '');
  return { ancestor: `${target.kind}.${group}:${key}`, ...found(api, target, namespace, key) };
}

function found(api: SimApi, { kind, name }: TargetReference, namespace: string, key: string): Report {
  switch (kind) {
    case 'GatewayClass':
      return ofClass(api, name, namespace);
    case 'Gateway':
      return usableWaypoint(api, key) === undefined ? refused('TargetNotFound', 'not bound') : bound(key);
    case 'Service':
    case 'ServiceEntry':
      return ofService(api, kind, key);
    default:
      return refused('unknown', 'not bound');
  }
}

function ofClass(api: SimApi, name: string, namespace: string): Report {
  if (namespace !== istioNamespace) {
    return refused(
      'Invalid',
      `AuthorizationPolicy must be in the root namespace \`${istioNamespace}\` when referencing a GatewayClass`,
    );
  }
  const gatewayClass = isServed(api, gatewayClasses) ? getByKey(api, gatewayClasses, `/${name}`) : undefined;
  if (gatewayClass === undefined) return refused('TargetNotFound', 'not bound');
  if (gatewayClass.spec.controllerName === meshControllerName) return bound(name);
  return refused('Invalid', `GatewayClass must use controller name \`${meshControllerName}\` for waypoints`);
}

function ofService(api: SimApi, kind: 'Service' | 'ServiceEntry', key: string): Report {
  const target = kind === 'Service' ? getByKey(api, services, key) : getByKey(api, serviceEntries, key);
  if (target === undefined) return refused('TargetNotFound', `${kind} ${key} was not found`);
  const binding = bindingOf(api, target);
  return binding?.bound === true
    ? bound(binding.waypoint)
    : refused('AncestorNotBound', `${kind} ${key} is not bound to a waypoint`);
}

function bound(to: string): Report {
  return { accepted: true, reason: 'Accepted', message: `bound to ${to}` };
}

function refused(reason: string, message: string): Report {
  return { accepted: false, reason, message };
}
