import { istio } from '../../src/mesh/istio/adapter.ts';
import type { Surroundings } from '../../src/mesh/adapter.ts';
import { surroundings } from '../support/mesh-fixtures.ts';
import { paired, pairedWays, pairs } from '../support/paired-shapes.ts';

/*
 * A look at a namespace with many of two things, for every two that a tenant may have many of: which take more than a
 * look may. In one process: only those that are printed are worth a closer one (node --cpu-prof).
 */

const limits = { seconds: 2, megabytes: 100 };

interface Taken {
  readonly seconds: number;
  readonly megabytes: number;
  readonly refused: boolean;
}

/** The checks, and the objects that the steps would make. */
function lookAt(given: Surroundings): boolean {
  const found = istio.findings(given, given.itinerary === undefined ? 'Start' : 'UnderWay');
  const chosen = { ...given, itinerary: given.itinerary ?? ('L7' as const) };
  for (const { work } of istio.itinerary(given.route, {}, 'L7').forward)
    if (work.kind === 'Apply') work.objects(chosen);
  return found.some(({ id }) => id === 'MM119');
}

function taken(names: readonly string[], count: number, way: Partial<Surroundings>): Taken {
  const given = paired(names, count, way);
  globalThis.gc?.();
  const before = { cpu: process.cpuUsage(), heap: process.memoryUsage().heapUsed };
  const refused = lookAt(given);
  const { user, system } = process.cpuUsage(before.cpu);
  const megabytes = (process.memoryUsage().heapUsed - before.heap) / 1e6;
  return { seconds: (user + system) / 1e6, megabytes, refused };
}

/** Prints each two whose look takes more than one may; `part` is a part of their names. */
export function comparePairs(count: number, part: string): void {
  lookAt(surroundings());
  const chosen = pairs.filter((names) => names.join(' and ').includes(part));
  for (const names of chosen) {
    for (const [title, way] of Object.entries(pairedWays)) {
      const { seconds, megabytes, refused } = taken(names, count, way);
      if (seconds <= limits.seconds && megabytes <= limits.megabytes) continue;
      const figures = `${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB${refused ? ', MM119' : ''}`;
      process.stdout.write(`${figures}: ${names.join(' and ')}, ${title}\n`);
    }
  }
  process.stdout.write(`${chosen.length} pairs, ${count} of each\n`);
}
