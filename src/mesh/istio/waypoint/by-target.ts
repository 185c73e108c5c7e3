import { append } from '../../../base/collected.ts';
import { memoize } from '../../../base/memoize.ts';
import type { MeshState } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { waypointReads, type ServiceName, type WaypointName } from '../policy/attachment.ts';
import { spend } from '../../../base/effort.ts';
import type { PolicyOptions } from '../policy/options.ts';
import { parsed } from '../policy/parsed.ts';
import type { Policy } from '../policy/types.ts';

/** What a waypoint enforces. */
export const decidingKinds = ['AuthorizationPolicy', 'RequestAuthentication'] as const;

/** A policy in both forms. */
export interface Enforced {
  readonly object: ConfigView;
  readonly policy: Policy;
}

/** Policies by what they are for. */
export type ByTarget = ReadonlyMap<string, readonly Enforced[]>;

/** What a policy is for, in words to look it up by: as `waypointReads` compares them. */
function keysOf({ namespace, targetRefs }: Policy): readonly string[] {
  return [
    ...new Set(
      targetRefs.map(({ kind, name }) =>
        kind === 'GatewayClass' ? `${kind} ${namespace}` : `${kind} ${namespace}/${name}`,
      ),
    ),
  ];
}

/**
 * Policies that a waypoint could enforce, by what they are for: once for as long as none changes, whichever namespaces
 * are looked at.
 */
const byTarget = memoize((configs: readonly ConfigView[]): ByTarget => {
  const found = new Map<string, Enforced[]>();
  for (const object of configs) {
    const policy = parsed(object);
    if (policy === undefined) continue;
    for (const key of keysOf(policy)) append(found, key, { object, policy });
  }
  return found;
});

/** Those of each kind. */
export function policiesByTarget(mesh: MeshState): readonly ByTarget[] {
  return decidingKinds.map((kind) => byTarget(mesh.configs(kind)));
}

/** Those that a waypoint enforces for what it serves: a step for each that has to do with one of the two. */
export function enforcedAt(
  target: ServiceName,
  waypoint: WaypointName,
  policies: readonly ByTarget[],
  options: PolicyOptions,
): readonly Enforced[] {
  const keys = [
    `${target.kind} ${target.namespace}/${target.name}`,
    `Gateway ${waypoint.namespace}/${waypoint.name}`,
    `GatewayClass ${options.rootNamespace}`,
  ];
  const near = policies.flatMap((known) => [...new Set(keys.flatMap((key) => known.get(key) ?? []))]);
  spend(1 + near.length);
  return near.filter(({ policy }) => waypointReads(policy, waypoint, target, options));
}

/** Whether it decides about requests: what only writes a log, or is tried out, lets everybody through. */
export function decides({ policy }: Enforced): boolean {
  return policy.kind !== 'AuthorizationPolicy' || (policy.action !== 'AUDIT' && !policy.dryRun);
}
