import assert from 'node:assert/strict';
import { meshMigrations } from '../../../src/api/resources.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom, type Random } from '../../../src/base/random.ts';
import type { Stage } from '../../campaign/stage.ts';
import type { Snapshot, World } from '../../scenarios/world.ts';
import { clearAway } from '../neighbours.ts';
import type { RealCluster } from '../real-cluster.ts';
import { EtcdHistory } from './etcd.ts';
import { makeHomes, podsOf } from './homes.ts';
import { makeInstance, type Instance } from './instance.ts';
import type { Rule } from './plan.ts';
import { stageFor } from './stage.ts';
import { verdictOn } from './verdict.ts';

/** From sidecars to ambient, or what takes that back. */
export type Way = 'there' | 'back';

/** What a disturbance may use. */
export interface Scene extends Pick<Instance, 'operator' | 'proxy' | 'renewToken'> {
  readonly cluster: RealCluster;
  readonly history: EtcdHistory;
  readonly random: Random;
  /** Another operator, to which nothing happens. */
  another(): Promise<Pick<Instance, 'operator' | 'proxy'>>;
  /** At the nth write from now on; it counts as met when it is over. */
  at(nth: number, when: 'before' | 'after', name: string, act: () => Promise<void>): void;
  /** Beside everything else until the way is over. */
  meanwhile(act: (signal: AbortSignal) => Promise<void>): void;
  /** Something has happened. */
  met(name: string): void;
}

/** Faults that belong together, played on the way there and again on the way back. */
export interface Disturbance {
  readonly seed: number;
  readonly rules: readonly Rule[];
  /** Called when a way begins. */
  readonly arrange?: (scene: Scene, way: Way) => void;
  /** What each way has to have met at least once. */
  readonly needed: Readonly<Record<Way, readonly string[]>>;
  /** How long the first token of the operator is good for, if not for all of it. */
  readonly tokenSeconds?: number;
  /** How often the operator may end by itself, if that matters. */
  readonly mostEndings?: number;
}

/** Longer than any story. */
const longSeconds = 3600;
/** Fewer commits would say that something was not recorded. */
const fewestCommits = 40;

/** Two namespaces migrate there and back while things go wrong; what was committed meanwhile is judged. */
export async function playUnder(disturbance: Disturbance, world: World, cluster: RealCluster): Promise<void> {
  const names = { http: world.ns('http'), plain: world.ns('plain'), stays: world.ns('stays') };
  const stage = stageFor(world.name, names);
  await makeHomes(world, stage.homes);
  const first = await makeInstance(world, cluster, disturbance.seed);
  const history = await EtcdHistory.begin(cluster.ports.etcdClient, '/registry/');
  const story = new Story({ disturbance, world, cluster, stage, history, first });
  try {
    await story.run();
  } catch (error) {
    process.stderr.write(`    the operator's log is ${first.logFile}\n`);
    throw error;
  } finally {
    await story.end();
    await clearAway(world);
  }
}

interface Parts {
  readonly disturbance: Disturbance;
  readonly world: World;
  readonly cluster: RealCluster;
  readonly stage: Stage;
  readonly history: EtcdHistory;
  readonly first: Instance;
}

class Story {
  readonly #parts: Parts;
  readonly #scene: Scene;
  readonly #instances: Instance[];
  readonly #met = new Map<string, number>();
  readonly #underWay = new Set<Promise<void>>();
  #over = new AbortController();

  constructor(parts: Parts) {
    const { cluster, history, first, disturbance } = parts;
    this.#parts = parts;
    this.#instances = [first];
    this.#scene = {
      ...first,
      cluster,
      history,
      random: seededRandom(disturbance.seed + 1),
      another: () => this.#another(),
      at: (nth, when, name, act) => {
        first.proxy.atWrite(nth, when, () => this.#keep(act().then(() => this.#scene.met(name))));
      },
      meanwhile: (act) => {
        const { signal } = this.#over;
        void this.#keep(act(signal).catch((error: unknown) => this.#unlessOver(signal, error)));
      },
      met: (name) => {
        this.#met.set(name, (this.#met.get(name) ?? 0) + 1);
      },
    };
  }

  async run(): Promise<void> {
    const { world, stage, first, disturbance } = this.#parts;
    first.renewToken(disturbance.tokenSeconds ?? longSeconds);
    const before = await this.#snapshots();
    await first.operator.start();
    await this.#go('there', async () => {
      await world.client.create(meshMigrations, stage.migration, world.signal);
      await world.phase('Migrated');
    });
    await this.#modesAre('Ambient');
    await this.#go('back', async () => {
      await world.command('RollingBack');
      await world.phase('RolledBack');
    });
    await this.#modesAre('Sidecar');
    assert.deepEqual(await this.#snapshots(), before);
    await this.#judge();
  }

  /** Ends all that was begun. */
  async end(): Promise<void> {
    this.#heal();
    await Promise.allSettled(this.#underWay);
    for (const { operator } of this.#instances) await operator.stop();
    this.#parts.history.stop();
    for (const { proxy } of this.#instances) await proxy.close();
  }

  async #judge(): Promise<void> {
    const { history, stage, disturbance, first } = this.#parts;
    const changes = await history.changes();
    const written = this.#instances.flatMap(({ proxy }) => proxy.written);
    const { violations, commits } = await verdictOn({ base: history.base, changes }, written, stage);
    assert.deepEqual(violations, []);
    assert.ok(commits >= fewestCommits, `the judge saw ${String(commits)} commits of the operator`);
    const { endings } = first.operator;
    assert.ok(endings <= (disturbance.mostEndings ?? Infinity), `the operator ended ${String(endings)} times`);
  }

  async #go(way: Way, going: () => Promise<void>): Promise<void> {
    const { disturbance, first } = this.#parts;
    this.#over = new AbortController();
    this.#met.clear();
    const [from, gone, began] = [first.proxy.writes, first.proxy.expired, systemClock.monotonic()];
    // Before that there is nothing but the reading of sixty kinds.
    first.proxy.atWrite(1, 'before', async () => {
      first.plan.follow(disturbance.rules);
      await Promise.resolve();
    });
    disturbance.arrange?.(this.#scene, way);
    await going();
    const byPlan = first.plan.met;
    this.#heal();
    await Promise.all(this.#underWay);
    const met: Readonly<Record<string, number>> = {
      ...byPlan,
      ...Object.fromEntries(this.#met),
      'past gone': first.proxy.expired - gone,
    };
    const seconds = Math.round((systemClock.monotonic() - began) / 1000);
    const told = `${way}: ${String(first.proxy.writes - from)} writes in ${String(seconds)} s, ${JSON.stringify(met)}`;
    process.stderr.write(`    ${told}\n`);
    const missing = disturbance.needed[way].filter((name) => (met[name] ?? 0) === 0);
    assert.deepEqual(missing, [], `on the way ${told}`);
  }

  async #another(): Promise<Instance> {
    const { world, cluster, disturbance } = this.#parts;
    const other = await makeInstance(world, cluster, disturbance.seed);
    this.#instances.push(other);
    other.renewToken(longSeconds);
    return other;
  }

  #heal(): void {
    this.#over.abort(new Error('the way is over'));
    this.#parts.first.plan.follow([]);
    this.#parts.first.proxy.forgetAims();
  }

  #keep(going: Promise<void>): Promise<void> {
    this.#underWay.add(going);
    // Who waits for all of them hears of it.
    going.catch(() => undefined);
    return going;
  }

  #unlessOver(signal: AbortSignal, error: unknown): void {
    if (!signal.aborted) throw error;
  }

  async #snapshots(): Promise<Readonly<Record<string, Snapshot>>> {
    const { world, stage } = this.#parts;
    const all = stage.homes.map(async ({ name }) => [name, await world.snapshot(name)] as const);
    return Object.fromEntries(await Promise.all(all));
  }

  async #modesAre(mode: 'Ambient' | 'Sidecar'): Promise<void> {
    for (const home of this.#parts.stage.homes)
      await this.#parts.world.modesAre({ [home.inScope ? mode : 'Sidecar']: podsOf(home) }, home.name);
  }
}
