import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { hasLabels } from '../../has-labels.ts';
import { stoodBefore } from '../../made-since.ts';
import type { ConfigView, TemplateView, WorkloadView } from '../../views.ts';
import { configNamed, markOf, markOfPolicy, templateNamed, wordsOf } from '../mark.ts';
import { isMade } from '../policy/translate/names.ts';
import { willBeProtected } from '../waypoint/other-pods.ts';
import { selectorOf, type Evidence, type Rule } from './rule.ts';

/*
 * By what it is known again that a rule says the same thing as at the start. A mark is of what was said, not only of whom: something mild that was so
 * at the start hides nothing bad of the same object, and an old policy nothing of a new workload that it protects.
 */

/** Whether nothing of it runs. What comes and goes by itself, like a CronJob, never sleeps. */
function sleeps(template: TemplateView | WorkloadView | undefined): boolean {
  return template !== undefined && 'replicas' in template && template.replicas === 0;
}

/** The words of a policy say all that is said of it; of a template, or of the namespace, what is said does. */
function whatIsSaid(rule: Rule, { object, message, severity = rule.severity }: Evidence, there: Surroundings): string {
  const words = wordsOf(object, there);
  if (rule.decidedBy !== undefined || configNamed(object, there) !== undefined) return words;
  return `${words} ${severity} ${message}`;
}

function markOfSaid(rule: Rule, evidence: Evidence, there: Surroundings, asleep: boolean): string {
  return markOf(rule.id, evidence.object, `${whatIsSaid(rule, evidence, there)}${asleep ? ' asleep' : ''}`);
}

/** What decides how bad it is: all that selects the pods of a template, or may select any. */
function decidingAbout(rule: Rule, { object }: Evidence, surroundings: Surroundings): readonly ConfigView[] {
  const { mesh, namespace } = surroundings;
  const labels = templateNamed(object, surroundings)?.templateLabels;
  const homes = [...new Set([namespace.name, mesh.rootNamespace])];
  return (rule.decidedBy ?? [])
    .flatMap((kind) => homes.flatMap((home) => mesh.configs(kind, home)))
    .filter((config) => {
      const selector = selectorOf(config);
      return selector === undefined || labels === undefined || hasLabels(labels, selector);
    })
    .filter((config) => !isMade(config, surroundings));
}

/**
 * By which it is known again; none of what passes, nor of how the mesh is doing. `there` is what the rule was asked
 * about, `surroundings` what is there.
 */
export function marksOf(
  rule: Rule,
  evidence: Evidence,
  there: Surroundings,
  surroundings: Surroundings,
): readonly string[] {
  if (evidence.passing === true || ('back' in rule && rule.back === 'AskedAnew')) return [];
  const asleep = rule.aboutServing === true && sleeps(templateNamed(evidence.object, surroundings));
  const deciding = decidingAbout(rule, evidence, surroundings);
  return [markOfSaid(rule, evidence, there, asleep), ...deciding.map((config) => markOfPolicy(rule.id, config))];
}

/** Whatever would have a sidecar and was made since the start. */
const madeSince = memoize((surroundings: Surroundings): readonly TemplateView[] =>
  [...surroundings.workloads, ...surroundings.otherTemplates].filter(
    (template) => willBeProtected(template) && !stoodBefore(template.createdAt, surroundings),
  ),
);

/** Whether an object of the mesh is about something that it was not about at the start. */
function meetsNew(config: ConfigView, surroundings: Surroundings): boolean {
  const selector = selectorOf(config);
  return madeSince(surroundings).some(
    ({ templateLabels }) => selector === undefined || hasLabels(templateLabels, selector),
  );
}

/** Whether the same was said at the start, of the same, where the same decides about it. */
export function isOfBefore(
  rule: Rule,
  evidence: Evidence,
  there: Surroundings,
  { surroundings, before }: { readonly surroundings: Surroundings; readonly before: ReadonlySet<string> },
): boolean {
  const isSaid = (asleep: boolean): boolean => before.has(markOfSaid(rule, evidence, there, asleep));
  const canSleep = rule.aboutServing === true && sleeps(templateNamed(evidence.object, surroundings));
  if (!isSaid(false) && !(canSleep && isSaid(true))) return false;
  const config = configNamed(evidence.object, surroundings);
  if (config !== undefined && meetsNew(config, surroundings)) return false;
  return decidingAbout(rule, evidence, surroundings).every((each) => before.has(markOfPolicy(rule.id, each)));
}
