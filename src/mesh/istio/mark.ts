import { memoize } from '../../base/memoize.ts';
import { digestOf, sha256 } from '../../base/sha256.ts';
import type { Surroundings } from '../adapter.ts';
import type { ConfigView, TemplateView, WorkloadView } from '../views.ts';
import { nameOf } from './findings/rule.ts';

/** As long as a mark is: whoever finds two things with the same one has gained something in his own namespace only. */
const markLength = 12;

/** What an object says now: with other words it is another one, whoever it was before. */
function wordsIn({ spec, annotations }: ConfigView): string {
  return `${digestOf(spec)} ${annotations['istio.io/dry-run'] ?? ''}`;
}

/**
 * What a template says to data planes, and has for their proxies: a new version of an application is no other template.
 */
function settingsIn({ templateLabels, templateAnnotations, proxyParts }: TemplateView): string {
  const said = [templateLabels, templateAnnotations].map((each) =>
    Object.entries(each).filter(([key]) => /(^|\.)istio\.io\//.test(key)),
  );
  return sha256(JSON.stringify([...said.map((each) => each.sort(([a], [b]) => (a < b ? -1 : 1))), proxyParts]));
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
  return name === undefined ? undefined : mesh.configs(kind, namespace).find((each) => each.name === name);
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
