import { describe, expect, it } from '@jest/globals';
import { DeadlineError, errorFromFailure } from './error-from-failure.ts';
import { errorFromResponse, errorFromWatchEvent } from './error-from-response.ts';
import {
  AlreadyExistsError,
  AmbiguousWriteError,
  ApiError,
  ConflictError,
  ExpiredError,
  ForbiddenError,
  InvalidError,
  NotFoundError,
  ThrottledError,
  UnavailableError,
  isRetryable,
} from './errors.ts';

const read = {
  server: 'https://api.test:6443',
  method: 'GET',
  path: '/apis/apps/v1/namespaces/shop/deployments/cart?x=1',
};
const write = { ...read, method: 'PATCH' };

function status(code: number, reason: string, extra: object = {}): string {
  return JSON.stringify({ kind: 'Status', code, reason, message: 'no', ...extra });
}

describe('the sentence about a failure', () => {
  it('says the request without its query, and what was answered, once each', () => {
    const error = errorFromResponse(403, {}, status(403, 'Forbidden'), write);

    expect(error.sentence).toMatch(/^PATCH \/apis\/apps\/v1\/namespaces\/shop\/deployments\/cart: 403 Forbidden: no/);
    expect(error.sentence).not.toContain('x=1');
    expect(error.sentence).not.toContain('api.test');
    expect(error.sentence.match(/PATCH/g)).toHaveLength(1);
  });
});

describe('errorFromResponse', () => {
  it.each([
    [400, 'BadRequest', InvalidError],
    [401, 'Unauthorized', ForbiddenError],
    [403, 'Forbidden', ForbiddenError],
    [404, 'NotFound', NotFoundError],
    [409, 'Conflict', ConflictError],
    [409, 'AlreadyExists', AlreadyExistsError],
    [410, 'Expired', ExpiredError],
    [422, 'Invalid', InvalidError],
    [429, 'TooManyRequests', ThrottledError],
    [500, 'InternalError', UnavailableError],
    [503, 'ServiceUnavailable', UnavailableError],
    [504, 'Timeout', UnavailableError],
    [418, 'Teapot', ApiError],
  ])('makes of %i %s the matching class', (code, reason, type) => {
    const error = errorFromResponse(code, {}, status(code, reason), read);

    expect(error.constructor).toBe(type);
    expect(error).toMatchObject({ code, reason, request: `GET ${read.path}` });
  });

  it.each([500, 502, 503, 504])('does not know the outcome of a write that was answered with %i', (code) => {
    expect(errorFromResponse(code, {}, 'upstream gone', write)).toBeInstanceOf(AmbiguousWriteError);
  });

  it('knows that a failing admission webhook comes before storage', () => {
    const body = status(500, 'InternalError', {
      message: 'Internal error occurred: failed calling webhook "x": timeout',
    });

    expect(errorFromResponse(500, {}, body, write)).toBeInstanceOf(UnavailableError);
  });

  it('names the server, the object and the remedy', () => {
    const details = { name: 'cart', group: 'apps', kind: 'deployments' };
    const error = errorFromResponse(401, {}, status(401, 'Unauthorized', { details }), read);

    expect(error.message).toBe(
      'GET deployments.apps "cart" in namespace "shop" at https://api.test:6443: 401 Unauthorized: no ' +
        '(the credentials are not valid or have expired; check the kubeconfig or the ServiceAccount token)',
    );
  });

  it.each<[string, object]>([
    ['message', { message: false }],
    ['reason', { reason: 5 }],
    ['details', { details: null }],
    ['details', { details: 'x' }],
    ['causes', { details: { causes: 'x' } }],
    ['cause', { details: { causes: [null, 5] } }],
    ['name', { details: { name: {}, kind: [] } }],
    ['code', { code: 'x' }],
    ['time to wait', { details: { retryAfterSeconds: 'x' } }],
  ])('takes a %s of another type for absent', (_, odd) => {
    const error = errorFromWatchEvent(
      { kind: 'Status', code: 429, reason: 'TooManyRequests', message: 'no', ...odd },
      read,
    );

    expect(error).toBeInstanceOf(ApiError);
    expect(() => [
      error.details?.causes?.some(({ reason }) => reason === 'x'),
      error instanceof ThrottledError && error.disruptionBudget,
    ]).not.toThrow();
  });

  it('keeps the page of a proxy to one short line', () => {
    const error = errorFromResponse(502, {}, `<html>\n${'x'.repeat(5000)}</html>`, read);

    expect(error.message.length).toBeLessThan(700);
    expect(error.message).not.toContain('\n');
  });

  it.each([
    [{ 'retry-after': '3' }, {}, 3_000],
    [{}, { details: { retryAfterSeconds: 7 } }, 7_000],
    [{}, {}, 0],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, {}, 0],
  ])('reads how long to wait from %j and %j', (headers, extra, expected) => {
    const error = errorFromResponse(429, headers, status(429, 'TooManyRequests', extra), read);

    expect(error).toMatchObject({ retryAfterMs: expected });
  });

  it('tells a terminating namespace from missing rights', () => {
    const causes = [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }];

    expect(errorFromResponse(403, {}, status(403, 'Forbidden', { details: { causes } }), write)).toMatchObject({
      namespaceTerminating: true,
    });
    expect(errorFromResponse(403, {}, status(403, 'Forbidden'), write)).toMatchObject({ namespaceTerminating: false });
  });

  it('tells a JSON patch that does not fit from a failed validation', () => {
    const causes = [{ reason: 'FieldValueInvalid', field: 'spec.replicas' }];

    expect(errorFromResponse(422, {}, status(422, 'Invalid', { details: {} }), write)).toMatchObject({
      patchDoesNotApply: true,
    });
    expect(errorFromResponse(422, {}, status(422, 'Invalid', { details: { causes } }), write)).toMatchObject({
      patchDoesNotApply: false,
    });
  });

  it('lists the fields that another manager holds', () => {
    const causes = [
      { reason: 'FieldManagerConflict', message: 'conflict with "kubectl" using v1', field: '.metadata.labels.a' },
    ];
    const error = errorFromResponse(409, {}, status(409, 'Conflict', { details: { causes } }), write);

    expect(error).toMatchObject({
      fieldConflicts: [{ field: '.metadata.labels.a', message: 'conflict with "kubectl" using v1' }],
    });
  });

  it('does not take an eviction that a budget holds back for a busy server', () => {
    const causes = [{ reason: 'DisruptionBudget', message: 'The disruption budget web needs 2 healthy pods' }];
    const error = errorFromResponse(429, {}, status(429, 'TooManyRequests', { details: { causes } }), write);

    expect(error).toMatchObject({ disruptionBudget: true });
    expect(isRetryable(error)).toBe(false);
  });
});

describe('errorFromFailure', () => {
  it('knows that a refused connection carried no write', () => {
    const cause = new TypeError('fetch failed', {
      cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    });
    const error = errorFromFailure(cause, write);

    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.message).toContain('https://api.test:6443');
    expect(error.message).toContain('is the API server running?');
  });

  it.each([
    ['a reset', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
    ['a closed connection', Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' })],
    ['the deadline', new DeadlineError(15_000)],
    ['half an answer', new SyntaxError('Unexpected end of JSON input')],
  ])('does not know the outcome of a write after %s', (_what, cause) => {
    expect(errorFromFailure(cause, write)).toBeInstanceOf(AmbiguousWriteError);
    expect(errorFromFailure(cause, read)).toBeInstanceOf(UnavailableError);
  });
});

describe('errorFromWatchEvent', () => {
  it('makes an in-band 410 an ExpiredError', () => {
    expect(
      errorFromWatchEvent({ kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }, read),
    ).toBeInstanceOf(ExpiredError);
  });

  it('takes an event without a Status for a failing server', () => {
    expect(errorFromWatchEvent(undefined, read)).toBeInstanceOf(UnavailableError);
  });
});
