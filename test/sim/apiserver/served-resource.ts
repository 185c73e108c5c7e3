import type { KubeObject, Resource } from '../../../src/api/object.ts';
import type { StatusCause } from './errors.ts';
import type { FieldType } from './field-type.ts';

/** A column of `kubectl get` (metav1.TableColumnDefinition) and how its cell is found. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  /** 0 is shown always, 1 with `-o wide`. */
  readonly priority?: number;
  readonly cell: (object: KubeObject, now: number) => unknown;
}

/** What `fieldValidation` asks for. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** An object without unknown fields, and the paths of those it had. */
export interface Decoded {
  readonly object: KubeObject;
  readonly unknownFields: readonly string[];
}

/** What is peculiar to one kind in the life of its objects (registry strategy upstream). */
export interface Strategy {
  /**
   * When metadata.generation counts a change: never kept, on spec, on spec and annotations, or on everything but
   * metadata and status.
   */
  readonly generation: 'None' | 'Spec' | 'SpecAndAnnotations' | 'Everything';
  /** Whether PUT without resourceVersion is accepted. */
  readonly unconditionalUpdate: boolean;
  /** Whether PUT of an absent object creates it. */
  readonly createOnUpdate: boolean;
  /** Merge types for server-side apply. */
  readonly fieldType: FieldType;
  /** Drops unknown fields. */
  readonly decode: (object: KubeObject) => Decoded;
  /** Fills in defaults; runs on every write. */
  readonly default: (object: KubeObject) => KubeObject;
  /** Fills in what only creation decides; the uid is set already. */
  readonly prepareForCreate: (object: KubeObject) => KubeObject;
  /** Puts back what an update may not change. */
  readonly prepareForUpdate: (object: KubeObject, previous: KubeObject) => KubeObject;
  /** What is wrong with the object, apart from its metadata. */
  readonly validate: (object: KubeObject, previous: KubeObject | undefined) => readonly StatusCause[];
}

/** Where the scale subresource finds its numbers (JSON paths of field names). */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  readonly selector: readonly string[];
}

/** One resource in one version, as it is served. */
export interface ServedResource {
  readonly resource: Resource;
  /** Name of the collection in the store; versions of one resource share it. */
  readonly storageKey: string;
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Served by a CustomResourceDefinition. */
  readonly custom: boolean;
  readonly status: boolean;
  readonly scale: ScalePaths | undefined;
  /** Other subresources, for discovery. */
  readonly subresources: readonly Subresource[];
  readonly strategy: Strategy;
  readonly columns: readonly Column[];
  /** Whether names follow RFC 1123 labels, RFC 1035 labels, or RFC 1123 subdomains. */
  readonly nameRule: 'Label' | 'Label1035' | 'Subdomain' | 'Path';
  /** From the stored form to this version, and back. Must not depend on anything but the object. */
  readonly toVersion: (stored: KubeObject) => KubeObject;
  readonly toStorage: (object: KubeObject) => KubeObject;
  /** Field selectors beyond metadata.name and metadata.namespace. */
  readonly selectableFields: readonly string[];
  /** OpenAPI v3 schema of the object. */
  readonly openapi: Readonly<Record<string, unknown>>;
}

/** A subresource as discovery lists it. */
export interface Subresource {
  readonly name: string;
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** The key of an object in its collection. */
export function storeKey(served: ServedResource, namespace: string | undefined, name: string): string {
  return served.resource.namespaced ? `${namespace ?? ''}/${name}` : name;
}
