import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import { asPod } from '../../../views.ts';
import { nameOf, selectorOf } from '../../vocabulary/objects.ts';
import { markOfSaying } from './mark.ts';
import { leftAlone, type LeftAlone } from '../../settings/outbound-ports.ts';
import { sidecarsOf } from './told-services.ts';
import { willBeProtected } from '../other-pods.ts';

/** Somebody whose calls his sidecar does not take, or of whom it is not told, for himself alone. */
export interface Losing {
  /** By name, or of what has another name each time by what it says. */
  readonly who: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number | undefined;
  readonly left: readonly LeftAlone[];
  /** Whether a Sidecar resource selects it, and not all of the namespace. */
  readonly isSelected: boolean;
}

/** Everybody in the namespace who does. */
export const losing = memoize((surroundings: Surroundings): readonly Losing[] => {
  const { workloads, otherTemplates, namespace, mesh } = surroundings;
  return [...workloads, ...otherTemplates].filter(willBeProtected).flatMap((template): readonly Losing[] => {
    const { labels, annotations } = asPod(template);
    const left = leftAlone({ annotations }, mesh);
    const isSelected = sidecarsOf([labels], namespace.name, mesh).some(
      (each) => each !== undefined && selectorOf(each) !== undefined,
    );
    if (left.length === 0 && !isSelected) return [];
    const who = 'replicas' in template ? nameOf(template) : markOfSaying(template);
    return [{ who, createdAt: template.createdAt, left, isSelected }];
  });
});
