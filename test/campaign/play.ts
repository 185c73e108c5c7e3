import { AssertionError } from 'node:assert/strict';
import { KubeClient } from '../../src/kube/client.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { stalledBy, type Condition } from '../../src/api/common.ts';
import { meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import { sleep } from '../../src/base/clock.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import { kinds } from '../scenarios/manifests.ts';
import { World } from '../scenarios/world.ts';
import { installOperator } from '../support/install.ts';
import { FaultyTransport } from '../sim/apiserver/faults.ts';
import { startSimCluster, type SimCluster } from '../sim/sim-cluster.ts';
import { SimOperator } from '../sim/sim-operator.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { act } from './actions.ts';
import { afflict } from './faults.ts';
import { closeGates, openGates } from './gate-actions.ts';
import type { History, Move } from './history.ts';
import { Judge, type Violation } from './judge/judge.ts';
import { isServing } from './judge/traffic.ts';
import { instructionsIn, looksOnly, paste } from '../sim/paste.ts';
import { migrationName, modeLabels, objectsOf, stageOf, type Stage } from './stage.ts';
import type { Wrong } from './wrong/seams.ts';

/** What came of a history. */
export interface Outcome {
  readonly violations: readonly Violation[];
  /** Moves that the API server let happen, by name; the others were refused, or found nothing to hit. */
  readonly done: readonly Move[];
  /** Steps that records named, with their direction. */
  readonly steps: readonly string[];
  /** `STEP / FAULT`, for each step during which a fault began. */
  readonly afflicted: readonly string[];
  readonly writes: number;
  /** The most statuses that were written of one record. */
  readonly statuses: number;
  /** Namespaces that were begun. */
  readonly starts: number;
}

/** By then istiod has written about every policy. */
const settledMs = 5000;
const startMs = 60_000;
/** An operator that was started less long ago lets no wave be over. */
const awakeMs = 40_000;
const restMs = 15 * 60_000;
const endMs = 60 * 60_000;
const quietMs = 120_000;
/** By then a Lease is over whose holder has gone, and somebody else has it. */
const takeOverMs = 30_000;
const lookMs = 5000;
/** By then a workload has new pods. */
const restartMs = 30_000;
const minuteMs = 60_000;
const maxMs = 4 * 3_600_000;

/** How a history is played. */
export interface PlayOptions {
  /** Is told of each write of anybody. */
  readonly trace?: (line: string) => void;
  /** Default: the operator as it is. */
  readonly wrong?: Wrong;
}

/** Runs a history on a fresh simulated cluster; the same history gives the same outcome. */
export async function play(history: History, options: PlayOptions = {}): Promise<Outcome> {
  const clock = new VirtualClock({ random: seededRandom(history.seed + 1) });
  return await clock.run(new Play(history, clock, options).run(), { maxMs });
}

/** What a run consists of. */
interface Parts {
  readonly cluster: SimCluster;
  readonly line: FaultyTransport;
  readonly operator: SimOperator;
  readonly client: KubeClient;
  readonly judge: Judge;
  /** For whoever pastes commands from messages. */
  readonly world: World;
}

/** One run, as actions and faults see it. */
export class Play {
  readonly stage: Stage;
  readonly history: History;
  readonly clock: VirtualClock;
  readonly #stopping = new AbortController();
  readonly #stops: (() => void)[] = [];
  readonly #repairs: (() => Promise<void>)[] = [];
  readonly #done: Move[] = [];
  readonly #steps = new Set<string>();
  readonly #afflicted = new Set<string>();
  /** Things that are still to happen. */
  #open = 0;
  #troubledUntil = 0;
  #uptime = 0;
  #began = 0;
  #startedAt = 0;
  #rival: SimOperator | undefined;
  readonly #misled = new Set<string>();
  /** Plans that were ever shown. */
  readonly #hashes = new Set<string>();
  /** What still waits for steps: none of it is for the end of the story. */
  readonly #halfWay = new Set<() => void>();
  /** What waits until a record stands at a step, by `DIRECTION STEP`. */
  readonly #aimed = new Map<string, Set<() => void>>();
  #parts: Parts | undefined;

  readonly #options: PlayOptions;

  constructor(history: History, clock: VirtualClock, options: PlayOptions) {
    this.#options = options;
    this.history = history;
    this.clock = clock;
    this.stage = stageOf(history.seed, history.isGated);
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  get cluster(): SimCluster {
    return this.#all.cluster;
  }

  get line(): FaultyTransport {
    return this.#all.line;
  }

  get client(): KubeClient {
    return this.#all.client;
  }

  get #all(): Parts {
    if (this.#parts === undefined) throw new Error('the play has not begun');
    return this.#parts;
  }

  async create(object: KubeObject): Promise<void> {
    await this.client.create(resourceOf(object), object, this.signal);
  }

  /** Once the faults are over, somebody puts right what would keep any migration from ending. */
  repair(how: () => Promise<void>): void {
    this.#repairs.push(how);
  }

  /** A person moves a namespace by hand. */
  touched(name: string): void {
    this.#all.judge.touched(name);
  }

  /** Somebody has planted labels in a record: who follows what is said of them moves the namespace by hand. */
  misled(name: string): void {
    this.#misled.add(name);
  }

  /** The hashes of all plans that the MeshMigration has shown so far. */
  get hashes(): readonly string[] {
    return [...this.#hashes];
  }

  /** The second half of an action. */
  later(ms: number, how: () => Promise<void>): void {
    this.soon(ms, () => {
      void this.#attempt(how);
    });
  }

  /** Happens when a namespace, or any, has gone so many steps from now on, if it ever does. */
  afterSteps(namespace: string | undefined, count: number, how: () => Promise<void>): void {
    const last = new Map(this.records().map((each) => [each.metadata.namespace ?? '', stepOf(each)]));
    let [left, hasBegun] = [count, false];
    const stop = this.cluster.server.watch(namespaceMigrations, ({ object }) => {
      const [home, step] = [object.metadata.namespace ?? '', stepOf(object)];
      // What is there already comes first.
      if (!hasBegun || (namespace ?? home) !== home || step === (last.get(home) ?? '')) return;
      last.set(home, step);
      left -= 1;
      if (left > 0) return;
      stop();
      this.later(0, how);
    });
    hasBegun = true;
    this.#halfWay.add(stop);
  }

  /** Happens as soon as a record stands at the step; at the latest before the faults end. */
  during(step: string, how: () => Promise<void>): void {
    const waiting = this.#aimed.get(step) ?? new Set();
    this.#aimed.set(step, waiting);
    waiting.add(() => {
      this.later(0, how);
    });
    if (this.#stepsNow().includes(step)) this.#reached(step);
  }

  #reached(step: string): void {
    const waiting = this.#aimed.get(step);
    this.#aimed.delete(step);
    for (const happens of waiting ?? []) happens();
  }

  /** Happens later, and before the end of the story. */
  soon(ms: number, how: () => void): void {
    this.#open += 1;
    this.clock.timer(ms, () => {
      this.#open -= 1;
      how();
    });
  }

  /** Something is wrong for so long: time that is not the operator's. */
  trouble(ms: number): void {
    this.#troubledUntil = Math.max(this.#troubledUntil, this.clock.monotonic() + ms);
  }

  /** Whether something keeps the operator from working. */
  get isTroubled(): boolean {
    return this.clock.monotonic() <= this.#troubledUntil;
  }

  kill(): void {
    void this.#all.operator.kill();
  }

  start(): void {
    this.#startedAt = this.#now;
    void this.#all.operator.kill().then(() => this.#all.operator.start());
  }

  /** Another process takes over while this one is cut off from everything and thinks that it leads. */
  depose(cutOffMs: number): void {
    if (this.#rival !== undefined) return;
    const { line } = this.#all;
    const rival = this.#operator(
      new FaultyTransport(this.cluster.server.transport('operator'), this.clock, []),
      'rival',
    );
    this.#rival = rival;
    void rival.start();
    line.outage(true);
    this.soon(cutOffMs, () => {
      line.outage(false);
    });
  }

  killAtWrite(nth: number, when: 'before' | 'after', pauseMs: number): void {
    const { operator } = this.#all;
    operator.killAt([{ write: operator.writes + nth, when }]);
    operator.onKilled = () => {
      this.soon(pauseMs, () => {
        this.start();
      });
    };
  }

  jump(ms: number): void {
    this.#all.operator.aheadMs += ms;
  }

  async run(): Promise<Outcome> {
    await this.#begin();
    const { judge, cluster, operator } = this.#all;
    try {
      for (const each of this.history.moves) await this.#move(each);
      await this.#calm();
      await this.#end();
      return {
        violations: judge.violations,
        done: this.#done,
        steps: [...this.#steps],
        afflicted: [...this.#afflicted],
        writes: judge.writes,
        statuses: judge.mostStatuses,
        starts: judge.starts,
      };
    } finally {
      judge.stop();
      for (const stop of this.#stops) stop();
      await operator.kill();
      await this.#rival?.kill();
      this.#stopping.abort(new Error('the play is over'));
      await cluster.stop();
      operator.forget();
      this.#rival?.forget();
    }
  }

  get #now(): number {
    return this.clock.monotonic() - this.#began;
  }

  #operator(line: FaultyTransport, name: string): SimOperator {
    const { wrong } = this.#options;
    return new SimOperator({
      transport: wrong?.transport?.(line) ?? line,
      clock: this.clock,
      random: seededRandom(this.history.seed + name.length),
      name,
      ...(wrong?.adapter && { adapter: wrong.adapter }),
    });
  }

  async #begin(): Promise<void> {
    const { clock, signal } = this;
    const { trace } = this.#options;
    const random = seededRandom(this.history.seed);
    const cluster = await startSimCluster({ clock, random, ambient: false });
    const line = new FaultyTransport(cluster.server.transport('operator'), clock, []);
    const operator = this.#operator(line, 'sim');
    const client = new KubeClient({ transport: cluster.admin, clock, random, fieldManager: 'person' });
    if (!this.stage.oldSidecars) await cluster.enableAmbient();
    await installOperator(client, clock, signal);
    const judge = new Judge(cluster.server, this.stage, {
      now: () => this.#now,
      uptime: () => this.#uptime,
      isTroubled: () => this.isTroubled,
      wallClock: () => clock.now() + operator.aheadMs,
      startedAt: () => this.#startedAt,
    });
    const world = new World({ name: migrationName, cluster, operator, random, signal });
    this.#parts = { cluster, line, operator, client, judge, world };
    for (const home of this.stage.homes) for (const object of objectsOf(home)) await this.create(object);
    await this.#until(startMs, async () => await this.#allReady());
    if (this.stage.oldSidecars) await cluster.enableAmbient();
    for (const { name } of this.stage.homes.filter(({ isUnrestarted }) => isUnrestarted)) await this.#relabel(name);
    await sleep(clock, settledMs, signal);
    await operator.start();
    if (this.stage.gates !== undefined) await sleep(clock, awakeMs, signal);
    judge.start();
    this.#began = clock.monotonic();
    this.#watchTime();
    this.#stops.push(
      cluster.server.watch(namespaceMigrations, () => {
        for (const step of this.#stepsNow()) {
          this.#steps.add(step);
          this.#reached(step);
        }
      }),
    );
    this.#stops.push(
      cluster.server.watch(meshMigrations, ({ object }) => {
        for (const hash of JSON.stringify(object['status'] ?? {}).match(/sha256:[0-9a-f]{64}/g) ?? [])
          this.#hashes.add(hash);
      }),
    );
    if (trace !== undefined) this.#traceWrites(trace);
    await this.create(this.stage.migration);
  }

  async #relabel(name: string): Promise<void> {
    const labels = modeLabels[this.stage.to];
    await this.client.mergePatch(kinds.Namespace, undefined, name, { metadata: { labels } }, { signal: this.signal });
  }

  #traceWrites(trace: (line: string) => void): void {
    this.cluster.server.audit(({ user, method, path, body, status }) => {
      if (method === 'GET' || /\/(leases|events)/.test(path)) return;
      trace(
        `${String((this.clock.monotonic() - this.#began) / 1000)} ${user} ${method} ${path} ${String(status)} ${body ?? ''}`,
      );
    });
  }

  /** Counts undisturbed time, and lets the judge look when nothing is written either. */
  #watchTime(): void {
    this.clock.timer(1000, () => {
      if (this.signal.aborted) return;
      if (this.clock.monotonic() > this.#troubledUntil) this.#uptime += 1000;
      if (this.clock.monotonic() % lookMs < 1000) this.#all.judge.look();
      this.#watchTime();
    });
  }

  #stepsNow(): readonly string[] {
    const records = this.cluster.server.list(namespaceMigrations) as readonly (KubeObject & {
      readonly status?: { readonly step?: string; readonly direction?: string };
    })[];
    return records.flatMap(({ status }) =>
      status?.step === undefined ? [] : [`${status.direction ?? 'Forward'} ${status.step}`],
    );
  }

  async #move(each: Move): Promise<void> {
    const wait = this.#began + each.at - this.clock.monotonic();
    if (wait > 0) await sleep(this.clock, wait, this.signal);
    if (each.during !== undefined) this.during(each.during, () => this.#happen(each));
    else if (each.steps === undefined) await this.#happen(each);
    else this.afterSteps(undefined, each.steps, () => this.#happen(each));
  }

  async #happen(each: Move): Promise<void> {
    const random = seededRandom(each.dice);
    const happened = await this.#attempt(async () => {
      if (each.kind === 'Fault') afflict(each.name, this, random);
      else await act(each.name, this, random);
    });
    if (!happened) return;
    this.#done.push(each);
    if (each.kind === 'Fault') for (const step of this.#stepsNow()) this.#afflicted.add(`${step} / ${each.name}`);
  }

  /** Whether it happened: what the API server refuses does not. */
  async #attempt(how: () => Promise<void>): Promise<boolean> {
    try {
      await how();
      return true;
    } catch (error) {
      if (error instanceof ApiError || this.signal.aborted) return false;
      throw error;
    }
  }

  /** Faults end, people put right what they broke, and nothing is written any more. */
  async #calm(): Promise<void> {
    for (const stop of this.#halfWay) stop();
    for (const step of [...this.#aimed.keys()]) this.#reached(step);
    await this.#until(restMs, () => Promise.resolve(this.#open === 0));
    await this.#abdicated();
    await sleep(this.clock, Math.max(0, this.#troubledUntil - this.clock.monotonic()), this.signal);
    const { line, operator, cluster, judge } = this.#all;
    line.heal();
    cluster.resumeIstiod();
    operator.killAt([]);
    // Nobody comes at once: until then it is to say what it waits for.
    if (this.#repairs.length > 0 && (await this.#quiet(restMs))) judge.rest();
    for (const how of this.#repairs) await this.#attempt(how);
    if (this.stage.gates !== undefined) await this.#openGates();
    if (await this.#quiet(restMs)) judge.rest();
    else
      judge.report(
        `H: the operator still writes after ${String(restMs / 60_000)} minutes without any change\n${judge.describe()}`,
      );
  }

  /** Every other time somebody lets everything begin, as often as there is something new to let begin. */
  async #openGates(): Promise<void> {
    if (seededRandom(this.history.seed)() < 0.4) return;
    for (const _round of [1, 2, 3]) {
      await this.#attempt(async () => {
        await openGates(this);
      });
      await this.#quiet(restMs);
    }
  }

  /** The other process ends; then the first leads again, when its Lease is over. */
  async #abdicated(): Promise<void> {
    if (this.#rival === undefined) return;
    await this.#rival.kill();
    this.trouble(takeOverMs);
  }

  /** Writes that all processes have sent. */
  get #writes(): number {
    return this.#all.operator.writes + (this.#rival?.writes ?? 0);
  }

  /** Whether the operator comes to rest within the time. */
  async #quiet(within: number): Promise<boolean> {
    let [writes, since] = [this.#writes, this.clock.monotonic()];
    return await this.#until(within, () => {
      if (this.#writes !== writes) [writes, since] = [this.#writes, this.clock.monotonic()];
      return Promise.resolve(this.clock.monotonic() - since >= quietMs);
    });
  }

  /** The last command leads to a state that nothing follows. */
  async #end(): Promise<void> {
    const { judge } = this.#all;
    const ending = ends[this.history.ending];
    const random = seededRandom(this.history.seed + 1);
    await this.#attempt(async () => {
      // No end waits for anything by which a start does.
      if (this.stage.gates !== undefined && random() < 0.5) await closeGates(this, random);
    });
    await this.#attempt(async () => {
      await ending.command(this);
    });
    const reached = await this.#until(endMs, async () => {
      if ((await this.#quiet(3 * quietMs)) && (await ending.isReached(this))) return true;
      // Whatever stalls it has to say what ends it: that is done to the letter.
      for (const message of this.#stalled()) await this.#followAdvice(message);
      return false;
    });
    if (!reached) judge.report(`End: ${this.history.ending} does not end\n${judge.describe()}`);
    judge.look();
    if (reached) judge.end(ending.is);
  }

  /** What stalled objects say; of what is back that is how to start it again. */
  #stalled(): readonly string[] {
    const all = [...this.records(), ...this.cluster.server.list(meshMigrations)] as readonly (KubeObject & {
      readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
    })[];
    return all.flatMap(({ metadata, status }) => {
      if (status?.phase === 'RolledBack') return [];
      const message = stalledBy(status?.conditions)?.message;
      return message === undefined ? [] : [`${metadata.namespace ?? ''}\n${message}`];
    });
  }

  /** Does what a message says, in its order; but nobody who wants all to end starts anything anew. */
  async #followAdvice(advice: string): Promise<void> {
    const [namespace = '', message = ''] = advice.split('\n');
    await this.#changeOwn(message);
    for (const line of instructionsIn(message)) {
      if (this.#misled.has(namespace) && line.includes(' label ')) this.touched(namespace);
      if (line.startsWith('restart')) await this.#restartEach(namespace, line);
      else if (line.startsWith('wait')) await sleep(this.clock, minuteMs, this.signal);
      else if (!looksOnly(line) && !/"Migrat(e|ing)"/.test(line))
        await this.#attempt(async () => {
          await this.#paste(line);
        });
    }
  }

  /** What is for the owner of an object to do, who has no command: he knows it. */
  async #changeOwn(message: string): Promise<void> {
    // What would not be enforced any more, or is gone around, is to be changed or removed.
    const unmet = /waits: MM\d+ (\w+) ([a-z0-9-]+)\/([a-z0-9-]+)|, which (\w+) ([a-z0-9-]+)\/([a-z0-9-]+) relies on/;
    const [, kind, home, name, kindAround = kind, homeAround = home, nameAround = name] = unmet.exec(message) ?? [];
    const isPolicy = kindAround === 'AuthorizationPolicy' || kindAround === 'PeerAuthentication';
    if (isPolicy && nameAround !== undefined)
      await this.#attempt(async () => {
        await this.client.delete(kinds[kindAround], homeAround, nameAround, { signal: this.signal });
      });
    const [, place, service] =
      /Service ([a-z0-9-]+)\/([a-z0-9-]+) is not there, .* Create it again/.exec(message) ?? [];
    const made = this.stage.homes
      .flatMap(objectsOf)
      .find(
        (object) =>
          object.kind === 'Service' && object.metadata.namespace === place && object.metadata.name === service,
      );
    if (made !== undefined)
      await this.#attempt(async () => {
        await this.client.create(kinds.Service, made, this.signal);
      });
  }

  /** A command that cannot be meant so is a fault of the message. */
  async #paste(line: string): Promise<void> {
    try {
      await paste(this.#all.world, line);
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error;
      this.#all.judge.report(`End: a message has a command that nobody can give: ${line}`);
    }
  }

  /** Restarts the workloads that a message names. */
  async #restartEach(namespace: string, named: string): Promise<void> {
    const each = /(Deployment|StatefulSet|DaemonSet) ([a-z0-9-]+)( \(delete its pods\))?/g;
    for (const [, kind = '', name = '', byPods] of named.matchAll(each)) {
      const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date(this.clock.now()).toISOString() };
      const restart = { spec: { template: { metadata: { annotations } } } };
      await this.#attempt(async () => {
        if (byPods !== undefined) await this.#deletePods(namespace, kind, name);
        else
          await this.client.mergePatch(kinds[kind as 'Deployment'], namespace, name, restart, { signal: this.signal });
      });
      await sleep(this.clock, restartMs, this.signal);
    }
  }

  async #deletePods(namespace: string, kind: string, name: string): Promise<void> {
    const { signal } = this;
    for (const { metadata } of (await this.client.list(kinds.Pod, { namespace, signal })).items) {
      const isOf = (metadata.ownerReferences ?? []).some((owner) => owner.kind === kind && owner.name === name);
      if (isOf) await this.client.delete(kinds.Pod, namespace, metadata.name, { signal });
    }
  }

  async #allReady(): Promise<boolean> {
    const homes = this.stage.homes.map(({ name }) => name);
    const pods = (await this.client.list(kinds.Pod, { signal: this.signal })).items.filter(({ metadata }) =>
      homes.includes(metadata.namespace ?? ''),
    );
    const wanted = this.stage.homes.flatMap(({ apps }) => apps).length;
    return pods.length >= wanted && pods.every(isServing);
  }

  async #until(within: number, holds: () => Promise<boolean>): Promise<boolean> {
    const deadline = this.clock.monotonic() + within;
    while (this.clock.monotonic() < deadline) {
      if (await holds()) return true;
      await sleep(this.clock, 1000, this.signal);
    }
    return false;
  }

  /** The phase of the MeshMigration; undefined if there is none. */
  phase(): string | undefined {
    const migration = this.cluster.server.get(meshMigrations, undefined, migrationName) as
      (KubeObject & { readonly status?: { readonly phase?: string } }) | undefined;
    return migration === undefined ? undefined : (migration.status?.phase ?? '');
  }

  records(): readonly KubeObject[] {
    return this.cluster.server.list(namespaceMigrations);
  }
}

/** The commands that end a story, and what they have to lead to. */
interface End {
  readonly is: 'RolledBack' | 'Finalized' | 'Gone';
  command(play: Play): Promise<void>;
  isReached(play: Play): Promise<boolean>;
}

async function action(play: Play, name: string): Promise<void> {
  await play.client.mergePatch(
    meshMigrations,
    undefined,
    migrationName,
    { spec: { action: name } },
    { signal: play.signal },
  );
}

async function rollBack(play: Play, { metadata }: KubeObject): Promise<void> {
  await play.client.mergePatch(
    namespaceMigrations,
    metadata.namespace,
    migrationName,
    { status: { phase: 'RollingBack' } },
    { subresource: 'status', signal: play.signal },
  );
}

function stepOf(record: KubeObject): string {
  return (record['status'] as { readonly step?: string } | undefined)?.step ?? '';
}

function messageOf(record: KubeObject): string {
  return String((record['status'] as { readonly message?: string } | undefined)?.message);
}

function isAtRest(record: KubeObject): boolean {
  const { phase = '' } = (record['status'] as { readonly phase?: string } | undefined) ?? {};
  // Whose journal is gone has something left, and says what to do about it.
  if (phase === 'Blocked') return !messageOf(record).includes('MM007');
  return (
    ['RolledBack', 'Pending', 'Planned', 'Paused'].includes(phase) ||
    (phase === 'Migrated' && messageOf(record).includes('nothing is changed'))
  );
}

const ends: Readonly<Record<History['ending'], End>> = {
  Rollback: {
    is: 'RolledBack',
    async command(play) {
      await action(play, 'Rollback');
    },
    // Where nothing is selected any more there is nothing to take back either.
    isReached: (play) =>
      Promise.resolve(['RolledBack', undefined].includes(play.phase()) || play.records().length === 0),
  },
  RollbackEach: {
    is: 'RolledBack',
    async command(play) {
      await action(play, 'Pause');
      for (const record of play.records()) await rollBack(play, record);
    },
    // What would take others along is asked for twice; what was there by itself has nothing to go back to.
    async isReached(play) {
      const left = play.records().filter((record) => !isAtRest(record));
      for (const record of left) if (messageOf(record).includes('once more')) await rollBack(play, record);
      return left.length === 0;
    },
  },
  Finalize: {
    is: 'Finalized',
    async command(play) {
      await action(play, 'Finalize');
    },
    isReached: () => Promise.resolve(true),
  },
  Delete: {
    is: 'Gone',
    async command(play) {
      await play.client.delete(meshMigrations, undefined, migrationName, { signal: play.signal });
    },
    isReached: (play) => Promise.resolve(play.phase() === undefined && play.records().length === 0),
  },
};

function resourceOf(object: KubeObject): Resource {
  if (object.kind === 'MeshMigration') return meshMigrations;
  const resource = (kinds as Readonly<Record<string, Resource>>)[object.kind ?? ''];
  if (resource === undefined) throw new RangeError(`no kind ${String(object.kind)}`);
  return resource;
}
