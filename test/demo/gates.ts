import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { KubeObject } from '../../src/api/object.ts';
import type { MeshMigration, NamespaceMigration } from '../../src/api/resources.ts';
import { namespaceMigrations } from '../../src/api/resources.ts';
import { sleep } from '../../src/base/clock.ts';
import type { PrometheusOptions } from '../../src/operator/operator.ts';
import { deployment, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { PrometheusStandIn, type Counted } from '../sim/prometheus-stand-in.ts';
import { runOnSimulation } from '../sim/run-scenario.ts';

/*
 * Waves and gates need hours, so this part is played on a virtual clock: the operator is in this process, and the times that are printed are those of the clock.
 * Prometheus is a stand-in that counts what callers outside of a namespace would: two requests in a thousand go wrong, and one in ten of `shop-cart` as soon as
 * its pods are in ambient.
 */

type Print = (line?: string) => void;

/** What is expected, and whether it came so. */
export interface Expected {
  readonly what: string;
  readonly held: boolean;
}

/** How it ended. */
export interface GatesReport {
  readonly expectations: readonly Expected[];
  readonly ok: boolean;
}

const homes = ['shop-canary', 'shop-cart', 'shop-web'] as const;
const ended: readonly (string | undefined)[] = ['Migrated', 'RolledBack'];
const everyMs = 5_000;
const patienceMs = 3 * 3_600_000;

const usual: Counted = { total: 600, bad: 1 };
const broken: Counted = { total: 600, bad: 60 };

/** What is counted of each namespace; one is broken from a time on. */
class Traffic {
  readonly prometheus = new PrometheusStandIn();
  brokenFrom = Infinity;

  constructor() {
    this.prometheus.traffic = (name, at) => ({ edge: name === 'shop-cart' && at > this.brokenFrom ? broken : usual });
  }

  get options(): PrometheusOptions {
    return { transport: this.prometheus, callersWindow: { ms: 7 * 86_400_000, text: '7d' } };
  }
}

function manifest(): KubeObject {
  return parse(readFileSync(new URL('gates.yaml', import.meta.url), 'utf8')) as KubeObject;
}

function gatesText({ gates = [] }: NonNullable<NamespaceMigration['status']>): string {
  return gates
    .map(({ name, verdict, reason, bad = 0, total = 0, limit }) => {
      const counted = total === 0 ? '' : `, ${bad} of ${total} bad${limit === undefined ? '' : `, at most ${limit}`}`;
      return `gate ${name}: ${verdict}, ${reason}${counted}`;
    })
    .join('; ');
}

/** Without the numbers of a gate that waits: they change at each look. */
function unchanging({ gates = [], phase, step, message }: NonNullable<NamespaceMigration['status']>): string {
  return JSON.stringify([
    phase,
    step,
    gates.length > 0 ? gates.map(({ verdict, reason }) => [verdict, reason]) : message,
  ]);
}

function wavesText({ status }: MeshMigration): string {
  return (status?.waves ?? []).map(({ name, state }) => `${name} ${state}`).join(', ');
}

class Progress {
  readonly #shown = new Map<string, string>();
  readonly #print: Print;
  readonly #world: World;

  constructor(world: World, print: Print) {
    this.#world = world;
    this.#print = print;
  }

  /** Prints what has changed since. */
  show(migration: MeshMigration, records: readonly NamespaceMigration[]): void {
    const waves = wavesText(migration);
    if (waves !== '') this.#line('waves', waves, waves);
    for (const { metadata, status } of records) {
      if (status === undefined) continue;
      const { phase = '', step = '', message = '' } = status;
      const gates = phase === 'Migrating' ? gatesText(status) : '';
      const text = `${phase.padEnd(11)}  ${step.padEnd(16)}  ${gates === '' ? message : gates}`;
      this.#line(metadata.namespace ?? '', text.trimEnd(), unchanging(status));
    }
  }

  #line(subject: string, text: string, key: string): void {
    if (this.#shown.get(subject) === key) return;
    this.#shown.set(subject, key);
    const time = new Date(this.#world.clock.now()).toISOString().slice(11, 19);
    this.#print(`  ${time}  ${subject.padEnd(11)}  ${text}`);
  }
}

async function recordsOf(world: World): Promise<readonly NamespaceMigration[]> {
  return (await world.client.list<NamespaceMigration>(namespaceMigrations, { signal: world.signal })).items;
}

async function followed(world: World, traffic: Traffic, print: Print): Promise<void> {
  const progress = new Progress(world, print);
  const over = new Set<string>();
  const until = world.clock.monotonic() + patienceMs;
  while (over.size < homes.length && world.clock.monotonic() < until) {
    const [migration, records] = [await world.migration('shop'), await recordsOf(world)];
    progress.show(migration, records);
    for (const { metadata, status } of records) {
      const home = metadata.namespace ?? '';
      if (ended.includes(status?.writtenPhase)) over.add(home);
      const isSeen = home === 'shop-cart' && status?.gates?.length !== undefined;
      if (isSeen && traffic.brokenFrom === Infinity) traffic.brokenFrom = world.clock.now();
    }
    await sleep(world.clock, everyMs, world.signal);
  }
  progress.show(await world.migration('shop'), await recordsOf(world));
}

/** Milliseconds from the arrival of the canary to the start of somebody else. */
function soaked({ status }: MeshMigration, later: NamespaceMigration['status']): number {
  const arrived = status?.waves?.find(({ name }) => name === 'canary')?.arrivedAt ?? '';
  return Date.parse(later?.steps?.[0]?.startedAt ?? '') - Date.parse(arrived);
}

async function checked(world: World): Promise<readonly Expected[]> {
  const records = new Map((await recordsOf(world)).map((record) => [record.metadata.namespace, record.status]));
  const cart = records.get('shop-cart');
  const modes = await Promise.all(homes.map(async (home) => await world.modes(home)));
  const [canary = {}, back = {}, web = {}] = modes;
  const soakedMs = soaked(await world.migration('shop'), records.get('shop-web'));
  return [
    {
      what: 'the canary is migrated, its gate passed',
      held: records.get('shop-canary')?.gates?.[0]?.verdict === 'Pass',
    },
    { what: 'nobody else was started before it had soaked for half an hour', held: soakedMs >= 30 * 60_000 },
    { what: 'shop-cart failed its gate', held: cart?.failure?.reason === 'GateFailed' },
    {
      what: 'shop-cart went back by itself: its pods have sidecars',
      held: cart?.phase === 'RolledBack' && back.Sidecar === 2,
    },
    {
      what: 'shop-web is migrated all the same',
      held: records.get('shop-web')?.phase === 'Migrated' && web.Ambient === 2,
    },
    { what: 'the pods of the canary are in ambient', held: canary.Ambient === 2 },
  ];
}

async function deploy(world: World): Promise<void> {
  for (const home of homes) {
    await world.create(namespace(home), deployment(home, 'app', { replicas: 2 }));
    await world.podsReady(2, home);
  }
}

async function story(world: World, traffic: Traffic, print: Print): Promise<GatesReport> {
  print('Three namespaces with sidecars; callers outside of them see two requests in a thousand fail.');
  await deploy(world);
  const migration = manifest();
  print(
    `\nApplying test/demo/gates.yaml: a canary that soaks for half an hour, then the others, each behind a gate.\n`,
  );
  await world.create(migration);
  await followed(world, traffic, print);
  const { status } = await world.child('shop-cart', 'shop');
  print(`\nWhy shop-cart went back: ${status?.failure?.message ?? 'it did not'}`);
  const expectations = await checked(world);
  print('\nExpected and checked:');
  for (const { what, held } of expectations) print(`  ${held ? 'ok  ' : 'FAIL'}  ${what}`);
  return { expectations, ok: expectations.every(({ held }) => held) };
}

/** Plays waves and gates on a virtual clock, and prints what a person would see. */
export async function showGates(print: Print): Promise<GatesReport> {
  const traffic = new Traffic();
  let report: GatesReport = { expectations: [], ok: false };
  await runOnSimulation(
    {
      name: 'shop',
      disturbs: true,
      run: async (world) => {
        report = await story(world, traffic, print);
      },
    },
    { prometheus: () => traffic.options },
  );
  return report;
}
