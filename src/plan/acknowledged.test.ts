import { describe, expect, it } from '@jest/globals';
import { migrationSpec } from '../../test/support/mesh-fixtures.ts';
import type { MeshMigration } from '../api/resources.ts';
import { acknowledgedIn } from './acknowledged.ts';

const first = { id: 'MM055', reason: 'a', until: '2027-01-01T00:00:00Z' } as const;
const second = { id: 'MM042', reason: 'b', until: '2027-02-01T00:00:00+01:00' } as const;

function migration(managedFields: MeshMigration['metadata']['managedFields'] = []): MeshMigration {
  return { metadata: { name: 'mm', managedFields }, spec: migrationSpec({ acknowledge: [second, first] }) };
}

function overAt(at: string): readonly string[] {
  return acknowledgedIn(migration(), Date.parse(at)).flatMap(({ id, isOver }) => (isOver ? [id] : []));
}

describe('what is acknowledged', () => {
  it.each([
    ['2026-12-31T23:59:59Z', []],
    ['2027-01-01T00:00:00Z', ['MM055']],
    ['2027-01-31T22:59:59Z', ['MM055']],
    ['2027-01-31T23:00:00Z', ['MM042', 'MM055']],
  ])('is over at its time: %s', (at, over) => {
    expect(overAt(at)).toEqual(over);
  });

  it('is over where nobody can read its time, and ends nothing else', () => {
    const odd = { ...first, until: '2030-01-01T00:00:00+24:00' };
    const object = { metadata: { name: 'mm' }, spec: { ...migrationSpec(), acknowledge: [odd, second, first] } };
    const over = (at: string): readonly boolean[] => acknowledgedIn(object, Date.parse(at)).map(({ isOver }) => isOver);

    expect(over('2026-12-01T00:00:00Z')).toEqual([true, false, false]);
    expect(over('2027-01-15T00:00:00Z')).toEqual([true, false, true]);
  });

  it('is one list as long as nothing of it ends', () => {
    const object = migration();

    expect(acknowledgedIn(object, 1)).toBe(acknowledgedIn(object, 2));
    expect(acknowledgedIn(object, 1)).not.toBe(acknowledgedIn(object, Date.parse(first.until)));
  });

  it('names who has written it last', () => {
    const fieldsV1 = { 'f:spec': { 'f:acknowledge': {} } };
    const written = migration([
      { manager: 'ann', time: '2026-02-01T00:00:00Z', fieldsV1 },
      { manager: 'flux', time: '2026-01-01T00:00:00Z', fieldsV1 },
      { manager: 'bob', time: '2026-03-01T00:00:00Z', fieldsV1: { 'f:spec': {} } },
    ]);

    expect(acknowledgedIn(written, 0).map(({ by }) => by)).toEqual(['ann', 'ann']);
    expect(acknowledgedIn(migration(), 0).map((entry) => 'by' in entry)).toEqual([false, false]);
  });
});
