import type { Surroundings } from '../../adapter.ts';
import { dataplaneModeLabel } from '../labels.ts';
import { concerns } from '../pod-mode.ts';
import { isOfGateway } from '../waypoint/gateway-pods.ts';
import { hasAny, nameOf, type Evidence, type Rule } from './rule.ts';

/** What ztunnel would enforce at the pods of a gateway as soon as they are captured. */
const enforced = ['AuthorizationPolicy', 'PeerAuthentication'];

/** One for each gateway whose pods the label of the namespace would have captured while they run. */
function captured(surroundings: Surroundings): readonly Evidence[] {
  const { route, pods, workloads } = surroundings;
  if (route.to !== 'IstioAmbient') return [];
  const running = pods.filter((pod) => concerns(pod) && !pod.terminating);
  return workloads
    .filter((workload) => running.some((pod) => isOfGateway(pod, [workload])))
    .map((workload) => ({
      object: nameOf(workload),
      message: `its pods, which serve Gateway ${workload.gateway ?? ''}, would be captured with the namespace while they run: ${
        hasAny(enforced, surroundings)
          ? 'clients outside the mesh send plaintext, which ztunnel refuses under STRICT and under policies by identity'
          : 'their connections are cut'
      }`,
      fix: `Have the gateway opt out, and wait until its pods are new: kubectl patch gateways.gateway.networking.k8s.io ${workload.gateway ?? ''} -n ${workload.namespace} --type=merge -p '{"spec":{"infrastructure":{"labels":{"${dataplaneModeLabel}":"none"}}}}'`,
      ...(!hasAny(enforced, surroundings) && { severity: 'Warning' as const }),
    }));
}

/** Gateways of the Gateway API that stand in the namespace itself. */
export const capturedGatewayRules: readonly Rule[] = [
  {
    id: 'MM138',
    severity: 'Critical',
    when: 'BeforeFlip',
    back: 'Asked',
    title: 'A gateway in the namespace would be captured',
    fix: 'Have its Gateway opt out by spec.infrastructure.labels, istio.io/dataplane-mode: none.',
    find: captured,
  },
];
