import type { StepName } from '../api/namespace-migration.ts';
import type { KubeObject, Resource } from '../api/object.ts';
import type { ConfigView } from './views.ts';

/** An object that the operator makes in the namespace for the time of the migration. */
export interface Manifest {
  readonly resource: Resource;
  /**
   * Name, labels, annotations and spec (or data). The namespace and the operator's own marks are added when it is
   * applied.
   */
  readonly object: KubeObject;
  /** The user's object that it follows, for messages. */
  readonly follows?: string;
  /**
   * Kinds that the operator does not watch (ConfigMaps of user namespaces are nobody's business): applied in the same
   * write right before the next object of the list, and deleted right before it, so that the next one tells whether it
   * is there.
   */
  readonly unwatched?: true;
  /**
   * It lets requests through that what this step makes decides about: when it has to follow a change, it waits until
   * all of that is there as wanted and its gate holds.
   */
  readonly reliesOn?: StepName;
}

/** What was made and follows an object that is not there any more, or asks for no such object any more. */
export interface Orphan {
  readonly object: ConfigView;
  /** `AuthorizationPolicy shop/temporary, which is gone`. */
  readonly original: string;
  /** Deleting it only refuses more, whatever cannot be made beside it. */
  readonly goes: boolean;
}
