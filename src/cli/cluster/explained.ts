import { group } from '../../api/resources.ts';
import {
  AmbiguousWriteError,
  type ApiError,
  ConflictError,
  ForbiddenError,
  NotFoundError,
  UnavailableError,
} from '../../kube/errors.ts';

/**
 * Whether the API server does not serve the kind at all: of an object that is missing it says the name
 * (metav1.StatusDetails), of a path that it does not know nothing.
 */
export function isUnserved(error: unknown): boolean {
  return error instanceof NotFoundError && error.details?.name === undefined;
}

/** What helps, by the class of the error, the first that fits. */
const remedies: readonly (readonly [(error: ApiError) => boolean, string])[] = [
  [
    (error) => isUnserved(error) && error.request.includes(group),
    'MeshMigrations are not known there: the operator is not installed in this cluster (docs/guides/install.md), or this is another cluster than you think.',
  ],
  [
    (error) => error instanceof ForbiddenError && error.code === 401,
    'Log in again, or name another context by --context.',
  ],
  [
    (error) => error instanceof ForbiddenError,
    'Who may do what is in docs/user-guide.md, Rights; kubectl auth can-i tells what you may.',
  ],
  [
    (error) => error instanceof ConflictError,
    'Somebody else has changed it again and again at the same time: look, and try again.',
  ],
  [(error) => error instanceof AmbiguousWriteError, 'Look at its status before you try again.'],
  [(error) => error instanceof UnavailableError, 'Is the API server there, and is this the right context?'],
];

/** What the API server said, and what to do about it. */
export function explained(error: ApiError): string {
  const remedy = remedies.find(([fits]) => fits(error))?.[1];
  return `${error.sentence}${remedy === undefined ? '' : `\n${remedy}`}`;
}
