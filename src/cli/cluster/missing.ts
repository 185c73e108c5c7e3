import { meshMigrations, namespaceMigrations, type NamespaceMigration } from '../../api/resources.ts';
import { listed } from '../../base/counted.ts';
import { nearest } from '../../base/nearest.ts';
import { shown } from '../../base/shown.ts';
import type { Place } from '../../engine/command-lines.ts';
import type { KubeClient } from '../../kube/client.ts';
import { NotFoundError } from '../../kube/errors.ts';
import { isUnserved } from './explained.ts';
import { Refused } from './refused.ts';

async function namesThere(client: KubeClient, namespace: string | undefined, signal: AbortSignal): Promise<string[]> {
  if (namespace === undefined)
    return (await client.list(meshMigrations, { signal })).items.map(({ metadata }) => metadata.name);
  const { items } = await client.list<NamespaceMigration>(namespaceMigrations, { namespace, signal });
  return items.map(({ spec }) => spec.migration);
}

function hint(name: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const near = nearest(name, names);
  return `; there is ${listed(names.map(shown), 10)}${near === undefined ? '' : `. Did you mean ${shown(near)}?`}`;
}

/** The error of a read, or, where that object is missing, a refusal that says which there are, if we may know. */
export async function orMissing(
  error: unknown,
  client: KubeClient,
  { name, namespace }: Place,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof NotFoundError) || isUnserved(error)) return error;
  const names = await namesThere(client, namespace, signal).catch(() => []);
  const what =
    namespace === undefined
      ? `there is no MeshMigration ${name}`
      : `namespace ${namespace} has no record in MeshMigration ${name}: it is not in its scope, or was not looked at yet`;
  return new Refused(`${what}${hint(name, names)}`);
}
