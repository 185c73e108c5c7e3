import { pino } from 'pino';
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/random.ts';
import { loadConnection } from '../../src/kube/config.ts';
import { createHttpTransport } from '../../src/kube/http-transport.ts';
import { NodeAgent } from './node-agent.ts';

const [kubeconfig = '', mesh = ''] = process.argv.slice(2);
const stopping = new AbortController();
process.once('SIGTERM', () => {
  stopping.abort();
});

const transport = createHttpTransport(await loadConnection({ kubeconfig }));
await new NodeAgent({
  transport,
  clock: systemClock,
  random: systemRandom,
  log: pino(),
  ambient: mesh === 'ambient',
}).run(stopping.signal);
await transport.close();
