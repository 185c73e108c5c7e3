import { namespaceMigrations, type NamespaceMigration } from '../../src/api/resources.ts';
import { sleep } from '../../src/base/clock.ts';
import type { World } from '../scenarios/world.ts';

const everyMs = 100;
const ended: readonly (string | undefined)[] = ['Migrated', 'RolledBack', 'Blocked', 'Failed'];

/** `2 sidecar, 3 ambient`, without zeros. */
function podsText(status: NamespaceMigration['status']): string {
  const { sidecar = 0, ambient = 0, none = 0, transitional = 0 } = status?.pods ?? {};
  const parts = Object.entries({ sidecar, ambient, none, transitional })
    .filter(([, count]) => count > 0)
    .map(([mode, count]) => `${count} ${mode}`);
  return parts.length === 0 ? '' : `[${parts.join(', ')}]`;
}

/** Prints one line whenever the phase, the step or what a namespace waits for changes, until all are at an end. */
export async function showProgress(
  world: World,
  namespaces: readonly string[],
  print: (line: string) => void,
  withinMs: number,
): Promise<void> {
  const shown = new Map<string, string>();
  const until = world.clock.monotonic() + withinMs;
  const width = Math.max(...namespaces.map((name) => name.length));
  for (;;) {
    const { items } = await world.client.list<NamespaceMigration>(namespaceMigrations, { signal: world.signal });
    for (const { metadata, status } of items) {
      const line = `${metadata.namespace?.padEnd(width) ?? ''}  ${(status?.phase ?? '').padEnd(11)}  ${(status?.step ?? '').padEnd(16)}  ${status?.message ?? ''}`;
      if (shown.get(metadata.namespace ?? '') === line) continue;
      shown.set(metadata.namespace ?? '', line);
      print(`  ${new Date(world.clock.now()).toISOString().slice(11, 19)}  ${line}  ${podsText(status)}`.trimEnd());
    }
    if (items.length === namespaces.length && items.every(({ status }) => ended.includes(status?.writtenPhase))) return;
    if (world.clock.monotonic() > until) {
      print(`  gave up after ${withinMs / 1000}s`);
      return;
    }
    await sleep(world.clock, everyMs, world.signal);
  }
}
