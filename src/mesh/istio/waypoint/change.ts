import { verdictOn, type DataPath } from '../policy/data-path.ts';
import { bounded } from '../../../base/effort.ts';
import { proofSteps } from '../../effort-limits.ts';
import type { Request } from '../../../requests/semantics.ts';
import { largestIn } from '../policy/translate/size.ts';
import { serviceTitle, type ServiceFacts, type World } from '../policy/translate/world.ts';

/**
 * What a step would change: `Opens`, a request gets through that does not today; `Refuses`, one does not any more that
 * goes or shall go through the waypoint; `Ends`, the same for one that goes around it. `Unknown`: it cannot be worked
 * out, so that anything may change.
 */
export interface Change {
  readonly kind: 'Opens' | 'Refuses' | 'Ends' | 'Unknown';
  readonly object: string;
  readonly message: string;
  /** It is about callers from outside the mesh that come by the address of a Service. */
  readonly fromOutside?: true;
}

/** What is said of a Service whose policies are too many to compare. */
export function unknown(service: ServiceFacts, world: World): Change {
  return unknownAt(serviceTitle(service), world);
}

/** The same of any object. */
export function unknownAt(object: string, world: World): Change {
  return {
    kind: 'Unknown',
    object,
    message: `its policies are too many to compare what they let through; ${largestIn(world).sentence}`,
  };
}

/** What refuses a request on a path, as a sentence. */
export function whoRefuses(path: DataPath, request: Request): string {
  const { allowed, by, asked } = verdictOn(path, request);
  if (allowed) return `${asked ?? 'nobody'} asks an external authorizer about it, which may refuse it`;
  return by === undefined ? 'no ALLOW policy lets it in' : refuses(by);
}

/** A policy does, by its namespace and name. */
export function refuses(by: string): string {
  return `${by} refuses it`;
}

/** The proof within the steps of one look; beyond them it is one of nothing. */
export function inTime(
  services: readonly ServiceFacts[],
  world: World,
  prove: () => readonly Change[],
  steps = proofSteps,
): readonly Change[] {
  const proved = bounded(steps, prove);
  return proved.kind === 'Done' ? proved.value : services.map((service) => unknown(service, world));
}
