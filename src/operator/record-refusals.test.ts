import { describe, expect, it } from '@jest/globals';
import type { NamespaceMigration } from '../api/resources.ts';
import {
  ApiError,
  ConflictError,
  ForbiddenError,
  NotFoundError,
  UnavailableError,
  type ErrorFacts,
} from '../kube/errors.ts';
import { RecordRefusals } from './record-refusals.ts';

const request = {
  server: 'https://api',
  method: 'PATCH',
  path: '/apis/meshmigration.dev/v1alpha1/namespaces/a/namespacemigrations/mm',
};

function facts(code: number, details?: ErrorFacts['details'], message = `answered ${code}`): ErrorFacts {
  return { request, code, reason: 'X', message, details };
}

interface Told {
  ms: number;
  readonly refusals: RecordRefusals;
  readonly told: string[];
}

function at(): Told {
  const told: string[] = [];
  const clock: Told = { ms: 0, refusals: new RecordRefusals({ monotonic: (): number => clock.ms }), told };
  clock.refusals.onChange(() => {
    told.push(`at ${clock.ms}`);
  });
  return clock;
}

describe('writes to our own objects', () => {
  const answers: readonly (readonly [string, Error, boolean])[] = [
    ['a policy, a quota, missing rights', new ForbiddenError(facts(403)), true],
    ['a webhook that cannot be reached', new UnavailableError(facts(500)), true],
    [
      'a field of another manager',
      new ConflictError(facts(409, { causes: [{ reason: 'FieldManagerConflict', field: '.spec.to' }] })),
      true,
    ],
    [
      'a webhook with a code of its own',
      new ConflictError(facts(409, undefined, 'admission webhook "x" denied the request: not here')),
      true,
    ],
    [
      'a policy that calls it a matter of credentials',
      new ForbiddenError(facts(401, undefined, "ValidatingAdmissionPolicy 'x' with binding 'y' denied request: no")),
      true,
    ],
    ['an old picture', new ConflictError(facts(409)), false],
    ['an object that is gone', new NotFoundError(facts(404)), false],
    [
      'a namespace on its way out',
      new ForbiddenError(facts(403, { causes: [{ reason: 'NamespaceTerminating' }] })),
      false,
    ],
    ['a server that does not answer', new UnavailableError(facts(0)), false],
    ['credentials that have expired', new ApiError(facts(401)), false],
    ['a fault of our own', new TypeError('x'), false],
  ];
  it.each(answers)('are refused, or not, by %s', (_what, error, refused) => {
    const { refusals } = at();
    expect(refusals.failed('u', 'w', error)).toBe(refused);
    expect(refusals.of('u').get('w')).toMatchObject({ count: refused ? 1 : 0, waitMs: 1000 });
  });

  it('wait longer from time to time, each by itself, and a minute at most', () => {
    const clock = at();
    const waits = Array.from({ length: 9 }, () => {
      clock.refusals.failed('u', 'w', new ForbiddenError(facts(403)));
      return clock.refusals.of('u').get('w')?.waitMs;
    });
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(clock.refusals.of('u').has('other')).toBe(false);
    clock.ms += 59_000;
    expect(clock.refusals.of('u').get('w')?.waitMs).toBe(1000);
  });

  it('are told of when they come to count as refused and when they do not any more', () => {
    const clock = at();
    for (const ms of [1, 2, 3, 4]) {
      clock.ms = ms;
      clock.refusals.failed('u', 'w', new ForbiddenError(facts(403)));
    }
    clock.ms = 5;
    clock.refusals.done('u', 'w');
    expect(clock.told).toEqual(['at 3', 'at 5']);
  });

  it('wait longer from time to time where they are carried out and do not last, each by itself', () => {
    const clock = at();
    const waits = Array.from({ length: 11 }, () => {
      clock.refusals.done('u', 'w');
      clock.refusals.keep('u', []);
      const { waitMs = NaN } = clock.refusals.of('u').get('w') ?? {};
      clock.ms += waitMs;
      return waitMs;
    });
    expect(waits).toEqual([0, 0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(clock.refusals.of('u').has('other')).toBe(false);
    expect(clock.refusals.of('u').get('w')).toMatchObject({ count: 0 });
  });

  it('are others when what was written has lasted', () => {
    const clock = at();
    for (let n = 0; n < 5; n += 1) clock.refusals.done('u', 'w');
    clock.ms += 15 * 60_000;
    clock.refusals.keep('u', []);
    expect(clock.refusals.of('u').size).toBe(0);
    for (let n = 0; n < 5; n += 1) clock.refusals.done('u', 'w');
    clock.ms += 15 * 60_000;
    clock.refusals.done('u', 'w');
    expect(clock.refusals.of('u').get('w')?.waitMs).toBe(1000);
  });

  it('are forgotten with the object, and where nobody wants them any more', () => {
    const { refusals } = at();
    for (const write of ['w', 'x']) refusals.failed('u', write, new ForbiddenError(facts(403)));
    refusals.keep('u', ['x']);
    expect([...refusals.of('u').keys()]).toEqual(['x']);
    refusals.forget('u');
    expect(refusals.of('u').size).toBe(0);
  });

  it('are those of a record by its uid, so that one made anew has none', () => {
    const { refusals } = at();
    const record = (uid: string): NamespaceMigration => ({
      metadata: { name: 'mm', namespace: 'a', uid },
      spec: { migration: 'mm', from: 'IstioSidecar', to: 'IstioAmbient' },
    });
    for (let n = 0; n < 3; n += 1) refusals.statusFailed(record('1'), new ForbiddenError(facts(403)));
    expect(refusals.ofStatus(record('1'))).toBe('answered 403');
    expect(refusals.ofStatus(record('2'))).toBeUndefined();
    expect(refusals.statusWaitMs(record('2'))).toBe(0);
  });
});
