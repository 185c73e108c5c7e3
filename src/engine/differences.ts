import type { Mode, PodCounts } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { restartAnnotation } from '../api/resources.ts';
import { own } from '../base/own.ts';
import type { LabelTargets } from '../mesh/adapter.ts';
import { clocksMs, isMadeSince } from '../mesh/made-since.ts';
import { carriesMarks } from '../mesh/seal.ts';
import type { ConfigView } from '../mesh/views.ts';
import { fromList, unmet } from './label-values.ts';
import { isOfThis } from './own-objects.ts';
import type { Situation } from './situation.ts';
import { isOwnRestart } from './turn.ts';
import { countPods } from './verify.ts';

type Strings = Readonly<Record<string, string>>;

function by(manager: string | undefined): string {
  return manager === undefined ? '' : ` (changed meanwhile by ${manager})`;
}

function labelsOf(object: string, now: Strings, before: LabelTargets, managers: Strings): readonly string[] {
  return unmet(now, before).map(
    ([key, value]) =>
      `label ${key} of ${object} is ${now[key] ?? 'absent'} and was ${value ?? 'absent'}${by(managers[key])}`,
  );
}

function ofNamespace(
  { surroundings: { namespace } }: Situation,
  { original }: NamespaceMigrationStatus,
): readonly string[] {
  return labelsOf(
    `Namespace ${namespace.name}`,
    namespace.labels,
    fromList(original?.labels ?? []),
    namespace.labelManagers,
  );
}

/** One that somebody has deleted since is nobody's to compare. */
function ofServices({ surroundings: { services }, remembered }: Situation): readonly string[] {
  return services.flatMap(({ namespace, name, labels, labelManagers }) =>
    labelsOf(`Service ${namespace}/${name}`, labels, own(remembered?.services, name) ?? {}, labelManagers),
  );
}

/** A namespace that was only restarted keeps the annotation: to take it away would restart it once more. */
function ofTemplates(situation: Situation, status: NamespaceMigrationStatus): readonly string[] {
  if (status.itinerary === 'Hbone') return [];
  return situation.surroundings.workloads
    .filter(({ templateAnnotations }) => isOwnRestart(situation, status, templateAnnotations[restartAnnotation]))
    .map(
      ({ kind, namespace, name, templateManager }) =>
        `the template of ${kind} ${namespace}/${name} has annotation ${restartAnnotation}${by(templateManager)}`,
    );
}

function isMarkedSince(object: ConfigView, { original }: NamespaceMigrationStatus): boolean {
  return isMadeSince(object, original?.capturedAt, clocksMs) && carriesMarks(object);
}

/**
 * Of this migration, or made since it began and with anything of the operator on it: somebody may have changed what
 * tells whose it is.
 */
function ofObjects(situation: Situation, status: NamespaceMigrationStatus): readonly string[] {
  const {
    adapter,
    surroundings: { mesh, namespace },
  } = situation;
  return adapter.made
    .flatMap(({ kind }) => mesh.configs(kind, namespace.name))
    .filter((object) => (adapter.isOurs(object, true) && isOfThis(situation, object)) || isMarkedSince(object, status))
    .map(({ kind, namespace: home, name }) => `${kind} ${home}/${name} is still there`);
}

/** Modes of the pods that a status counts. */
const counted = [
  ['Sidecar', 'sidecar'],
  ['Ambient', 'ambient'],
  ['None', 'none'],
  ['Transitional', 'transitional'],
] as const satisfies readonly (readonly [Mode, keyof PodCounts])[];

/** Pods by mode before the start, where that is known, and now; `own` is the mode of the data plane of before. */
interface Counts {
  readonly before: PodCounts | undefined;
  readonly now: PodCounts;
  readonly captures: boolean;
  readonly own: Mode;
}

/** Whether a running pod of this mode gets into the data plane by itself, a moment after it was made. */
function joinsByItself(mode: Mode, captures: boolean): boolean {
  return mode === 'Transitional' || (mode === 'None' && captures);
}

/**
 * Whether fewer pods are in a mode than before that none leaves by itself: more of them in the data plane of before may
 * be some that were not in it.
 */
function hasTaken({ before, now, captures, own }: Counts): boolean {
  return counted.some(
    ([mode, count]) => mode !== own && !joinsByItself(mode, captures) && now[count] < (before?.[count] ?? 0),
  );
}

/**
 * More pods of a mode than there were; where that is not known any more, as if there had been none in the data plane
 * that was left. More of the data plane of before are usually an autoscaler's.
 */
function ofPods(situation: Situation, { before }: NamespaceMigrationStatus): readonly string[] {
  const {
    adapter,
    spec: { from, to },
  } = situation;
  const now = countPods(situation);
  const own = adapter.modeFor(from);
  const taken = hasTaken({ before, now, captures: adapter.captures(from), own });
  return counted
    .filter(([mode]) => (mode === own ? taken : before !== undefined || mode === adapter.modeFor(to)))
    .filter(([, count]) => now[count] > (before?.[count] ?? 0))
    .map(
      ([mode, count]) =>
        `pods in mode ${mode}: ${now[count]}, and ${before === undefined ? 'how many there were is not known' : `${before[count]} before`}`,
    );
}

/**
 * What is not as it was recorded before the first change, now that the way back is over. Each step has seen its own
 * result; what somebody changed after that is his, so it is named and neither waited for nor overruled.
 */
export function differences(situation: Situation, status: NamespaceMigrationStatus): readonly string[] {
  return [
    ofNamespace(situation, status),
    ofServices(situation),
    ofTemplates(situation, status),
    ofObjects(situation, status),
    ofPods(situation, status),
  ].flat();
}
