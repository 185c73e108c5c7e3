import type { Original } from '../api/namespace-migration.ts';
import type { LabelTargets } from '../mesh/adapter.ts';
import type { Situation } from './situation.ts';

/** The labels of the namespace that the adapter cares about, as they are now. */
export function observedLabels({ adapter, surroundings }: Pick<Situation, 'adapter' | 'surroundings'>): LabelTargets {
  return Object.fromEntries(adapter.labels.map((key) => [key, surroundings.namespace.labels[key] ?? null]));
}

/** A label that is not named is absent. */
export function sameLabels(a: LabelTargets, b: LabelTargets): boolean {
  return Object.keys({ ...a, ...b }).every((key) => (a[key] ?? null) === (b[key] ?? null));
}

/** The targets that labels do not have, in their order. A label that is not named is absent. */
export function unmet(labels: LabelTargets, targets: LabelTargets): readonly (readonly [string, string | null])[] {
  return Object.entries(targets).filter(([key, value]) => (labels[key] ?? null) !== value);
}

/** Whether labels have these values. */
export function hasLabels(labels: LabelTargets, targets: LabelTargets): boolean {
  return unmet(labels, targets).length === 0;
}

/** From the list in the status. */
export function fromList(list: Original['labels']): LabelTargets {
  return Object.fromEntries(list.map(({ key, value }) => [key, value ?? null]));
}

/** For the list in the status. */
export function toList(labels: LabelTargets): Original['labels'] {
  return Object.entries(labels).map(([key, value]) => (value === null ? { key } : { key, value }));
}
