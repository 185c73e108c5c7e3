import type { KubeObject } from '../api/object.ts';
import { count, record, records, stringMap, text, type Json } from './json.ts';
import { createdAtOf, kindIn, meshAnnotations } from './project.ts';
import { ofOtherMeshes } from './other-meshes.ts';
import { placementOf } from './placement.ts';
import { certificateReaders, nameUpdaters, proxyParts } from './proxy-parts.ts';
import type { ContainerPortView, TemplateView } from './views.ts';

/** Where a template of pods stands in the spec of what makes them: of most kinds, of a CronJob, of a ScaledJob. */
const paths: readonly (readonly string[])[] = [
  ['template'],
  ['jobTemplate', 'spec', 'template'],
  ['jobTargetRef', 'template'],
];

/** Init containers too: a native sidecar of the user's own may serve. */
export function containerPorts(podSpec: Json): readonly ContainerPortView[] {
  return [...records(podSpec['containers']), ...records(podSpec['initContainers'])]
    .flatMap((container) => records(container['ports']))
    .map((port) => {
      const name = text(port['name']);
      return { ...(name !== undefined && { name }), port: count(port['containerPort']) };
    });
}

/** What is written into a template itself of another mesh: no annotation keeps that out. */
export function otherProxies(podSpec: Json): Pick<TemplateView, 'otherProxies'> {
  const containers = [...records(podSpec['containers']), ...records(podSpec['initContainers'])];
  const names = ofOtherMeshes(containers.map(({ name }) => text(name) ?? ''));
  return names.length === 0 ? {} : { otherProxies: names };
}

function hasContainers(template: Json): boolean {
  return records(record(template['spec'])['containers']).length > 0;
}

/** The template of the pods that an object makes, whatever its kind; a pod is its own. Undefined if it has none. */
export function podTemplateOf(object: KubeObject, isPod: boolean): Json | undefined {
  if (isPod) return object;
  const found = paths.map((path) => path.reduce((at, key) => record(at[key]), record(object['spec'])));
  return found.find(hasContainers);
}

/**
 * What makes pods that the operator does not restart, as decisions see it: little, because there may be thousands. A
 * suspended CronJob or Job is like any other: whoever may resume it does so at any time and asks nobody, and its pods
 * would be what no look has been at.
 */
export function projectTemplate(group: string, kind: string): (object: KubeObject) => TemplateView {
  return (object) => {
    const { name, namespace = '', uid = '', resourceVersion = '' } = object.metadata;
    const template = podTemplateOf(object, group === '' && kind === 'Pod') ?? {};
    const [metadata, podSpec] = [record(template['metadata']), record(template['spec'])];
    return {
      kind: kindIn(group, kind),
      name,
      namespace,
      uid,
      resourceVersion,
      ...createdAtOf(object),
      serviceAccount: text(podSpec['serviceAccountName']) ?? 'default',
      containerPorts: containerPorts(podSpec),
      templateLabels: stringMap(metadata['labels']),
      templateAnnotations: meshAnnotations(stringMap(metadata['annotations'])),
      ...proxyParts(podSpec),
      ...otherProxies(podSpec),
      ...placementOf(podSpec),
      ...certificateReaders(podSpec),
      ...nameUpdaters(podSpec),
      ...(podSpec['hostNetwork'] === true && { hostNetwork: true as const }),
    };
  };
}
