import { createServer } from 'node:net';
import { systemRandom, type Random } from '../../src/base/random.ts';

/** Everything that listens, so that a cluster can be described by its ports. */
export const portNames = [
  'etcdClient',
  'etcdPeer',
  'apiServer',
  'controllerManager',
  'scheduler',
  'kwok',
  'istiodWebhook',
  'istiodHttp',
  'istiodGrpc',
  'istiodSecureGrpc',
  'istiodMonitoring',
  'istiodControlZ',
] as const;

/** One port of 127.0.0.1 for each listener. */
export type Ports = Readonly<Record<(typeof portNames)[number], number>>;

/** Below the range from which systems choose ports for outgoing connections (32768 on Linux), which come and go. */
const lowest = 20_000;
const highest = 32_000;

/**
 * Ports that nobody listens on now. Another program may still take one before the component binds it: the component
 * then ends at once, and the caller starts over with other ports.
 */
export async function freePorts(random: Random = systemRandom): Promise<Ports> {
  const chosen: number[] = [];
  while (chosen.length < portNames.length) {
    const port = lowest + Math.floor(random() * (highest - lowest));
    if (!chosen.includes(port) && (await isFree(port))) chosen.push(port);
  }
  return Object.fromEntries(portNames.map((name, index) => [name, chosen[index]])) as Ports;
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
