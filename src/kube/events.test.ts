import { describe, expect, it } from '@jest/globals';
import { ScriptedServer, refusal } from '../../test/sim-kube/scripted-server.ts';
import type { Reply } from '../../test/sim-kube/scripted-server.ts';
import { VirtualClock } from '../../test/sim/virtual-clock.ts';
import { silentLogger } from '../base/log.ts';
import type { LogMethod } from '../base/log.ts';
import { EventRecorder } from './events.ts';
import type { EventRecord } from './events.ts';

const event: EventRecord = {
  regarding: {
    apiVersion: 'meshmigration.dev/v1alpha1',
    kind: 'NamespaceMigration',
    namespace: 'shop',
    name: 'shop',
    uid: 'u1',
  },
  type: 'Normal',
  reason: 'StepCompleted',
  action: 'Flip',
  note: 'The namespace is ambient now',
};

function setUp(
  answer: () => Reply = () => ({ status: 201, body: {}, headers: { 'content-type': 'application/json' } }),
) {
  const clock = new VirtualClock();
  const server = new ScriptedServer(answer);
  const warnings: string[] = [];
  const warn: LogMethod = (_fields, message) => {
    warnings.push(message);
  };
  const recorder = new EventRecorder({
    transport: server,
    clock,
    log: { ...silentLogger, warn },
    instance: 'operator-7d9f',
  });
  return { clock, server, recorder, warnings };
}

describe('EventRecorder', () => {
  it('sends what events.k8s.io/v1 demands', async () => {
    const { clock, server, recorder } = setUp();
    recorder.record(event);
    await clock.run(recorder.flush());

    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/apis/events.k8s.io/v1/namespaces/shop/events' });
    const body = JSON.parse(server.requests[0]?.body ?? '') as Record<string, unknown>;
    expect(body).toMatchObject({
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'meshmigration.dev/operator',
      reportingInstance: 'operator-7d9f',
      ...event,
    });
    expect(body.metadata).toMatchObject({ namespace: 'shop', name: expect.stringMatching(/^shop\.[0-9a-f]+$/) });
  });

  it('puts events about cluster-scoped objects into the namespace default', async () => {
    const { clock, server, recorder } = setUp();
    recorder.record({
      ...event,
      regarding: { apiVersion: 'meshmigration.dev/v1alpha1', kind: 'MeshMigration', name: 'shop' },
    });
    await clock.run(recorder.flush());

    expect(server.requests[0]?.path).toBe('/apis/events.k8s.io/v1/namespaces/default/events');
  });

  it('does not repeat itself for ten minutes', async () => {
    const { clock, server, recorder } = setUp();
    recorder.record(event);
    recorder.record(event);
    await clock.advance(600_000);
    recorder.record(event);
    await clock.run(recorder.flush());

    expect(server.requests).toHaveLength(2);
  });

  it('tells a second attempt as it told the first', async () => {
    const { clock, server, recorder } = setUp();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      for (let step = 0; step < 20; step += 1) recorder.record({ ...event, note: String(step) });
    }
    await clock.run(recorder.flush());

    expect(server.requests).toHaveLength(60);
  });

  it('sends at most 100 events about one object at once, then one a minute', async () => {
    const { clock, server, recorder } = setUp();
    function burst(): void {
      for (let i = 0; i < 200; i += 1) recorder.record({ ...event, note: `${String(clock.now())} ${String(i)}` });
    }
    burst();
    recorder.record({ ...event, regarding: { ...event.regarding, name: 'other' } });
    await clock.advance(60_000);
    burst();
    await clock.run(recorder.flush());

    expect(server.requests).toHaveLength(100 + 1 + 1);
  });

  it('logs a failure and goes on', async () => {
    const { clock, recorder, warnings } = setUp(() => refusal(403, 'Forbidden'));
    recorder.record(event);

    await clock.run(recorder.flush());

    expect(warnings).toEqual(['Cannot record an event']);
  });

  it('cuts a note at 1 kB without breaking a character', async () => {
    const { clock, server, recorder } = setUp();
    recorder.record({ ...event, note: `a${'ü'.repeat(1_000)}` });
    recorder.record({ ...event, note: 'ü'.repeat(1_000) });
    await clock.run(recorder.flush());

    for (const { body = '' } of server.requests) {
      const { note } = JSON.parse(body) as { readonly note: string };
      expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
      expect(note).toMatch(/^a?ü{500,}…$/);
    }
  });
});
