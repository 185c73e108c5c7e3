import { describe, expect, it } from '@jest/globals';
import { config, migrationSpec, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import type { Finding } from '../../../api/common.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { istio } from '../adapter.ts';

const toAll = { hosts: ['*'] };
const many = (count: number, home = 'mallory'): readonly ConfigView[] =>
  Array.from({ length: count }, (_each, n) => config('VirtualService', toAll, { namespace: home, name: `evil-${n}` }));
const own = config('VirtualService', toAll, { name: 'own' });

/** With findings of its own of each weight. */
function crowded(more: readonly ConfigView[]): Surroundings {
  return surroundings({}, [...more, own, config('EnvoyFilter', {}, { name: 'own' })]);
}

function found(given: Surroundings): readonly Finding[] {
  return istio.findings(given, 'Start');
}

describe('more findings than are told', () => {
  const alone = found(crowded([]));
  const all = found(crowded([...many(250), ...many(40, 'trudy')]));

  it('are a hundred, critical ones first, and among these what the namespace has itself', () => {
    expect(all).toHaveLength(100);
    expect(all.map(({ severity }) => severity)).toEqual(
      all
        .map(({ severity }) => severity)
        .toSorted((a, b) => 'CriticalWarningInfo'.indexOf(a) - 'CriticalWarningInfo'.indexOf(b)),
    );
    const critical = all
      .filter(({ severity }) => severity === 'Critical')
      .map(({ object }) => object.includes(' mallory/') || object.includes(' trudy/'));
    expect(critical).toEqual(critical.toSorted());
  });

  it('hide nothing that is found without those of strangers', () => {
    expect(alone.length).toBeGreaterThan(1);
    for (const { id, object } of alone) expect(all).toContainEqual(expect.objectContaining({ id, object }));
  });

  it('are told of each stranger, and how many there are besides', () => {
    expect(all.some(({ object }) => object.includes(' trudy/'))).toBe(true);
    const left = all.filter(({ message }) => /\(and \d+ more of MM030\)$/.test(message));
    const named = all.filter(({ id }) => id === 'MM030').length;
    expect(left.map(({ message }) => / \(and (\d+) more/.exec(message)?.[1])).toEqual([String(291 - named)]);
  });

  it('leave no kind out, however many of each there are', () => {
    const rules = Array.from({ length: 150 }, (_each, n) =>
      config(
        'DestinationRule',
        { host: `h${n}.example.com`, trafficPolicy: { tls: { mode: 'DISABLE' } } },
        { namespace: 'mallory', name: `rule-${n}` },
      ),
    );
    const ids = (given: Surroundings): ReadonlySet<string> => new Set(found(given).map(({ id }) => id));
    const crowd = ids(crowded([...many(250), ...rules]));
    expect([...ids(crowded([...many(1), ...rules.slice(0, 1)]))].filter((id) => !crowd.has(id))).toEqual([]);
  });
});

describe('more objects of a stranger than spec.accept has room for', () => {
  const accepted = (...accept: readonly Readonly<Record<string, string>>[]): readonly string[] =>
    found({ ...surroundings({}, many(250)), spec: migrationSpec({ accept }) })
      .filter(({ severity }) => severity === 'Critical')
      .map(({ id }) => id);

  it('are accepted at once, by their namespace', () => {
    expect(accepted().length).toBeGreaterThan(20);
    expect(accepted({ finding: 'MM030', object: 'VirtualService mallory/*' })).toEqual([]);
  });

  it.each([
    'VirtualService mall/*',
    'VirtualService trudy/*',
    'DestinationRule mallory/*',
    'VirtualService mallory/evil',
  ])('are not by %s', (object) => {
    expect(accepted({ finding: 'MM030', object }).length).toBeGreaterThan(20);
  });

  it("are not where they are the namespace's own", () => {
    const given = {
      ...surroundings({}, [own]),
      spec: migrationSpec({ accept: [{ finding: 'MM030', object: 'VirtualService shop/*' }] }),
    };
    expect(found(given)).toContainEqual(
      expect.objectContaining({
        id: 'MM030',
        severity: 'Critical',
        message: expect.stringContaining('spec.accept names it, but') as unknown,
      }),
    );
  });
});
