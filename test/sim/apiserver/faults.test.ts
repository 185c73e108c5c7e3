import { describe, expect, it } from '@jest/globals';
import type { FaultRule } from './fault-rules.ts';
import { ConnectionFault, FaultyTransport } from './faults.ts';
import { configMap, dig, startTestServer, TestClient } from './testing.ts';

const configMaps = '/api/v1/namespaces/shop/configmaps';

async function withFaults(
  ...rules: readonly FaultRule[]
): Promise<
  Awaited<ReturnType<typeof startTestServer>> & { readonly faults: FaultyTransport; readonly faulty: TestClient }
> {
  const started = await startTestServer();
  const faults = new FaultyTransport(started.server.transport('operator'), started.clock, rules);
  return { ...started, faults, faulty: new TestClient(faults, started.clock) };
}

describe('FaultyTransport', () => {
  it('loses the n-th write before or after its commit', async () => {
    const { client, faulty, faults } = await withFaults(
      { match: { verb: 'Write' }, nth: 1, fault: { kind: 'LostRequest' } },
      { match: { verb: 'Write' }, nth: 2, fault: { kind: 'LostResponse' } },
    );
    await expect(faulty.post(configMaps, configMap('first'))).rejects.toThrow(ConnectionFault);
    await expect(faulty.post(configMaps, configMap('second'))).rejects.toThrow(ConnectionFault);
    expect((await faulty.post(configMaps, configMap('third'))).status).toBe(201);
    const names = ((await client.get(configMaps)).body['items'] as readonly object[]).map((item) =>
      dig(item, 'metadata', 'name'),
    );
    expect([names, faults.writes]).toEqual([['second', 'third'], 3]);
  });

  it('refuses as the API server does, only what a rule matches and as often as it says', async () => {
    const { faulty } = await withFaults({
      match: { method: 'PATCH', path: /configmaps/ },
      times: 2,
      fault: { kind: 'Refuse', status: 429, retryAfterSeconds: 3 },
    });
    await faulty.post(configMaps, configMap('a'));
    const refused = await faulty.patch('merge', `${configMaps}/a`, {});
    expect([refused.status, refused.headers['retry-after'], refused.body['reason']]).toEqual([
      429,
      '3',
      'TooManyRequests',
    ]);
    expect((await faulty.patch('merge', `${configMaps}/a`, {})).status).toBe(429);
    expect((await faulty.patch('merge', `${configMaps}/a`, {})).status).toBe(200);
  });

  it('meets again and again what a rule says so of', async () => {
    const { faulty } = await withFaults({
      match: { verb: 'Read' },
      nth: 2,
      every: 3,
      fault: { kind: 'Refuse', status: 503 },
    });
    const statuses: number[] = [];
    for (let nth = 1; nth <= 8; nth += 1) statuses.push((await faulty.get(configMaps)).status);
    expect(statuses).toEqual([200, 503, 200, 200, 503, 200, 200, 503]);
  });

  it('delays on the clock, and never answers a hanging request', async () => {
    const { faulty, faults, clock } = await withFaults({ fault: { kind: 'SlowResponse', ms: 700 } });
    const start = clock.now();
    await clock.run(faulty.get(configMaps));
    expect(clock.now() - start).toBe(700);
    faults.add({ fault: { kind: 'Hang' } });
    const abort = new AbortController();
    const hanging = faults.send({ method: 'GET', path: configMaps, headers: {}, signal: abort.signal });
    await clock.idle();
    abort.abort(new Error('given up'));
    await expect(hanging).rejects.toThrow('given up');
  });

  it('answers 410 to the next watch in either form', async () => {
    const { faulty } = await withFaults(
      { match: { verb: 'Watch' }, nth: 1, fault: { kind: 'Expired', form: 'Status' } },
      { match: { verb: 'Watch' }, nth: 2, fault: { kind: 'Expired', form: 'Event' } },
    );
    expect((await faulty.get(`${configMaps}?watch=true`)).status).toBe(410);
    const watch = await faulty.watch(`${configMaps}?watch=true`);
    expect([watch.status, watch.lines[0]?.type, dig(watch.lines[0]?.object, 'code'), watch.outcome()]).toEqual([
      200,
      'ERROR',
      410,
      'ended',
    ]);
  });

  it('cuts bodies, all watches, and everything during an outage', async () => {
    const { faulty, faults, clock, client } = await withFaults({
      match: { verb: 'Read' },
      fault: { kind: 'CutBody', afterPieces: 0 },
    });
    await expect(faulty.get(configMaps)).rejects.toThrow(ConnectionFault);
    const watch = await faulty.watch(`${configMaps}?watch=true`);
    faults.cutWatches();
    await clock.idle();
    expect(watch.outcome()).toBeInstanceOf(ConnectionFault);
    faults.outage(true);
    await expect(faulty.post(configMaps, configMap('a'))).rejects.toThrow('ECONNREFUSED');
    faults.heal();
    await client.post(configMaps, configMap('b'));
    expect((await faulty.get(`${configMaps}/b`)).status).toBe(200);
  });

  it('freezes the past: watches are held, lists of any version are old, consistent reads and writes go through', async () => {
    const { faulty, faults, clock, server } = await withFaults();
    await faulty.post(configMaps, configMap('a'));
    const watch = await faulty.watch(`${configMaps}?watch=true`);
    faults.goStale(server.revision);
    await faulty.post(configMaps, configMap('b'));
    await clock.idle();
    const count = async (query: string): Promise<number> =>
      ((await faulty.get(`${configMaps}${query}`)).body['items'] as readonly unknown[]).length;
    expect([
      watch.lines.length,
      await count('?resourceVersion=0'),
      await count('?limit=5&resourceVersion=0&resourceVersionMatch=NotOlderThan'),
      await count(''),
    ]).toEqual([1, 1, 1, 2]);
    faults.refresh();
    await clock.idle();
    expect([watch.lines.length, await count('?resourceVersion=0')]).toEqual([2, 2]);
  });
});
