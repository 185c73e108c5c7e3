import { originalLabelsAnnotation } from '../api/resources.ts';
import type { LabelTargets, StepWork, Surroundings } from '../mesh/adapter.ts';
import { text } from '../mesh/json.ts';
import { keptLabels } from '../mesh/kept-labels.ts';
import type { ServiceView } from '../mesh/views.ts';
import { labelCommand } from './label-command.ts';
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

/** What the labels were before; of an annotation that somebody has spoilt, that they were not there. */
function labelsBefore(service: ServiceView, keys: readonly string[]): LabelTargets {
  const kept = keptLabels(service);
  return Object.fromEntries(keys.map((key) => [key, text(kept?.[key]) ?? null]));
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
  const changed = wanting.find(isKept);
  if (changed !== undefined) {
    const command = labelCommand(`service ${changed.name} -n ${changed.namespace}`, changed.labels, work.targets) ?? '';
    return {
      kind: 'Foreign',
      message: `labels of ${nameOf(changed)} were changed by someone else. Put them back, then it goes on: ${command}`,
    };
  }
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
 * One UnbindServices step: done when no Service is bound by us or to what is ours, held while a pod would lose what
 * protects it.
 */
export function unbindStep(situation: Situation, work: UnbindWork): Outcome {
  const byTurns = leastRefused(situation);
  const [due] = targetsBack(situation.surroundings, work).toSorted(([a], [b]) => byTurns(a, b));
  if (due === undefined) return { kind: 'Done' };
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
