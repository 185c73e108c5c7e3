import type { Surroundings } from '../../adapter.ts';
import { podsOwnedBy } from '../../look-up.ts';
import type { PodView, WorkloadView } from '../../views.ts';
import { bypassesInbound } from '../settings/inbound-capture.ts';
import { dataplaneModeLabel } from '../vocabulary/labels.ts';
import { concerns } from '../vocabulary/pod-mode.ts';
import { isOfGateway, isOwnedByGateway } from '../vocabulary/gateway-pods.ts';
import { bypassRule } from './bypassed.ts';
import { hasAny, nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

/** What ztunnel would enforce at the pods of a gateway as soon as they are captured. */
const enforced = ['AuthorizationPolicy', 'PeerAuthentication'];

/** Whether the next pods of a gateway would be captured, whether it has pods now or sleeps. */
function isTaken(workload: WorkloadView): boolean {
  const { hostNetwork, templateLabels } = workload;
  return isOwnedByGateway(workload) && hostNetwork !== true && templateLabels[dataplaneModeLabel] !== 'none';
}

/**
 * What becomes of the pods. Once the namespace is in ambient it is so already, and what was cut then is over: nothing is
 * left to be told where no policy refuses anybody.
 */
function fateOf(workload: WorkloadView, runs: boolean, isRefused: boolean, isThere: boolean): string {
  const pods = `its ${runs ? '' : 'next '}pods, which serve Gateway ${workload.gateway ?? ''},`;
  const capture = isThere ? 'are captured' : 'would be captured';
  const unrefused = runs ? 'their connections are cut' : 'their traffic goes through ztunnel';
  const why = isRefused
    ? 'clients outside the mesh send plaintext, which ztunnel refuses under STRICT and under policies by identity'
    : unrefused;
  return `${pods} ${capture} with the namespace${runs && !isThere ? ' while they run' : ''}: ${why}`;
}

/** Whether ztunnel would see what clients send: a gateway can be captured outbound only, by template and by pod. */
function meetsClients(workload: WorkloadView, running: readonly PodView[]): boolean {
  return ![{ annotations: workload.templateAnnotations }, ...running].every(bypassesInbound);
}

/** How the pods of a Gateway are kept out. */
export function optOutOf(namespace: string, gateway: string): string {
  return `Have the gateway opt out, and wait until its pods are new: kubectl patch gateways.gateway.networking.k8s.io ${gateway} -n ${namespace} --type=merge -p '{"spec":{"infrastructure":{"labels":{"${dataplaneModeLabel}":"none"}}}}'`;
}

/** One for each gateway whose pods the label of the namespace captures: while they run, or as soon as it wakes. */
function captured(surroundings: Surroundings): readonly Evidence[] {
  const { route, pods, workloads, namespace } = surroundings;
  if (route.to !== 'IstioAmbient') return [];
  const ofGateways = pods.filter((pod) => concerns(pod) && !pod.terminating && isOfGateway(pod, workloads));
  const decides = hasAny(enforced, surroundings);
  const isThere = namespace.labels[dataplaneModeLabel] === 'ambient';
  return workloads
    .map((workload) => ({ workload, own: isOwnedByGateway(workload) ? podsOwnedBy(workload, ofGateways) : [] }))
    .filter(({ workload, own }) => isTaken(workload) || own.length > 0)
    .map(({ workload, own }) => ({
      workload,
      runs: own.length > 0,
      isRefused: decides && meetsClients(workload, own),
    }))
    .filter(({ isRefused }) => isRefused || !isThere)
    .map(({ workload, runs, isRefused }) => ({
      object: nameOf(workload),
      message: fateOf(workload, runs, isRefused, isThere),
      fix: optOutOf(workload.namespace, workload.gateway ?? ''),
      ...(!isRefused && { severity: 'Warning' as const }),
    }));
}

/** Gateways of the Gateway API that stand in the namespace itself, and pods that are captured outbound only. */
export const capturedGatewayRules: readonly Rule[] = [
  {
    id: 'MM138',
    severity: 'Critical',
    isAcknowledgeable: true,
    when: 'BeforeFlip',
    lasts: true,
    back: 'Asked',
    aboutServing: true,
    decidedBy: ['AuthorizationPolicy', 'PeerAuthentication'],
    title: 'A gateway in the namespace would be captured',
    fix: 'Have its Gateway opt out by spec.infrastructure.labels, istio.io/dataplane-mode: none.',
    find: captured,
  },
  bypassRule,
];
