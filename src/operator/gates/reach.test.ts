import { expect, it } from '@jest/globals';
import { PrometheusStandIn } from '../../../test/sim/prometheus-stand-in.ts';
import { VirtualClock } from '../../../test/sim/virtual-clock.ts';
import { gateWant } from '../../../test/support/gate-wants.ts';
import { seededRandom } from '../../base/random.ts';
import { PrometheusClient } from '../../prometheus/client.ts';
import { Known } from './known.ts';
import { forgottenOf } from './reach.ts';
import type { Want } from './want.ts';

function wantOf(before: number): Want {
  const namespace = `shop-${before}`;
  return gateWant(namespace, { key: namespace, before, since: before });
}

it.each([
  [-1, [], 1],
  [3, [1, 2, 3], 8],
  [9, [1, 2, 3, 4, 5, 6, 7, 8, 9], 2],
])('is asked of as few starts as it takes (%d)', async (keepsFrom, lost, asked) => {
  const prometheus = new PrometheusStandIn();
  prometheus.keepsFrom = keepsFrom;
  const client = new PrometheusClient(prometheus, new VirtualClock({ random: seededRandom(1) }));
  const wants = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(wantOf);
  const { signal } = new AbortController();
  const known = new Known();
  const found = await forgottenOf({ client }, wants, known, signal);
  expect([...found].sort()).toEqual(lost.map((at) => `shop-${at}`));
  expect(prometheus.asked).toHaveLength(asked);
  // What is known once is not asked about again.
  prometheus.keepsFrom = 100;
  expect((await forgottenOf({ client }, wants, known, signal)).size).toBe(found.size);
});
