import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { stoodBefore } from '../../made-since.ts';
import { isPod, type ConfigView, type PodView, type TemplateView, type WorkloadView } from '../../views.ts';
import { decidingAbout, isDecidedAnew, markOfDeciding, markOfLetting, type Decided } from './decided-since.ts';
import { configNamed, markOf, markOfSaying, templateNamed, wordsOf } from '../waypoint/calls/mark.ts';
import { concerns } from '../vocabulary/pod-mode.ts';
import { spend } from '../../../base/effort.ts';
import { selecting } from '../policy/selecting.ts';
import { willBeProtected } from '../waypoint/other-pods.ts';
import { nameOf, selectorOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

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

/** Whether it is about how the mesh is doing, which nothing is remembered of. */
function isAskedAnew(rule: Rule): boolean {
  return 'back' in rule && rule.back === 'AskedAnew';
}

/** Pods of what nobody reads, and templates that come and go: these have other names each time. */
const nameless = memoize(({ pods, workloads, otherTemplates }: Surroundings): readonly (PodView | TemplateView)[] => {
  const read = new Set(workloads.map(({ kind, name }) => `${kind} ${name}`));
  return [...otherTemplates, ...pods.filter(({ owner }) => !read.has(`${owner?.kind} ${owner?.name}`))];
});

function labelsOf(each: PodView | TemplateView): PodView['labels'] {
  return isPod(each) ? each.labels : each.templateLabels;
}

/** What has another name each time is known by what it says. */
function whoIsIt(each: PodView | TemplateView): string {
  return isPod(each) || !('replicas' in each) ? markOfSaying(each) : nameOf(each);
}

function decidedOf(each: PodView | TemplateView): Decided {
  return { who: whoIsIt(each), labels: labelsOf(each) };
}

/** Marks of these, and of what decides about them, where some rule says something of one; `there` is the way back. */
export function* marksOfNameless(
  rules: readonly Rule[],
  there: Surroundings,
  surroundings: Surroundings,
): Generator<string> {
  const all = nameless(surroundings);
  const alone = { ...there, pods: all.filter((each) => isPod(each)), workloads: [] };
  const asked = rules.filter((rule) => !isAskedAnew(rule)).map((rule) => ({ rule, said: rule.find(alone) }));
  const isOfMesh = ({ object }: Evidence): boolean => configNamed(object, there) !== undefined;
  const isSaying = asked.some(({ said }) => said.length > 0);
  // A policy that selects these alone is said of nothing else.
  for (const { rule, said } of asked)
    for (const each of said.filter(isOfMesh)) yield* marksOf(rule, each, alone, surroundings);
  if (isSaying) for (const each of all) yield markOfSaying(each);
  for (const { rule, said } of asked)
    if (!said.every(isOfMesh)) for (const each of all) yield* marksOfDeciding(rule, decidedOf(each), surroundings);
}

/** Those of them that were there at the start, or one that said the same, where the same decides about it. */
export function namelessOfBefore(rule: Rule, surroundings: Surroundings): ReadonlySet<PodView | TemplateView> {
  const { heldBefore: before } = surroundings;
  if (before === undefined || isAskedAnew(rule)) return new Set();
  return new Set(
    nameless(surroundings).filter(
      (each) => before.has(markOfSaying(each)) && !isDecidedAnew(decidedOf(each), surroundings, rule.decidedBy ?? []),
    ),
  );
}

/** Marks of what decides about some pods. */
function* marksOfDeciding({ decidedBy = [] }: Rule, decided: Decided, surroundings: Surroundings): Generator<string> {
  if (decidedBy.length === 0) return;
  const about = decidingAbout(decidedBy, decided, surroundings);
  yield markOfLetting(about);
  for (const config of about) yield markOfDeciding(config, decided);
}

/** What is said of all of a namespace is about all labels. */
function decidedIn({ object }: Evidence, surroundings: Surroundings): Decided {
  const template = templateNamed(object, surroundings);
  return template === undefined ? { who: object, labels: undefined } : decidedOf(template);
}

/**
 * By which it is known again; none of what passes, nor of how the mesh is doing. `there` is what the rule was asked
 * about, `surroundings` what is there.
 */
export function* marksOf(
  rule: Rule,
  evidence: Evidence,
  there: Surroundings,
  surroundings: Surroundings,
): Generator<string> {
  if (evidence.passing === true || isAskedAnew(rule)) return;
  const template = templateNamed(evidence.object, surroundings);
  const asleep = rule.aboutServing === true && sleeps(template);
  yield markOfSaid(rule, evidence, there, asleep);
  yield* marksOfSelection(evidence, surroundings);
  yield* marksOfDeciding(rule, decidedIn(evidence, surroundings), surroundings);
}

/** Whatever would have a sidecar. */
const protectedThere = memoize((surroundings: Surroundings): readonly (PodView | TemplateView)[] => [
  ...surroundings.workloads.filter(willBeProtected),
  ...surroundings.otherTemplates.filter(willBeProtected),
  ...nameless(surroundings).filter((each) => isPod(each) && concerns(each)),
]);

/** So many are remembered one by one of what is for all of a namespace; of more the age tells. */
const mostSelected = 100;

const selectingThere = memoize((surroundings: Surroundings) =>
  selecting(protectedThere(surroundings).map(labelsOf), spend),
);

function selectedBy(config: ConfigView, surroundings: Surroundings): readonly (PodView | TemplateView)[] {
  const all = protectedThere(surroundings);
  const places = selectingThere(surroundings)(selectorOf(config));
  spend(places.length / 8);
  return places.length === all.length ? all : places.flatMap((place) => all[place] ?? []);
}

function markOfSelection(config: ConfigView, each: PodView | TemplateView): string {
  return markOf('selects', selectorOf(config) === undefined ? '' : nameOf(config), whoIsIt(each));
}

/** By which it is known about whom an object of the mesh was at the start. */
function marksOfSelection({ object }: Evidence, surroundings: Surroundings): readonly string[] {
  const config = configNamed(object, surroundings);
  if (config === undefined) return [];
  const marks = new Set<string>();
  for (const each of selectedBy(config, surroundings)) {
    marks.add(markOfSelection(config, each));
    if (marks.size > mostSelected) return [markOfMany(config)];
  }
  return [...marks];
}

/** That these were too many to be remembered one by one. */
function markOfMany(config: ConfigView): string {
  return markOf('selects many', nameOf(config), '');
}

/** Whether an object of the mesh is about something that it was not about at the start. */
function meetsNew(config: ConfigView, surroundings: Surroundings): boolean {
  const { heldBefore: before } = surroundings;
  // An old one may have been labelled anew to be selected: the age tells only where nothing else does.
  const byAge = before === undefined || before.has(markOfMany(config));
  return selectedBy(config, surroundings).some((each) =>
    byAge
      ? !stoodBefore(each.createdAt, surroundings) && before?.has(markOfSaying(each)) !== true
      : !before.has(markOfSelection(config, each)),
  );
}

/** Whether it was said at the start, of the same. */
function wasSaid(rule: Rule, evidence: Evidence, there: Surroundings, surroundings: Surroundings): boolean {
  const { heldBefore: before } = surroundings;
  const template = templateNamed(evidence.object, surroundings);
  if (before === undefined)
    return stoodBefore((template ?? configNamed(evidence.object, surroundings))?.createdAt, surroundings);
  const isSaid = (asleep: boolean): boolean => before.has(markOfSaid(rule, evidence, there, asleep));
  return isSaid(false) || (rule.aboutServing === true && sleeps(template) && isSaid(true));
}

/** Whether the same was said at the start, of the same, where the same decides about it. */
export function isOfBefore(rule: Rule, evidence: Evidence, there: Surroundings, surroundings: Surroundings): boolean {
  if (isAskedAnew(rule) || !wasSaid(rule, evidence, there, surroundings)) return false;
  const config = configNamed(evidence.object, surroundings);
  if (config !== undefined && meetsNew(config, surroundings)) return false;
  return !isDecidedAnew(decidedIn(evidence, surroundings), surroundings, rule.decidedBy ?? []);
}
