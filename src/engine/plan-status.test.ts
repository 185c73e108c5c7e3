import { describe, expect, it } from '@jest/globals';
import { migrationSpec, namespace } from '../../test/support/mesh-fixtures.ts';
import type { PlanStatus } from '../api/approval.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { digestFrom } from '../plan/digest.ts';
import { wavesOf } from '../plan/waves.ts';
import { planNow, unapprovedIn, type PlanSituation } from './plan-status.ts';

const names = ['a', 'b', 'c'];

function digest(of: string): string {
  return digestFrom({ steps: of.repeat(16).slice(0, 16), objects: 'o'.repeat(16), answers: [] });
}

interface Given {
  /** By namespace; one that is undefined was not looked at. */
  readonly digests?: Readonly<Record<string, string | undefined>>;
  readonly more?: Readonly<Record<string, NamespaceMigrationStatus>>;
  readonly plans?: readonly string[];
  readonly mode?: 'Auto' | 'Required';
  readonly first?: 'Auto' | 'Required';
  readonly before?: PlanStatus;
  readonly hbone?: readonly string[];
}

const looked = Object.fromEntries(names.map((name) => [name, digest(name)]));

/** Waves `one` of `a` and the others. */
function given({ digests = looked, more = {}, plans = [], mode = 'Required', first, before, hbone = [] }: Given = {}) {
  const object: MeshMigration = {
    metadata: { name: 'mm' },
    spec: migrationSpec({
      namespaces: { names },
      approval: { mode, plans },
      waves: [{ name: 'one', namespaces: { names: ['a'] }, ...(first && { approval: first }) }],
    }),
    status: { ...(before && { plan: before }) },
  };
  const children = [...names, ...hbone].map((home): NamespaceMigration => {
    const planDigest = digests[home];
    return {
      metadata: { name: 'mm', namespace: home },
      spec: { migration: 'mm', from: 'IstioSidecar', to: 'IstioAmbient' },
      status: planDigest === undefined ? {} : { writtenPhase: 'Pending', planDigest, ...more[home] },
    };
  });
  const waves = wavesOf(
    object,
    names.map((name) => namespace({ name })),
  );
  return { object, scope: { namespaces: names, hbone }, children, waves } satisfies PlanSituation;
}

function hashes(more: Given = {}): readonly (string | undefined)[] {
  const plan = planNow(given(more));
  return [plan?.hash, ...(plan?.waves ?? []).map(({ hash }) => hash)];
}

function approvedBy(more: Given): readonly string[] {
  return (planNow(given(more))?.approved ?? []).map(({ namespace: home }) => home);
}

describe('the hash of a plan', () => {
  const [all = '', one = '', others = ''] = hashes();

  it('is one for the migration and one for each wave, all different', () => {
    expect(new Set([all, one, others]).size).toBe(3);
    for (const hash of [all, one, others]) expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it.each<[string, Given, readonly boolean[]]>([
    [
      'what was started meanwhile',
      { more: { a: { writtenPhase: 'Migrating', direction: 'Forward' } } },
      [true, true, true],
    ],
    ['what was approved of', { plans: [all] }, [true, true, true]],
    ['another plan in a later wave', { digests: { ...looked, c: digest('x') } }, [false, true, false]],
    ['another plan in the first one', { digests: { ...looked, a: digest('x') } }, [false, false, true]],
    [
      'another namespace that is restarted for HBONE',
      { hbone: ['z'], digests: { ...looked, z: digest('z') } },
      [false, false, true],
    ],
  ])('by %s', (_what, more, same) => {
    const now = hashes(more);
    expect([all, one, others].map((hash, at) => hash === now[at])).toEqual(same);
  });

  it('is there once all that it is of was looked at', () => {
    const plan = planNow(given({ digests: { ...looked, c: undefined } }));
    expect([plan?.hash, plan?.waves]).toEqual([undefined, [{ name: 'one', hash: one }]]);
  });
});

describe('an approval', () => {
  const [all = '', one = '', others = ''] = hashes();

  it.each<[string, Given, readonly string[]]>([
    ['nobody', {}, []],
    ['everybody, by the hash of all', { plans: [all] }, ['a', 'b', 'c']],
    ['a wave, by its hash', { plans: [one] }, ['a']],
    ['the others, by theirs', { plans: [others] }, ['b', 'c']],
    ['nobody, by a hash of something else', { plans: [`sha256:${'0'.repeat(64)}`] }, []],
  ])('is of %s', (_whom, more, approved) => {
    expect(approvedBy(more)).toEqual(approved);
  });

  const before = planNow(given({ plans: [all] })) ?? {};

  it('stays where a plan changes, and covers only those that did not', () => {
    const changed: Given = { plans: [all], before, digests: { ...looked, c: digest('x') } };
    expect(approvedBy(changed)).toEqual(['a', 'b', 'c']);
    expect(unapprovedIn({ ...given(changed) })).toEqual([
      { namespace: 'c', why: 'waits: its steps changed since somebody approved of its plan' },
    ]);
    expect(planNow(given(changed))?.awaiting).toBe(1);
  });

  it('ends with the entry that gave it, at once', () => {
    expect(approvedBy({ plans: [], before })).toEqual([]);
    expect(unapprovedIn(given({ plans: [], before })).map(({ namespace: home }) => home)).toEqual(['a', 'b', 'c']);
  });

  it('is given anew by the plan as it became', () => {
    const digests = { ...looked, c: digest('x') };
    const [now = ''] = hashes({ digests });
    expect(
      unapprovedIn(
        given({ digests, plans: [all, now], before: planNow(given({ digests, plans: [all, now], before })) ?? {} }),
      ),
    ).toEqual([]);
  });

  it('is needed by whom the wave or the migration says, and by nobody who was started', () => {
    const missing = (more: Given) => unapprovedIn(given(more)).map(({ namespace: home }) => home);
    expect(missing({ mode: 'Auto' })).toEqual([]);
    expect(missing({ mode: 'Auto', first: 'Required' })).toEqual(['a']);
    expect(missing({ first: 'Auto' })).toEqual(['b', 'c']);
    expect(missing({ more: { b: { direction: 'Forward', writtenPhase: 'Migrating' } } })).toEqual(['a', 'c']);
    expect(missing({ more: { b: { writtenPhase: 'RolledBack' } } })).toEqual(['a', 'c']);
  });
});
