import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemRandom } from '../../src/base/random.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { createAll, installOperator, readManifests } from '../support/install.ts';
import { OperatorProcess } from '../support/operator-process.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { watchForPodsOutside } from '../scenarios/outside-watch.ts';
import { World } from '../scenarios/world.ts';
import type { AuditReport } from '../../src/cli/audit/report.ts';
import { auditManifests, manifestsFolder } from './audit.ts';
import { showGates } from './gates.ts';
import { startEmbedded, startReal, type DemoCluster } from './demo-cluster.ts';
import { checkAll, type Seen } from './expectations.ts';
import { namespaces, pods, type DemoNamespace } from './namespaces.ts';
import { observe, type Observed } from './observe.ts';
import { readOptions, type DemoOptions } from './options.ts';
import { showProgress } from './progress.ts';
import { reportOf, type Report } from './report.ts';
import { showAudit, showReport } from './show.ts';
import { observeWaypoint } from './waypoint.ts';

const patienceMs = 100_000;

function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Containers take their time to start, and with `--fail` reviews-v2 is Ready only as long as it has a sidecar. */
function withBehaviour(object: KubeObject, fail: boolean): KubeObject {
  const { template, ...spec } = (object['spec'] ?? {}) as { readonly template?: KubeObject };
  if (template === undefined) return object;
  const annotations = {
    [podBehaviour.readyAfterMs]: '1500',
    ...(fail && object.metadata.name === 'reviews-v2' && { [podBehaviour.neverReady]: 'without-sidecar' }),
  };
  return { ...object, spec: { ...spec, template: { ...template, metadata: { ...template.metadata, annotations } } } };
}

async function deploy(world: World, fail: boolean): Promise<void> {
  for (const name of namespaces) {
    const objects = readManifests(`test/demo/${name}.yaml`);
    await createAll(
      world.client,
      objects.map((object) => withBehaviour(object, fail)),
      world.signal,
    );
  }
  for (const name of namespaces) await world.podsReady(pods[name], name);
}

async function look(world: World): Promise<ReadonlyMap<DemoNamespace, Observed>> {
  return new Map(await Promise.all(namespaces.map(async (name) => [name, await observe(world, name)] as const)));
}

/** Whether the pods that were replaced are gone. */
async function settled(world: World): Promise<boolean> {
  const counts = await Promise.all(
    namespaces.map(
      async (name) => Object.values(await world.modes(name)).reduce((sum, count) => sum + count, 0) === pods[name],
    ),
  );
  return counts.every(Boolean);
}

async function story(world: World, options: DemoOptions, audit: AuditReport): Promise<Report> {
  const before = await look(world);
  const watches = await Promise.all(
    namespaces.map(async (name) => await watchForPodsOutside(world.client, world.clock, name, world.signal)),
  );
  print(`\nApplying ${manifestsFolder}/mesh-migration.yaml:`);
  await world.create(...readManifests('test/demo/mesh-migration.yaml'));
  await showProgress(world, namespaces, print, patienceMs);
  await world.eventually('pods that were replaced are gone', async () => ((await settled(world)) ? true : undefined));
  const after = await look(world);
  for (const watch of watches) await watch.stop();
  const seen = new Map(
    await Promise.all(
      namespaces.map(async (name): Promise<[DemoNamespace, Seen]> => {
        const [was, is] = [before.get(name), after.get(name)];
        if (was === undefined || is === undefined) throw new RangeError(`nothing was seen of ${name}`);
        const child = await world.child(name, 'bookinfo').catch(() => undefined);
        return [
          name,
          { before: was, after: is, report: reportOf(name, was, is, child, await observeWaypoint(world, name)) },
        ];
      }),
    ),
  );
  const expectations = checkAll(
    options.fail,
    audit,
    seen,
    watches.flatMap(({ violations }) => violations),
  );
  return {
    audit,
    namespaces: [...seen.values()].map(({ report }) => report),
    expectations,
    ok: expectations.every(({ held }) => held),
  };
}

async function keep(demo: DemoCluster): Promise<void> {
  print(`\nEverything is still up. In another terminal:
  export KUBECONFIG=${demo.kubeconfig}
  kubectl get mm,nsm -A
  kubectl describe nsm -n bookinfo bookinfo
  kubectl get gtw,authorizationpolicies -n bookinfo-shop
  kubectl get pods -A -l app
  kubectl patch mm bookinfo --subresource=status --type=merge -p '{"status":{"phase":"RollingBack"}}'
  kubectl get nsm -A -w
Ctrl-C ends it.`);
  await new Promise<void>((resolve) => {
    const alive = setInterval(() => undefined, 60_000);
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        clearInterval(alive);
        resolve();
      });
  });
}

function writeReport({ report }: DemoOptions, seen: unknown): void {
  if (report !== undefined) writeFileSync(report, `${JSON.stringify(seen, null, 2)}\n`);
}

function verdict(isOk: boolean): number {
  print(isOk ? '\nEverything was as expected.' : '\nNot everything was as expected.');
  return isOk ? 0 : 1;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (!options.gates) return await showMigration(options);
  const report = await showGates(print);
  writeReport(options, report);
  return verdict(report.ok);
}

async function showMigration(options: DemoOptions): Promise<number> {
  print(
    options.real
      ? 'Starting a real control plane with Istio (binaries are built the first time):'
      : 'Starting the simulated cluster with Istio in sidecar and ambient mode',
  );
  const demo = options.real
    ? await startReal((line) => {
        print(`  ${line}`);
      })
    : await startEmbedded();
  const ending = new AbortController();
  const world = new World({
    name: 'bookinfo',
    cluster: demo.cluster,
    operator: {
      start: async () => {
        await operator.start();
      },
      kill: async () => {
        await operator.kill();
      },
    },
    random: systemRandom,
    signal: ending.signal,
  });
  await installOperator(world.client, world.clock, ending.signal);
  const operator = new OperatorProcess({
    kubeconfig: await demo.operatorKubeconfig(),
    logFile: join(demo.folder, 'operator.log'),
  });
  try {
    print(
      'Deploying bookinfo in four namespaces: injected sidecars, STRICT mTLS, policies by identity and port, in bookinfo-shop by HTTP method and path, and in bookinfo-admin an EnvoyFilter',
    );
    await deploy(world, options.fail);
    await operator.start();
    print(`Started the operator as process ${String(operator.pid)}`);
    const audit = await auditManifests();
    showAudit(audit, print);
    const report = await story(world, options, audit);
    showReport(report, print);
    operator.check();
    writeReport(options, report);
    const exitCode = verdict(report.ok);
    if (options.keep) await keep(demo);
    return exitCode;
  } finally {
    await operator.stop();
    ending.abort(new Error('the demo is over'));
    await demo.stop();
  }
}

process.exitCode = await main();
process.exit();
