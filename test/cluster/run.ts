import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KubeClient } from '../../src/kube/client.ts';
import { systemRandom } from '../../src/base/random.ts';
import { scenarios } from '../scenarios/all.ts';
import { runScenario } from '../scenarios/run.ts';
import { kinds } from '../scenarios/manifests.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { World } from '../scenarios/world.ts';
import { createAll, installOperator, readManifests } from '../support/install.ts';
import { OperatorProcess } from '../support/operator-process.ts';
import { checks, type Check } from './checks.ts';
import { tally } from './policy/checks.ts';
import { clearAway, makeOld } from './neighbours.ts';
import { startRealCluster, type RealCluster } from './real-cluster.ts';

const usage = `Runs the scenarios on a real control plane: npm run test:cluster -- [NAME...] [--scenarios | --checks] [--json FILE]

  NAME          only those whose names contain one of these
  --scenarios   only those that run on the simulated cluster as well
  --checks      only the others; both may run at once, each on a control plane of its own
  --json FILE   writes {"passed": n, "failed": n}
`;

/** Scenarios at once: more would only wait for the two cores. */
const lanes = 5;

/**
 * What takes longer is hung: the largest comparison of policies needs four minutes on a machine that does something
 * else besides.
 */
const patienceMs = 10 * 60_000;

interface Bench {
  readonly cluster: RealCluster;
  readonly operator: OperatorProcess;
  readonly log: (line: string) => void;
  passed: number;
  readonly failed: string[];
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

function worldFor(bench: Bench, name: string, signal: AbortSignal): World {
  return new World({ name, cluster: bench.cluster, operator: bench.operator, random: systemRandom, signal });
}

/** Runs one, and counts it. */
async function attempt(bench: Bench, scenario: Scenario): Promise<void> {
  const { name } = scenario;
  const { clock } = bench.cluster;
  const began = clock.monotonic();
  const hung = new AbortController();
  const cancel = clock.timer(patienceMs, () => {
    hung.abort(new Error(`${name} took longer than ${patienceMs / 1000}s`));
  });
  try {
    bench.operator.check();
    await runScenario(scenario, worldFor(bench, name, hung.signal));
    bench.operator.check();
    bench.passed += 1;
    log(`  ok    ${name} (${((clock.monotonic() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    bench.failed.push(name);
    log(
      `  FAIL  ${name} (${((clock.monotonic() - began) / 1000).toFixed(1)} s)\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  } finally {
    cancel();
  }
}

async function inLanes(list: readonly Scenario[], run: (scenario: Scenario) => Promise<void>): Promise<void> {
  const queue = [...list];
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await run(next);
    }),
  );
}

/**
 * The scenarios are over: no operator, and none of their PeerAuthentications, of which istiod tells every ztunnel that
 * there are some.
 */
async function clearForPolicies(bench: Bench): Promise<void> {
  await bench.operator.stop();
  const { client, signal } = worldFor(bench, 'policy', new AbortController().signal);
  const { items } = await client.list(kinds.PeerAuthentication, { signal });
  for (const {
    metadata: { namespace, name },
  } of items)
    await client.delete(kinds.PeerAuthentication, namespace, name, { signal });
}

/** Alone, because others would notice. */
async function runAlone(bench: Bench, scenario: Scenario): Promise<void> {
  const world = worldFor(bench, scenario.name, new AbortController().signal);
  if (scenario.prepare !== undefined) await makeOld(world, true);
  await attempt(bench, scenario);
  if (scenario.prepare !== undefined) await makeOld(world, false);
  await clearAway(world);
}

async function runAll(bench: Bench, chosen: readonly Scenario[], others: readonly Check[]): Promise<void> {
  const { cluster, operator } = bench;
  const signal = new AbortController().signal;
  for (const scenario of chosen) {
    const world = worldFor(bench, scenario.name, signal);
    await scenario.prepare?.(world);
  }
  log('enabling ambient');
  await cluster.enableAmbient();
  for (const { name } of chosen.filter(({ prepare }) => prepare !== undefined))
    await makeOld(worldFor(bench, name, signal), false);
  await operator.start();
  const alone = ({ disturbs, prepare }: Scenario): boolean => disturbs === true || prepare !== undefined;
  const together = chosen.filter((scenario) => !alone(scenario));
  await inLanes(together, async (scenario) => {
    await attempt(bench, scenario);
    await clearAway(worldFor(bench, scenario.name, signal));
  });
  for (const scenario of chosen.filter(alone)) await runAlone(bench, scenario);
  for (const { name, run } of others) {
    // Policies for the whole mesh by the thousand: every namespace that is left would be looked at for each of them.
    const isAboutPolicies = name.startsWith('policy-');
    if (isAboutPolicies) await clearForPolicies(bench);
    await attempt(bench, {
      name,
      run: async (world) => {
        await run(world, cluster, operator);
      },
    });
    if (isAboutPolicies) await operator.start();
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      scenarios: { type: 'boolean', default: false },
      checks: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const wanted = ({ name }: { readonly name: string }): boolean =>
    positionals.length === 0 || positionals.some((part) => name.includes(part));
  const chosen = values.checks ? [] : scenarios.filter(({ simulationOnly }) => simulationOnly !== true).filter(wanted);
  const others = values.scenarios ? [] : checks.filter(wanted);
  if (chosen.length + others.length === 0) {
    process.stderr.write(
      `No scenario has ${positionals.map((part) => `"${part}"`).join(' or ')} in its name. There are:\n${[...scenarios, ...checks].map(({ name }) => `  ${name}\n`).join('')}`,
    );
    return 2;
  }
  const cluster = await startRealCluster({ sidecarOnly: true, log });
  const operator = new OperatorProcess({
    kubeconfig: await kubeconfigFor(cluster),
    logFile: join(mkdtempSync(join(tmpdir(), 'mesh-migration-')), 'operator.log'),
  });
  const bench: Bench = { cluster, operator, log, passed: 0, failed: [] };
  try {
    await runAll(bench, chosen, others);
  } finally {
    await operator.stop();
    await cluster.stop();
  }
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ passed: bench.passed, failed: bench.failed.length })}\n`);
  if (bench.failed.length > 0) log(`failed: ${bench.failed.join(', ')}; the operator's log is ${operator.logFile}`);
  const policies = tally.summary();
  if (policies !== undefined) process.stdout.write(`${policies}\n`);
  process.stdout.write(`${bench.passed} passed, ${bench.failed.length} failed\n`);
  return bench.failed.length === 0 ? 0 : 1;
}

/** The operator runs under the rights of its own ServiceAccount, as deploy/ grants them. */
async function kubeconfigFor(cluster: RealCluster): Promise<string> {
  const client = new KubeClient({
    transport: cluster.admin,
    clock: cluster.clock,
    random: systemRandom,
    fieldManager: 'helm',
  });
  const { signal } = new AbortController();
  await installOperator(client, cluster.clock, signal);
  for (const file of ['user-roles.yaml', 'admission.yaml'])
    await createAll(client, readManifests(`deploy/kustomize/${file}`), signal);
  return await cluster.serviceAccountKubeconfig('mesh-migration-system', 'mesh-migration-operator');
}

process.exitCode = await main();
