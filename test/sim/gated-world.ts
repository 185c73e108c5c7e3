import { Gate, type CountingGate } from '../../src/api/gates.ts';
import type { PrometheusOptions } from '../../src/operator/operator.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { PrometheusStandIn, type Counted } from './prometheus-stand-in.ts';

/** As it is written: what is left out has its default. */
type Written = Partial<Omit<Gate, 'prometheus'>> & { readonly prometheus?: Partial<CountingGate['prometheus']> };

/** A gate that is in a hurry. */
export function gate(given: Written = {}): Gate {
  return Gate.parse({
    name: 'errors',
    soak: '1m',
    deadline: '4m',
    ...given,
    prometheus: { preset: 'ErrorRate', interval: '1m', ...given.prometheus },
  });
}

/** A gate of alerts of the namespace that is as much in a hurry. */
export function alertGate(given: Written = {}): Gate {
  return Gate.parse({
    name: 'pager',
    soak: '1m',
    deadline: '4m',
    alerts: {
      matchers: [
        { label: 'severity', value: 'page' },
        { label: 'namespace', value: '$namespace' },
      ],
    },
    ...given,
  });
}

const well = { edge: { total: 1000 } };

/** What is counted: all is well, but of namespaces that end with `bad` from some time on. */
export class GatedTraffic {
  readonly prometheus = new PrometheusStandIn();
  flipsAt = Infinity;
  since: Readonly<Record<string, Counted>> = well;

  constructor() {
    this.prometheus.traffic = (name, at) => (name.endsWith('bad') && at > this.flipsAt ? this.since : well);
  }

  get options(): PrometheusOptions {
    return { transport: this.prometheus, callersWindow: { ms: 7 * 86_400_000, text: '7d' } };
  }
}

/** A namespace for each of these, with a workload, and a migration of all of them with gates. */
export async function startGated(world: World, gates: readonly Gate[], ...suffixes: readonly string[]): Promise<void> {
  const homes = suffixes.map((suffix) => world.ns(suffix));
  for (const home of homes) await world.create(namespace(home), deployment(home, 'web', { replicas: 1 }));
  for (const home of homes) await world.podsReady(1, home);
  await world.create(meshMigration(world.name, { names: homes }, { gates: [...gates], restart: { watch: '0s' } }));
}

/** What its first gate says. */
export async function says(world: World, words: RegExp, home: string): Promise<void> {
  await world.eventually(
    `gate ${words.source}`,
    async () => {
      const [said] = (await world.child(home)).status?.gates ?? [];
      return words.test(`${said?.verdict ?? ''} ${said?.reason ?? ''}`) ? true : undefined;
    },
    30 * 60_000,
  );
}

/** From now on three in ten are bad. */
export async function goBad(world: World, traffic: GatedTraffic, home: string): Promise<void> {
  await says(world, /NoData/, home);
  traffic.since = { edge: { total: 1000, bad: 300 } };
  traffic.flipsAt = world.clock.now();
}
