import type { Resource } from '../../../src/api/object.ts';
import { SimStatusError } from '../sim-api.ts';

/** One entry of `details.causes` in a metav1.Status. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

/** The part of a resource that messages name. */
export type Named = Pick<Resource, 'group' | 'plural' | 'kind'>;

/** `deployments.apps`, or `pods` for the core group (schema.GroupResource). */
function groupResource(resource: Named): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

function details(resource: Named, name: string): Readonly<Record<string, unknown>> {
  return { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.plural };
}

/** 404: the object is absent. */
export function notFound(resource: Named, name: string): SimStatusError {
  return new SimStatusError(404, 'NotFound', `${groupResource(resource)} "${name}" not found`, details(resource, name));
}

/** 404: occurs when the path is not served at all. Over HTTP the answer is plain text and no Status. */
export class PathNotFoundError extends SimStatusError {
  constructor() {
    super(404, 'NotFound', 'the server could not find the requested resource', {});
  }
}

/** 404: the path is not served at all. */
export function pathNotFound(): SimStatusError {
  return new PathNotFoundError();
}

/** 409: create of a name that is taken. */
export function alreadyExists(resource: Named, name: string): SimStatusError {
  return new SimStatusError(
    409,
    'AlreadyExists',
    `${groupResource(resource)} "${name}" already exists`,
    details(resource, name),
  );
}

/** 409: the write was made against an old version or another uid. */
export function conflict(resource: Named, name: string, reason: string): SimStatusError {
  return new SimStatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${groupResource(resource)} "${name}": ${reason}`,
    details(resource, name),
  );
}

/** The reason that registry.Store gives for a stale resourceVersion. */
export const staleVersion =
  'the object has been modified; please apply your changes to the latest version and try again';

/** 409: server-side apply would take fields from other managers. */
export function applyConflict(message: string, causes: readonly StatusCause[]): SimStatusError {
  return new SimStatusError(409, 'Conflict', message, { causes });
}

/** 400: the request cannot be understood. */
export function badRequest(message: string): SimStatusError {
  return new SimStatusError(400, 'BadRequest', message);
}

/** 403: an admission plugin refuses. */
export function forbidden(
  resource: Named,
  name: string,
  reason: string,
  causes?: readonly StatusCause[],
): SimStatusError {
  return new SimStatusError(403, 'Forbidden', `${groupResource(resource)} "${name}" is forbidden: ${reason}`, {
    ...details(resource, name),
    ...(causes === undefined ? {} : { causes }),
  });
}

/** 405. */
export function methodNotAllowed(): SimStatusError {
  return new SimStatusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

/** 422: validation failed; one cause for each wrong field (field.ErrorList). */
export function invalid(resource: Named, name: string, causes: readonly StatusCause[]): SimStatusError {
  const kind = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`;
  const errors = causes.map((cause) => `${cause.field ?? '<nil>'}: ${cause.message}`);
  const text = errors.length === 1 ? String(errors[0]) : `[${[...new Set(errors)].join(', ')}]`;
  return new SimStatusError(422, 'Invalid', `${kind} "${name}" is invalid: ${text}`, {
    ...(name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.kind,
    causes,
  });
}

/** 422: the result of a patch cannot be decoded. */
export function invalidPatch(result: unknown, reason: string): SimStatusError {
  const cause = invalidValue('patch', JSON.stringify(result), reason);
  return new SimStatusError(422, 'Invalid', ` "" is invalid: patch: ${cause.message}`, { causes: [cause] });
}

/** 422 as the generic handler words it, for example for a JSON patch whose `test` fails. */
export function unprocessable(): SimStatusError {
  return new SimStatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

/** 410: the version is older than what the server still keeps. */
export function expired(message: string): SimStatusError {
  return new SimStatusError(410, 'Expired', message);
}

/** 429: an eviction that a disruption budget does not allow now. */
export function tooManyRequests(
  message: string,
  causes: readonly StatusCause[],
  retryAfterSeconds?: number,
): SimStatusError {
  return new SimStatusError(429, 'TooManyRequests', message, {
    causes,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

/** The metav1.Status of an error. */
export function statusOf(error: SimStatusError): Readonly<Record<string, unknown>> {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    ...(error.reason === '' ? {} : { reason: error.reason }),
    ...(error.details === undefined ? {} : { details: error.details }),
    code: error.code,
  };
}

/** A validation cause for a required field that is absent. */
export function required(field: string, detail = ''): StatusCause {
  return { reason: 'FieldValueRequired', message: `Required value${detail === '' ? '' : `: ${detail}`}`, field };
}

/** A validation cause for a value that breaks a rule; the value is printed as Go prints it in an error list. */
export function invalidValue(field: string, value: unknown, detail: string): StatusCause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${printValue(value)}: ${detail}`, field };
}

/** A validation cause for a value outside its enumeration. */
export function notSupported(field: string, value: unknown, supported: readonly unknown[]): StatusCause {
  const listed = supported.map((item) => JSON.stringify(item)).join(', ');
  return {
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${printValue(value)}: supported values: ${listed}`,
    field,
  };
}

function printValue(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}
