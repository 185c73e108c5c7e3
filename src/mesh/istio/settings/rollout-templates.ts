import type { KubeObject } from '../../../api/object.ts';
import type { Surroundings } from '../../adapter.ts';
import { record, stringMap, strings, type Json } from '../../json.ts';
import { meshAnnotations } from '../../project.ts';
import { projectTemplate } from '../../project-template.ts';
import type { TemplateView } from '../../views.ts';
import { proxyConfigAnnotation } from '../vocabulary/labels.ts';

/*
 * Argo Rollouts make pods from templates of their own, which the operator restarts as little as those of CronJobs.
 * What a template says to its sidecar, or of DNS, no pod shows.
 */

/** Entries that are kept of a map, and characters of a key and of a value: what is longer is nothing that is read here. */
const mostEntries = 20;
const longestKey = 317;
const longestValue = 300;
const longestConfig = 8192;

/** Where a value that is cut off reads otherwise than the whole: it is no map any more. */
const unreadable = '[';

function few(map: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(map).filter(([key]) => key.length <= longestKey);
  const longest = (key: string): number => (key === proxyConfigAnnotation ? longestConfig : longestValue);
  return Object.fromEntries(
    entries.slice(0, mostEntries).map(([key, value]) => [key, value.length > longest(key) ? unreadable : value]),
  );
}

/** What is looked at of the template of a Rollout; nothing of one that says nothing of all this. */
export function keepTemplate(object: KubeObject): Json {
  const { templateLabels, templateAnnotations, updatesNames, hostNetwork } = projectTemplate(
    'argoproj.io',
    'Rollout',
  )(object);
  const annotations = few(templateAnnotations);
  if (updatesNames === undefined && Object.keys(annotations).length === 0) return {};
  const labels = few(Object.fromEntries(Object.entries(templateLabels).filter(([key]) => key.includes('istio.io/'))));
  return {
    template: {
      labels,
      annotations,
      ...(updatesNames !== undefined && {
        updatesNames: updatesNames.filter((name) => name.length <= longestKey).slice(0, mostEntries),
      }),
      ...(hostNetwork === true && { hostNetwork }),
    },
  };
}

/**
 * Templates of the Rollouts of a namespace, as far as they are kept; none where it is looked at as if it had one of its
 * workloads only, and of manifests none twice.
 */
export function rolloutTemplates({ mesh, namespace, otherTemplates, alone }: Surroundings): readonly TemplateView[] {
  if (alone === true) return [];
  const known = new Set(otherTemplates.filter(({ kind }) => kind === 'Rollout').map(({ name }) => name));
  return mesh
    .configs('Rollout', namespace.name)
    .filter(({ name }) => !known.has(name))
    .flatMap(({ kind, name, uid, resourceVersion, namespace: home, spec }): readonly TemplateView[] => {
      if (spec['template'] === undefined) return [];
      const { labels, annotations, updatesNames, hostNetwork } = record(spec['template']);
      const names = strings(updatesNames);
      return [
        {
          kind,
          name,
          uid,
          resourceVersion,
          namespace: home,
          serviceAccount: 'default',
          containerPorts: [],
          templateLabels: stringMap(labels),
          templateAnnotations: meshAnnotations(stringMap(annotations)),
          ...(names.length > 0 && { updatesNames: names }),
          ...(hostNetwork === true && { hostNetwork: true as const }),
        },
      ];
    });
}
