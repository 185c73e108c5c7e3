import type { Finding } from '../../../api/common.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Hold } from '../../others.ts';
import { whyNotRestartable } from '../../restartable.ts';
import { selects, type PodView, type WorkloadView } from '../../views.ts';
import { arrived } from '../itinerary.ts';
import type { ServiceFacts } from '../policy/translate/world.ts';
import { certainOf, guardedServices, sidecarCallers, type Caller } from '../waypoint/callers.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { found, some, type Evidence, type Rule } from './rule.ts';
import { nameOf } from '../vocabulary/objects.ts';

/*
 * Callers of the namespace itself are restarted before those whom they call (`order.ts`), but for those that the operator cannot restart. With its
 * sidecar such a pod goes past the waypoint, and is refused by the guard of pods that have none any more.
 */

interface Refused {
  readonly service: ServiceFacts;
  readonly pods: readonly PodView[];
}

/** Pods of the namespace that are among some callers, as far as a restart does not get them out of the way. */
interface Remaining {
  readonly notRestartable: readonly PodView[];
  readonly draining: readonly PodView[];
}

/** Many Services have the same callers. */
const remainingOf = memoize((surroundings: Surroundings) =>
  memoize((callers: readonly Caller[]): Remaining => {
    const { namespace, workloads } = surroundings;
    const own = sidecarCallers(callers, surroundings).filter((pod) => pod.namespace === namespace.name);
    return {
      notRestartable: own.filter((pod) => !pod.terminating && whyNotRestartable(pod, workloads) !== undefined),
      draining: own.filter(({ terminating }) => terminating),
    };
  }),
);

/** Services here that would refuse pods of the namespace which call them. */
function refusing(surroundings: Surroundings, which: keyof Remaining): readonly Refused[] {
  if (surroundings.spec.policies.bypass !== 'CallersFirst' || !getsWaypoint(surroundings)) return [];
  const remaining = remainingOf(surroundings);
  return guardedServices(surroundings).flatMap(({ service, callers }): readonly Refused[] => {
    const pods = [...new Set(certainOf(callers).flatMap((each) => remaining(each.callers)[which]))];
    return pods.length === 0 ? [] : [{ service, pods }];
  });
}

function evidenceOf({ service, pods }: Refused): Evidence {
  return {
    object: nameOf({ kind: 'Service', namespace: service.namespace, name: service.name }),
    message: `it is called by pods that the operator cannot restart, which would be refused as long as they have their sidecars: ${some(pods)}. Its workloads are restarted when these are replaced`,
  };
}

/** The old pods of a caller that was restarted, for as long as they end what they have begun. */
function drainingEvidence({ service, pods }: Refused): Evidence {
  return {
    ...evidenceOf({ service, pods }),
    message: `it is called by pods on their way out, which would be refused as long as they have their sidecars: ${some(pods)}`,
    fix: 'It goes on by itself when they have ended, after their terminationGracePeriodSeconds at the latest.',
  };
}

const rule: Rule = {
  id: 'MM122',
  severity: 'Warning',
  when: 'Start',
  lasts: true,
  title: 'A caller cannot be restarted',
  fix: 'When the labels of the namespace have changed, replace these pods yourself (delete a bare pod and create it again, resume the Deployment, restart the Rollout); a Job is waited for until it ends. It goes on by itself. Or say in spec.callers that they do not call.',
  find: (surroundings) => refusing(surroundings, 'notRestartable').map(evidenceOf),
};

/** The rule about them; on the way `callersRefusedBy` asks the same. */
export const ownCallerRules: readonly Rule[] = [rule];

/**
 * What keeps a workload from being restarted because a caller beside it would be refused then. Before the labels change
 * a restart gives it a sidecar again, and nobody could get his caller into ambient.
 */
export function callersRefusedBy(surroundings: Surroundings, { templateLabels }: WorkloadView): Hold | undefined {
  if (!arrived(surroundings.route, surroundings.namespace.labels)) return undefined;
  const isBehind = ({ service }: Refused): boolean => selects({ matchLabels: service.selector }, templateLabels);
  const refused = refusing(surroundings, 'notRestartable').find(isBehind);
  // It lasts as long as its owner lets it, and takes nobody back.
  if (refused !== undefined) return held(evidenceOf(refused), surroundings);
  const draining = refusing(surroundings, 'draining').find(isBehind);
  return draining && held(drainingEvidence(draining), surroundings, true);
}

function held(evidence: Evidence, surroundings: Surroundings, passing = false): Hold | undefined {
  const [first] = found({ ...rule, find: () => [evidence] }, surroundings);
  if (first === undefined) return undefined;
  const finding: Finding = { ...first.finding, severity: 'Critical' };
  return { finding, others: true, ...(passing && { passing }) };
}
