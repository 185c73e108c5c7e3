import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../../../src/api/object.ts';
import { parseAllDocuments } from 'yaml';
import { runCommand } from '../command.ts';
import type { RealCluster } from '../real-cluster.ts';
import { root } from '../runbook/commands.ts';

/** Runs a line of the documentation in the root of the repository, with the helm and kubectl of the cluster. */
export type Shell = (line: string) => Promise<string>;

/** A shell as administrator; Helm keeps its files in a folder of its own. */
export function shellOf({ binDir, kubeconfigPath }: RealCluster, signal: AbortSignal): Shell {
  const home = mkdtempSync(join(tmpdir(), 'mesh-migration-helm-'));
  const env = {
    ...process.env,
    PATH: `${binDir}:${process.env['PATH'] ?? ''}`,
    KUBECONFIG: kubeconfigPath,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
  };
  return async (line) => await runCommand('sh', ['-c', line], { env, cwd: root, signal });
}

/** The objects of a stream of YAML. */
export function objectsIn(yaml: string): readonly KubeObject[] {
  const documents = parseAllDocuments(yaml).map((document) => document.toJS() as KubeObject | null);
  return documents.filter((object) => object !== null);
}
