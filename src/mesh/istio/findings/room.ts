import { mostWorkloads } from '../../../api/namespace-migration.ts';
import { mostHeldBefore } from '../../others.ts';
import { isTooMuchHeld } from './held-before.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Evidence, Rule } from './rule.ts';

/** What is written down of a namespace is bounded: it stands in one object and in one annotation. */
function find(surroundings: Surroundings): readonly Evidence[] {
  const { namespace, workloads } = surroundings;
  const object = `Namespace ${namespace.name}`;
  if (workloads.length > mostWorkloads)
    return [
      {
        object,
        message: `it has ${workloads.length} workloads, and its record has room for ${mostWorkloads} that are restarted`,
      },
    ];
  if (!isTooMuchHeld(surroundings)) return [];
  return [
    {
      object,
      severity: 'Warning',
      message: `more than ${mostHeldBefore} things are so now, or more than one look can tell, that would keep a rollback waiting if they had come since the start, and no more are remembered: a rollback would wait for the others for ever`,
      fix: 'Divide the namespace, or take out what the checks of the way back speak of (docs/safety.md, What the way back meets); or finalize it, rather than roll it back.',
    },
  ];
}

/** What there is no room for in the record and the journal. */
export const roomRules: readonly Rule[] = [
  {
    id: 'MM146',
    severity: 'Critical',
    when: 'Start',
    notOnTheWay: 'Records of what is done and has nothing to be put back make room for others.',
    title: 'More than can be remembered',
    fix: 'Divide the namespace.',
    find,
  },
];
