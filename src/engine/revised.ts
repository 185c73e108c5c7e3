import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { LabelTargets } from '../mesh/adapter.ts';
import { fromList, observedLabels, toList } from './label-values.ts';
import type { Situation } from './situation.ts';

/**
 * Labels of which the value of before may be gone with what it named, that a way back puts back although no step of the
 * way there changes them, and that have another value now. Of any other it is what protects that would change: which
 * waypoint a namespace had is not for a later label to say.
 */
function revisions(situation: Situation, { original, itinerary }: NamespaceMigrationStatus): LabelTargets {
  const { adapter, spec } = situation;
  const before = fromList(original?.labels ?? []);
  const { forward } = adapter.itinerary(spec, before, itinerary ?? 'L4');
  const ours = new Set(forward.flatMap(({ work }) => (work.kind === 'Labels' ? Object.keys(work.targets) : [])));
  const now = observedLabels(situation);
  const revised = adapter.revised
    .filter((key) => !ours.has(key))
    .map((key) => [key, now[key] ?? null] as const)
    // Without any value the labels of before may not inject at all.
    .filter(([key, value]) => value !== null && typeof before[key] === 'string' && before[key] !== value);
  return Object.fromEntries(revised);
}

/**
 * The labels to come back to, with the values that others have given meanwhile to those that no step changes. Istio is
 * upgraded so (a new `istio.io/rev`, and the old revision goes): back in the revision of before nobody would inject any
 * more, and the way back would never end.
 */
export function originalRevised(
  situation: Situation,
  status: NamespaceMigrationStatus,
): Pick<NamespaceMigrationStatus, 'original'> {
  const { original } = status;
  if (original === undefined) return {};
  return {
    original: { ...original, labels: toList({ ...fromList(original.labels), ...revisions(situation, status) }) },
  };
}

/**
 * On the way back nobody can be asked whether he accepts that, because no command goes on there: it is taken as it is.
 */
export function revisedOnTheWayBack(situation: Situation, status: NamespaceMigrationStatus): NamespaceMigrationStatus {
  if (status.direction !== 'Backward') return status;
  const given = revisions(situation, status);
  if (Object.keys(given).length === 0) return status;
  return {
    ...status,
    ...originalRevised(situation, status),
    labels: toList({ ...fromList(status.labels ?? []), ...given }),
  };
}
