import { classifyPeerAuthentication, classifyRequestAuthentication } from './classify-authentication.ts';
import { asksForServerName, notesOf } from './classify-notes.ts';
import { classifyPlane, type PlaneClassification } from './classify-plane.ts';
import { bounded } from '../../../base/effort.ts';
import { classificationSteps } from '../../effort-limits.ts';
import type { PolicyOptions } from './options.ts';
import type { Action, AuthorizationPolicy, MtlsMode, PeerAuthentication, Plane, Policy } from './types.ts';

/** What a policy applies to. */
export type PolicyScope = 'Mesh' | 'Namespace' | 'Workload' | 'TargetRefs';

/** What each data plane makes of a policy, compared with what its author asked for. */
export interface Classification {
  /** The mode of a PeerAuthentication; `JWT` for a RequestAuthentication. */
  readonly action: Action | MtlsMode | 'JWT';
  readonly scope: PolicyScope;
  readonly planes: Readonly<Record<Plane, PlaneClassification>>;
  /**
   * ztunnel cannot do it, and a waypoint with a copy of the policy that has targetRefs could; or the policy is for one
   * already.
   */
  readonly needsWaypoint: boolean;
  /** Sentences about what the effects do not tell. */
  readonly notes: readonly string[];
  /** Nothing could be compared within the steps, and every effect is the worst that it may be. */
  readonly tooLarge?: true;
}

/**
 * Classifies a policy as if it was the only one. Only a PeerAuthentication depends on others of its kind: istiod merges
 * them differently for sidecars and for ztunnel.
 */
export function classify(
  policy: Policy,
  options: PolicyOptions,
  peerAuthentications: readonly PeerAuthentication[] = [],
  steps = classificationSteps,
): Classification {
  const scope = scopeOf(policy, options);
  switch (policy.kind) {
    case 'AuthorizationPolicy': {
      const classified = bounded(steps, () => classifyAuthorization(policy, options));
      return { action: policy.action, scope, ...(classified.kind === 'Done' ? classified.value : worst) };
    }
    case 'PeerAuthentication':
      return {
        action: policy.mode,
        scope,
        ...classifyPeerAuthentication(policy, peerAuthentications, options),
        needsWaypoint: false,
      };
    case 'RequestAuthentication': {
      const { planes, notes } = classifyRequestAuthentication(policy);
      return {
        action: 'JWT',
        scope,
        planes,
        notes,
        needsWaypoint: isForWaypoint(policy) || planes.ztunnel.effect !== 'Exact',
      };
    }
  }
}

function scopeOf({ targetRefs, selector, namespace }: Policy, { rootNamespace }: PolicyOptions): PolicyScope {
  if (targetRefs.length > 0) return 'TargetRefs';
  if (Object.keys(selector ?? {}).length > 0) return 'Workload';
  return namespace === rootNamespace ? 'Mesh' : 'Namespace';
}

type Classified = Pick<Classification, 'planes' | 'needsWaypoint' | 'notes' | 'tooLarge'>;

/** What counts of a policy that nobody can compare in time; of its rules nothing is said. */
const unseen: PlaneClassification = { effect: 'FailsOpen', rules: [] };
const worst: Classified = {
  planes: { sidecar: unseen, ztunnel: unseen, waypoint: unseen },
  needsWaypoint: true,
  notes: ['it is too large to compare: every effect is the worst that it may be'],
  tooLarge: true,
};

function classifyAuthorization(policy: AuthorizationPolicy, options: PolicyOptions): Classified {
  const on = (plane: Plane): PlaneClassification => classifyPlane(policy, plane, options);
  const planes = { sidecar: on('sidecar'), ztunnel: on('ztunnel'), waypoint: on('waypoint') };
  return {
    planes,
    needsWaypoint: isForWaypoint(policy) || wouldGain(policy, options),
    notes: notesOf(policy, planes, options),
  };
}

/** A Gateway may be an ingress gateway as well; the other targets are read by waypoints only. */
function isForWaypoint({ targetRefs }: Policy): boolean {
  return targetRefs.some(({ kind }) => kind !== 'Gateway');
}

/**
 * A selector that ztunnel cannot attach is no reason: without it the policy would do. Nor is it one against a waypoint
 * that istiod cannot use an external authorizer: the copy refuses what the sidecar refused.
 */
function wouldGain(
  { selector: _, hasEmptyLabels: __, ...policy }: AuthorizationPolicy,
  { authorizers: ___, ...options }: PolicyOptions,
): boolean {
  if (policy.targetRefs.length > 0 || policy.dryRun || policy.action === 'AUDIT') return false;
  if (asksForServerName(policy)) return false;
  const copy = { ...policy, targetRefs: [{ group: '', kind: 'Service', name: policy.name }] };
  return (
    classifyPlane(policy, 'ztunnel', options).effect !== 'Exact' &&
    classifyPlane(copy, 'waypoint', options).effect === 'Exact'
  );
}
