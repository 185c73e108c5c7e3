import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { meshMigrations } from '../../../src/api/resources.ts';
import { seededRandom, type Random } from '../../../src/base/random.ts';
import type { KubeObject, Resource } from '../../../src/api/object.ts';
import { objectsOf, type Stage } from '../../campaign/stage.ts';
import { isInForce } from '../../campaign/judge/traffic.ts';
import { kinds } from '../../scenarios/manifests.ts';
import type { Snapshot, World } from '../../scenarios/world.ts';
import { deployed } from '../../support/install.ts';
import { writeKubeconfig } from '../kubeconfig.ts';
import { clearAway } from '../neighbours.ts';
import type { RealCluster } from '../real-cluster.ts';
import { EtcdHistory } from './etcd.ts';
import { KeptOperator } from './operator.ts';
import { Plan, type Rule } from './plan.ts';
import { FaultyProxy } from './proxy.ts';
import { stageFor } from './stage.ts';
import { renew, tokenFor, type Account } from './token.ts';
import { verdictOn } from './verdict.ts';

export type Way = 'there' | 'back';

/** What a disturbance may use. */
export interface Scene {
  readonly world: World;
  readonly cluster: RealCluster;
  readonly operator: KeptOperator;
  readonly proxy: FaultyProxy;
  readonly history: EtcdHistory;
  readonly random: Random;
  /** Gives the operator another token, valid for so many seconds. */
  renewToken(seconds: number): void;
  /** At the nth write from now on; it counts as met when it is over. */
  at(nth: number, when: 'before' | 'after', name: string, act: () => Promise<void>): void;
}

/** Faults that belong together, played on the way there and again on the way back. */
export interface Disturbance {
  readonly seed: number;
  readonly rules: readonly Rule[];
  /** Called when a way begins. */
  arrange?(scene: Scene, way: Way): void;
  /** What each way has to have met at least once. */
  readonly needed: readonly string[];
}

const namespaceOfOperator = 'mesh-migration-system';
const nameOfOperator = 'mesh-migration-operator';
/** Longer than any story. */
const longSeconds = 3600;
/** Fewer commits would say that something was not recorded. */
const fewestCommits = 40;

/** Two namespaces migrate there and back while things go wrong; what was committed meanwhile is judged. */
export async function playUnder(disturbance: Disturbance, world: World, cluster: RealCluster): Promise<void> {
  const names = { http: world.ns('http'), plain: world.ns('plain'), stays: world.ns('stays') };
  const stage = stageFor(world.name, names);
  const story = await Story.begin(disturbance, world, cluster, stage);
  try {
    await story.run();
  } finally {
    await story.end();
    await clearAway(world);
  }
}

class Story {
  readonly #disturbance: Disturbance;
  readonly #world: World;
  readonly #stage: Stage;
  readonly #scene: Scene;
  readonly #plan: Plan;
  readonly #met = new Map<string, number>();
  readonly #underWay = new Set<Promise<void>>();

  private constructor(disturbance: Disturbance, stage: Stage, plan: Plan, scene: Omit<Scene, 'at'>) {
    this.#disturbance = disturbance;
    this.#world = scene.world;
    this.#stage = stage;
    this.#plan = plan;
    this.#scene = {
      ...scene,
      at: (nth, when, name, act) => {
        scene.proxy.atWrite(nth, when, () => this.#count(name, act));
      },
    };
  }

  static async begin(disturbance: Disturbance, world: World, cluster: RealCluster, stage: Stage): Promise<Story> {
    const random = seededRandom(disturbance.seed);
    const plan = new Plan(random);
    const [ca, cert, key, signingKey] = ['ca.crt', 'apiserver.crt', 'apiserver.key', 'service-account.key'].map(
      (file) => readFileSync(join(cluster.certificatesDir, file), 'utf8'),
    ) as [string, string, string, string];
    const proxy = new FaultyProxy({ upstream: { port: cluster.ports.apiServer, ca }, tls: { cert, key }, plan });
    const directory = mkdtempSync(join(tmpdir(), 'faults-'));
    const [kubeconfig, tokenFile] = [join(directory, 'kubeconfig'), join(directory, 'token')];
    const provider = { name: 'tokenFile', config: { tokenFile } } as const;
    writeKubeconfig(
      kubeconfig,
      { server: await proxy.listen(), certificateAuthority: ca },
      { 'auth-provider': provider },
    );
    const account = await accountOfOperator(world, signingKey);
    const renewToken = (seconds: number): void => {
      renew(tokenFile, tokenFor(account, seconds));
    };
    renewToken(longSeconds);
    await makeHomes(world, stage);
    const history = await EtcdHistory.begin(cluster.ports.etcdClient, '/registry/');
    const operator = new KeptOperator(kubeconfig, join(directory, 'operator.log'));
    return new Story(disturbance, stage, plan, { world, cluster, operator, proxy, history, random, renewToken });
  }

  async run(): Promise<void> {
    const { name, client, signal } = this.#world;
    const { operator, history, proxy } = this.#scene;
    const before = await this.#snapshots();
    await operator.start();
    await this.#way('there', async () => {
      await client.create(meshMigrations, this.#stage.migration, signal);
      await this.#world.phase('Migrated', name);
    });
    await this.#modesAre('Ambient');
    await this.#way('back', async () => {
      await this.#world.command('RollingBack');
      await this.#world.phase('RolledBack', name);
    });
    await this.#modesAre('Sidecar');
    assert.deepEqual(await this.#snapshots(), before);
    const changes = await history.changes();
    const { violations, commits } = await verdictOn({ base: history.base, changes }, proxy.written, this.#stage);
    assert.deepEqual(violations, []);
    assert.ok(commits >= fewestCommits, `the judge saw ${String(commits)} commits of the operator`);
  }

  async end(): Promise<void> {
    const { operator, proxy, history } = this.#scene;
    this.#heal();
    await Promise.allSettled(this.#underWay);
    await operator.stop();
    history.stop();
    await proxy.close();
  }

  async #way(way: Way, going: () => Promise<void>): Promise<void> {
    const { rules, arrange, needed } = this.#disturbance;
    this.#met.clear();
    this.#plan.follow(rules);
    const from = this.#scene.proxy.writes;
    arrange?.(this.#scene, way);
    await going();
    const met = { ...this.#plan.met, ...Object.fromEntries(this.#met) };
    this.#heal();
    await Promise.all(this.#underWay);
    const writes = this.#scene.proxy.writes - from;
    const told = `${way}: ${String(writes)} writes, ${String(this.#scene.operator.endings)} endings, ${JSON.stringify(met)}`;
    if (process.env['FAULTS_TOLD'] !== undefined) process.stderr.write(`    ${told}\n`);
    const missing = needed.filter((name) => (met[name] ?? 0) === 0);
    assert.deepEqual(missing, [], `on the way ${told}`);
  }

  #heal(): void {
    this.#plan.follow([]);
    this.#scene.proxy.forgetAims();
  }

  async #count(name: string, act: () => Promise<void>): Promise<void> {
    const going = act().then(() => {
      this.#met.set(name, (this.#met.get(name) ?? 0) + 1);
    });
    this.#underWay.add(going);
    await going.finally(() => this.#underWay.delete(going));
  }

  async #snapshots(): Promise<Readonly<Record<string, Snapshot>>> {
    const all = this.#stage.homes.map(async ({ name }) => [name, await this.#world.snapshot(name)] as const);
    return Object.fromEntries(await Promise.all(all));
  }

  async #modesAre(mode: 'Ambient' | 'Sidecar'): Promise<void> {
    for (const { name, inScope, apps } of this.#stage.homes) {
      const pods = apps.reduce((sum, { replicas }) => sum + replicas, 0);
      await this.#world.modesAre({ [inScope ? mode : 'Sidecar']: pods }, name);
    }
  }
}

async function accountOfOperator(world: World, signingKey: string): Promise<Account> {
  const { client, signal } = world;
  const { metadata } = await client.get(deployed.ServiceAccount, namespaceOfOperator, nameOfOperator, signal);
  return { namespace: namespaceOfOperator, name: nameOfOperator, uid: metadata.uid ?? '', signingKey };
}

/** Until every pod is Ready, and istiod has written about every policy. */
async function makeHomes(world: World, { homes }: Stage): Promise<void> {
  const { client, signal } = world;
  for (const home of homes)
    for (const object of objectsOf(home)) await client.create(resourceOf(object), object, signal);
  for (const { name, apps } of homes)
    await world.podsReady(
      apps.reduce((sum, { replicas }) => sum + replicas, 0),
      name,
    );
  for (const { name } of homes)
    await world.eventually(`policies of ${name} in force`, async () => {
      const { items } = await client.list(kinds.AuthorizationPolicy, { namespace: name, signal });
      return items.every(isInForce) ? true : undefined;
    });
}

function resourceOf({ kind = '' }: KubeObject): Resource {
  const resource = (kinds as Readonly<Record<string, Resource>>)[kind];
  if (resource === undefined) throw new RangeError(`no kind ${kind}`);
  return resource;
}
