import type { KubeObject } from '../../api/object.ts';
import { record, stringMap } from '../../mesh/json.ts';
import { projectPod } from '../../mesh/project.ts';
import { podTemplateOf } from '../../mesh/project-template.ts';
import type { PodView, TemplateView } from '../../mesh/views.ts';

/** A pod as a template says it, before any injector has seen it. It has no uid: nobody has made it yet. */
export function madePod({ kind, name, namespace }: TemplateView, object: KubeObject): PodView {
  const template = podTemplateOf(object, false) ?? record(record(object['spec'])['template']);
  const metadata = record(template['metadata']);
  return {
    ...projectPod({
      metadata: {
        name,
        namespace,
        labels: stringMap(metadata['labels']),
        annotations: stringMap(metadata['annotations']),
      },
      spec: template['spec'],
    }),
    ...(name !== '' && { owner: { kind, name } }),
  };
}

/** A Pod among manifests: as the API server has it (it has a uid then), or as somebody wrote it. */
export function statedPod({ kind, name }: TemplateView, object: KubeObject): PodView {
  const { labels, annotations } = object.metadata;
  const metadata = { ...object.metadata, labels: stringMap(labels), annotations: stringMap(annotations) };
  return { owner: { kind, name }, ...projectPod({ ...object, metadata }) };
}
