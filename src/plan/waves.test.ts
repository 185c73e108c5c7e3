import { describe, expect, it } from '@jest/globals';
import { migrationSpec, namespace } from '../../test/support/mesh-fixtures.ts';
import { journalAnnotation, type MeshMigration, type NamespaceMigration } from '../api/resources.ts';
import type { MeshMigrationStatus } from '../api/mesh-migration-status.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { admitted, notAdmitted } from './admission.ts';
import { journalText } from './journal.ts';
import { comesLater, noWaves, notBegun, slotsFor, waveOf, wavesOf } from './waves.ts';

const at = '2030-01-01T00:00:00Z';
const waves = [
  { name: 'canary', namespaces: { names: ['shop-dev'] }, maxConcurrentNamespaces: 1 },
  { name: 'early', namespaces: { selector: { matchLabels: { ring: 'early' } } } },
  { name: 'injected', namespaces: { selector: { matchLabels: { 'istio-injection': 'enabled' } } } },
];
const names = ['bank', 'blog', 'shop', 'shop-dev'];

function migration(status: MeshMigrationStatus = {}, more: readonly object[] = waves): MeshMigration {
  return {
    metadata: { name: 'mm' },
    spec: migrationSpec({ namespaces: { names }, waves: more }),
    status,
  };
}

function done(...of: readonly string[]): MeshMigrationStatus {
  return {
    waves: of.map((name) => ({ name, state: 'Done', total: 1, migrated: 1, unfinished: 0, arrivedAt: at, doneAt: at })),
  };
}

function homes(more: Readonly<Record<string, Partial<NamespaceView>>> = {}): readonly NamespaceView[] {
  return names.map((name) => namespace({ name, labels: {}, ...more[name] }));
}

const early = { labels: { ring: 'early' } };

describe('the wave of a namespace', () => {
  it('is the first that takes it, by name or by label, and the last of all where none does', () => {
    const all = wavesOf(
      migration(),
      homes({ shop: early, 'shop-dev': early, blog: { labels: { 'istio-injection': 'enabled' } } }),
    );
    expect([...all.of]).toEqual([
      ['bank', 3],
      ['blog', 2],
      ['shop', 1],
      ['shop-dev', 0],
    ]);
    expect(all.names).toEqual(['canary', 'early', 'injected', '(others)']);
  });

  it('is the same after its labels have changed, because of the labels that it had before', () => {
    const journal = journalText({
      migration: 'mm',
      uid: 'u',
      route: { from: 'IstioSidecar', to: 'IstioAmbient' },
      attempt: 1,
      direction: 'Forward',
      itinerary: 'L4',
      capturedAt: at,
      labels: { 'istio-injection': 'enabled' },
      set: {},
    });
    const moved = {
      labels: { 'istio.io/dataplane-mode': 'ambient' },
      uid: 'u',
      annotations: { [journalAnnotation]: journal },
    };
    expect(waveOf('blog', wavesOf(migration(), homes({ blog: moved })))).toBe(2);
    const { spec } = migration();
    const without = {
      ...migration(),
      spec: { ...spec, namespaces: { ...spec.namespaces, exclude: ['blog', 'shop'] } },
    };
    // Half-way, and out of the selection: what has begun belongs to its wave all the same.
    const left = wavesOf(without, homes({ blog: moved, shop: early }));
    expect([waveOf('blog', left), waveOf('shop', left)]).toEqual([2, -1]);
  });

  it('is none where there are no waves, and all begin', () => {
    const all = wavesOf(migration({}, []), homes());
    expect(all).toBe(noWaves);
    expect(names.map((name) => notBegun(name, all))).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('a wave begins', () => {
  it.each([
    [[], 'canary'],
    [['canary'], 'early'],
    [['early'], 'canary'],
    [['canary', 'early'], 'injected'],
    [['canary', 'early', 'injected'], '(others)'],
    [['canary', 'gone'], 'early'],
  ])('once all before it are done: of %j', (over, open) => {
    const all = wavesOf(migration(done(...over)), homes());
    expect(all.names[all.open]).toBe(open);
  });

  it('and not because somebody wrote only that it has arrived', () => {
    const status: MeshMigrationStatus = {
      waves: [{ name: 'canary', state: 'Soaking', total: 1, migrated: 1, unfinished: 0, arrivedAt: at }],
    };
    expect(wavesOf(migration(status), homes()).open).toBe(0);
  });
});

describe('namespaces of a wave that has not begun', () => {
  const all = wavesOf(migration(), homes({ shop: early }));

  it('say which one is before it', () => {
    expect(notBegun('shop', all)).toBe('is in wave early, which begins after wave canary');
    expect(notBegun('bank', all)).toBe('is in wave (others), which begins after wave injected');
    expect(notBegun('shop-dev', all)).toBeUndefined();
    expect(notBegun('hbone-only', all)).toBeUndefined();
  });

  it('come later than those of waves before, and not than those of their own', () => {
    expect(comesLater('shop', 'shop-dev', all)).toMatch(/^is in wave early/);
    expect(comesLater('bank', 'blog', all)).toBeUndefined();
    expect(comesLater('shop-dev', 'shop', all)).toBeUndefined();
    expect(comesLater('shop', 'hbone-only', all)).toBeUndefined();
  });
});

describe('slots', () => {
  const records = names.map((name): NamespaceMigration => ({
    metadata: { name: 'mm', namespace: name },
    spec: { migration: 'mm', from: 'IstioSidecar', to: 'IstioAmbient' },
    status: { writtenPhase: 'Pending' },
  }));
  const given = { bank: early, shop: early };
  const progress = { inFlight: 0, failed: 0 };

  function limits(status: MeshMigrationStatus) {
    const { spec } = migration();
    return { spec, slots: 2, scope: { namespaces: names }, waves: wavesOf(migration(status), homes(given)) };
  }

  it('go to the waves in their order, and to names within one', () => {
    expect(admitted(records, progress, limits({}))).toEqual(['shop-dev']);
    expect(admitted(records.slice(0, 3), progress, limits(done('canary')))).toEqual(['bank', 'shop']);
    expect(admitted(records, progress, limits(done('canary')))).toEqual(['shop-dev', 'bank']);
    expect(admitted(records, { ...progress, inFlight: 1 }, limits(done('canary')))).toEqual([]);
  });

  it('are as few as the wave asks for, and never more than the operator allows', () => {
    const { spec } = migration();
    const { waves: all } = limits({});
    expect(slotsFor('shop-dev', all, spec, 5)).toBe(1);
    expect(slotsFor('shop', all, spec, 5)).toBe(5);
    const greedy = migrationSpec({ waves: [{ ...waves[0], maxConcurrentNamespaces: 50 }] });
    expect(slotsFor('shop-dev', all, greedy, 5)).toBe(5);
  });

  it.each([
    ['shop-dev', undefined],
    ['bank', 'is in wave early, which begins after wave canary'],
    ['blog', 'is in wave (others), which begins after wave injected'],
  ])('of %s: %s', (name, why) => {
    expect(notAdmitted(name, records, progress, limits({}))).toBe(why);
  });
});
