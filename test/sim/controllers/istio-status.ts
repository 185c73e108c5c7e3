import { apiVersionOf, type KubeObject } from '../../../src/api/object.ts';
import { timestamp } from '../../../src/base/clock.ts';
import { defaultOptions } from '../../../src/mesh/istio/policy/options.ts';
import { parsePolicy } from '../../../src/mesh/istio/policy/parse.ts';
import { ztunnelStatus } from '../../../src/mesh/istio/policy/ztunnel-status.ts';
import { startQueue, watchCustomKind, watchKind, type ControllerContext } from './controller.ts';
import type { AuthorizationPolicy, IstioCondition } from './gateway-types.ts';
import type { Istiod } from './istiod.ts';
import {
  authorizationPolicies,
  gatewayClasses,
  gateways,
  namespaces,
  serviceEntries,
  services,
  type Kind,
} from './kinds.ts';
import { getByKey, isServed, keyOf, listOf } from './typed-api.ts';
import { bindingOf } from './waypoint-binding.ts';
import { waypointAccepted, type Report } from './waypoint-policy.ts';

/** Field managers, which istiod also uses as the names of its reporters (ambient/ambientindex.go). */
const reporters = {
  binding: 'istio-ambient-service',
  ztunnel: 'istio-ambient-ztunnel-policy',
  waypoint: 'istio-ambient-waypoint-policy',
} as const;
/** How long an event takes through istiod's collections. */
const delayMs = 10;
/** Under this key istiod keeps every policy that it does not send to ztunnel at all: they share it. */
const refusedKey = '/';

interface Conditioned extends KubeObject {
  readonly status?: { readonly conditions?: readonly IstioCondition[] };
}

/**
 * The status conditions that istiod writes for the ambient mesh: `istio.io/WaypointBound` on Services and
 * ServiceEntries, `ZtunnelAccepted` and `WaypointAccepted` on AuthorizationPolicies (ambient/statusqueue). Not
 * modelled: WorkloadEntries, and `istio.io/WaypointMissing` of wildcard ServiceEntries.
 */
export function startIstioStatus(context: ControllerContext, istiod: Istiod): void {
  const objects = [reportBindings(context, istiod, services), reportBindings(context, istiod, serviceEntries)];
  const policies = reportPolicies(context, istiod);
  const bindingsChanged = (): void => {
    for (const all of objects) all();
    policies.waypoint();
  };
  istiod.onChange(() => {
    bindingsChanged();
    policies.ztunnel();
  });
  watchCustomKind(context, gateways, bindingsChanged);
  watchCustomKind(context, gatewayClasses, bindingsChanged);
  watchKind(context, namespaces, bindingsChanged);
  watchKind(context, services, policies.waypoint);
  watchCustomKind(context, serviceEntries, policies.waypoint);
}

/** Reports on each object of a kind when it changes; the returned function looks at all of them. */
function reportBindings(context: ControllerContext, istiod: Istiod, kind: Kind<KubeObject>): () => void {
  const { api } = context;
  const queue = startQueue(context, (key) => {
    if (!istiod.ambient || !isServed(api, kind)) return undefined;
    const object = getByKey(api, kind, key);
    // Services of type ExternalName have no part in the ambient mesh (serviceServiceBuilder in ambient/services.go).
    if (object === undefined || (object['spec'] as { readonly type?: string } | undefined)?.type === 'ExternalName')
      return undefined;
    const binding = bindingOf(api, object);
    write(
      context,
      kind,
      object,
      reporters.binding,
      'istio.io/WaypointBound',
      binding && { ...binding, accepted: binding.bound },
    );
    return undefined;
  });
  watchCustomOrBuiltin(context, kind, (object) => {
    queue.add(keyOf(object), delayMs);
  });
  return () => {
    if (isServed(api, kind)) for (const object of listOf(api, kind)) queue.add(keyOf(object), delayMs);
  };
}

function watchCustomOrBuiltin<T extends KubeObject>(
  context: ControllerContext,
  kind: Kind<T>,
  handler: (object: T) => void,
): void {
  if (isServed(context.api, kind)) watchKind(context, kind, handler);
  else watchCustomKind(context, kind, handler);
}

interface PolicyReports {
  readonly ztunnel: () => void;
  readonly waypoint: () => void;
}

function reportPolicies(context: ControllerContext, istiod: Istiod): PolicyReports {
  const { api } = context;
  const policyAt = (key: string): AuthorizationPolicy | undefined =>
    istiod.ambient && isServed(api, authorizationPolicies) ? getByKey(api, authorizationPolicies, key) : undefined;
  const waypoint = startQueue(context, (key) => {
    const policy = policyAt(key);
    const report = policy && waypointAccepted(api, policy);
    // A report that ends is not taken back: the condition stays until the other reporter writes.
    if (policy !== undefined && report !== undefined)
      write(context, authorizationPolicies, policy, reporters.waypoint, 'WaypointAccepted', report);
    return undefined;
  });
  let lastRefused = '';
  const ztunnel = startQueue(context, (key) => {
    const policy = policyAt(key === refusedKey ? lastRefused : key);
    const report = policy && ztunnelReport(policy);
    if (policy !== undefined && report !== undefined)
      write(context, authorizationPolicies, policy, reporters.ztunnel, 'ZtunnelAccepted', report);
    return undefined;
  });
  const toZtunnel = (policy: AuthorizationPolicy): void => {
    const refused = ztunnelReport(policy)?.accepted === false;
    // Of several that are refused at about the same time only the last gets its condition (ResourceName of
    // WorkloadAuthorization in model/service.go).
    if (refused) lastRefused = keyOf(policy);
    ztunnel.add(refused ? refusedKey : keyOf(policy), delayMs);
  };
  const toWaypoint = (policy: AuthorizationPolicy): void => {
    waypoint.add(keyOf(policy), delayMs);
  };
  const all = (action: (policy: AuthorizationPolicy) => void): void => {
    if (isServed(api, authorizationPolicies)) for (const policy of listOf(api, authorizationPolicies)) action(policy);
  };
  const generations = new Map<string, string>();
  watchCustomKind(context, authorizationPolicies, (policy, deleted) => {
    const version = JSON.stringify([policy.metadata.uid, policy.metadata.generation, policy.metadata.annotations]);
    // A change of the status alone changes nothing that istiod computes, so it does not report.
    if (deleted || generations.get(keyOf(policy)) === version) return;
    generations.set(keyOf(policy), version);
    toZtunnel(policy);
    toWaypoint(policy);
  });
  return {
    ztunnel: () => {
      all(toZtunnel);
    },
    waypoint: () => {
      all(toWaypoint);
    },
  };
}

/**
 * What istiod says of a policy on behalf of ztunnel; the content is that of the classifier, which is checked against
 * istiod itself.
 */
function ztunnelReport({ metadata, spec }: AuthorizationPolicy): Report | undefined {
  const { policy } = parsePolicy({
    kind: authorizationPolicies.kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    annotations: metadata.annotations ?? {},
    spec: spec ?? {},
  });
  const status = policy?.kind === 'AuthorizationPolicy' ? ztunnelStatus(policy, defaultOptions) : undefined;
  return status && { accepted: status.status === 'True', reason: status.reason, message: status.message };
}

/**
 * Server-side apply of one condition, if it says something new. The conditions of a Service are a map by type; those of
 * Istio's own kinds are one atomic list, so one reporter overwrites the condition of another. They name their
 * generation, as a string.
 */
function write<T extends Conditioned>(
  { api, clock }: ControllerContext,
  kind: Kind<T>,
  object: T,
  manager: string,
  type: string,
  report: Report | undefined,
): void {
  const { name, namespace = '', generation } = object.metadata;
  const current = object.status?.conditions?.find((condition) => condition.type === type);
  const observed = kind.kind === authorizationPolicies.kind ? { observedGeneration: String(generation ?? 0) } : {};
  const wanted = report && {
    type,
    status: report.accepted ? ('True' as const) : ('False' as const),
    reason: report.reason,
    message: report.message,
    ...observed,
  };
  if (same(current, wanted)) return;
  const conditions = wanted === undefined ? [] : [{ ...wanted, lastTransitionTime: timestamp(clock.now()) }];
  api.apply(
    kind,
    { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name, namespace }, status: { conditions } },
    { manager, subresource: 'status' },
  );
}

function same(current: IstioCondition | undefined, wanted: IstioCondition | undefined): boolean {
  return (
    current?.status === wanted?.status &&
    current?.reason === wanted?.reason &&
    current?.message === wanted?.message &&
    current?.observedGeneration === wanted?.observedGeneration
  );
}
