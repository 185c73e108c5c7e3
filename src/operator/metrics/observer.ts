import type { MeshMigrationStatus } from '../../api/mesh-migration-status.ts';
import type { NamespaceMigrationStatus } from '../../api/namespace-migration.ts';
import type { Write } from '../../engine/situation.ts';
import type { Key } from '../key.ts';

/** A look of a reconciler that is over. */
export interface Look {
  readonly kind: Key['kind'];
  /** What is to happen next (`Result` in reconciler.ts); Failed where it threw. */
  readonly result: 'Again' | 'Stale' | 'After' | 'Idle' | 'Gone' | 'Failed';
  readonly seconds: number;
}

/** A request to the API server whose answer has begun, or which got none. */
export interface Exchange {
  readonly method: string;
  /** HTTP status; undefined where there was no answer. */
  readonly status: number | undefined;
  /** Until the head of the answer: a watch goes on for minutes. */
  readonly seconds: number;
}

/** A status that was stored: what it was before, and is now. */
export type Stored =
  | {
      readonly kind: 'Namespace';
      readonly before: NamespaceMigrationStatus;
      readonly after: NamespaceMigrationStatus;
    }
  | { readonly kind: 'Migration'; readonly before: MeshMigrationStatus; readonly after: MeshMigrationStatus };

/** Is told what the operator does, right after it was done. It decides nothing, and never throws. */
export interface Observer {
  looked(look: Look): void;
  exchanged(exchange: Exchange): void;
  stored(stored: Stored): void;
  /** A write to what is of the namespace, which the API server has carried out. */
  wrote(write: Write): void;
}

/** Nobody listens. */
export const unobserved: Observer = {
  looked: () => undefined,
  exchanged: () => undefined,
  stored: () => undefined,
  wrote: () => undefined,
};
