import { spend } from '../../../../base/effort.ts';
import type { ConfigObject } from './world.ts';

/** Something that cannot be carried over as it is. */
export interface Problem {
  /**
   * `Critical` blocks the migration of the namespace; `Warning` names something that ends or is refused, never
   * something that opens.
   */
  readonly severity: 'Critical' | 'Warning';
  /** `AuthorizationPolicy shop/deny-delete`. */
  readonly object: string;
  /** Path of the field that causes it, `spec.rules[0].when[1].key`; `spec` if it is the object as a whole. */
  readonly field: string;
  readonly message: string;
  readonly fix: string;
  /** Nothing is known of the policies, because a look may not take so long: a finding of its own says so. */
  readonly tooLarge?: true;
  /** The same, because the mesh configuration is not known. */
  readonly unknownMesh?: true;
  /**
   * What others have in their namespaces brings it about. Where nothing gets through by it the owner of the migration
   * may accept that, and has if it is a warning.
   */
  readonly by?: Pick<ConfigObject, 'kind' | 'namespace' | 'name'> & { readonly isAcceptable: boolean };
}

/** Whether a finding of its own says it. */
export function isSaidElsewhere({ tooLarge, unknownMesh }: Problem): boolean {
  return tooLarge === true || unknownMesh === true;
}

/**
 * Characters of a message that take as long as a step, with what it takes to make a problem and to tell it. Whoever makes
 * many of two things may bring about a problem for each pair of them, and each counts before the next is made.
 */
const charactersOfStep = 4;
const stepsOfProblem = 8;

function count(message: string): void {
  spend(stepsOfProblem + message.length / charactersOfStep);
}

/** A problem that blocks. */
export function critical(object: string, field: string, message: string, fix: string): Problem {
  count(message);
  return { severity: 'Critical', object, field, message, fix };
}

/** A problem that only needs to be known. */
export function warning(object: string, field: string, message: string, fix: string): Problem {
  count(message);
  return { severity: 'Warning', object, field, message, fix };
}
