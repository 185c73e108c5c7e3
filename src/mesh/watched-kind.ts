import type { Resource } from '../api/object.ts';

/** A configuration kind that an adapter wants watched. */
export interface WatchedKind {
  readonly kind: string;
  readonly resource: Resource;
  /** `Root`: only in the control plane's namespace, so that the operator needs no rights to it elsewhere. */
  readonly namespace: 'All' | 'Root';
  /** An object of it says something about its own namespace only, so that nobody else looks at it. */
  readonly isOwn?: true;
}
