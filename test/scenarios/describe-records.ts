import { meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import type { KubeClient } from '../../src/kube/client.ts';

/** The state of a scenario's own records, for the message of a failure. */
export async function describeRecords(client: KubeClient, scenario: string, signal: AbortSignal): Promise<string> {
  const lines: string[] = [];
  for (const resource of [meshMigrations, namespaceMigrations]) {
    const { items } = await client.list(resource, { signal }).catch(() => ({ items: [] }));
    for (const item of items.filter(({ metadata }) => metadata.name.startsWith(scenario))) {
      const status = (item['status'] ?? {}) as Record<string, unknown>;
      lines.push(
        `${resource.kind} ${item.metadata.namespace ?? ''}/${item.metadata.name}: ${JSON.stringify({ ...status, plan: undefined, findings: undefined })}`,
      );
    }
  }
  return lines.join('\n');
}
