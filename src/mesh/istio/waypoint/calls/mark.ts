import { memoize } from '../../../../base/memoize.ts';
import { digestOf, sha256 } from '../../../../base/sha256.ts';
import type { Surroundings } from '../../../adapter.ts';
import { ofOtherMeshes } from '../../../other-meshes.ts';
import { configByName } from '../../../look-up.ts';
import { marksIn } from '../../../marks.ts';
import { asPod, isPod, type ConfigView, type PodView, type TemplateView, type WorkloadView } from '../../../views.ts';
import { familyOf } from './family.ts';
import { nameOf } from '../../vocabulary/objects.ts';
import {
  dryRunAnnotation,
  redirectionAnnotation,
  revisionLabel,
  sidecarStatusAnnotation,
} from '../../vocabulary/labels.ts';
import { withoutAdded } from '../../policy/translate/selection.ts';

/** As long as a mark is: whoever finds two things with the same one has gained something in his own namespace only. */
const markLength = 12;

/**
 * What an object says now: with other words it is another one, whoever it was before. So it is when another istiod reads
 * it, or any: one that nobody read was in force nowhere.
 */
function wordsIn(object: ConfigView): string {
  const { spec, annotations } = object;
  return `${digestOf(spec)} ${annotations[dryRunAnnotation] ?? ''}${marksIn(object, [revisionLabel])}`;
}

/** How large a proxy is, what it writes into its log, and how telemetry names it: nobody is let in or refused by that. */
const ofSize =
  /^(sidecar\.istio\.io\/(proxy(CPU|Memory)(Limit)?|proxyImage\w*|\w*[lL]ogLevel|stats\w*|extraStatTags)|service\.istio\.io\/canonical-\w+)$/;

/** What a pod, or a template, says to data planes: a new version of an application is no other one. */
function saidIn({ labels, annotations }: Pick<PodView, 'labels' | 'annotations'>): readonly unknown[] {
  return [labels, annotations].map((each) =>
    Object.entries(each)
      .filter(([key]) => /(^|\.)istio\.io\//.test(key) && !ofSize.test(key))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The same with what a template has for their proxies. */
function settingsIn(template: TemplateView): string {
  return sha256(JSON.stringify([...saidIn(asPod(template)), template.proxyParts]));
}

/** What data planes write into a pod. */
const written: readonly string[] = [sidecarStatusAnnotation, redirectionAnnotation, revisionLabel];

/**
 * By which a pod, or a template that comes and goes like a Job, is known again however it is called: by whose it is, by
 * what it says and by its ServiceAccount.
 */
export function markOfSaying(each: PodView | TemplateView): string {
  const [pod, more] = isPod(each) ? [each, ofOtherMeshes(each.containers)] : [asPod(each), each.proxyParts];
  const annotations = Object.entries(pod.annotations).filter(([key]) => !written.includes(key));
  const said = saidIn({ labels: withoutAdded(pod.labels), annotations: Object.fromEntries(annotations) });
  const foreign = Array.isArray(more) && more.length === 0 ? undefined : more;
  return sha256(JSON.stringify(['says', familyOf(each), ...said, each.serviceAccount, foreign])).slice(0, markLength);
}

const templatesByName = memoize(
  ({ workloads, otherTemplates }: Surroundings): ReadonlyMap<string, TemplateView | WorkloadView> =>
    new Map([...workloads, ...otherTemplates].map((each) => [nameOf(each), each])),
);

/** A template by its name in findings. */
export function templateNamed(object: string, surroundings: Surroundings): TemplateView | WorkloadView | undefined {
  return templatesByName(surroundings).get(object);
}

/** An object of the mesh by its name in findings. */
export function configNamed(object: string, { mesh }: Pick<Surroundings, 'mesh'>): ConfigView | undefined {
  const [kind = '', path = ''] = object.split(' ');
  const [namespace = '', name] = path.split('/');
  return name === undefined ? undefined : configByName(mesh.configs(kind, namespace), name);
}

/** What an object of the mesh or a template says now, by its name in findings; nothing of all else. */
export function wordsOf(object: string, surroundings: Surroundings): string {
  const template = templateNamed(object, surroundings);
  if (template !== undefined) return settingsIn(template);
  const found = configNamed(object, surroundings);
  return found === undefined ? '' : wordsIn(found);
}

/** By which it is known again that a rule says this of an object. */
export function markOf(id: string, object: string, words: string): string {
  return sha256(JSON.stringify([id, object, words])).slice(0, markLength);
}

/** The mark of a policy as it is now, under the id of what says so. */
export function markOfPolicy(id: string, policy: ConfigView): string {
  return markOf(id, nameOf(policy), wordsIn(policy));
}

/** The mark of a namespace of which everybody, or of an account of it that, goes around waypoints. */
export function markOfAround(namespace: string, serviceAccount?: string): string {
  return markOf('around', `Namespace ${namespace}`, serviceAccount ?? '');
}

/** The mark of an account of a namespace of which somebody will as soon as he wakes. */
export function markOfAsleep(namespace: string, serviceAccount: string): string {
  return markOf('around', `Namespace ${namespace}`, `${serviceAccount} asleep`);
}
