import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { Store, type Stored } from '../../src/kube/store.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { projectPod } from '../../src/mesh/project.ts';
import { kinds } from '../scenarios/manifests.ts';
import { podAt } from './many-pods.ts';

/*
 * A process of its own that reads so many pods into a cache and prints what that takes: `node memory-of.ts COUNT kept|whole`.
 */

const count = Number(process.argv[2]);
const what = process.argv[3];

/** All objects, the mark that they are all, and then nothing more. */
async function* stream(signal: AbortSignal): AsyncIterable<string> {
  for (let at = 0; at < count; at += 1) yield `${JSON.stringify({ type: 'ADDED', object: podAt(at) })}\n`;
  const metadata = { resourceVersion: '9999999', annotations: { 'k8s.io/initial-events-end': 'true' } };
  yield `${JSON.stringify({ type: 'BOOKMARK', object: { kind: 'Pod', apiVersion: 'v1', metadata } })}\n`;
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve);
  });
}

const transport: Transport = {
  server: 'http://pods',
  send: ({ signal }) =>
    Promise.resolve({ status: 200, headers: { 'content-type': 'application/json' }, body: stream(signal) }),
};

function whole(object: KubeObject): Stored {
  const { namespace, name, uid = '', resourceVersion = '' } = object.metadata;
  return { ...object, namespace, name, uid, resourceVersion };
}

const client = new KubeClient({ transport, clock: systemClock, random: systemRandom, fieldManager: 'bench' });
const store = new Store<Stored>();
const ended = new AbortController();

globalThis.gc?.();
const before = process.memoryUsage().heapUsed;
const reflector = new Reflector<Stored>({
  client,
  resource: kinds.Pod,
  project: what === 'whole' ? whole : projectPod,
  store,
  clock: systemClock,
  random: systemRandom,
  log: silentLogger,
});
const running = reflector.run(ended.signal);
await store.whenSynced(ended.signal);
globalThis.gc?.();
const megabytes = (process.memoryUsage().heapUsed - before) / 1e6;
ended.abort();
await running;
if (store.list().length !== count) throw new RangeError(`${store.list().length} of ${count} pods`);
process.stdout.write(String(megabytes));
