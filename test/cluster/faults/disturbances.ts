import assert from 'node:assert/strict';
import { sleep, systemClock } from '../../../src/base/clock.ts';
import { below } from '../../campaign/draw.ts';
import type { Sort } from './plan.ts';
import type { Disturbance, Scene } from './story.ts';

/** How long something stands still that nobody gives up for: requests to it have 10 s, the Lease as well. */
const stillMs = 3000;

/** For so long a token that was refused is not renewed, and what the operator sends is refused. */
const withoutTokenMs = 2000;
const [firstSeconds, laterSeconds] = [1, 10];

/** For so long a write waits for its answer. */
const heldMs = 14_000;
const lookMs = 100;

/** The Lease of an operator that stands still is over long before. */
const takeOverMs = 60_000;

/** Below so many writes each way is not over. */
const someWrites = 24;

function onBothWays(...names: readonly string[]): Disturbance['needed'] {
  return { there: names, back: names };
}

const writes: readonly Sort[] = ['Write', 'Read', 'Lease'];

/** What an API server answers, or does not: refusals, answers that are late or lost. */
export const answers: Disturbance = {
  seed: 1,
  rules: [
    { fault: { kind: 'Refuse', status: 429, retryAfterSeconds: 1 }, sorts: writes, every: 8, most: 4 },
    { fault: { kind: 'Refuse', status: 500 }, sorts: [...writes, 'Resumed'], every: 8, most: 4 },
    { fault: { kind: 'Refuse', status: 503 }, sorts: [...writes, 'Resumed'], every: 8, most: 4 },
    { fault: { kind: 'LoseAnswer' }, sorts: ['Write', 'Lease'], every: 6, most: 6 },
    { fault: { kind: 'Delay', ms: 800 }, sorts: writes, every: 8, most: 4 },
  ],
  needed: onBothWays('Refuse 429', 'Refuse 500', 'Refuse 503', 'LoseAnswer', 'Delay'),
};

/** What becomes of connections: cut, half open, cut in the middle of a line; watches whose past is gone. */
export const connections: Disturbance = {
  seed: 2,
  rules: [
    { fault: { kind: 'Cut' }, sorts: [...writes, 'Resumed'], every: 6, most: 5 },
    { fault: { kind: 'CutInMidLine' }, sorts: ['Line'], every: 20, most: 3 },
    { fault: { kind: 'Expired', form: 'Status' }, sorts: ['Resumed'], every: 5, most: 3 },
    { fault: { kind: 'Expired', form: 'Event' }, sorts: ['Resumed'], every: 5, most: 3 },
    { fault: { kind: 'NeverAnswer' }, sorts: ['Write'], every: 10, most: 1 },
  ],
  arrange(scene) {
    const { proxy, random } = scene;
    scene.at(1 + below(random, someWrites), 'before', 'all cut', () => {
      proxy.cutAll();
      return Promise.resolve();
    });
  },
  needed: onBothWays('Cut', 'CutInMidLine', 'Expired Status', 'Expired Event', 'NeverAnswer', 'all cut'),
};

/** What becomes of the process: killed around its writes, and standing still. */
export const process: Disturbance = {
  seed: 3,
  rules: [],
  arrange(scene, way) {
    const { operator, random } = scene;
    const at = 1 + below(random, someWrites / 2);
    if (way === 'back') {
      // Who is killed on the way back is in `killed-at-random`: each of these waits for the end of a Lease.
      scene.at(at, 'after', 'taken over', () => takenOver(scene));
      return;
    }
    scene.at(at, 'before', 'killed', () => operator.kill());
    scene.at(at + someWrites / 2, 'after', 'stopped', () => operator.frozen(() => sleep(systemClock, stillMs)));
  },
  needed: { there: ['killed', 'stopped'], back: ['taken over'] },
};

/** It stands still until another one leads and has written; what it does when it goes on is nothing. */
async function takenOver(scene: Scene): Promise<void> {
  const { operator, proxy } = scene;
  const other = await scene.another();
  await operator.frozen(async () => {
    await other.operator.start();
    const deadline = systemClock.monotonic() + takeOverMs;
    while (other.proxy.writes === 0) {
      assert.ok(
        systemClock.monotonic() < deadline,
        'no other operator has written in the place of one that stands still',
      );
      await sleep(systemClock, lookMs);
    }
  });
  const { writes } = proxy;
  await sleep(systemClock, stillMs);
  assert.equal(proxy.writes, writes, 'the operator that stood still writes although another one leads');
  await other.operator.stop();
}

/** What becomes of the API server and of etcd; the operator's watches find that their past is gone. */
export const controlPlane: Disturbance = {
  seed: 4,
  rules: [],
  arrange(scene, way) {
    const { cluster, proxy, history, random } = scene;
    const [first, second, third] = [0, 1, 2].map((part) => 1 + part * 8 + below(random, 8)) as [number, number, number];
    scene.at(first, 'after', 'API server stopped', () => still(scene, 'kube-apiserver'));
    scene.at(second, 'before', 'etcd stopped', () => still(scene, 'etcd'));
    scene.at(third, way === 'there' ? 'before' : 'after', 'API server killed', async () => {
      proxy.cutAll();
      await history.compact();
      await cluster.crash('kube-apiserver');
    });
  },
  needed: onBothWays('API server stopped', 'etcd stopped', 'API server killed', 'past gone'),
};

/** The token expires, and is in its file a while later; again and again. */
export const token: Disturbance = {
  seed: 5,
  tokenSeconds: firstSeconds,
  rules: [],
  arrange(scene) {
    const { proxy, random } = scene;
    scene.meanwhile((signal) => renewLate(scene, signal));
    // An API server takes a token for ten seconds more that it has taken once, which is as long as a way takes.
    const refused = proxy.answered(401);
    scene.at(1 + below(random, someWrites / 2), 'before', 'held until then', async () => {
      const deadline = systemClock.monotonic() + heldMs;
      while (proxy.answered(401) === refused && systemClock.monotonic() < deadline) await sleep(systemClock, lookMs);
    });
  },
  needed: onBothWays('token expired', 'held until then'),
  mostEndings: 0,
};

async function renewLate(scene: Scene, signal: AbortSignal): Promise<void> {
  const { proxy } = scene;
  let refused = proxy.answered(401);
  while (!signal.aborted) {
    await sleep(systemClock, lookMs, signal);
    if (proxy.answered(401) === refused) continue;
    await sleep(systemClock, withoutTokenMs);
    refused = proxy.answered(401);
    scene.renewToken(laterSeconds);
    scene.met('token expired');
  }
}

async function still({ cluster }: Scene, component: string): Promise<void> {
  cluster.signal(component, 'SIGSTOP');
  try {
    await sleep(systemClock, stillMs);
  } finally {
    cluster.signal(component, 'SIGCONT');
  }
}
