import type { Finding } from '../api/common.ts';
import { fewFindings } from '../mesh/few-findings.ts';
import { concernedPods } from './concerned.ts';
import type { Situation } from './situation.ts';

/**
 * What is said of a namespace that somebody else has brought to where it is to go; undefined if it is not there. Beside
 * the first, which says so, is what its new data plane does not enforce: the operator has not asked before it moved.
 */
export function alreadyThere(situation: Situation): readonly [Finding, ...Finding[]] | undefined {
  const { adapter, surroundings, spec, object } = situation;
  const target = adapter.modeFor(spec.to);
  const pods = concernedPods(situation);
  if (!adapter.arrived(spec, surroundings.namespace.labels) || !pods.every((pod) => adapter.modeOf(pod) === target))
    return undefined;
  // Safe: E, it is only told, and nothing rests on it. Dying before or after: it is found anew at every look.
  const left = adapter.unenforcedThere(surroundings);
  const [first] = left;
  const there: Finding = {
    id: 'MM005',
    severity: 'Info',
    object: `Namespace ${object.metadata.namespace ?? ''}`,
    message:
      first === undefined
        ? `it is in ${spec.to} already; nothing is changed`
        : `it is in ${spec.to} already; nothing is changed, also of what is not enforced there: ${first.id} ${first.object}${left.length > 1 ? ` and ${String(left.length - 1)} more` : ''}`,
    fix: first === undefined ? 'Nothing to do.' : 'Do what the other findings say.',
  };
  return [there, ...fewFindings(left)];
}
