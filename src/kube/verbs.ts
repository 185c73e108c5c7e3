import type { KubeObject } from '../api/object.ts';
import type { ListParameters } from './query.ts';

/** One page of a list. */
export interface Page<T extends KubeObject> {
  readonly items: readonly T[];
  /** Of the whole list: the same on every page; a watch starts here. */
  readonly resourceVersion: string;
  /** Present when there are more pages. */
  readonly continue?: string;
}

/** Parameters of `listPage`. */
export interface ListPageOptions extends ListParameters {
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly signal: AbortSignal;
  /** Attempts in all, for callers with a back-off of their own. Default: 4. */
  readonly attempts?: number;
}

/** One operation of a JSON patch (RFC 6902). `test` makes the whole patch fail when the value is another one. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** Options of the patching verbs. */
export interface PatchOptions {
  readonly subresource?: string;
  /** Rights, admission and validation are asked, and nothing is stored. */
  readonly dryRun?: boolean;
  readonly signal: AbortSignal;
}

/** Preconditions of a delete; the server answers 409 when one does not hold. */
export interface DeleteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly signal: AbortSignal;
}
