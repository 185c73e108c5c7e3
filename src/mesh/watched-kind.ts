import type { KubeObject, Resource } from '../api/object.ts';
import type { Json } from './json.ts';

/** A configuration kind that an adapter wants watched. */
export interface WatchedKind {
  /**
   * The name by which rules ask for it and messages call it: that of the resource, with the group (`Kind.group`, as
   * kubectl takes it) where the table has another of that name. None is in one table twice.
   */
  readonly kind: string;
  readonly resource: Resource;
  /** `Root`: only in the control plane's namespace, so that the operator needs no rights to it elsewhere. */
  readonly namespace: 'All' | 'Root';
  /** An object of it says something about its own namespace only, so that nobody else looks at it. */
  readonly isOwn?: true;
  /** One of it stands for a running instance, as a pod does: it comes and goes while nothing is decided anew. */
  readonly isInstance?: true;
  /** Labels and annotations that decide about an object of it beside its spec. */
  readonly marks?: readonly string[];
  /** So many are read at a time, where each is large and little of it is kept. */
  readonly page?: number;
  /** Nobody waits for it where the operator may not read it: what is not found then, as the end of a sentence. */
  readonly optional?: string;
  /**
   * What of an object is looked at, if that is little: nothing else of it is kept, and one that changes in all else
   * wakes nobody.
   */
  readonly keep?: (object: KubeObject) => Json;
}
