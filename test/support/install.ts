import { readFileSync, readdirSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { KubeClient } from '../../src/kube/client.ts';
import { AlreadyExistsError, NotFoundError } from '../../src/kube/errors.ts';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import { sleep, type Clock } from '../../src/base/clock.ts';
import { meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import { kinds } from '../scenarios/manifests.ts';

const root = new URL('../../', import.meta.url);

function rbac(kind: string, plural: string, namespaced: boolean): Resource {
  return { group: 'rbac.authorization.k8s.io', version: 'v1', kind, plural, namespaced };
}

function admission(kind: string, plural: string): Resource {
  return { group: 'admissionregistration.k8s.io', version: 'v1', kind, plural, namespaced: false };
}

/** Kinds in deploy/ beside those that scenarios create. */
export const deployed = {
  ServiceAccount: { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true },
  ClusterRole: rbac('ClusterRole', 'clusterroles', false),
  ClusterRoleBinding: rbac('ClusterRoleBinding', 'clusterrolebindings', false),
  Role: rbac('Role', 'roles', true),
  RoleBinding: rbac('RoleBinding', 'rolebindings', true),
  ValidatingAdmissionPolicy: admission('ValidatingAdmissionPolicy', 'validatingadmissionpolicies'),
  ValidatingAdmissionPolicyBinding: admission('ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings'),
} as const;

const manifests = new Map<string, readonly KubeObject[]>();

/**
 * The objects of a YAML file of this repository, given by its path from the root; read once, because every simulated
 * cluster asks.
 */
export function readManifests(path: string): readonly KubeObject[] {
  const known = manifests.get(path);
  if (known !== undefined) return known;
  const documents = parseAllDocuments(readFileSync(new URL(path, root), 'utf8'));
  const objects = documents.map((document) => document.toJS() as KubeObject | null).filter((object) => object !== null);
  manifests.set(path, objects);
  return objects;
}

/** Creates what is not there yet. */
export async function createAll(
  client: KubeClient,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<void> {
  for (const object of objects) {
    const known: Readonly<Record<string, Resource>> = { ...kinds, ...deployed };
    const resource = known[object.kind ?? ''];
    if (resource === undefined) throw new RangeError(`cannot install a ${String(object.kind)}`);
    try {
      await client.create(resource, object, signal);
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
    }
  }
}

/**
 * Installs what an operator needs in a cluster: CRDs, its namespace, its ServiceAccount and rights; waits until the
 * CRDs are served.
 */
export async function installOperator(client: KubeClient, clock: Clock, signal: AbortSignal): Promise<void> {
  const crds = readdirSync(new URL('crds/', root)).filter((file) => file.startsWith('meshmigration.dev_'));
  for (const file of crds) await createAll(client, readManifests(`crds/${file}`), signal);
  for (const file of ['namespace.yaml', 'rbac.yaml', 'istio-namespace.yaml'])
    await createAll(client, readManifests(`deploy/kustomize/${file}`), signal);
  for (const resource of [meshMigrations, namespaceMigrations]) {
    while (!(await isServed(client, resource, signal))) await sleep(clock, 100, signal);
  }
}

async function isServed(client: KubeClient, resource: Resource, signal: AbortSignal): Promise<boolean> {
  try {
    await client.listPage(resource, { limit: 1, signal });
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}
