import type { Clock } from '../../../src/base/clock.ts';
import type { SimMutatingAdmission, SimValidatingAdmission } from '../sim-api.ts';
import type { Identity } from './identity.ts';
import type { Registry } from './registry.ts';
import type { FieldValidation } from './served-resource.ts';
import type { Store } from './store.ts';

/** What every verb works on. */
export interface ServerState {
  readonly clock: Clock;
  readonly store: Store;
  readonly registry: Registry;
  readonly identity: Identity;
  readonly admissions: readonly SimMutatingAdmission[];
  readonly validations: readonly SimValidatingAdmission[];
}

/** How a write is made. */
export interface WriteOptions {
  /** The manager in managedFields. */
  readonly manager: string;
  readonly subresource?: 'status' | 'scale' | 'finalize' | 'binding';
  /** Everything but the commit. */
  readonly dryRun?: boolean;
  readonly fieldValidation?: FieldValidation;
  /** Whether PUT needs a resourceVersion where the kind asks for one; the in-process controllers may leave it out. */
  readonly lenient?: boolean;
  /** The object results from a patch: what is wrong with its form is the patch's fault. */
  readonly patched?: boolean;
  /** Receives what goes into `Warning` headers. */
  readonly warn?: (message: string) => void;
}
