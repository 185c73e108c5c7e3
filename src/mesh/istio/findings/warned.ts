import type { Surroundings } from '../../adapter.ts';
import { bounded } from '../../../base/effort.ts';
import { warningSteps } from '../../effort-limits.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence } from './rule.ts';

/** What holds nobody, as far as it can be told within the steps for that; `what` says of what there is too much. */
export function warned(
  { namespace: { name } }: Surroundings,
  what: string,
  work: () => readonly Evidence[],
): readonly Evidence[] {
  const found = bounded(warningSteps, work);
  if (found.kind === 'Done') return found.value;
  return [
    {
      object: nameOf({ kind: 'Namespace', name }),
      severity: 'Warning',
      message: `not judged: to compare ${what} takes more steps than one look may take for a warning`,
    },
  ];
}
