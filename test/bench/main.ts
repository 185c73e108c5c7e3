import { parseArgs } from 'node:util';
import { measureCommands } from './commands.ts';
import { failover } from './failover.ts';
import { fleet } from './fleet.ts';
import { gates } from './gates.ts';
import { looks } from './looks.ts';
import { memory } from './memory.ts';
import { comparePairs } from './pairs.ts';
import { reactions } from './reaction.ts';
import { wall } from './wall.ts';

const {
  positionals: [name = '', ...rest],
  values: { namespaces, workloads, profile, count, pods },
} = parseArgs({
  allowPositionals: true,
  options: {
    namespaces: { type: 'string', default: '200' },
    workloads: { type: 'string', default: '1' },
    profile: { type: 'string' },
    count: { type: 'string', default: '500' },
    pods: { type: 'string', default: '1000,10000,50000' },
  },
});

/** By name; each writes what it has measured into the page that it is about. Any other name is that of a shape. */
const benches: Readonly<Record<string, () => Promise<void> | void>> = {
  fleet: async () => {
    await fleet({
      namespaces: Number(namespaces),
      workloads: Number(workloads),
      ...(profile !== undefined && { profile }),
    });
  },
  pairs: () => {
    comparePairs(Number(count), rest[0] ?? '');
  },
  gates,
  commands: measureCommands,
  memory: () => {
    memory(pods.split(',').map(Number));
  },
  reaction: reactions,
  failover,
  wall,
};

const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench === undefined) looks(name === '' ? [] : [name, ...rest]);
else await bench();
process.exit();
