import { originalLabelsAnnotation } from '../api/resources.ts';
import { isMadeSince } from '../mesh/made-since.ts';
import { own } from '../base/own.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { Itinerary, LabelTargets, StepPlan, StepWork, Surroundings } from '../mesh/adapter.ts';
import { text } from '../mesh/json.ts';
import { keptLabels } from '../mesh/kept-labels.ts';
import type { ServiceView } from '../mesh/views.ts';
import { labelCommand } from './label-command.ts';
import { isOfThis, ownObjects } from './own-objects.ts';
import { hasLabels } from './label-values.ts';
import { servicePatch } from './patches.ts';
import { timesRefused } from './refused.ts';
import type { Outcome, Situation, Write } from './situation.ts';
import { holding, whileUnprotected } from './concerned.ts';

type BindWork = Extract<StepWork, { kind: 'BindServices' }>;
type UnbindWork = Extract<StepWork, { kind: 'UnbindServices' }>;

function nameOf({ namespace, name }: ServiceView): string {
  return `Service ${namespace}/${name}`;
}

function isKept({ annotations }: ServiceView): boolean {
  return annotations[originalLabelsAnnotation] !== undefined;
}

/** Whether it has a record itself, ours or one that somebody wrote in its place. */
function hasRecord(service: ServiceView): boolean {
  return service.lostRecord === undefined ? isKept(service) : service.lostRecord !== null;
}

/**
 * Services that were bound and are not any more, by the way back or by somebody. One that was made anew since `begun`
 * was never bound, and nobody has been taken from what was made by that.
 */
export function unboundAgain(
  { services, records = {} }: Surroundings,
  begun: string | undefined,
): readonly ServiceView[] {
  return services.filter(
    (service) => own(records, service.name) !== undefined && !isKept(service) && !isMadeSince(service, begun),
  );
}

/** What the labels were before; of an annotation that somebody has spoilt, that they were not there. */
function labelsBefore(service: ServiceView, keys: readonly string[]): LabelTargets {
  const kept = keptLabels(service);
  return Object.fromEntries(keys.map((key) => [key, text(kept?.[key]) ?? null]));
}

/** Says whose labels they are, and how they become what they should be. */
function changedByOthers(service: ServiceView, targets: LabelTargets): string {
  const command = labelCommand(`service ${service.name} -n ${service.namespace}`, service.labels, targets) ?? '';
  return `labels of ${nameOf(service)} were changed by someone else. Put them back, then it goes on: ${command}`;
}

/** Services whose labels are not as the journal has them of before, nor any of `others`. */
function strange(
  { services, records }: Surroundings,
  ...others: readonly LabelTargets[]
): readonly (readonly [ServiceView, LabelTargets])[] {
  return services.flatMap((service) => {
    const known = own(records, service.name);
    const isStrange = known !== undefined && ![known, ...others].some((targets) => hasLabels(service.labels, targets));
    return isStrange ? [[service, known] as const] : [];
  });
}

type Binding = StepPlan & { readonly work: BindWork };

/** Whether a step binds Services whose labels of before decide about what is made. */
function keeps(step: StepPlan): step is Binding {
  return step.work.kind === 'BindServices' && step.work.keeps !== undefined;
}

/**
 * The first Service whose labels somebody has changed since what protects its pods was made by them, with the way on: a
 * label that is absent says no more about that than one of another value. Safe: nothing is written, and what was made
 * stays. Dying before or after: the journal has what the labels were, so the next look finds the same.
 */
export function relabelled(
  { surroundings }: Situation,
  { steps = [] }: NamespaceMigrationStatus,
  { forward }: Itinerary,
): string | undefined {
  const binding = forward.find(keeps);
  if (binding === undefined) return undefined;
  const { targets } = binding.work;
  const [first] = strange(surroundings, targets);
  if (first === undefined) return undefined;
  const [service, known] = first;
  return changedByOthers(service, steps.some(({ name }) => name === binding.name) ? targets : known);
}

/**
 * One BindServices step: done when every Service that is named has the labels. Each is changed in one patch together
 * with the annotation that keeps what it was, so dying before or after it leaves a Service that is either untouched or
 * can be restored. E: nobody is sent to another waypoint than that which has the copies, because the patch fails where
 * a label beside the targets has come to say so.
 */
export function bindStep(situation: Situation, work: BindWork): Outcome {
  const names = work.services(situation.surroundings);
  if (typeof names === 'string') return { kind: 'Failed', reason: 'CannotBeBound', message: names };
  const wanting = situation.surroundings.services.filter(
    (service) => names.includes(service.name) && !hasLabels(service.labels, work.targets),
  );
  const strangers = work.keeps === undefined ? [] : strange(situation.surroundings).map(([service]) => service);
  const changed = wanting.find((service) => isKept(service) || strangers.includes(service));
  if (changed !== undefined) return { kind: 'Foreign', message: changedByOthers(changed, work.targets) };
  const { heldBy, besides } = work;
  const [next] = wanting.filter((service) => besides?.tells(service) === undefined).toSorted(leastRefused(situation));
  if (next === undefined) return led(wanting, besides);
  const outcome = whileUnprotected(situation, heldBy);
  const before = JSON.stringify(
    Object.fromEntries(Object.keys(work.targets).map((key) => [key, next.labels[key] ?? null])),
  );
  return (
    outcome ?? {
      kind: 'Write',
      message: `setting the labels of ${nameOf(next)}`,
      write: {
        kind: 'PatchService',
        name: next.name,
        operations: servicePatch(next, work.targets, before, besides?.labels),
        ...(heldBy !== undefined && { heldBy: holding(situation, heldBy) }),
      },
    }
  );
}

/** A Service that the labels of the binding would lead elsewhere is not bound: somebody has to decide what is meant. */
function led(services: readonly ServiceView[], besides: BindWork['besides']): Outcome {
  const [why] = services.flatMap((service) => besides?.tells(service) ?? []);
  return why === undefined ? { kind: 'Done' } : { kind: 'Wait', stuck: true, stalled: 'HeldByFinding', message: why };
}

/** One that is refused or changed back again and again keeps no other back. */
function leastRefused(situation: Situation): (a: ServiceView, b: ServiceView) => number {
  const times = ({ name }: ServiceView): number =>
    timesRefused(situation, { kind: 'PatchService', name, operations: [] });
  return (a, b) => times(a) - times(b);
}

/**
 * The Services to unbind and their labels afterwards: as they were, or where nobody knows what they were, without the
 * binding to what goes. A record that is not ours goes, and moves nothing.
 */
export function targetsBack(
  surroundings: Surroundings,
  { keys, strays }: UnbindWork,
): readonly (readonly [ServiceView, LabelTargets])[] {
  const kept = surroundings.services.filter(isKept).map((service) => [service, labelsBefore(service, keys)] as const);
  const others = strays?.services(surroundings).filter((service) => !isKept(service)) ?? [];
  const planted = surroundings.services
    .filter((service) => !isKept(service) && hasRecord(service) && !others.includes(service))
    .map((service) => [service, {}] as const);
  return [...kept, ...others.map((service) => [service, { [strays?.binding ?? '']: null }] as const), ...planted];
}

/**
 * Pods go back behind what their Services are bound to: one that somebody has taken from it would leave them to nobody,
 * as long as it matters what was made for them.
 */
function ledAway(situation: Situation, { objectsStay }: UnbindWork): Outcome | undefined {
  if (objectsStay !== true || !ownObjects(situation).some((each) => isOfThis(situation, each))) return undefined;
  const [first] = strange(situation.surroundings);
  return first && { kind: 'Foreign', message: changedByOthers(...first) };
}

/**
 * One UnbindServices step: done when no Service is bound by us or to what is ours, held while a pod would lose what
 * protects it.
 */
export function unbindStep(situation: Situation, work: UnbindWork): Outcome {
  const byTurns = leastRefused(situation);
  const [due] = targetsBack(situation.surroundings, work).toSorted(([a], [b]) => byTurns(a, b));
  if (due === undefined) return ledAway(situation, work) ?? { kind: 'Done' };
  const [next, targets] = due;
  const { heldBy } = work;
  const outcome = whileUnprotected(situation, heldBy);
  return (
    outcome ?? {
      kind: 'Write',
      message: `unbinding ${nameOf(next)}`,
      write: {
        kind: 'PatchService',
        name: next.name,
        operations: servicePatch(next, targets, null),
        ...(heldBy !== undefined && { heldBy: holding(situation, heldBy) }),
      },
    }
  );
}

/**
 * Takes the record of the labels of before from a Service that still has one; the labels stay. Undefined when none has.
 */
export function forgetStep({ surroundings }: Situation): Write | undefined {
  const next = surroundings.services.find(hasRecord);
  return next && { kind: 'PatchService', name: next.name, operations: servicePatch(next, {}, null) };
}
