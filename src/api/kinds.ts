import type { z } from 'zod';
import type { Resource } from './object.ts';
import { MeshMigrationStatus } from './mesh-migration-status.ts';
import { MeshMigrationSpec } from './mesh-migration-spec.ts';
import { NamespaceMigrationSpec, NamespaceMigrationStatus } from './namespace-migration.ts';
import { meshMigrations, namespaceMigrations } from './resources.ts';
import type { ValidationRule } from './structural-schema.ts';

/** A column of `kubectl get`; with priority 1 only of `kubectl get -o wide`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly description: string;
  readonly jsonPath: string;
  readonly priority?: 1;
}

/** All that a CustomResourceDefinition says about a kind beyond its schema. */
export interface KindDefinition {
  readonly resource: Resource;
  readonly shortName: string;
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  /** Rules over the whole object; only these may speak of metadata.name. */
  readonly rules: readonly ValidationRule[];
  readonly columns: readonly PrinterColumn[];
  /** What `kubectl get --field-selector` may select by. */
  readonly selectableFields: readonly string[];
}

const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  description: 'Since when the object exists.',
  jsonPath: '.metadata.creationTimestamp',
};

/** The kinds of the group, in the order of their documentation. */
export const kinds: readonly KindDefinition[] = [
  {
    resource: meshMigrations,
    shortName: 'mm',
    description:
      'MeshMigration moves a set of namespaces from one service mesh data plane to another while they serve traffic. As long as spec.action is Plan it only looks and reports.',
    spec: MeshMigrationSpec,
    status: MeshMigrationStatus,
    rules: [
      {
        rule: 'self.metadata.name.size() <= 63',
        message: 'the name may have at most 63 characters: it becomes the value of a label',
      },
    ],
    columns: [
      { name: 'Phase', type: 'string', description: 'Where the migration is.', jsonPath: '.status.phase' },
      { name: 'From', type: 'string', description: 'The data plane the namespaces come from.', jsonPath: '.spec.from' },
      { name: 'To', type: 'string', description: 'The data plane they move to.', jsonPath: '.spec.to' },
      { name: 'Total', type: 'integer', description: 'Namespaces in scope.', jsonPath: '.status.namespaces.total' },
      {
        name: 'Migrated',
        type: 'integer',
        description: 'Namespaces that arrived.',
        jsonPath: '.status.namespaces.migrated',
      },
      {
        name: 'InFlight',
        type: 'integer',
        description: 'Namespaces under way.',
        jsonPath: '.status.namespaces.inFlight',
      },
      {
        name: 'Blocked',
        type: 'integer',
        description: 'Namespaces with critical findings.',
        jsonPath: '.status.namespaces.blocked',
      },
      {
        name: 'Failed',
        type: 'integer',
        description: 'Namespaces that failed on the way.',
        jsonPath: '.status.namespaces.failed',
      },
      age,
      {
        name: 'RolledBack',
        type: 'integer',
        description: 'Namespaces that are back as they were.',
        jsonPath: '.status.namespaces.rolledBack',
        priority: 1,
      },
      {
        name: 'Incomplete',
        type: 'integer',
        description: 'Namespaces with pods of the old data plane left.',
        jsonPath: '.status.namespaces.incomplete',
        priority: 1,
      },
      {
        name: 'Attention',
        type: 'integer',
        description: 'Namespaces that need a person.',
        jsonPath: '.status.needAttention',
        priority: 1,
      },
      {
        name: 'Message',
        type: 'string',
        description: 'The message of the condition Ready.',
        jsonPath: '.status.conditions[?(@.type=="Ready")].message',
        priority: 1,
      },
    ],
    selectableFields: ['.spec.from', '.spec.to', '.status.phase'],
  },
  {
    resource: namespaceMigrations,
    shortName: 'nsm',
    description:
      'NamespaceMigration is the record of one namespace in a MeshMigration: findings, plan, steps, the state before the first change. The operator creates it; people read it, or edit status.phase to command this one namespace.',
    spec: NamespaceMigrationSpec,
    status: NamespaceMigrationStatus,
    rules: [],
    columns: [
      {
        name: 'Migration',
        type: 'string',
        description: 'The MeshMigration it belongs to.',
        jsonPath: '.spec.migration',
      },
      { name: 'Phase', type: 'string', description: 'Where the namespace is.', jsonPath: '.status.phase' },
      { name: 'Step', type: 'string', description: 'The step it is at.', jsonPath: '.status.step' },
      {
        name: 'Sidecar',
        type: 'integer',
        description: 'Pods with an Istio sidecar.',
        jsonPath: '.status.pods.sidecar',
      },
      { name: 'Ambient', type: 'integer', description: 'Pods enrolled in ztunnel.', jsonPath: '.status.pods.ambient' },
      { name: 'None', type: 'integer', description: 'Pods in no mesh.', jsonPath: '.status.pods.none' },
      age,
      {
        name: 'Message',
        type: 'string',
        description: 'What it is doing or waiting for.',
        jsonPath: '.status.message',
        priority: 1,
      },
    ],
    selectableFields: ['.spec.migration', '.status.phase'],
  },
];
