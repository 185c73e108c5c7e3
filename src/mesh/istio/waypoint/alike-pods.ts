import { spend } from '../../../base/effort.ts';
import { memoize } from '../../../base/memoize.ts';
import { isEmpty } from '../../has-labels.ts';
import { sidecarLabels, type WorkloadFacts } from '../policy/translate/world.ts';

type Labels = WorkloadFacts['labels'];

/**
 * What some selectors can tell of pods, as a text: pods of the same text are selected by the same of them, in each data
 * plane. Most templates of a namespace differ by labels that nothing asks for.
 */
export function asSelected(selectors: readonly (Labels | undefined)[]): (pods: WorkloadFacts) => string {
  // Each entry that is asked for has a number: of thousands that pods share, numbers are a short text.
  const asked = new Map<string, Map<string, number>>();
  let known = 0;
  for (const selector of selectors) {
    const entries = Object.entries(selector ?? {});
    spend(1 + entries.length / 8);
    for (const [key, value] of entries) {
      const values = asked.get(key) ?? new Map<string, number>();
      if (!values.has(value)) values.set(value, known++);
      asked.set(key, values);
    }
  }
  const found = memoize((labels: Labels): readonly number[] => {
    const keys = Object.keys(labels);
    spend(1 + keys.length / 8);
    const numbers: number[] = [];
    for (const key of keys) {
      const number = asked.get(key)?.get(labels[key] ?? '');
      if (number !== undefined) numbers.push(number);
    }
    return numbers.sort((one, other) => one - other);
  });
  // Without any label pods are selected in another way (`ztunnelReads`).
  return (pods) => JSON.stringify([isEmpty(pods.labels), found(pods.labels), found(sidecarLabels(pods))]);
}
