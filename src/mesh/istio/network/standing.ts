import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { mayMean } from '../../network-policy/admits.ts';
import type { NetworkPolicy } from '../../network-policy/types.ts';
import { asksForMore } from '../../network-policy/selected.ts';
import { declaredCallers } from '../waypoint/callers.ts';
import { namespaceCallers } from '../waypoint/namespace-callers.ts';
import { readableIn, rulesOf } from './ends.ts';
import type { Calls } from './waypoint-paths.ts';

/*
 * A rule that lets through whoever has some labels lets through who gives himself these, whenever he likes. That he may call says nothing about whether he does;
 * so what a policy of one's own would cut off counts by who says that these calls are made, and by whose pods would miss them.
 */

/** How calls that a policy of the namespace itself would cut off count. */
export type Standing =
  /** They are the namespace's own. */
  | 'Own'
  /** The owner has said that they are made: in `spec.callers`, by an ALLOW policy, or by a rule that means that namespace. */
  | 'Said'
  /** Metrics have seen them, or it is pods of the namespace itself that would make them. */
  | 'Likely'
  /** Somebody elsewhere has the labels that a rule asks for. */
  | 'Possible';

function ofCallers(surroundings: Surroundings): Standing {
  const callers = namespaceCallers(surroundings.namespace.name, surroundings);
  if (callers.kind === 'Unknown') return 'Possible';
  return callers.seen === true ? 'Likely' : 'Said';
}

const known = memoize((_surroundings: Surroundings) => new Map<string, Standing>());

/** Of calls that go into the namespace or out of it, or stay within; asked of each pair of pods. */
export function standingOf(calls: Calls, surroundings: Surroundings): Standing {
  const { from, to, isSingledOut } = calls;
  const key = `${from} ${to} ${isSingledOut}`;
  const found = known(surroundings).get(key) ?? workedOut(calls, surroundings);
  known(surroundings).set(key, found);
  return found;
}

function workedOut({ from, to, isSingledOut }: Calls, surroundings: Surroundings): Standing {
  const { namespace, spec } = surroundings;
  if (from === to) return 'Own';
  if (isSingledOut) return 'Said';
  if (to === namespace.name) return ofCallers(surroundings);
  // Policies and metrics there are that namespace's, which would say by them whom another one calls.
  return declaredCallers(to, spec.callers) === undefined ? 'Likely' : 'Said';
}

/** Whether calls from another namespace count, by what anybody says of it, before its pods are looked at. */
export function standsIn(name: string, surroundings: Surroundings): boolean {
  const { mesh, namespace } = surroundings;
  if (ofCallers(surroundings) !== 'Possible') return true;
  const labels = { 'kubernetes.io/metadata.name': namespace.name, ...namespace.labels };
  const there = {
    namespace: name,
    namespaceLabels: { 'kubernetes.io/metadata.name': name, ...mesh.labelsOf?.(name) },
  };
  const means = (policy: NetworkPolicy): boolean =>
    rulesOf(policy, 'Ingress').some(({ peers, ports }) =>
      peers.some(
        (peer) =>
          peer.kind === 'Pods' &&
          peer.namespaces !== undefined &&
          asksForMore(peer.namespaces, labels) &&
          mayMean({ peers: [peer], ports }, there, policy.namespace),
      ),
    );
  return readableIn(mesh.configs('NetworkPolicy', namespace.name)).some(means);
}
