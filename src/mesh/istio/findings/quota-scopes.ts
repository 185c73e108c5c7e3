import { record, records, strings, text } from '../../json.ts';
import type { PodAsks } from '../../pod-resources.ts';
import type { ConfigView } from '../../views.ts';

/**
 * Whether a quota counts a pod: nobody here knows what a LimitRange or an injector adds, nor of which priority it is.
 */
type Counts = 'Yes' | 'No' | 'Perhaps';

function asksForSomething({ requests, limits }: PodAsks): boolean {
  return [requests, limits].some((amounts) => (amounts['cpu'] ?? 0) > 0 || (amounts['memory'] ?? 0) > 0);
}

/**
 * Of pods that a controller keeps running: their templates may have no activeDeadlineSeconds
 * (ValidatePodTemplateSpecForReplicaSet and its like).
 */
const byScope: Readonly<Record<string, (asks: PodAsks) => Counts>> = {
  NotTerminating: () => 'Yes',
  Terminating: () => 'No',
  NotBestEffort: (asks) => (asksForSomething(asks) ? 'Yes' : 'Perhaps'),
  BestEffort: (asks) => (asksForSomething(asks) ? 'No' : 'Perhaps'),
};

/**
 * The scopes of a quota, all of which a pod has to be of (podMatchesScopeFunc in pkg/quota/v1/evaluator/core/pods.go).
 */
export function scopesOf({ spec }: ConfigView): readonly string[] {
  return [
    ...strings(spec['scopes']),
    ...records(record(spec['scopeSelector'])['matchExpressions']).map(({ scopeName }) => text(scopeName) ?? 'unknown'),
  ];
}

/** The scopes of which it is not known whether they take such pods in; undefined if one certainly does not. */
export function openScopes(scopes: readonly string[], asks: PodAsks): readonly string[] | undefined {
  const answers = scopes.map(
    (scope) => [scope, Object.hasOwn(byScope, scope) ? (byScope[scope]?.(asks) ?? 'Perhaps') : 'Perhaps'] as const,
  );
  if (answers.some(([, counts]) => counts === 'No')) return undefined;
  return answers.filter(([, counts]) => counts === 'Perhaps').map(([scope]) => scope);
}
