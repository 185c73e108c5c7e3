import type { KubeObject, ObjectMeta, Resource } from '../../api/object.ts';
import { isSameKind } from '../../api/object.ts';
import { pods } from '../../engine/resources.ts';
import type { MeshAdapter } from '../../mesh/adapter.ts';
import { record } from '../../mesh/json.ts';
import { projectPod } from '../../mesh/project.ts';
import type { PodView } from '../../mesh/views.ts';
import type { Manifest } from '../manifests/manifest.ts';

/** The whole object once more, as somebody applied it: nothing reads it, and it is as large. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Of metadata what checks of manifests read. */
function keptMetadata({ annotations = {}, labels = {}, ...metadata }: ObjectMeta): ObjectMeta {
  const { name, namespace, uid, creationTimestamp, deletionTimestamp, ownerReferences } = metadata;
  const { [lastApplied]: _applied, ...others } = annotations;
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    ...(ownerReferences !== undefined && { ownerReferences }),
    labels,
    annotations: others,
  };
}

/** A definition of a kind has a schema of hundreds of kilobytes, of which nothing is looked at. */
function keptSpec({ plural }: Resource, spec: unknown): unknown {
  if (plural !== 'customresourcedefinitions') return spec;
  const { versions: _versions, ...rest } = record(spec);
  return rest;
}

/** An object as checks of manifests take it, without what only fills memory. */
export function kept(resource: Resource, object: KubeObject): Manifest {
  const { group, kind, plural } = resource;
  const { metadata, spec, ...rest } = object;
  return {
    group,
    kind,
    object: {
      ...rest,
      ...(spec !== undefined && { spec: keptSpec(resource, spec) }),
      metadata: keptMetadata(metadata),
    },
    source: { file: plural, document: 1, line: 1 },
  };
}

/** Labels that each pod of the same template has otherwise. */
const ofOnePod: readonly string[] = [
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'batch.kubernetes.io/job-completion-index',
];

/** What checks look at of a pod, apart from which one it is: a controller may make others of another kind, too. */
function alike({ owner, namespace, labels, ...pod }: PodView): unknown {
  const { annotations, containers, hostNetwork, serviceAccount, terminating, ready, hasPreStop } = pod;
  const own = Object.entries(labels).filter(([key]) => !ofOnePod.includes(key));
  const sorted = (entries: readonly (readonly [string, string])[]): unknown =>
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rest = [containers, hostNetwork, serviceAccount, terminating, ready, hasPreStop];
  return [namespace, owner?.kind, owner?.name, sorted(own), sorted(Object.entries(annotations)), ...rest];
}

/**
 * Which pods are kept: of those that one controller has made alike and that are connected alike the first, as manifests
 * have one of each, and none that has ended. One that is on its way out stands for none that stays. So memory is bounded by what there is to restart, and not by how
 * many pods that has.
 */
export function podFilter({
  modeOf,
}: Pick<MeshAdapter, 'modeOf'>): (resource: Resource, object: KubeObject) => boolean {
  const seen = new Set<string>();
  return (resource, object) => {
    if (!isSameKind(resource, pods)) return true;
    const pod = projectPod(object);
    if (pod.finished) return false;
    if (pod.owner === undefined) return true;
    const key = JSON.stringify([modeOf(pod), alike(pod)]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  };
}
