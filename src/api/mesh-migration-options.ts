import { z } from 'zod';
import { Duration, DurationOrNone } from './common.ts';
import { NamespaceName, NamespaceNames, Principal, LabelSelector } from './names.ts';

/** `spec.restart`: how workloads are restarted. */
export const Restart = z.object({
  podsPerMinute: z
    .int32()
    .min(1)
    .max(6000)
    .default(120)
    .describe(
      'How many pods are restarted per minute over the whole migration. A workload starts only when the pods of the ones before it are paid for; for those of one workload of another namespace it waits ten minutes at most.',
    ),
  maxUnavailablePerWorkload: z
    .union([
      z.int().min(0),
      z
        .string()
        .max(4)
        .regex(/^(100|[0-9]{1,2})%$/),
    ])
    .default('25%')
    .describe(
      'How many pods of one workload may be unavailable at once, as a number or a percentage (rounded up, at least 1). A workload whose own update strategy allows more is reported (MM055) and blocks its namespace.',
    ),
  hbone: z
    .enum(['Auto', 'Never'])
    .default('Auto')
    .describe(
      'Auto restarts sidecars that were injected before ambient was enabled, because ztunnel can only send them plaintext. Never leaves them, which blocks whoever may call them where a policy decides by who calls or STRICT is in force (MM100).',
    ),
  hboneNamespaces: z
    .object({
      names: NamespaceNames,
      selector: LabelSelector.optional().describe('Namespaces by label.'),
    })
    .meta({
      'x-kubernetes-validations': [
        {
          rule: '(has(self.names) && self.names.size() > 0) || has(self.selector)',
          message: 'names nobody: give names or selector',
        },
        {
          rule: '!has(self.selector) || (has(self.selector.matchLabels) && self.selector.matchLabels.size() > 0) || (has(self.selector.matchExpressions) && self.selector.matchExpressions.size() > 0)',
          message:
            'selector is empty and would take in every namespace: give it at least one label or expression, or leave it out',
        },
      ],
    })
    .optional()
    .describe(
      'Namespaces that stay as they are and whose sidecars may be restarted, once, so that ztunnel reaches them with the identity of the caller: for this and for nothing else. Those that are in scope need not be named.',
    ),
  progressDeadline: Duration.default('10m').describe(
    'How long a restarted workload may go without progress before the namespace is rolled back (for a Deployment its own progressDeadlineSeconds counts if that is shorter). As long may a waypoint or any other gate take, a workload be short of pods or budget before its restart, and a pod hang on its way out, before a person is needed.',
  ),
  enrolmentDeadline: Duration.default('1m').describe(
    'How long a pod may be Ready without being in the mesh it should be in before the namespace is rolled back.',
  ),
  watch: DurationOrNone.default('2m').describe(
    'How long the workloads of a namespace are watched when the last of them is restarted, before the next step. One that loses pods meanwhile, or while others are restarted, keeps these waiting, and is given progressDeadline to recover before the namespace is rolled back. At rest one that is short of pods for as long is told (Stalled), and takes nothing back. 0s: the next step follows at once, and nothing is told.',
  ),
});

/** `spec.rollback`: when and how what was changed is put back. */
export const Rollback = z.object({
  automatic: z
    .boolean()
    .default(true)
    .describe(
      'Roll a namespace back by itself when a restarted workload or a pod misses its deadline or a critical finding appears. With false the namespace stops as Failed and waits for a person.',
    ),
  onScopeLost: z
    .enum(['Hold', 'Rollback', 'Finish'])
    .default('Hold')
    .describe(
      'What becomes of a namespace that is under way when spec.namespaces does not select it any more. Hold: it stays where it is, only copies follow their originals. Rollback: it goes back, and is not started again by itself when it is selected again. Finish: it goes on. One that is Migrated stays until it is rolled back or finalized; one that was not started is never started.',
    ),
  onDelete: z
    .enum(['Rollback', 'Leave'])
    .default('Rollback')
    .describe(
      'What deleting this object does. Rollback: everything that is not Finalized goes back. Leave: namespaces that are Migrated stay so; those under way still go back, because half-migrated is no state to leave behind.',
    ),
});

/** A Gateway, and so a Service and a label value: a DNS label that begins with a letter. */
export const WaypointName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/);

/** `NAMESPACE/SERVICE`, or `NAMESPACE/*` for all of a namespace. */
export const ServicePath = z
  .string()
  .min(3)
  .max(127)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$/);

/** `spec.waypoint`: the waypoint of namespaces that need one. */
export const Waypoint = z.object({
  adopt: WaypointName.optional()
    .describe(
      'Name of waypoints of yours (Gateways of class istio-waypoint). A namespace that needs a waypoint and has one of this name uses that one, which is never created, changed, scaled or deleted; any other gets one that the operator makes. What a namespace uses is settled when it starts. From IstioSidecar to IstioAmbient only.',
    )
    .meta({
      'x-kubernetes-validations': [
        { rule: "self != 'none'", message: 'none is no name of a waypoint: as a label it means that there is none' },
      ],
    }),
  services: z
    .array(ServicePath)
    .max(1000)
    .default([])
    .describe(
      'Services that are to have a waypoint although no policy or route needs one, as NAMESPACE/SERVICE or NAMESPACE/* (all of the namespace that a waypoint can stand before): it balances each request, tries again and reports HTTP, which ztunnel does not. Settled when the namespace starts: an entry that comes or goes later counts at its next start. From IstioSidecar to IstioAmbient only.',
    )
    .meta({ 'x-kubernetes-list-type': 'set' }),
  replicas: z
    .object({
      min: z
        .int32()
        .min(1)
        .max(100)
        .default(2)
        .describe(
          'Pods that are always there; below 2 an update or a lost node interrupts every request that needs HTTP policies.',
        ),
      max: z
        .int32()
        .min(1)
        .max(1000)
        .default(10)
        .describe('Pods at most, when the HorizontalPodAutoscaler adds some under load.'),
    })
    .prefault({})
    .describe('How many pods the waypoint of a namespace has.')
    .meta({
      'x-kubernetes-validations': [
        { rule: '!has(self.min) || !has(self.max) || self.min <= self.max', message: 'min is larger than max' },
      ],
    }),
  resources: z
    .object({
      requests: z
        .record(z.string().max(317), z.string().max(32))
        .optional()
        .describe('Resources that a waypoint pod asks for, for example cpu: 200m.')
        .meta({ maxProperties: 16 }),
      limits: z
        .record(z.string().max(317), z.string().max(32))
        .optional()
        .describe('Resources that a waypoint pod may use at most.')
        .meta({ maxProperties: 16 }),
    })
    .optional()
    .describe('Resources of its proxy container. Default: those of the Istio installation.'),
});

const Direct = z
  .object({
    namespace: NamespaceName.describe('The namespace whose pods they reach.'),
    ports: z
      .array(z.int32().min(1).max(65535))
      .max(64)
      .default([])
      .describe('Container ports on which anybody may go on reaching the pods directly, those of metrics for example.')
      .meta({ 'x-kubernetes-list-type': 'set' }),
    principals: z
      .array(Principal)
      .max(64)
      .default([])
      .describe(
        'Callers that may go on reaching the pods directly, as in the principals of an AuthorizationPolicy: cluster.local/ns/monitoring/sa/prometheus, or a beginning or an end of it with *. Without spiffe://, with which it would match nobody.',
      )
      .meta({ 'x-kubernetes-list-type': 'set' }),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: '(has(self.ports) && self.ports.size() > 0) || (has(self.principals) && self.principals.size() > 0)',
        message: 'names nobody: give ports or principals',
      },
    ],
  });

/** `spec.policies`: what becomes of policies on the way. */
export const Policies = z.object({
  bypass: z
    .enum(['CallersFirst', 'FailClosed'])
    .default('CallersFirst')
    .describe(
      'Callers with sidecars never use a waypoint, so pods that have lost their sidecar refuse them where a policy needs HTTP. CallersFirst: a namespace that needs a waypoint is not started before all its callers are known and in ambient. FailClosed: it is started, and callers that still have sidecars are refused until they are in ambient.',
    ),
  refusals: z
    .enum(['Block', 'Accept'])
    .default('Block')
    .describe(
      'What it means that a request which gets through today would be refused on the way or afterwards (MM091, MM099). Block: the namespace is not started. Accept: it is a warning. A request that would get through and does not today always blocks.',
    ),
  direct: z
    .array(Direct)
    .max(200)
    .default([])
    .describe(
      'Who may still go past the waypoint of a namespace once its pods have lost their sidecars. ztunnel alone decides about them; where that would let something through that is refused today, the namespace is blocked (MM086).',
    )
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['namespace'] }),
  settle: Duration.default('15s').describe(
    'How long proxies are given to receive what istiod has accepted, before a step relies on it: nothing tells when the last one has. istiod alone may gather changes for 10s (PILOT_DEBOUNCE_MAX). As long as that the labels of a namespace have to stand before the first restart by them, there and back: the API server and the node agents learn of them late too.',
  ),
});
