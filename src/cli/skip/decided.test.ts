import { describe, expect, it } from '@jest/globals';
import { defaultSpec } from '../../api/default-spec.ts';
import type { MeshMigrationSpec } from '../../api/mesh-migration-spec.ts';
import type { ObjectMeta } from '../../api/object.ts';
import type { NamespaceMigration } from '../../api/resources.ts';
import { projectNamespace } from '../../mesh/project.ts';
import type { Picture } from '../approval/picture.ts';
import { decidedOf } from './decided.ts';

const route = { from: 'IstioSidecar', to: 'IstioAmbient' } as const;

function record(namespace: string, status: NamespaceMigration['status']): NamespaceMigration {
  return { metadata: { name: 'shop', namespace }, spec: { migration: 'shop', ...route }, ...(status && { status }) };
}

const waiting = { writtenPhase: 'Pending', phase: 'Pending' } as const;

function home(name: string): ReturnType<typeof projectNamespace> {
  return projectNamespace({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

interface Given {
  readonly spec?: Partial<MeshMigrationSpec>;
  readonly metadata?: Partial<ObjectMeta>;
  readonly records?: readonly NamespaceMigration[];
  readonly homes?: readonly string[] | undefined;
}

function decided(given: Given, asked: { namespace?: string; force?: boolean } = {}): ReturnType<typeof decidedOf> {
  const { records = [record('a', waiting), record('b', waiting)] } = given;
  const picture: Picture = {
    migration: {
      metadata: { name: 'shop', uid: 'u', generation: 3, ...given.metadata },
      spec: { ...defaultSpec(route), namespaces: { names: ['a', 'b'], exclude: [] }, ...given.spec },
      status: { phase: 'Migrating', writtenPhase: 'Migrating', observedGeneration: 3 },
    },
    records,
    homes: 'homes' in given ? given.homes?.map(home) : ['a', 'b', 'c'].map(home),
  };
  return decidedOf(picture, { namespace: 'a', force: false, ...asked }, (line) => `mm ${line}`);
}

function wave(name: string, ...names: string[]): MeshMigrationSpec['waves'][number] {
  return { name, namespaces: { names }, soak: '0s', maxFailures: 0 };
}

describe('a namespace is left out', () => {
  it.each<[string, NamespaceMigration['status']]>([
    ['that is not started', waiting],
    ['that is blocked', { writtenPhase: 'Blocked', phase: 'Blocked' }],
    ['that is planned', { writtenPhase: 'Planned', phase: 'Planned' }],
    ['that is back', { writtenPhase: 'RolledBack', phase: 'RolledBack', direction: 'Backward' }],
  ])('%s', (_, status) => {
    expect(decided({ records: [record('a', status)] })).toEqual({ kind: 'Skip', named: 0 });
  });

  it('by a selector, where it is not named', () => {
    const namespaces = { names: ['b'], selector: { matchLabels: { team: 'x' } }, exclude: [] };
    expect(decided({ spec: { namespaces } })).toEqual({ kind: 'Skip', named: undefined });
  });
});

describe('a namespace is not left out', () => {
  it.each<[string, Given, string]>([
    [
      'while it is under way',
      { records: [record('a', { writtenPhase: 'Migrating', direction: 'Forward' })] },
      'it is Migrating: what has begun is not left lying. Bring it back first: mm rollback shop -n a',
    ],
    ['half-way', { records: [record('a', { writtenPhase: 'Failed', direction: 'Forward' })] }, 'it is Failed'],
    ['where it is moved', { records: [record('a', { writtenPhase: 'Migrated', direction: 'Forward' })] }, 'it is Migr'],
    ['while it goes back', { records: [record('a', { writtenPhase: 'RollingBack', direction: 'Backward' })] }, 'goes'],
    ['at its end', { records: [record('a', { writtenPhase: 'Finalized' })] }, 'it is Finalized'],
    ['before anybody has looked at it', { records: [record('a', undefined)] }, 'namespace a was not looked at yet'],
    ['that nobody knows', { records: [record('aa', waiting)] }, 'namespace a is not in its scope; there is aa'],
    ['that is the only one', { spec: { namespaces: { names: ['a'], exclude: [] } } }, 'it is the only one'],
    [
      'where there is no room',
      { spec: { namespaces: { names: ['a', 'b'], exclude: Array.from({ length: 500 }, (_, at) => `x${at}`) } } },
      'spec.namespaces.exclude is full',
    ],
    ['with which its wave would be empty', { spec: { waves: [wave('canary', 'a')] } }, 'wave canary has nobody else'],
    [
      'where nobody may tell its wave',
      { spec: { waves: [wave('canary', 'a', 'b')] }, homes: undefined },
      'namespaces may not be listed',
    ],
    ['while the spec was edited', { metadata: { generation: 4 } }, 'its spec was changed'],
    ['of a migration that is being deleted', { metadata: { deletionTimestamp: 'x' } }, 'it is being deleted'],
  ])('%s', (_, given, message) => {
    const decision = decided(given);
    expect(decision).toEqual({ kind: 'Refuse', message: expect.stringContaining(message) });
  });

  it('twice', () => {
    const namespaces = { names: ['b'], selector: { matchLabels: { team: 'x' } }, exclude: ['a'] };
    expect(decided({ spec: { namespaces } }).kind).toBe('Already');
  });

  it('beside a manifest of somebody, but by force', () => {
    const fieldsV1 = { 'f:spec': { 'f:namespaces': { 'f:names': {} } } };
    const metadata = { managedFields: [{ manager: 'kustomize-controller', operation: 'Apply', fieldsV1 }] };
    expect(decided({ metadata })).toEqual({ kind: 'Stated', by: ['kustomize-controller'] });
    expect(decided({ metadata }, { force: true }).kind).toBe('Skip');
  });

  it('with others in its wave it is', () => {
    expect(decided({ spec: { waves: [wave('canary', 'a', 'b')] } }).kind).toBe('Skip');
    expect(decided({ spec: { waves: [wave('canary', 'a')] }, homes: undefined }, { force: true }).kind).toBe('Skip');
  });
});
