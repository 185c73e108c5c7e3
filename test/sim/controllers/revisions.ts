import { apiVersionOf, type KubeObject } from '../../../src/api/object.ts';
import type { SimApi } from '../sim-api.ts';
import { controllerRevisions, type Kind } from './kinds.ts';
import { hashOf, normalized, sameTemplate } from './pod-template.ts';
import type { PodTemplate } from './pod-types.ts';
import { controllerReference, modify } from './typed-api.ts';
import type { ControllerRevision } from './workload-types.ts';

/**
 * The label with the hash of a ControllerRevision; on pods of a StatefulSet it holds the revision's name, on those of a
 * DaemonSet the hash.
 */
export const revisionHashLabel = 'controller-revision-hash';

const options = { manager: 'kube-controller-manager' };

/** The template that a revision restores. */
export function templateOf(revision: ControllerRevision): PodTemplate {
  const { $patch: _directive, ...template } = revision.data.spec.template;
  return template;
}

/** Oldest first (history.SortControllerRevisions). */
export function sortedRevisions(revisions: readonly ControllerRevision[]): readonly ControllerRevision[] {
  return [...revisions].sort((a, b) => a.revision - b.revision || (a.metadata.name < b.metadata.name ? -1 : 1));
}

/**
 * The revision of the template that an owner has now: an existing one of an equal template is used again under the
 * newest number, else a new one is created (getStatefulSetRevisions, constructHistory).
 */
export function revisionFor<T extends KubeObject & { readonly spec: { readonly template: PodTemplate } }>(
  api: SimApi,
  kind: Kind<T>,
  owner: T,
  existing: readonly ControllerRevision[],
): ControllerRevision {
  const sorted = sortedRevisions(existing);
  const newest = sorted.at(-1);
  const equalOne = sorted.findLast((revision) => sameTemplate(templateOf(revision), owner.spec.template));
  const number = (newest?.revision ?? 0) + 1;
  if (equalOne === undefined)
    return api.create(controllerRevisions, newRevision(kind, owner, number), options) as ControllerRevision;
  if (equalOne === newest) return equalOne;
  return (
    modify(api, controllerRevisions, equalOne, options, (current) => ({ ...current, revision: number })) ?? equalOne
  );
}

/** Deletes the oldest revisions that nothing uses, until `limit` of them remain. */
export function deleteHistory(
  api: SimApi,
  existing: readonly ControllerRevision[],
  limit: number,
  live: ReadonlySet<string>,
): void {
  const unused = sortedRevisions(existing).filter(({ metadata }) => !live.has(metadata.name));
  for (const { metadata } of unused.slice(0, Math.max(unused.length - limit, 0))) {
    api.delete(controllerRevisions, metadata.namespace, metadata.name);
  }
}

function newRevision<T extends KubeObject & { readonly spec: { readonly template: PodTemplate } }>(
  kind: Kind<T>,
  owner: T,
  revision: number,
): ControllerRevision {
  const template = normalized(owner.spec.template);
  const hash = hashOf(template);
  return {
    apiVersion: apiVersionOf(controllerRevisions),
    kind: controllerRevisions.kind,
    metadata: {
      name: `${owner.metadata.name}-${hash}`,
      namespace: owner.metadata.namespace ?? '',
      labels: { ...template.metadata?.labels, [revisionHashLabel]: hash },
      ...(owner.metadata.annotations === undefined ? {} : { annotations: owner.metadata.annotations }),
      ownerReferences: [controllerReference(kind, owner)],
    },
    data: { spec: { template: { ...template, $patch: 'replace' } } },
    revision,
  };
}
