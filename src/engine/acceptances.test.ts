import { describe, expect, it } from '@jest/globals';
import { failedHomes } from '../../test/support/failed-homes.ts';
import { migrationSpec } from '../../test/support/mesh-fixtures.ts';
import { MeshMigrationStatus } from '../api/mesh-migration-status.ts';
import type { Finding } from '../api/common.ts';
import { rollbackFinalizer, type NamespaceMigration } from '../api/resources.ts';
import { decideMigration } from './decide-migration.ts';

type Entry = Readonly<Record<string, string>>;

function finding(id: string, object: string): Finding {
  return { id, severity: 'Warning', object, message: 'm', fix: 'f' };
}

function child(namespace: string, findings: readonly Finding[] | undefined, own = {}): NamespaceMigration {
  return {
    metadata: { name: 'mm', namespace, uid: `${namespace}-uid` },
    spec: { migration: 'mm', from: 'IstioSidecar', to: 'IstioAmbient' },
    ...(findings && { status: { writtenPhase: 'Pending', phase: 'Pending', findings: [...findings], ...own } }),
  };
}

interface Said {
  readonly all: readonly Finding[];
  readonly found: readonly Finding[];
  readonly message: string;
}

/** What a migration of two namespaces says of its entries. */
function saidOf(
  entries: Readonly<Record<string, readonly Entry[]>>,
  findings: readonly Finding[] | undefined,
  { status: own = {}, now = 0 } = {},
): Said {
  const children = [child('a', []), child('b', findings, own)];
  const object = {
    metadata: { name: 'mm', uid: 'mm-uid', finalizers: [rollbackFinalizer] },
    spec: migrationSpec({ ...entries, namespaces: { names: ['a', 'b'] } }),
  };
  const { status } = decideMigration({
    now,
    object,
    children,
    scope: { namespaces: ['a', 'b'], hbone: [], changed: [], findings: [] },
    homes: failedHomes(children),
  });
  expect(MeshMigrationStatus.safeParse(status).success).toBe(true);
  return {
    all: status.findings ?? [],
    found: (status.findings ?? []).filter(({ id }) => id === 'MM126'),
    message: status.conditions?.find(({ type }) => type === 'Ready')?.message ?? '',
  };
}

function said(accept: readonly Entry[], findings: readonly Finding[] | undefined): Said {
  return saidOf({ accept }, findings);
}

const evil = { finding: 'MM030', object: 'VirtualService mallory/evil' };
const ofAll = { finding: 'MM030', object: 'VirtualService mallory/*' };

describe('what spec.accept names', () => {
  it.each<[string, Entry]>([
    ['a name', evil],
    ['all in a namespace', ofAll],
    ['a digest', { ...evil, digest: 'a'.repeat(32) }],
  ])('is no matter where it is found somewhere, by %s', (_title, entry) => {
    expect(said([entry], [finding('MM030', 'VirtualService mallory/evil')]).found).toEqual([]);
  });

  it.each<[string, Entry]>([
    ['another object', { ...evil, object: 'VirtualService mallory/devil' }],
    ['another namespace', { ...evil, object: 'VirtualService mal/*' }],
    ['another kind', { ...evil, object: 'DestinationRule mallory/*' }],
    ['another finding', { ...evil, finding: 'MM094' }],
  ])('is told where nothing is found about it: %s', (_title, entry) => {
    const { found, message } = said([evil, entry], [finding('MM030', 'VirtualService mallory/evil')]);
    expect(found).toEqual([
      expect.objectContaining({
        severity: 'Warning',
        object: 'MeshMigration mm',
        message: expect.stringContaining(`${entry['finding'] ?? ''} ${entry['object'] ?? ''}`) as unknown,
      }),
    ]);
    expect(found[0]?.message).not.toContain('MM030 VirtualService mallory/evil');
    expect(message).toContain('MM126 MeshMigration mm: ');
  });

  it('is not told before all namespaces were looked at', () => {
    expect(said([evil], undefined).found).toEqual([]);
  });

  it('is not told where there are more findings of its kind than are told', () => {
    const full = Array.from({ length: 100 }, (_each, n) => finding('MM030', `VirtualService mallory/evil-${n}`));
    expect(said([evil], full).found).toEqual([]);
    expect(said([{ ...evil, finding: 'MM094' }], full).found).toHaveLength(1);
  });

  it('is told in one finding, however much it is', () => {
    const entries = Array.from({ length: 200 }, (_each, n) => ({
      finding: 'MM030',
      object: `VirtualService ${'a'.repeat(60)}/${'b'.repeat(200)}${n}`,
    }));
    expect(said(entries, []).found).toHaveLength(1);
  });
});

const night = { id: 'MM055', reason: 'at night', until: '2027-01-01T00:00:00Z' };

describe('what spec.acknowledge names', () => {
  const found = [finding('MM055', 'Deployment b/web')];
  const idle = (entry: Entry): readonly string[] =>
    saidOf({ acknowledge: [entry] }, found).found.map(({ message }) => message);

  it.each<[string, Entry]>([
    ['all of it', night],
    ['its namespace', { ...night, namespace: 'b' }],
    ['its object', { ...night, object: 'Deployment b/web' }],
  ])('is no matter where it is found, by %s', (_title, entry) => {
    expect(idle(entry)).toEqual([]);
  });

  it.each<[string, Entry, string]>([
    ['another finding', { ...night, id: 'MM059' }, 'MM059'],
    ['another namespace', { ...night, namespace: 'a' }, 'MM055 in a'],
    ['another object', { ...night, object: 'Deployment b/api' }, 'MM055 Deployment b/api'],
  ])('is told where nothing of it is found: %s', (_title, entry, name) => {
    expect(idle(entry)).toEqual([`spec.acknowledge names what is not found in any of its namespaces: ${name}`]);
  });
});

describe('what a namespace was started by', () => {
  const under = { writtenPhase: 'Migrating', direction: 'Forward' } as const;
  const told = (
    status: Readonly<Record<string, unknown>>,
    entries: Readonly<Record<string, readonly Entry[]>>,
    now = 0,
  ): readonly string[] => saidOf(entries, [], { status, now }).all.map(({ id, message }) => `${id} ${message}`);

  it.each<[string, Readonly<Record<string, readonly Entry[]>>]>([
    ['acknowledged', { acknowledge: [night] }],
    ['acknowledged there', { acknowledge: [{ ...night, namespace: 'b' }] }],
    ['accepted', { accept: [evil] }],
  ])('is not told to be taken out while it is under way: %s', (_title, entries) => {
    expect(told(under, entries)).toEqual([]);
    expect(told({ writtenPhase: 'Migrated', direction: 'Forward' }, entries)).toEqual([]);
  });

  it.each(['RolledBack', 'Finalized'])('is, once that is over: %s', (writtenPhase) => {
    expect(told({ ...under, writtenPhase }, { acknowledge: [night] })).toEqual([expect.stringMatching(/^MM126 /)]);
  });

  it('is told where it is about another namespace', () => {
    expect(told(under, { acknowledge: [{ ...night, namespace: 'a' }] })).toEqual([expect.stringMatching(/^MM126 /)]);
  });

  it('is told when its time is over, and to nobody who has not started', () => {
    const later = Date.parse(night.until);
    const said = [
      'MM153 the time of what spec.acknowledge says is over: MM055. What was started by it goes on, nothing more is started by it',
    ];
    expect(told(under, { acknowledge: [night] }, later - 1)).toEqual([]);
    expect(told(under, { acknowledge: [night] }, later)).toEqual(said);
    expect(told({ writtenPhase: 'Pending' }, { acknowledge: [night] }, later)).toEqual([
      expect.stringMatching(/^MM126 /),
    ]);
  });
});
