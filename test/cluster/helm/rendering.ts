import assert from 'node:assert/strict';
import type { KubeObject } from '../../../src/api/object.ts';
import type { World } from '../../scenarios/world.ts';
import type { RealCluster } from '../real-cluster.ts';
import { objectsIn, shellOf } from './helm.ts';

/** What only the chart has; docs/guides/install.md says why. */
const helmLabels = [
  'app.kubernetes.io/instance',
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/version',
  'helm.sh/chart',
];
const helmAnnotations = ['helm.sh/resource-policy'];
const chartOnly = 'mesh-migration-uninstall';

/** Helm knows no namespace of its own; who reads dashboards is asked for in kustomize only. */
const kustomizeOnly = ['Namespace', 'ConfigMap'];

function without(
  map: Readonly<Record<string, string>> | undefined,
  keys: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => !keys.includes(key)));
}

function plain(object: KubeObject): readonly [string, unknown] {
  const { labels, annotations, ...metadata } = object.metadata;
  // A CRD has no label of ours in kustomize, and none but those of Helm in the chart.
  const own = { labels: without(labels, helmLabels), annotations: without(annotations, helmAnnotations) };
  const name = [object.kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join(' ');
  return [name, { ...object, metadata: { ...metadata, ...own } }];
}

function byName(objects: readonly KubeObject[]): Readonly<Record<string, unknown>> {
  const named = objects.map(plain);
  assert.equal(new Set(named.map(([name]) => name)).size, named.length, 'an object is there twice');
  return Object.fromEntries(named.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Chart and kustomize, rendered by helm and kubectl, are the same objects. */
export async function helmRendering(world: World, cluster: RealCluster): Promise<void> {
  const shell = shellOf(cluster, world.signal);
  const template = 'helm template mesh-migration-operator deploy/helm -n mesh-migration-system';
  const options = 'rollbackOnly.enabled=true,monitoring.podMonitor=true,monitoring.prometheusRule=true';
  const [chart, whole, installed, monitoring, rollbackOnly] = await Promise.all(
    [
      template,
      `${template} --set ${options}`,
      'kubectl kustomize deploy/kustomize',
      'kubectl kustomize deploy/monitoring',
      'cat deploy/kustomize/rollback-only.yaml',
    ].map(async (line) => objectsIn(await shell(line))),
  );
  assert.ok(chart && whole && installed && monitoring && rollbackOnly);
  const ofChart = (objects: readonly KubeObject[]): Readonly<Record<string, unknown>> =>
    byName(objects.filter(({ metadata }) => metadata.name !== chartOnly));
  const ofKustomize = (objects: readonly KubeObject[]): Readonly<Record<string, unknown>> =>
    byName(objects.filter(({ kind = '' }) => !kustomizeOnly.includes(kind)));

  assert.ok(installed.length > 15, 'kustomize has hardly anything');
  assert.deepEqual(ofChart(chart), ofKustomize(installed), 'with the defaults');
  assert.deepEqual(ofChart(whole), ofKustomize([...installed, ...monitoring, ...rollbackOnly]), 'with all of it');
  await assert.rejects(shell(`${template} --set replica=3`), /additional properties 'replica' not allowed/);
}
