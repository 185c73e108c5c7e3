import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { templates, templateText } from '../../../scripts/chart.ts';
import { meshMigrations } from '../../../src/api/resources.ts';
import { deployment, meshMigration, namespace } from '../../scenarios/manifests.ts';
import type { World } from '../../scenarios/world.ts';
import { OperatorProcess } from '../../support/operator-process.ts';
import type { RealCluster } from '../real-cluster.ts';
import { root, sectionsOf } from '../runbook/commands.ts';
import { shellOf, type Shell } from './helm.ts';

const release = 'mesh-migration-operator';
const home = 'mesh-migration-system';
const uninstall = `helm uninstall ${release} -n ${home}`;

/** The commands of a section of docs/guides/install.md. */
function commandsOf(heading: string): readonly string[] {
  const page = readFileSync(join(root, 'docs', 'guides', 'install.md'), 'utf8');
  const section = sectionsOf(page).find((each) => each.heading === heading);
  assert.ok(section, `docs/guides/install.md has no commands in "${heading}"`);
  return section.commands;
}

async function follow(shell: Shell, heading: string): Promise<void> {
  for (const command of commandsOf(heading)) await shell(command);
}

/** A MeshMigration goes only with the operator, for which others have scenarios: here nobody waits for it. */
async function removeMigrations({ client, signal }: World): Promise<void> {
  const { items } = await client.list(meshMigrations, { signal });
  for (const { metadata } of items)
    await client.mergePatch(meshMigrations, undefined, metadata.name, { metadata: { finalizers: null } }, { signal });
}

/** Chart and CRDs as they may have been once: with a field less. */
function olderChart(): string {
  const chart = join(mkdtempSync(join(tmpdir(), 'mesh-migration-chart-')), release);
  cpSync(join(root, 'deploy', 'helm'), chart, { recursive: true });
  const template = templates.find(({ to }) => to === 'crd-meshmigrations.yaml');
  assert.ok(template);
  const crd: unknown = parse(readFileSync(join(root, template.from), 'utf8'));
  assert.ok(delete restartFields(crd)['watch']);
  writeFileSync(join(chart, 'templates', template.to), templateText(template, stringify(crd)));
  return chart;
}

type Fields = Record<string, { readonly properties: Fields }>;

/** The fields of `spec.restart` in the CRD of a MeshMigration. */
function restartFields(crd: unknown): Fields {
  const { spec } = crd as { readonly spec: { readonly versions: readonly { readonly schema: Fields }[] } };
  const schema = spec.versions[0]?.schema['openAPIV3Schema'];
  const fields = schema?.properties['spec']?.properties['restart']?.properties;
  assert.ok(fields);
  return fields;
}

async function hasWatch(shell: Shell): Promise<boolean> {
  return 'watch' in restartFields(JSON.parse(await shell('kubectl get crd meshmigrations.meshmigration.dev -o json')));
}

/** Objects that only a release brings. */
async function installed(shell: Shell): Promise<readonly string[]> {
  const kinds = 'deployment,serviceaccount,pdb,networkpolicy,role,rolebinding';
  const listed = await shell(`kubectl get ${kinds} -n ${home} -l app.kubernetes.io/managed-by=Helm -o name`);
  return listed.split('\n').filter((line) => line !== '');
}

/** From the installation by kustomize to one by Helm, and that away again. */
async function fromKustomize(world: World, shell: Shell): Promise<void> {
  await shell('kubectl apply --server-side --force-conflicts -k deploy/kustomize');
  await follow(shell, 'From kustomize to the chart');
  assert.equal((await installed(shell)).length, 6);
  await removeMigrations(world);
  await follow(shell, 'Uninstall');
  assert.deepEqual(await installed(shell), []);
}

/** The API server reads for its policies by watches of its own, which may be some seconds behind. */
async function guarded(world: World, shell: Shell): Promise<void> {
  const hook = `kubectl create configmap mesh-migration-uninstall -n ${home} --dry-run=server`;
  const note = `kubectl label secret -n ${home} -l owner=helm status=uninstalling --overwrite --dry-run=server`;
  for (const command of [hook, note])
    await world.eventually('an API server that knows of the MeshMigration', async () => {
      const taken = await shell(command).catch((error: unknown) => error);
      return taken instanceof Error && taken.message.includes('needs the operator') ? true : undefined;
    });
}

/** The operator runs under what the chart gives it, and its chart does not go while it is needed. */
async function installedByDefaults(world: World, shell: Shell, operator: OperatorProcess): Promise<void> {
  await world.create(namespace(world.ns()), deployment(world.ns(), 'web', { replicas: 2 }));
  await world.podsReady(2);
  await operator.start();
  const before = await installed(shell);
  await world.create(meshMigration(world.name, { names: [world.ns()] }));
  await world.childPhase('Migrating');
  await guarded(world, shell);
  await assert.rejects(shell(uninstall), new RegExp(`MeshMigration ${world.name} is \\w+, and needs the operator`));
  assert.deepEqual(await installed(shell), before, 'what was refused has taken something away');
  assert.match(await shell(`helm list -n ${home} --deployed -q`), new RegExp(`^${release}$`, 'm'));
  await world.phase('Migrated');
  await world.modesAre({ Ambient: 2 });
  operator.check();
  await operator.stop();
}

/** Every command of docs/guides/install.md; whoever comes afterwards finds no installation. */
export async function helmInstall(world: World, cluster: RealCluster, operator: OperatorProcess): Promise<void> {
  const shell = shellOf(cluster, world.signal);
  await operator.stop();
  await fromKustomize(world, shell);

  await follow(shell, 'Install');
  const kubeconfig = await cluster.serviceAccountKubeconfig(home, release);
  const own = new OperatorProcess({ kubeconfig, logFile: operator.logFile });
  try {
    await installedByDefaults(world, shell, own);
  } finally {
    await own.stop();
  }
  await removeMigrations(world);
  await shell(`kubectl delete mm --all && ${uninstall}`);
  assert.deepEqual(await installed(shell), []);
  assert.ok(await hasWatch(shell), 'the CRDs have not stayed');

  await shell(`helm install ${release} ${olderChart()} -n ${home}`);
  assert.equal(await hasWatch(shell), false);
  await follow(shell, 'Upgrade');
  assert.ok(await hasWatch(shell), 'the upgrade has left the CRD as it was');
}
