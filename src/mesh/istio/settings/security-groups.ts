import type { KubeObject } from '../../../api/object.ts';
import { memoize } from '../../../base/memoize.ts';
import { isEmpty } from '../../has-labels.ts';
import { record, records, stringMap, strings, text, type Json } from '../../json.ts';
import { selects, type ConfigView, type SelectorView, type TemplateView } from '../../views.ts';
import { spend } from '../../../base/effort.ts';
import { weightOf, type Selecting } from '../policy/selecting.ts';

/*
 * SecurityGroupPolicies of EKS, which say by labels of pods, or of their ServiceAccounts, whose pods they are for.
 */

/** Who asks for more may mean any pod. */
const longest = 10_000;

/** What is kept of one; by ServiceAccounts nobody here can tell whom, because their labels are not read. */
export function keepSecurityGroups({ spec }: KubeObject): Json {
  const { podSelector } = record(spec);
  return podSelector === undefined || JSON.stringify(podSelector).length > longest ? {} : { podSelector };
}

interface Asking {
  readonly selector: SelectorView;
  /** What it takes to compare it with one pod. */
  readonly weight: number;
}

/** Read once for as long as the policy stays as it is: it is asked about each template. */
const askingOf = memoize(({ spec: { podSelector } }: ConfigView): Asking => {
  const { matchLabels, matchExpressions } = record(podSelector);
  const expressions = records(matchExpressions).map(({ key, operator, values }) => ({
    key: text(key) ?? '',
    operator: text(operator) ?? '',
    values: strings(values),
  }));
  return {
    selector: { matchLabels: stringMap(matchLabels), matchExpressions: expressions },
    weight: weightOf(expressions),
  };
});

/** The first template whose pods a policy may be for; `select` finds them by label. */
export function firstFor(
  policy: ConfigView,
  templates: readonly TemplateView[],
  select: Selecting,
): TemplateView | undefined {
  const { selector, weight } = askingOf(policy);
  const labels = selector.matchLabels ?? {};
  const places = isEmpty(labels) ? select(undefined) : select(labels);
  const found = places.find((place) => {
    spend(weight);
    return selects({ matchExpressions: selector.matchExpressions ?? [] }, templates[place]?.templateLabels ?? {});
  });
  return found === undefined ? undefined : templates[found];
}
