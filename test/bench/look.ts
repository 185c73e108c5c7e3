import { istio } from '../../src/mesh/istio/adapter.ts';
import { surroundings } from '../support/mesh-fixtures.ts';
import { bytesOf, tenantShapes } from '../support/tenant-shapes.ts';

/*
 * One look at a namespace of one shape and size, in a process of its own: what it takes of CPU, and of memory beyond what the process had before.
 */

const [shape = '', size = '1'] = process.argv.slice(2);
istio.findings(surroundings(), 'Start');
const given = tenantShapes[shape]?.(Number(size)) ?? surroundings();
const bytes = bytesOf(given);
globalThis.gc?.();
const before = { memory: process.memoryUsage.rss(), cpu: process.cpuUsage() };
const found = istio.findings(given, 'Start').some(({ id }) => id === 'MM119');
const { user, system } = process.cpuUsage(before.cpu);
const peak = process.resourceUsage().maxRSS * 1024;
process.stdout.write(
  JSON.stringify({
    bytes,
    seconds: (user + system) / 1e6,
    megabytes: Math.max(0, peak - before.memory) / 1e6,
    refused: found,
  }),
);
