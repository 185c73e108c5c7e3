import { isPod, type PodView, type TemplateView } from '../../../views.ts';
import { withoutAdded } from '../../policy/translate/selection.ts';

/** Labels in which a controller says which of its revisions a pod is of. */
const ofRevision = ['rollouts-pod-template-hash', 'pod-template-hash'];

/**
 * Whose a pod or a template is, under the name that stays: of a Rollout without the hash, of a run of a CronJob without
 * its number; a pod that is nobody's is known by its labels.
 */
export function familyOf(each: PodView | TemplateView): readonly unknown[] {
  const { kind, name } = isPod(each) ? (each.owner ?? { kind: 'Pod', name: '' }) : each;
  if (kind === 'Job' || kind === 'CronJob') return ['Job', name.replace(/-\d+$/, '')];
  if (!isPod(each)) return [kind, name];
  if (each.owner === undefined) return [kind, Object.entries(withoutAdded(each.labels)).sort()];
  const hash = ofRevision.map((key) => each.labels[key]).find((value) => value !== undefined);
  return [kind, hash !== undefined && name.endsWith(`-${hash}`) ? name.slice(0, -hash.length - 1) : name];
}

/** Somebody who is called: a pod, or what makes pods. */
export interface Family {
  /** Under the name that stays. */
  readonly name: string;
  /** Milliseconds since the epoch; of a pod whose template nobody reads, that of the pod. */
  readonly createdAt: number | undefined;
}

/** Where it takes too long to tell who is called, it is nobody in particular. */
export const anybody: Family = { name: '*', createdAt: undefined };

function nameOfFamily(each: PodView | TemplateView): string {
  return JSON.stringify([each.namespace, ...familyOf(each)]);
}

/** Each of these with whose it is; how old a pod is says its template. */
export function withFamilies<T extends PodView | TemplateView>(
  all: readonly T[],
  templates: readonly TemplateView[],
): readonly (readonly [T, Family])[] {
  const ages = new Map(templates.map((each) => [nameOfFamily(each), each.createdAt]));
  return all.map((each) => {
    const name = nameOfFamily(each);
    return [each, { name, createdAt: ages.has(name) ? ages.get(name) : each.createdAt }];
  });
}

/** Each of them once. */
export function eachFamily(all: readonly Family[]): readonly Family[] {
  return [...new Map(all.map((family) => [family.name, family])).values()];
}
