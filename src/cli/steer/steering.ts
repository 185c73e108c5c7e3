import type { MeshMigration, NamespaceMigration } from '../../api/resources.ts';
import type { MeshMigrationSpec } from '../../api/mesh-migration-spec.ts';
import type { Place } from '../../engine/command-lines.ts';

/** What is edited by a command, as docs/user-guide.md has people do it. */
export type Edit =
  | { readonly field: 'status.phase'; readonly value: 'Paused' | 'Pause' | 'Migrating' | 'RollingBack' }
  | { readonly field: 'spec.action'; readonly value: MeshMigrationSpec['action'] };

/** What comes of a command, as far as the objects tell that were read. */
export type Decision =
  /** Nothing is to be done: it is so. */
  | { readonly kind: 'Already'; readonly message: string }
  /** It cannot be done now, and nothing is written. */
  | { readonly kind: 'Refuse'; readonly message: string }
  /** `says` goes on after the name of the object: "is paused". */
  | { readonly kind: 'Write'; readonly edit: Edit; readonly says: string };

/** A MeshMigration, and what is needed of its namespaces. */
export interface MigrationPicture {
  readonly object: MeshMigration;
  /** Undefined where nobody asked for them, or we may not list them. */
  readonly children: readonly NamespaceMigration[] | undefined;
}

/** A namespace of a migration; the migration itself is unknown to whoever has no rights beyond the namespace. */
export interface NamespacePicture {
  readonly record: NamespaceMigration;
  readonly migration: MeshMigration | undefined;
}

/** Says a command of this program about an object. */
export type Typed = (command: string, place: Place) => string;

/** One of the commands that steer: both decisions are pure, and made again whenever what was read has changed. */
export interface Steering {
  readonly name: string;
  readonly summary: string;
  readonly details: string;
  readonly examples: readonly string[];
  /** What `--namespace` does, where it does not pick one namespace. */
  readonly alone?: string;
  /** Whether the operator records who has given it, so that a reason can stand there. */
  readonly isRecorded?: true;
  /** Whether the records of all namespaces have to be read for it. */
  needsChildren(object: MeshMigration): boolean;
  ofMigration(picture: MigrationPicture, typed: Typed): Decision;
  ofNamespace(picture: NamespacePicture, typed: Typed): Decision;
}

/** It is so. */
export function already(message: string): Decision {
  return { kind: 'Already', message };
}

/** It cannot be. */
export function refuse(message: string): Decision {
  return { kind: 'Refuse', message };
}

/** By `status.phase`: survives a sync from Git, and takes the rights of `edit` only. */
export function setPhase(value: Extract<Edit, { field: 'status.phase' }>['value'], says: string): Decision {
  return { kind: 'Write', edit: { field: 'status.phase', value }, says };
}

/** By `spec.action`. */
export function setAction(value: MeshMigrationSpec['action'], says: string): Decision {
  return { kind: 'Write', edit: { field: 'spec.action', value }, says };
}

/** The object in a sentence. */
export function subjectOf({ name, namespace }: Place): string {
  return namespace === undefined ? `MeshMigration ${name}` : `Namespace ${namespace} of MeshMigration ${name}`;
}

/** Where the namespace is, as the operator wrote it. */
export function phaseOf({ status }: MeshMigration | NamespaceMigration): string {
  return status?.writtenPhase ?? 'not looked at yet';
}
