import { isEmpty } from '../../has-labels.ts';
import { spend } from '../../../base/effort.ts';
import { sidecarLabels, type WorkloadFacts } from '../policy/translate/world.ts';

type Labels = WorkloadFacts['labels'];

/**
 * What some selectors can tell of pods, as a text: pods of the same text are selected by the same of them, in each data
 * plane. Most templates of a namespace differ by labels that nothing asks for.
 */
export function asSelected(selectors: readonly (Labels | undefined)[]): (pods: WorkloadFacts) => string {
  const asked = new Set<string>();
  for (const selector of selectors) {
    const entries = Object.entries(selector ?? {});
    spend(1 + entries.length / 8);
    for (const entry of entries) asked.add(JSON.stringify(entry));
  }
  function found(labels: Labels): readonly string[] {
    const entries = Object.entries(labels).map((entry) => JSON.stringify(entry));
    spend(1 + entries.length / 8);
    return entries.filter((entry) => asked.has(entry)).sort();
  }
  // Without any label pods are selected in another way (`ztunnelReads`).
  return (pods) => JSON.stringify([isEmpty(pods.labels), found(pods.labels), found(sidecarLabels(pods))]);
}
