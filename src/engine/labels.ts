import { originalAnnotation } from '../api/resources.ts';
import type { NamespaceMigrationStatus, Original } from '../api/namespace-migration.ts';
import type { LabelTargets, StepWork } from '../mesh/adapter.ts';
import { count, record, stringMap, text } from '../mesh/json.ts';
import type { NamespaceView, PodView } from '../mesh/views.ts';
import { timestamp } from '../base/clock.ts';
import { namespacePatch } from './patches.ts';
import type { Outcome, Situation } from './situation.ts';
import { commandLine } from './ways-out.ts';

/** The labels of the namespace that the adapter cares about, as they are now. */
export function observedLabels({ adapter, surroundings }: Situation): LabelTargets {
  return Object.fromEntries(adapter.labels.map((key) => [key, surroundings.namespace.labels[key] ?? null]));
}

/** From the list in the status. */
export function fromList(list: Original['labels']): LabelTargets {
  return Object.fromEntries(list.map(({ key, value }) => [key, value ?? null]));
}

/** For the list in the status. */
export function toList(labels: LabelTargets): Original['labels'] {
  return Object.entries(labels).map(([key, value]) => (value === null ? { key } : { key, value }));
}

function equal(a: LabelTargets, b: LabelTargets): boolean {
  return Object.keys({ ...a, ...b }).every((key) => (a[key] ?? null) === (b[key] ?? null));
}

/** The original labels as they are kept on the namespace itself while it differs from them. */
export function writeOriginal(migration: string, attempt: number, original: Original): string {
  return JSON.stringify({ migration, attempt, capturedAt: original.capturedAt, labels: Object.fromEntries(original.labels.map(({ key, value }) => [key, value ?? null])) });
}

/** What the namespace itself tells of its migration. */
interface Kept {
  readonly migration: string;
  readonly attempt: number;
  readonly original: Original;
}

/** Reads it back when the NamespaceMigration was lost; undefined if there is none or it cannot be read. */
export function readOriginal(namespace: NamespaceView): Kept | undefined {
  const raw = namespace.annotations[originalAnnotation];
  if (raw === undefined) return undefined;
  try {
    const parsed = record(JSON.parse(raw));
    const migration = text(parsed['migration']);
    const labels = record(parsed['labels']);
    if (migration === undefined) return undefined;
    const values = stringMap(labels);
    return {
      migration,
      attempt: count(parsed['attempt'], 1),
      original: {
        namespaceUid: namespace.uid,
        capturedAt: text(parsed['capturedAt']) ?? timestamp(0),
        labels: toList(Object.fromEntries(Object.keys(labels).map((key) => [key, values[key] ?? null]))),
      },
    };
  } catch {
    return undefined; // Somebody wrote something else there: as good as absent, the status has the original too.
  }
}

type LabelsWork = Extract<StepWork, { kind: 'Labels' }>;

/** One Labels step: done when the namespace shows it, held while a pod would lose its mesh, else one patch. */
export function labelsStep(situation: Situation, status: NamespaceMigrationStatus, work: LabelsWork): Outcome {
  const { namespace, pods } = situation.surroundings;
  const observed = observedLabels(situation);
  const annotated = namespace.annotations[originalAnnotation] !== undefined;
  if (equal({ ...observed, ...work.targets }, observed) && (work.original === 'Record' || !annotated)) {
    return { kind: 'Done', patch: { labels: toList(observed) } };
  }
  const { heldBy } = work;
  const holds = (pod: PodView): boolean => situation.adapter.concerns(pod) && heldBy?.(pod) === true;
  const holding = pods.filter(holds);
  const [first] = [...holding].sort((a, b) => Number(a.terminating) - Number(b.terminating));
  if (first?.terminating === true) return { kind: 'Wait', message: 'waiting until the last pods of the other data plane have ended' };
  if (first !== undefined) return { kind: 'Wait', stuck: true, message: `pod ${first.name} would be left in plaintext: delete it, or wait until it ends` };
  const original = status.original;
  const keep = work.original === 'Drop' || original === undefined ? null : writeOriginal(situation.object.spec.migration, status.attempt ?? 1, original);
  return {
    kind: 'Write',
    write: { kind: 'PatchNamespace', operations: namespacePatch(namespace, observed, work.targets, keep), ...(heldBy !== undefined && { heldBy: holds }) },
    message: 'patching the labels of the namespace',
  };
}

/** Both ways on that a person has. */
function choice({ object }: Situation): string {
  const place = { name: object.spec.migration, namespace: object.metadata.namespace };
  return `To go on: ${commandLine('GoOn', place)}; to go back: ${commandLine('GoBack', place)}`;
}

/**
 * Whether somebody else changed a label since the operator last set or accepted it. What the step that is due would set
 * is no foreign change: it is our own patch, seen after a crash.
 */
export function foreignChange(situation: Situation, status: NamespaceMigrationStatus, due: LabelTargets): string | undefined {
  if (status.labels === undefined) return undefined;
  const held = fromList(status.labels);
  const observed = observedLabels(situation);
  if (equal(observed, held) || equal(observed, { ...held, ...due })) return undefined;
  const changes = Object.keys(held).filter((key) => (held[key] ?? null) !== (observed[key] ?? null)).map((key) => {
    const manager = situation.surroundings.namespace.labelManagers[key];
    return `${key} is ${observed[key] ?? 'absent'} instead of ${held[key] ?? 'absent'}${manager === undefined ? '' : ` (set by ${manager})`}`;
  });
  return `labels of the namespace were changed by someone else: ${changes.join('; ')}. Settle who owns them. ${choice(situation)}`;
}
