import { isDeepStrictEqual } from 'node:util';
import { originalLabelsAnnotation } from '../api/resources.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { own } from '../base/own.ts';
import type { LabelTargets, StepPlan, StepWork } from '../mesh/adapter.ts';
import { text } from '../mesh/json.ts';
import { keptLabels } from '../mesh/kept-labels.ts';
import type { ServiceView } from '../mesh/views.ts';
import type { Journal } from '../plan/journal.ts';
import { fromList, hasLabels } from './label-values.ts';
import { servicePatch } from './patches.ts';
import type { Situation, Write } from './situation.ts';

/*
 * What the labels of a Service were stands in an annotation on it. A tool that replaces the Service and keeps its labels takes that away, and then
 * nobody could tell any more that we changed it. So the journal of the namespace has the same, and is written first.
 */

type Binding = StepPlan & { readonly work: Extract<StepWork, { kind: 'BindServices' }> };

function bindingOf(
  { adapter, spec }: Situation,
  original: LabelTargets,
  { itinerary, waypoint }: Pick<NamespaceMigrationStatus, 'itinerary' | 'waypoint'>,
): Binding | undefined {
  return adapter
    .itinerary(spec, original, itinerary ?? 'L4', waypoint)
    .forward.find((step): step is Binding => step.work.kind === 'BindServices');
}

function pick(labels: Readonly<Record<string, unknown>>, targets: LabelTargets): LabelTargets {
  return Object.fromEntries(Object.keys(targets).map((key) => [key, text(labels[key]) ?? null]));
}

/** Whether a label is as we set it and was not so before. */
function isChanged({ labels }: ServiceView, targets: LabelTargets, before: LabelTargets): boolean {
  return Object.entries(targets).some(
    ([key, value]) => (labels[key] ?? null) === value && (before[key] ?? null) !== value,
  );
}

/**
 * Whether what stands on the Service is what the journal has: the journal was first, and whoever may edit the Service
 * cannot write there.
 */
function isRecorded(service: ServiceView, before: LabelTargets, targets: LabelTargets): boolean {
  const kept = keptLabels(service);
  return kept !== undefined && isDeepStrictEqual(pick(kept, targets), pick(before, targets));
}

/**
 * The Service with its record, where somebody wrote another one, took it away or spoilt it and it is still as we
 * changed it; and without one that is not ours, as an exported manifest brings it along: whatever we change has labels
 * of ours, and the journal has what they were before. Where that had no room the Service is believed.
 */
function withRecord(
  service: ServiceView,
  known: LabelTargets | undefined,
  { targets, isBegun }: { readonly targets: LabelTargets; readonly isBegun: boolean },
): ServiceView {
  const { [originalLabelsAnnotation]: kept, ...others } = service.annotations;
  const isOurs = isChanged(service, targets, known ?? pick(keptLabels(service) ?? {}, targets));
  if (known !== undefined && (isBegun || isOurs) && isRecorded(service, known, targets)) return service;
  if (!isOurs) {
    return kept === undefined ? service : { ...service, annotations: others, lostRecord: kept };
  }
  if (known === undefined) return service;
  return {
    ...service,
    annotations: { ...others, [originalLabelsAnnotation]: JSON.stringify(pick(known, targets)) },
    lostRecord: kept ?? null,
  };
}

/**
 * The Services of a picture with the records that the journal has of them, so that every decision is made as if none
 * had been lost, or written by others.
 */
export function withRecords(
  situation: Situation,
  { services: known, labels, ...chosen }: Pick<Journal, 'labels' | 'itinerary' | 'services' | 'waypoint'>,
): readonly ServiceView[] {
  const { services } = situation.surroundings;
  const binding = bindingOf(situation, labels, chosen);
  if (binding === undefined) return services;
  const begun = { targets: binding.work.targets, isBegun: isBegun(binding, situation.object.status ?? {}) };
  return services.map((service) => withRecord(service, own(known, service.name), begun));
}

function isBegun({ name }: Binding, { steps = [] }: Pick<NamespaceMigrationStatus, 'steps'>): boolean {
  return steps.some((step) => step.name === name);
}

/** What of a Service is to be recorded. */
interface Recording {
  readonly binding: Binding;
  /** What the journal has: once it stands there nobody in the namespace changes it. */
  readonly known: LabelTargets | undefined;
  /** Whether the step has begun that writes records: one that stands on a Service before that is not ours. */
  readonly isBegun: boolean;
  readonly isDue: boolean;
  readonly isOwners: boolean;
  /** Whether what it was is known for good: what somebody has made of it since is not what it was. */
  readonly isKept: boolean;
}

/**
 * What stands on a Service, or will: what is to be bound is noted before it is. So is, from the start, what its owner
 * has bound already: on the way back nothing else tells it from what has lost its record.
 */
function recordOf(
  service: ServiceView,
  {
    binding: {
      work: { targets },
    },
    known,
    isBegun,
    isDue,
    isOwners,
    isKept,
  }: Recording,
): LabelTargets | undefined {
  const kept = keptLabels(service);
  const first = kept === undefined ? undefined : (known ?? (isBegun ? kept : undefined));
  if (first !== undefined) return pick(first, targets);
  if (isKept) return known ?? pick(service.labels, targets);
  return (isDue && !hasLabels(service.labels, targets)) || isOwners ? pick(service.labels, targets) : undefined;
}

/** Those of the Services that are there. */
function recordsOfThese(
  { surroundings, remembered }: Situation,
  binding: Binding,
  begun: boolean,
  kept: ReadonlySet<string>,
): readonly (readonly [string, LabelTargets])[] {
  const names = begun ? binding.work.services(surroundings) : [];
  const owners = binding.work.owners?.(surroundings) ?? [];
  const due = typeof names === 'string' ? [] : names;
  return surroundings.services.flatMap((service) => {
    const record = recordOf(service, {
      binding,
      known: own(remembered?.services, service.name),
      isBegun: begun,
      isDue: due.includes(service.name),
      isOwners: owners.includes(service.name),
      isKept: kept.has(service.name),
    });
    return record === undefined ? [] : [[service.name, record] as const];
  });
}

/** So many are known of Services that are away and have left nothing behind. */
const mostAway = 200;

type Recorded = readonly [name: string, labels: LabelTargets];

function byName([a]: Recorded, [b]: Recorded): number {
  return a < b ? -1 : 1;
}

/**
 * The records for the journal. On the way back they stay until the journal goes; and so does that of a Service that is
 * away, once Services are bound: whatever was made for it may go meanwhile, and it may come back with our labels and
 * without our annotation. What the journal has no room for is the last of them. Safe: E, it keeps what is known, and
 * whoever never comes back holds nobody. Dying before the journal is written: the one before has the record as well;
 * after: it stands there.
 */
export function recordsFor(situation: Situation, status: NamespaceMigrationStatus): Journal['services'] {
  const { surroundings, remembered } = situation;
  const { direction, original, steps = [], ...chosen } = status;
  const binding = direction === 'Forward' ? bindingOf(situation, fromList(original?.labels ?? []), chosen) : undefined;
  if (binding === undefined) return remembered?.services;
  const kept = new Set(binding.work.keeps?.(surroundings));
  const there = new Set(surroundings.services.map(({ name }) => name));
  const away = Object.entries(remembered?.services ?? {}).filter(([name]) => !there.has(name));
  const begun = isBegun(binding, { steps });
  const left = begun ? away.filter(([name]) => !kept.has(name)) : [];
  const records = [
    // Nothing else tells of these: the others have their annotation besides.
    ...away.filter(([name]) => kept.has(name)).toSorted(byName),
    ...recordsOfThese(situation, binding, begun, kept).toSorted(byName),
    ...left.toSorted(byName).slice(0, mostAway),
  ];
  return records.length === 0 ? undefined : Object.fromEntries(records);
}

/** Whether Services have been bound, or are about to be: what was noted of them before that tells of no change. */
export function bindsServices(
  situation: Situation,
  { original, steps = [], ...chosen }: NamespaceMigrationStatus,
): boolean {
  const binding = bindingOf(situation, fromList(original?.labels ?? []), chosen);
  return binding !== undefined && isBegun(binding, { steps });
}

/**
 * Puts a record back that somebody took from a Service or wrote anew, and takes one away that is not ours. Safe:
 * changes our own annotation only, if the Service is as it was seen; decisions do not wait for it (`withRecords`).
 * Dying before: done at the next look; after: it is seen to be there.
 */
export function restoreRecord({ surroundings: { services } }: Situation): Write | undefined {
  const lost = services.find(({ lostRecord }) => lostRecord !== undefined);
  return (
    lost && {
      kind: 'PatchService',
      name: lost.name,
      operations: servicePatch(lost, {}, lost.annotations[originalLabelsAnnotation] ?? null),
    }
  );
}
