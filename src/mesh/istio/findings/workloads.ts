import { restartAnnotation } from '../../../api/resources.ts';
import { arrived } from '../itinerary.ts';
import { concerns, modeFor } from '../vocabulary/pod-mode.ts';
import { isInjectedGateway } from '../vocabulary/gateway-pods.ts';
import { namelessCallers, refusedCallers } from './headless.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Rule } from './rule.ts';
import { asleep, inNeither, leftOut, perNamespace, podsIn, takenIn } from './templates.ts';
import { notTakenToday } from './not-taken-today.ts';
import { restarts, workloadsWithPods, notRestartable, tooManyUnavailable, unrecordable } from './restarts.ts';

/** Whether the workloads of the namespace can move, and what moving would do to them. */
export const workloadRules: readonly Rule[] = [
  {
    id: 'MM050',
    severity: 'Critical',
    when: 'BeforeFlip',
    back: 'Asked',
    title: 'A pod outside the mesh would be taken in',
    fix: 'To keep the pods out, label their template sidecar.istio.io/inject=false and istio.io/dataplane-mode=none. Or have them in the mesh first: take sidecar.istio.io/inject out of the template, where it stands there, and restart them.',
    find: takenIn,
  },
  {
    id: 'MM049',
    severity: 'Critical',
    when: 'Start',
    title: 'The namespace is not in the data plane it should leave',
    notOnTheWay:
      'Once it is started its labels are what the operator has set, and another value is a foreign change, which holds it.',
    fix: 'Take the namespace out of the selection, or bring it into spec.from first.',
    find: (surroundings) =>
      arrived({ from: surroundings.route.to, to: surroundings.route.from }, surroundings.namespace.labels) ||
      podsIn(surroundings, modeFor(surroundings.route.from)).length > 0
        ? []
        : [
            {
              object: `Namespace ${surroundings.namespace.name}`,
              message: `neither its labels nor its pods are in ${surroundings.route.from}`,
            },
          ],
  },
  {
    id: 'MM051',
    severity: 'Critical',
    when: 'BeforeRestart',
    back: 'Asked',
    title: 'A pod would be left without a mesh',
    fix: 'Remove what the message names, istio.io/dataplane-mode or sidecar.istio.io/inject, from the template of the workload.',
    find: leftOut,
  },
  {
    id: 'MM052',
    severity: 'Critical',
    when: 'BeforeRestart',
    back: 'Asked',
    aboutServing: true,
    title: 'Injected gateway',
    fix: 'Move the gateway to a namespace of its own that is not migrated.',
    find: (surroundings) =>
      surroundings.route.from !== 'IstioSidecar'
        ? []
        : [
            ...perNamespace(
              surroundings,
              surroundings.pods.filter(isInjectedGateway),
              (names) => `gateway pods get their proxy by injection, which stops: ${names}`,
            ),
            ...asleep(
              surroundings,
              isInjectedGateway,
              'its pods are gateways, which get their proxy by injection, which stops',
            ),
          ],
  },
  {
    id: 'MM053',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'A pod cannot be restarted',
    fix: 'Replace the pod yourself after the migration (it keeps working until then, but for calls that MM122 is about), or resume the paused Deployment before it.',
    find: notRestartable,
  },
  {
    id: 'MM054',
    severity: 'Critical',
    when: 'Start',
    title: 'A workload is not available',
    notOnTheWay:
      "The operator's own restarts make workloads unavailable; before each restart the workload has to be whole, and it waits for that.",
    fix: 'Repair it, or scale it to zero: a restart could not be told from the fault it has already.',
    find: (surroundings) =>
      workloadsWithPods(surroundings)
        .filter(
          (workload) =>
            !workload.paused &&
            (workload.observedGeneration < workload.generation || workload.available < workload.replicas),
        )
        .map((workload) => ({
          object: nameOf(workload),
          message:
            workload.available < workload.replicas
              ? `${workload.available} of ${workload.replicas} pods are available before anything was changed`
              : 'its controller has not seen yet what it is to be now (observedGeneration), so nobody knows whether its pods are',
        })),
  },
  {
    id: 'MM055',
    severity: 'Critical',
    isAcknowledgeable: true,
    when: 'BeforeRestart',
    back: {
      notAsked: 'it takes back what a restart did, with what the owner lets it take away; to stay would be worse',
    },
    title: 'A restart takes too many pods away',
    fix: 'Use RollingUpdate with a smaller maxUnavailable, or raise spec.restart.maxUnavailablePerWorkload.',
    find: tooManyUnavailable,
  },
  {
    id: 'MM056',
    severity: 'Warning',
    when: 'Start',
    title: 'A restart interrupts the workload',
    fix: 'Run at least two replicas, or choose a time at which the interruption does no harm.',
    find: (surroundings) =>
      workloadsWithPods(surroundings)
        .filter((workload) => workload.kind !== 'DaemonSet' && workload.maxUnavailable >= workload.replicas)
        .map((workload) => ({
          object: nameOf(workload),
          message: `its restart takes all ${workload.replicas} pods away for a moment`,
        })),
  },
  {
    id: 'MM058',
    severity: 'Critical',
    when: 'Start',
    title: 'A pod is in neither mode',
    notOnTheWay:
      'On the way pods are in neither for a moment; restart.enrolmentDeadline and Verify look at each of them.',
    fix: 'Find out what the pod is (kubectl describe pod), and delete or repair it.',
    find: inNeither,
  },
  {
    id: 'MM059',
    severity: 'Critical',
    isAcknowledgeable: true,
    when: 'Always',
    back: { notAsked: 'whoever is called goes back first, and callers are waited for' },
    title: 'Headless Service under STRICT',
    fix: 'Migrate all callers first and name them in spec.callers, or set PERMISSIVE for these workloads until every caller is ambient, or keep this namespace on sidecars.',
    find: refusedCallers,
  },
  {
    id: 'MM061',
    severity: 'Warning',
    when: 'Start',
    title: 'No preStop hook',
    fix: 'Give the containers a preStop sleep of a few seconds, or let the application drain on SIGTERM.',
    find: (surroundings) =>
      !restarts(surroundings)
        ? []
        : perNamespace(
            surroundings,
            surroundings.pods.filter(
              (pod) =>
                concerns(pod) &&
                !pod.terminating &&
                !pod.hasPreStop &&
                pod.owner !== undefined &&
                pod.owner.kind !== 'Job',
            ),
            (names) => `requests in flight can be lost when a pod stops at once: ${names}`,
          ),
  },
  {
    id: 'MM062',
    severity: 'Critical',
    when: 'BeforeRestart',
    back: 'Asked',
    decidedBy: ['AuthorizationPolicy', 'PeerAuthentication'],
    title: 'Ports that the sidecar does not take',
    fix: 'Admit the callers of these ports (portLevelMtls PERMISSIVE, a rule of the ALLOW policy with the port, no DENY of them), and remove the annotation or the setting of the mesh that the message names.',
    find: notTakenToday,
  },
  {
    id: 'MM063',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'whoever is called goes back first, and callers are waited for' },
    title: 'Policies would not know their callers',
    fix: 'Give callers an ordinary Service with a cluster IP in place of the headless one, or decide by ports instead of identities, or migrate all callers first and name them in spec.callers, or keep this namespace on sidecars.',
    find: namelessCallers,
  },
  {
    id: 'MM121',
    severity: 'Critical',
    when: 'BeforeRestart',
    back: { notAsked: 'the restart that cannot be recorded says so itself' },
    title: 'A restart annotation that cannot be recorded',
    fix: `Remove the annotation ${restartAnnotation} from the template, or give it a shorter value: nobody but the operator reads it.`,
    find: unrecordable,
  },
];
