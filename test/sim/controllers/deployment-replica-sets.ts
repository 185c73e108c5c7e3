import { apiVersionOf } from '../../../src/api/object.ts';
import { replicaSets, deployments } from './kinds.ts';
import { hashOf, normalized, podTemplateHash, sameTemplate, withTemplateLabel } from './pod-template.ts';
import { controllerReference } from './typed-api.ts';
import type { Deployment, ReplicaSet } from './workload-types.ts';

/** Which template of a Deployment a ReplicaSet is, counted from 1; the Deployment carries the number of the newest. */
export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
/**
 * `spec.replicas` of the Deployment when this ReplicaSet was last sized: a difference tells a scaling from a rollout.
 */
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
/** The same with the surge. */
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';

/** Annotations of a Deployment that its ReplicaSets do not inherit (deploymentutil.annotationsToSkip). */
const notInherited: readonly string[] = [
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  'deprecated.deployment.rollback.to',
];

/**
 * The ReplicaSets of a Deployment: the one with its template (the oldest, should there be several) and the others,
 * oldest first.
 */
export interface Generations {
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

/** Splits the owned ReplicaSets by template (deploymentutil.FindNewReplicaSet and FindOldReplicaSets). */
export function generationsOf(deployment: Deployment, owned: readonly ReplicaSet[]): Generations {
  const sorted = [...owned].sort(byCreation);
  const current = sorted.find((set) => sameTemplate(set.spec.template, deployment.spec.template));
  return { current, old: sorted.filter((set) => set !== current) };
}

/** ReplicaSetsByCreationTimestamp. */
export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  return (
    (Date.parse(a.metadata.creationTimestamp ?? '') || 0) - (Date.parse(b.metadata.creationTimestamp ?? '') || 0) ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}

/** The revision number of a ReplicaSet; 0 when it has none. */
export function revisionOf(set: ReplicaSet): number {
  return Number(set.metadata.annotations?.[revisionAnnotation] ?? 0);
}

/**
 * The annotations that the current ReplicaSet should have: those of the Deployment, and a revision above all old ones.
 * A ReplicaSet that is used again remembers the revisions it had (deploymentutil.SetNewReplicaSetAnnotations).
 */
export function currentAnnotations(
  deployment: Deployment,
  set: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Readonly<Record<string, string>> {
  const inherited = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([name]) => !notInherited.includes(name),
  );
  const present = set?.metadata.annotations ?? {};
  const next = Math.max(0, ...old.map(revisionOf)) + 1;
  const revision = Number(present[revisionAnnotation] ?? 0);
  const merged = { ...present, ...Object.fromEntries(inherited) };
  if (revision >= next) return merged;
  const history = [...(present[revisionHistoryAnnotation]?.split(',') ?? []), String(revision)];
  return {
    ...merged,
    [revisionAnnotation]: String(next),
    ...(revision === 0 ? {} : { [revisionHistoryAnnotation]: history.join(',') }),
  };
}

/** A new ReplicaSet for the template of a Deployment, still without replicas. */
export function newReplicaSet(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet {
  const template = normalized(deployment.spec.template);
  const hash = hashOf(template);
  const labelled = withTemplateLabel(template, podTemplateHash, hash);
  const { selector, minReadySeconds } = deployment.spec;
  return {
    apiVersion: apiVersionOf(replicaSets),
    kind: replicaSets.kind,
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? '',
      labels: labelled.metadata?.labels ?? {},
      annotations: currentAnnotations(deployment, undefined, old),
      ownerReferences: [controllerReference(deployments, deployment)],
    },
    spec: {
      replicas: 0,
      template: labelled,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [podTemplateHash]: hash } },
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
    },
  };
}
