import { z } from 'zod';
import { Accepted } from './accepted.ts';
import { Command, Condition, DataPlane, Duration, Finding, Time } from './common.ts';

/** Kubernetes' own namespaces: never migrated. Istio's own namespace is refused too, by a finding or by this list. */
export const systemNamespaces = ['kube-system', 'kube-public', 'kube-node-lease', 'istio-system'] as const;

const NamespaceName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);

const LabelKey = z
  .string()
  .min(1)
  .max(317)
  .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/);

/** What the API server admits as the value of a label (k8s.io/apimachinery/pkg/util/validation: IsValidLabelValue). */
export const LabelValue = z
  .string()
  .max(63)
  .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/);

const ServiceAccountName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);

/**
 * As istiod compares them: whole, by a beginning or by an end; without `spiffe://`, which it adds itself, so that no
 * caller has it.
 */
const Principal = z
  .string()
  .min(1)
  .max(512)
  .regex(
    /^(\*|\*[^\s*:]+|[^\s*:]+\*|[^\s*:\/]+\/ns\/[a-z0-9]([-a-z0-9]*[a-z0-9])?\/sa\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/,
  );

const LabelRequirement = z
  .object({
    key: LabelKey.describe('Label key.'),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']).describe('How the label relates to the values.'),
    values: z.array(LabelValue).max(64).optional().describe('For In and NotIn: the values.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
        message: 'In and NotIn need values; Exists and DoesNotExist must not have any',
      },
    ],
  });

/** metav1.LabelSelector. */
export const LabelSelector = z.object({
  matchLabels: z
    .record(z.string().max(317), LabelValue)
    .optional()
    .describe('Labels that must all be there.')
    .meta({ maxProperties: 64 }),
  matchExpressions: z.array(LabelRequirement).max(32).optional().describe('Requirements that must all hold.'),
});
export type LabelSelector = z.infer<typeof LabelSelector>;

const NamespaceSelection = z
  .object({
    selector: LabelSelector.optional().describe(
      'Namespaces by label. Namespaces that begin to match later join at the end.',
    ),
    names: z
      .array(NamespaceName)
      .max(1000)
      .default([])
      .describe('Namespaces by name.')
      .meta({ 'x-kubernetes-list-type': 'set' }),
    exclude: z
      .array(NamespaceName)
      .max(500)
      .default([])
      .describe('Namespaces that stay out whatever the selector says.')
      .meta({ 'x-kubernetes-list-type': 'set' }),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'self.names.size() > 0 || has(self.selector)',
        message: 'selects nothing: give names or selector',
      },
      {
        rule: '!has(self.selector) || (has(self.selector.matchLabels) && self.selector.matchLabels.size() > 0) || (has(self.selector.matchExpressions) && self.selector.matchExpressions.size() > 0)',
        message:
          'selector is empty and would select every namespace: give it at least one label or expression, or leave it out',
      },
      {
        rule: `!self.names.exists(n, n in [${systemNamespaces.map((name) => `'${name}'`).join(', ')}])`,
        message: `system namespaces (${systemNamespaces.join(', ')}) cannot be migrated: take them out of names`,
      },
      {
        rule: '!self.names.exists(n, n in self.exclude)',
        message: 'a namespace is both in names and in exclude: take it out of one of them',
      },
    ],
  });

const Restart = z.object({
  podsPerMinute: z
    .int32()
    .min(1)
    .max(6000)
    .default(120)
    .describe(
      'Upper bound on pods restarted per minute over the whole migration. A workload starts only when the pods of the ones before it are paid for.',
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
      names: z
        .array(NamespaceName)
        .max(1000)
        .default([])
        .describe('Namespaces by name.')
        .meta({ 'x-kubernetes-list-type': 'set' }),
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
});

const Rollback = z.object({
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
      'What becomes of a namespace that is under way when spec.namespaces does not select it any more. Hold: it stays where it is, only copies follow their originals. Rollback: it goes back. Finish: it goes on. One that is Migrated stays until it is rolled back or finalized; one that was not started is never started.',
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

const Waypoint = z.object({
  adopt: WaypointName.optional()
    .describe(
      'Name of waypoints of yours (Gateways of class istio-waypoint). A namespace that needs a waypoint and has one of this name uses that one, which is never created, changed, scaled or deleted; any other gets one that the operator makes. What a namespace uses is settled when it starts. From IstioSidecar to IstioAmbient only.',
    )
    .meta({
      'x-kubernetes-validations': [
        { rule: "self != 'none'", message: 'none is no name of a waypoint: as a label it means that there is none' },
      ],
    }),
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

const Policies = z.object({
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

const Caller = z.object({
  namespace: NamespaceName.describe('The namespace that is called.'),
  from: z
    .array(
      z.object({
        namespace: NamespaceName.describe('Namespace of the caller.'),
        serviceAccount: ServiceAccountName.optional().describe(
          'ServiceAccount of the caller. Default: all of its namespace.',
        ),
      }),
    )
    .max(200)
    .describe('Everybody who calls it. An empty list: nobody.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
});

const FailureBudget = z.object({
  namespaces: z
    .int32()
    .min(0)
    .max(1000)
    .default(0)
    .describe('How many namespaces may fail before no further namespace is started.'),
});

/** What is wanted. */
export const MeshMigrationSpec = z
  .object({
    from: DataPlane.describe('The data plane the namespaces are in now.'),
    to: DataPlane.describe('The data plane they shall be in.'),
    action: z
      .enum(['Plan', 'Migrate', 'Pause', 'Rollback', 'Finalize'])
      .default('Plan')
      .describe(
        'Plan only looks and reports. Migrate moves the namespaces. Pause starts nothing more and goes no further. Rollback puts everything back. Finalize seals what is Migrated: no rollback after that.',
      ),
    namespaces: NamespaceSelection.describe('Which namespaces are in scope.'),
    restart: Restart.prefault({}).describe('How workloads are restarted.'),
    waypoint: Waypoint.prefault({}).describe(
      'The waypoint of a namespace that needs one: only where a policy or a route needs HTTP.',
    ),
    policies: Policies.prefault({}).describe('What happens to policies on the way.'),
    callers: z
      .array(Caller)
      .max(200)
      .default([])
      .describe(
        'Who calls which namespace, where its AuthorizationPolicies do not say so. Callers that nobody names count as having sidecars.',
      )
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['namespace'] }),
    accept: z
      .array(Accepted)
      .max(200)
      .default([])
      .describe(
        'Findings about objects in namespaces of others that keep nobody from starting any more: they become warnings. Only for objects that stand neither in the namespace that is migrated nor in that of the control plane. An entry that is about nothing is MM126.',
      )
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['finding', 'object'] }),
    rollback: Rollback.prefault({}).describe('When and how to go back.'),
    failureBudget: FailureBudget.prefault({}).describe(
      'How much may fail before the migration stops starting namespaces.',
    ),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: "!has(self.waypoint) || !has(self.waypoint.adopt) || (self.from == 'IstioSidecar' && self.to == 'IstioAmbient')",
        message:
          'waypoint.adopt is for the way from IstioSidecar to IstioAmbient: no other one puts a waypoint in front of a namespace',
      },
      { rule: 'self.from != self.to', message: 'from and to are the same: there is nothing to migrate' },
      {
        rule: 'self.from == oldSelf.from && self.to == oldSelf.to',
        message: 'from and to cannot be changed: delete this MeshMigration (it rolls back) and create another',
      },
    ],
  });
export type MeshMigrationSpec = z.infer<typeof MeshMigrationSpec>;

/** Phases of a MeshMigration. */
export const MigrationPhase = z.enum([
  'Planning',
  'Planned',
  'Migrating',
  'Paused',
  'RollingBack',
  'RolledBack',
  'Migrated',
  'Incomplete',
  'Finalized',
  'Blocked',
  'Failed',
]);
export type MigrationPhase = z.infer<typeof MigrationPhase>;

const NamespaceTotals = z.object({
  total: z
    .int()
    .min(0)
    .describe('Namespaces in scope: the sum of pending, blocked, inFlight, migrated, incomplete and rolledBack.'),
  pending: z.int().min(0).describe('Not started yet.'),
  blocked: z.int().min(0).describe('Not started because of critical findings, their own or about the selection.'),
  inFlight: z.int().min(0).describe('Being migrated or rolled back, or stopped half-way.'),
  migrated: z.int().min(0).describe('Migrated or Finalized.'),
  incomplete: z
    .int()
    .min(0)
    .describe(
      'All that the operator can restart is done, but pods of the old data plane are left that only their owner can replace.',
    ),
  rolledBack: z.int().min(0).describe('Back as they were.'),
  failed: z
    .int()
    .min(0)
    .describe(
      'How many of these failed on the way, whether rolled back since or not (so each is counted in inFlight or rolledBack too), and of those that are only restarted for HBONE, which are in no other number; counted against failureBudget.',
    ),
});
export type NamespaceTotals = z.infer<typeof NamespaceTotals>;

/** The reason of a namespace in `status.returned` that did not fail. */
export const commanded = 'Command';

/**
 * The reason of a namespace in `status.returned` whose journal was taken away: where it stands is known only to whoever
 * brings it back by hand.
 */
export const journalLost = 'JournalLost';

/** How many namespaces `status.returned` has room for. */
export const mostReturned = 1000;

/** A namespace that is not started again by itself. */
export const Returned = z.object({
  namespace: z.string().max(63).describe('The namespace.'),
  uid: z.string().max(64).describe('Its uid: a namespace that was deleted and created again is another one.'),
  attempt: z.int().min(0).describe('The attempt that was taken back; 0 where that is not known.'),
  reason: z
    .string()
    .max(128)
    .describe(
      'Why: the reason of its failure, Command, or JournalLost where the record on the Namespace was taken away.',
    ),
  at: Time.describe('When it failed, or when the command was given, or the loss was noted.'),
  by: z.string().max(256).optional().describe('Who commanded it back; absent after a failure.'),
  over: z
    .boolean()
    .optional()
    .describe('That all of it was back. The entry is there from the beginning of the way back on.'),
});
export type Returned = z.infer<typeof Returned>;

/** A bounded summary; the details are in the NamespaceMigrations. */
export const MeshMigrationStatus = z.object({
  phase: z
    .string()
    .max(16)
    .optional()
    .describe('Where the migration is. Edit it to RollingBack, Paused or Migrating to command exactly that.'),
  writtenPhase: MigrationPhase.optional().describe(
    'The phase as the operator wrote it last; a phase that differs from it is a command.',
  ),
  observedGeneration: z.int().min(0).optional().describe('metadata.generation that this status was computed from.'),
  command: Command.optional().describe('The last command given by editing the status, while it holds.'),
  namespaces: NamespaceTotals.optional().describe('Namespaces by state.'),
  findings: z
    .array(Finding)
    .max(50)
    .optional()
    .describe('Findings about the migration as a whole.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  needAttention: z
    .int()
    .min(0)
    .optional()
    .describe('How many namespaces need a person; attention has room for 20 of them.'),
  attention: z
    .array(
      z.object({
        namespace: z.string().max(63).describe('The namespace.'),
        phase: z.string().max(16).describe('Its phase.'),
        message: z.string().max(1024).describe('What is the matter.'),
      }),
    )
    .max(20)
    .optional()
    .describe(
      'Namespaces that need a person, the worst first: stuck, failed, rolled back, stopped, incomplete, blocked.',
    )
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  returned: z
    .array(Returned)
    .max(mostReturned)
    .optional()
    .describe(
      'Namespaces that went back by a failure or by a command of their own, or whose journal was lost: they are not started again by themselves. The command Migrating on the NamespaceMigration takes an entry away.',
    )
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['namespace'] }),
  startedAt: Time.optional().describe('When the first namespace was started.'),
  conditions: z
    .array(Condition)
    .max(16)
    .optional()
    .describe('Ready, Reconciling and Stalled, with the meaning kstatus gives them.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
});
export type MeshMigrationStatus = z.infer<typeof MeshMigrationStatus>;
