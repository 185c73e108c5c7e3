import { describe, expect, it } from '@jest/globals';
import { PrometheusStandIn } from '../../test/sim/prometheus-stand-in.ts';
import { call, reporter, root } from '../../test/support/istio-metrics.ts';
import { systemClock } from '../base/clock.ts';
import { telemetry } from '../mesh/istio/telemetry/sightings.ts';
import type { SeriesLabels } from '../mesh/telemetry.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import { askCalls } from './ask-calls.ts';

const slice = { from: 0, to: 3_600_000 };

/** Who was seen to be called, who told too much, and how often was asked, of a server whose answers may be 20 kB. */
async function asked(
  ...series: readonly SeriesLabels[]
): Promise<{ readonly called: readonly string[]; readonly tooMuch: readonly string[]; readonly questions: number }> {
  const prometheus = new PrometheusStandIn();
  prometheus.series = series;
  const client = new PrometheusClient(prometheus, systemClock, { timeoutMs: 20_000, maxBytes: 20_000 });
  const [called, tooMuch] = [new Set<string>(), new Set<string>()];
  for await (const part of askCalls({ client, telemetry, rootNamespace: root }, slice, new AbortController().signal)) {
    for (const { namespace } of part.sightings) called.add(namespace);
    for (const name of part.tooMuch ?? []) tooMuch.add(name);
  }
  return { called: [...called].sort(), tooMuch: [...tooMuch].sort(), questions: prometheus.asked.length };
}

/** What one namespace tells in so many series. */
function told(namespace: string, count: number, more: SeriesLabels = {}): readonly SeriesLabels[] {
  return Array.from({ length: count }, (_each, n) => ({
    ...call({ to: `${namespace}/w${n}`, by: 'web/front', in: namespace }),
    ...more,
  }));
}

describe('what is asked of Prometheus', () => {
  it('is two questions as long as their answers are not too large', async () => {
    expect(await asked(...told('shop', 3), reporter('shop/worker', 'shop'))).toEqual({
      called: ['shop'],
      tooMuch: [],
      questions: 2,
    });
  });

  it('is asked by fewer namespaces where an answer is too large: who told too much is named, and all others are known', async () => {
    const names = Array.from({ length: 70 }, (_each, n) => `team-${String(n).padStart(2, '0')}`);
    const { called, tooMuch, questions } = await asked(
      ...names.flatMap((name) => told(name, 2)),
      ...told('mallory', 200),
    );

    expect([called, tooMuch]).toEqual([names, ['mallory']]);
    expect(questions).toBeLessThan(30);
  });

  it('is too large by few series with long labels as well', async () => {
    expect(
      await asked(...told('shop', 2), ...told('mallory', 1, { destination_workload: 'x'.repeat(20_000) })),
    ).toMatchObject({ called: ['shop'], tooMuch: ['mallory'] });
  });

  it('is asked without what callers say of themselves where one namespace has too much', async () => {
    const madeUp = Array.from({ length: 200 }, (_each, n) => ({
      ...call({ to: 'shop/cart', by: 'mallory/x', workload: `w${n}`, in: 'shop' }),
      source_workload_namespace: `n${n}`,
    }));

    expect(await asked(...madeUp, ...told('pay', 2))).toMatchObject({ called: ['pay', 'shop'], tooMuch: [] });
  });

  it('is known of all where no single one is too large', async () => {
    expect(await asked(...told('shop', 40), ...told('pay', 40))).toMatchObject({
      called: ['pay', 'shop'],
      tooMuch: [],
    });
  });

  describe.each([
    ['where ztunnel runs', { namespace: root }],
    ['where Prometheus does not say', { namespace: '' }],
  ])('%s', (_title, where) => {
    const everywhere = (name: string, count: number): readonly SeriesLabels[] => told(name, count, where);
    const calling = (name: string, count: number): readonly SeriesLabels[] =>
      Array.from({ length: count }, (_each, n) => ({
        ...call({ to: `pay/w${n}`, by: `${name}/x${n}`, reporter: 'source' }),
        ...where,
      }));

    it('is asked by whom it is about: who is told too much of is named, and all others are known', async () => {
      const names = Array.from({ length: 70 }, (_each, n) => `team-${String(n).padStart(2, '0')}`);

      expect(await asked(...names.flatMap((name) => everywhere(name, 2)), ...everywhere('mallory', 200))).toMatchObject(
        { called: names, tooMuch: ['mallory'] },
      );
    });

    it('is asked by who called, of what callers tell', async () => {
      expect(
        await asked(
          ...everywhere('shop', 2),
          ...everywhere('pay', 2),
          ...calling('web', 2),
          ...calling('mallory', 200),
        ),
      ).toMatchObject({ called: ['pay', 'shop'], tooMuch: ['mallory'] });
    });

    it('is asked by who reports what he calls', async () => {
      const reporting = Array.from({ length: 300 }, (_each, n) => ({ ...reporter(`mallory/w${n}`), ...where }));

      expect(await asked(...everywhere('shop', 2), ...reporting, { ...reporter('pay/w'), ...where })).toMatchObject({
        called: ['pay', 'shop'],
        tooMuch: ['mallory'],
      });
    });

    it('has no answer if nobody knows who told too much', async () => {
      const nameless = calling('mallory', 200).map((series) => ({ ...series, source_workload_namespace: 'unknown' }));

      await expect(asked(...everywhere('shop', 2), ...nameless)).rejects.toThrow(/the answer is larger than/);
    });
  });

  it('has no answer if more is made up than could be asked for', async () => {
    const madeUp = Array.from({ length: 400 }, (_each, n) => told(`n${n}`, 1, { namespace: '' })).flat();

    await expect(asked(...madeUp)).rejects.toThrow(/the answer is larger than/);
  });
});
