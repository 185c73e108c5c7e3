import type { KubeObject } from '../../../src/api/object.ts';
import { defaultOptions } from '../../../src/mesh/istio/policy/options.ts';
import type { AuthorizationPolicy, TargetRef } from '../../../src/mesh/istio/policy/types.ts';
import { ztunnelStatus } from '../../../src/mesh/istio/policy/ztunnel-status.ts';
import { record, records, text } from '../../../src/mesh/json.ts';
import { stable } from './canonical-rbac.ts';
import type { Disagreement } from './disagreement.ts';
import { stageServiceEntry, stageServices, waypointClass } from './stage.ts';
import { homes } from './stage-options.ts';

interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message?: string;
}

/**
 * Compares the conditions that istiod wrote on a policy with those that the model expects. A policy that istiod does
 * not send to ztunnel may lack its conditions: istiod keeps all of those under one name, `/`, so that of several that
 * come at once only one gets its status (WorkloadAuthorization.ResourceName in pilot/pkg/model/service.go); and a dry
 * run for a waypoint gets two conditions by two field managers that take the whole list from each other. A condition of
 * an earlier generation counts as none: istiod leaves it behind when an edit takes the reason for it away.
 */
export function compareStatus(policy: AuthorizationPolicy, object: KubeObject | undefined): readonly Disagreement[] {
  const written = records(record(object?.['status'])['conditions']);
  const model = { ZtunnelAccepted: ztunnelStatus(policy, defaultOptions), WaypointAccepted: waypointStatus(policy) };
  const mayLack = model.ZtunnelAccepted?.status === 'False';
  return Object.entries(model).flatMap(([type, expected]) => {
    const condition = written.find((one) => one['type'] === type);
    const current = text(condition?.['observedGeneration']) === String(object?.metadata.generation ?? 0);
    const sent =
      condition && current
        ? { status: condition['status'], reason: condition['reason'], message: condition['message'] }
        : undefined;
    if (sent === undefined && mayLack) return [];
    return stable(sent) === stable(expected)
      ? []
      : [{ policy: `${policy.namespace}/${policy.name}`, where: `${type} of`, sent, model: expected }];
  });
}

/**
 * WaypointPolicyStatusCollection in policies.go and flattenConditions in pilot/pkg/model/service.go, for what is on the
 * stage.
 */
function waypointStatus(policy: AuthorizationPolicy): Condition | undefined {
  const bindings = policy.targetRefs.map((ref) => ({ ref, ...bindingOf(policy, ref) }));
  const [only, ...others] = bindings;
  if (only === undefined) return undefined;
  if (others.length === 0) return { status: only.bound ? 'True' : 'False', reason: only.reason, message: only.message };
  const unbound = bindings
    .filter(({ bound }) => !bound)
    .map(({ ref: { group, kind, name } }) => `${kind}.${group === '' ? 'core' : group}:${policy.namespace}/${name}`);
  const bound = unbound.length < bindings.length;
  const partly = unbound.length > 0 ? 'PartiallyInvalid' : 'Accepted';
  return {
    status: bound ? 'True' : 'False',
    reason: bound ? partly : 'Invalid',
    ...(unbound.length > 0 && { message: `Invalid targetRefs: ${unbound.join(', ')}` }),
  };
}

interface Binding {
  readonly bound: boolean;
  readonly reason: string;
  readonly message: string;
}

function bindingOf({ namespace }: AuthorizationPolicy, { kind, name }: TargetRef): Binding {
  const key = `${namespace}/${name}`;
  const onStage = namespace !== homes.root;
  const bound = (to: string): Binding => ({ bound: true, reason: 'Accepted', message: `bound to ${to}` });
  const refused = (reason: string, message = 'not bound'): Binding => ({ bound: false, reason, message });
  switch (kind) {
    case 'GatewayClass':
      if (onStage)
        return refused(
          'Invalid',
          `AuthorizationPolicy must be in the root namespace \`${homes.root}\` when referencing a GatewayClass`,
        );
      if (name === waypointClass) return bound(name);
      return name === 'istio'
        ? refused('Invalid', 'GatewayClass must use controller name `istio.io/mesh-controller` for waypoints')
        : refused('TargetNotFound');
    case 'Gateway':
      return onStage && name === 'waypoint' ? bound(key) : refused('TargetNotFound');
    case 'Service':
      return onStage && stageServices.some((service) => service === name)
        ? bound(`${namespace}/waypoint`)
        : refused('TargetNotFound', `Service ${key} was not found`);
    case 'ServiceEntry':
      return stageServiceEntry.namespace === namespace && stageServiceEntry.name === name
        ? bound(`${namespace}/waypoint`)
        : refused('TargetNotFound', `ServiceEntry ${key} was not found`);
    default:
      return refused('TargetNotFound', `${kind} ${key} was not found`);
  }
}
