import { journalAnnotation, originalLabelsAnnotation, restartAnnotation } from '../api/resources.ts';
import type { JsonPatchOperation } from '../kube/client.ts';
import type { LabelTargets } from '../mesh/adapter.ts';
import type { NamespaceView, ServiceView, WorkloadView } from '../mesh/views.ts';

/** The last part of a path to a member of a map (RFC 6901). */
export function member(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/**
 * Sets (or, with null, removes) one member of a string map, if it holds `current` now. A `test` for null also passes
 * for an absent member: so the API server's JSON patch has it (evanphx/json-patch).
 */
function setMember(
  map: string,
  exists: boolean,
  key: string,
  current: string | null,
  wanted: string | null,
): readonly JsonPatchOperation[] {
  const path = map + member(key);
  if (current === wanted) return [{ op: 'test', path: exists ? path : map, value: current }];
  if (wanted === null)
    return [
      { op: 'test', path, value: current },
      { op: 'remove', path },
    ];
  const create: readonly JsonPatchOperation[] = exists
    ? []
    : [
        { op: 'test', path: map, value: null },
        { op: 'add', path: map, value: {} },
      ];
  const guard: readonly JsonPatchOperation[] = exists ? [{ op: 'test', path, value: current }] : [];
  return [...create, ...guard, { op: 'add', path, value: wanted }];
}

/**
 * The one patch of a namespace. It tests the uid, the journal and every label that the decision was made from, so a
 * change since then makes it fail instead of being overwritten; a plain apply could not say that.
 */
export function namespacePatch(
  namespace: NamespaceView,
  expected: LabelTargets,
  targets: LabelTargets,
  journal: string | null,
): readonly JsonPatchOperation[] {
  const labels = Object.entries({ ...expected, ...targets }).flatMap(([key, wanted]) => {
    const current = expected[key] ?? null;
    return setMember('/metadata/labels', true, key, current, key in targets ? wanted : current);
  });
  return [
    { op: 'test', path: '/metadata/uid', value: namespace.uid },
    ...labels,
    ...setMember(
      '/metadata/annotations',
      namespace.hasAnnotations,
      journalAnnotation,
      namespace.annotations[journalAnnotation] ?? null,
      journal,
    ),
  ];
}

/**
 * Changes labels of a Service and the annotation that keeps what they were, if they are as they were seen, and those
 * `besides` too.
 */
export function servicePatch(
  service: ServiceView,
  targets: LabelTargets,
  kept: string | null,
  besides: readonly string[] = [],
): readonly JsonPatchOperation[] {
  const seen =
    service.lostRecord === undefined ? (service.annotations[originalLabelsAnnotation] ?? null) : service.lostRecord;
  const entries = Object.entries(targets).map(([key, wanted]) => [key, service.labels[key] ?? null, wanted] as const);
  const made = entries.findIndex(([, current, wanted]) => current !== wanted);
  const labels = entries.flatMap(([key, current, wanted], index) =>
    setMember('/metadata/labels', service.hasLabels || (made >= 0 && index > made), key, current, wanted),
  );
  // Before the map of labels is made where there is none.
  const asSeen = besides.flatMap((key) =>
    setMember('/metadata/labels', service.hasLabels, key, service.labels[key] ?? null, service.labels[key] ?? null),
  );
  return [
    { op: 'test', path: '/metadata/uid', value: service.uid },
    ...asSeen,
    ...labels,
    ...setMember('/metadata/annotations', service.hasAnnotations, originalLabelsAnnotation, seen, kept),
  ];
}

/** Sets the restart annotation in a workload's template, or with null takes it away, if it holds what was seen. */
export function templatePatch(workload: WorkloadView, value: string | null): readonly JsonPatchOperation[] {
  const current = workload.templateAnnotations[restartAnnotation] ?? null;
  return [
    { op: 'test', path: '/metadata/uid', value: workload.uid },
    ...setMember(
      '/spec/template/metadata/annotations',
      workload.hasTemplateAnnotations,
      restartAnnotation,
      current,
      value,
    ),
  ];
}

/** Sets the number of pods of a workload whose spec is still as it was seen. */
export function scalePatch({ uid, generation }: WorkloadView, replicas: number): readonly JsonPatchOperation[] {
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'test', path: '/metadata/generation', value: generation },
    { op: 'replace', path: '/spec/replicas', value: replicas },
  ];
}
