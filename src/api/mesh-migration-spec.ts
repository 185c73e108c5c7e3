import { z } from 'zod';
import { Accepted } from './accepted.ts';
import { Acknowledgement } from './acknowledged.ts';
import { Approval } from './approval.ts';
import { DataPlane } from './common.ts';
import { Gate, mostGates } from './gates.ts';
import { Restart, Rollback, Waypoint, Policies } from './mesh-migration-options.ts';
import { systemNamespaces, NamespaceName, NamespaceNames, ServiceAccountName, LabelSelector } from './names.ts';
import { Wave } from './waves.ts';
import { mostWindows, Window } from './windows.ts';

const NamespaceSelection = z
  .object({
    selector: LabelSelector.optional().describe(
      'Namespaces by label. Namespaces that begin to match later join at the end. Of a namespace that is started those labels of data planes count that it had before: by what the migration itself makes of them nothing leaves the selection.',
    ),
    names: NamespaceNames,
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
    waves: z
      .array(Wave)
      .max(50)
      .default([])
      .describe(
        'In which order the namespaces begin: none of a wave before the one before it has arrived and soaked. Namespaces that are only restarted for HBONE belong to none, and get slots first. A way back goes by no waves. Default: all begin as slots are free.',
      )
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
    approval: Approval.prefault({}).describe(
      'Whether, and of which plans, somebody approves before anything is started.',
    ),
    windows: z
      .array(Window)
      .max(mostWindows)
      .default([])
      .describe(
        'When namespaces are started. What has begun goes on to its end whatever is closed, and a rollback and a pause never wait. Default: at any time.',
      )
      .meta({ 'x-kubernetes-list-type': 'atomic' }),
    restart: Restart.prefault({}).describe('How workloads are restarted.'),
    gates: z
      .array(Gate)
      .max(mostGates)
      .default([])
      .describe(
        'What has to be well for a namespace to go on when its workloads are restarted, by metrics: all of them have to pass. On the way there alone; what stays and is only restarted has none. Default: none, only that its pods stay available (restart.watch).',
      )
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
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
    acknowledge: z
      .array(Acknowledgement)
      .max(100)
      .default([])
      .describe(
        'Critical findings that somebody answers for: they become warnings that say why, and until when. Only about what is refused or lost, and never about objects of others (accept). An entry that is about nothing is MM126.',
      ),
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
      {
        rule: "!has(self.waypoint) || !has(self.waypoint.services) || self.waypoint.services.size() == 0 || (self.from == 'IstioSidecar' && self.to == 'IstioAmbient')",
        message:
          'waypoint.services is for the way from IstioSidecar to IstioAmbient: no other one puts a waypoint in front of a namespace',
      },
      { rule: 'self.from != self.to', message: 'from and to are the same: there is nothing to migrate' },
      {
        rule: 'self.from == oldSelf.from && self.to == oldSelf.to',
        message: 'from and to cannot be changed: delete this MeshMigration (it rolls back) and create another',
      },
    ],
  });
export type MeshMigrationSpec = z.infer<typeof MeshMigrationSpec>;
