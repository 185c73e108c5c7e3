import { sleep, type Clock } from '../../src/base/clock.ts';
import { modeOf } from '../../src/mesh/istio/vocabulary/pod-mode.ts';
import { projectPod } from '../../src/mesh/project.ts';
import { kinds } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';

const everyMs = 100;

/** Calls from `caller` to `called` at one instant. */
interface Instant {
  readonly callers: readonly string[];
  readonly called: readonly string[];
  readonly guarded: boolean;
  readonly bound: boolean;
}

async function modesOf(world: World, namespace: string, app: string): Promise<readonly string[]> {
  return (await world.pods(namespace))
    .filter(({ metadata }) => metadata.labels?.['app'] === app)
    .map((pod) => modeOf(projectPod(pod)));
}

async function look(world: World, caller: string, called: string): Promise<Instant> {
  const [callers, there] = [await modesOf(world, caller, 'web'), await modesOf(world, called, 'api')];
  const policies = await world.client.list(kinds.AuthorizationPolicy, { namespace: called, signal: world.signal });
  const services = await world.client.list(kinds.Service, { namespace: called, signal: world.signal });
  return {
    callers,
    called: there,
    guarded: policies.items.some(({ metadata }) => metadata.labels?.['meshmigration.dev/role'] === 'Guard'),
    bound: services.items.some(({ metadata }) => metadata.labels?.['istio.io/use-waypoint'] !== undefined),
  };
}

/** What goes wrong for a call: it knows how sidecars, waypoints and the guard work, and no itinerary. */
function wrong({ callers, called, guarded, bound }: Instant): readonly string[] {
  return [
    ...(guarded && callers.includes('Sidecar') && called.includes('Ambient')
      ? ['refused: past the waypoint to a pod without a sidecar']
      : []),
    ...(guarded && !bound && callers.includes('Ambient') ? ['cut: a caller in ambient loses the waypoint'] : []),
  ];
}

/**
 * Looks at calls from `web` in one namespace to `api` in another ten times a second while a story runs; returns what
 * went wrong, each once.
 */
export async function refusals(
  world: World,
  clock: Clock,
  caller: string,
  called: string,
  run: () => Promise<void>,
): Promise<readonly string[]> {
  const found = new Set<string>();
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      for (const each of wrong(await look(world, caller, called))) found.add(each);
      await sleep(clock, everyMs, world.signal);
    }
  })();
  try {
    await run();
  } finally {
    over.abort();
    await watching;
  }
  return [...found];
}
