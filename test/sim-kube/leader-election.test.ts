import { describe, expect, it } from '@jest/globals';
import { sleep } from '../../src/base/clock.ts';
import type { Clock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { EventRecorder } from '../../src/kube/events.ts';
import { LeaseLostError } from '../../src/kube/lease-term.ts';
import { LeaderElector } from '../../src/kube/lease.ts';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../src/kube/transport.ts';
import { SimApiServer } from '../sim/apiserver/sim-api-server.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';

const leases: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};
const configMaps: Resource = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const events: Resource = { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events', namespaced: true };

/** A line that may lose what goes in either direction, or be slow. */
class UnreliableLine implements Transport {
  readonly server = 'sim://apiserver';
  losesRequests = false;
  losesAnswers = false;
  delayMs = 0;
  readonly #inner: Transport;
  readonly #clock: Clock;

  constructor(inner: Transport, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    if (this.delayMs > 0) await sleep(this.#clock, this.delayMs);
    if (this.losesRequests) return await aborted(request.signal);
    const response = await this.#inner.send({ ...request, signal: new AbortController().signal });
    return this.losesAnswers ? await aborted(request.signal) : response;
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}

/** A process that campaigns again whenever it has lost, and while it leads writes through a guarded client. */
class Process {
  readonly line: UnreliableLine;
  readonly elector: LeaderElector;
  readonly ended: Promise<void>;
  losses = 0;
  writesSent = 0;

  constructor(name: string, server: SimApiServer, clock: Clock, signal: AbortSignal, seed: number) {
    this.line = new UnreliableLine(server.transport(name), clock);
    const random = seededRandom(seed);
    this.elector = new LeaderElector({
      transport: this.line,
      clock,
      random,
      log: silentLogger,
      namespace: 'default',
      name: 'operator',
      identity: name,
    });
    const beforeWrite = (): void => {
      if (!this.elector.isLeader()) throw new Error('not the leader');
      this.writesSent += 1;
    };
    const client = new KubeClient({
      transport: this.line,
      clock,
      random,
      fieldManager: name,
      deadlineMs: 1_000,
      beforeWrite,
    });
    this.ended = this.#campaign(clock, client, name, signal);
  }

  async #campaign(clock: Clock, client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.elector.run(signal, async (leaderSignal) => {
          while (!leaderSignal.aborted) {
            const object = { metadata: { name: 'work', namespace: 'default' }, data: { by: name } };
            await client.apply(configMaps, object, { force: true, signal: leaderSignal }).catch(() => undefined);
            await sleep(clock, 700, leaderSignal);
          }
        });
      } catch (error) {
        expect(error).toBeInstanceOf(LeaseLostError);
        this.losses += 1;
      }
    }
  }
}

function specOf(lease: KubeObject | undefined): Readonly<Record<string, unknown>> {
  return (lease?.spec ?? {}) as Readonly<Record<string, unknown>>;
}

describe('leader election on the simulated API server', () => {
  it('moves to the other process after a partition, and back without two leaders', async () => {
    const clock = new VirtualClock();
    const server = new SimApiServer({ clock });
    const stop = new AbortController();
    const a = new Process('a', server, clock, stop.signal, 1);
    await clock.advance(1_000);
    const b = new Process('b', server, clock, stop.signal, 2);
    await clock.advance(20_000);
    expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([true, false]);

    a.line.losesRequests = true;
    await clock.run(() => b.elector.isLeader(), { maxMs: 15_000 + 2 * 4_400 });
    expect([
      a.elector.isLeader(),
      a.losses,
      specOf(server.get(leases, 'default', 'operator')).leaseTransitions,
    ]).toEqual([false, 1, 1]);
    a.line.losesRequests = false;
    await clock.advance(60_000);

    expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([false, true]);
    stop.abort(new Error('the test is over'));
    await clock.run(Promise.all([a.ended, b.ended]));
    expect(specOf(server.get(leases, 'default', 'operator'))).toMatchObject({ holderIdentity: '' });
    await server.stop();
  });

  it.each(Array.from({ length: 10 }, (_, seed) => seed))(
    'never has two leaders under random faults, and has one after them (seed %i)',
    async (seed) => {
      const clock = new VirtualClock();
      const server = new SimApiServer({ clock });
      const random = seededRandom(seed);
      const stop = new AbortController();
      const writers: string[] = [];
      server.audit(({ user, path, method }) => {
        if (method === 'PATCH' && path.includes('configmaps')) writers.push(user);
      });
      const processes = ['a', 'b', 'c'].map(
        (name, index) => new Process(name, server, clock, stop.signal, seed * 10 + index),
      );
      let leaders = 0;
      for (let step = 0; step < 1_000; step += 1) {
        const victim = processes[Math.floor(random() * processes.length)];
        if (victim !== undefined && random() < 0.03) {
          victim.line.losesRequests = random() < 0.4;
          victim.line.losesAnswers = random() < 0.4;
          victim.line.delayMs = random() < 0.4 ? random() * 3_000 : 0;
        }
        await clock.advance(Math.ceil(random() * 400));
        const leading = processes.filter((process) => process.elector.isLeader()).length;
        expect(leading).toBeLessThanOrEqual(1);
        leaders += leading;
      }
      for (const { line } of processes) Object.assign(line, { losesRequests: false, losesAnswers: false, delayMs: 0 });
      await clock.advance(15_000 + 3 * 4_400);

      expect(processes.filter((process) => process.elector.isLeader())).toHaveLength(1);
      expect(leaders).toBeGreaterThan(0);
      expect(writers.length).toBeGreaterThan(0);
      expect(writers.length).toBeLessThanOrEqual(processes.reduce((sum, { writesSent }) => sum + writesSent, 0));
      stop.abort(new Error('the test is over'));
      await clock.run(Promise.all(processes.map((process) => process.ended)));
      await server.stop();
    },
  );

  it('needs one write every two seconds', async () => {
    const clock = new VirtualClock();
    const server = new SimApiServer({ clock });
    const requests: string[] = [];
    server.audit(({ method, path }) => {
      if (path.includes('leases')) requests.push(method);
    });
    const stop = new AbortController();
    const a = new Process('a', server, clock, stop.signal, 1);
    await clock.advance(100_000);

    expect(requests).toEqual(['GET', 'POST', ...Array<string>(50).fill('PUT')]);
    stop.abort(new Error('the test is over'));
    await clock.run(a.ended);
    await server.stop();
  });
});

describe('events on the simulated API server', () => {
  it('are stored as the API demands', async () => {
    const clock = new VirtualClock();
    const server = new SimApiServer({ clock });
    const recorder = new EventRecorder({
      transport: server.transport(),
      clock,
      log: silentLogger,
      instance: 'operator-1',
    });
    const regarding = { apiVersion: 'v1', kind: 'Namespace', name: 'default' };
    recorder.record({ regarding, type: 'Normal', reason: 'StepCompleted', action: 'Flip', note: 'done' });

    await clock.run(recorder.flush());

    expect(
      server.list(events, 'default').map(({ reason, note, regarding: about }) => ({ reason, note, about })),
    ).toEqual([{ reason: 'StepCompleted', note: 'done', about: regarding }]);
    await server.stop();
  });
});
