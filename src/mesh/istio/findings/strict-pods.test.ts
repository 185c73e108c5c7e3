import { describe, expect, it } from '@jest/globals';
import { counting } from '../../../../test/support/counting.ts';
import { config, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import { stepsTaken } from '../../../base/effort.ts';
import type { ConfigView } from '../../views.ts';
import { peersAmong } from '../policy/peers-at.ts';
import { selecting } from '../policy/selecting.ts';
import { misreadPeers } from './peer-modes.ts';
import { peersInReach, strictAt } from './strict-pods.ts';

function numbers<T>(size: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: size }, (_, index) => make(index));
}

const modes = ['STRICT', 'PERMISSIVE', 'DISABLE', 'UNSET'];

/** For pods `web`, with so many ports of some modes in turn. */
function peer(ports: number, each = modes, more: Partial<ConfigView> = {}): ConfigView {
  return config(
    'PeerAuthentication',
    {
      selector: { matchLabels: { app: 'web' } },
      mtls: { mode: 'PERMISSIVE' },
      portLevelMtls: Object.fromEntries(numbers(ports, (at) => [String(1 + at), { mode: each[at % each.length] }])),
    },
    more,
  );
}

const pods = numbers(200, (index) => ({ app: index % 2 === 0 ? 'web' : 'other', one: `w${index}` }));

describe('a PeerAuthentication of many ports, beside many pods', () => {
  const given = surroundings({}, [peer(400, ['PERMISSIVE', 'STRICT'])]);
  let reads = 0;
  const counted = counting(() => {
    reads += 1;
  });

  function readsOf(work: () => void): number {
    const before = reads;
    work();
    return reads - before;
  }

  it('is read once to tell which of them are STRICT', () => {
    const peers = peersInReach(given).map((each) => counted(each));
    let strict: ReadonlySet<number> = new Set();

    expect(
      readsOf(() => {
        strict = strictAt(pods, selecting(pods), peers, given);
      }),
    ).toBeLessThan(5 * 400);
    expect([...strict]).toEqual(pods.flatMap(({ app }, place) => (app === 'web' ? [place] : [])));
  });

  it('is read once to tell what either data plane makes of it', () => {
    const at = peersAmong(
      peersInReach(given).map((each) => counted(each)),
      'istio-system',
    );

    expect(
      readsOf(() => {
        for (const labels of pods) at({ namespace: 'shop', labels });
      }),
    ).toBeLessThan(20 * 400);
    expect(at({ namespace: 'shop', labels: { app: 'web' } }).mtls.ports[2]).toBe('STRICT');
    expect(at({ namespace: 'shop', labels: { app: 'other' } })).toEqual({
      mtls: { mode: 'PERMISSIVE', ports: {} },
      strict: [],
    });
  });
});

describe('what ztunnel makes of modes of ports', () => {
  function stepsOf(configs: readonly ConfigView[]): number {
    const before = stepsTaken();
    misreadPeers(surroundings({}, configs));
    return stepsTaken() - before;
  }

  it('takes no longer than it takes to read them, however many of each mode there are', () => {
    expect(stepsOf([peer(8000)])).toBeLessThan(8000);
  });

  it('is compared once for all policies that say the same of different ports', () => {
    const many = numbers(300, (index) => peer(8 + index, modes, { name: `it-${index}`, uid: `it-${index}` }));

    expect(stepsOf(many)).toBeLessThan(300 * 60);
  });
});
