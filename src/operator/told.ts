import type { MeshMigrationStatus } from '../api/mesh-migration-status.ts';
import type { MeshMigration } from '../api/resources.ts';

/** What a migration says for people: no namespace decides by it. */
const summary: readonly (keyof MeshMigrationStatus)[] = [
  'phase',
  'observedGeneration',
  'namespaces',
  'needAttention',
  'attention',
  // Which wave has begun, and which window is open, is told by the line (line.ts).
  'waves',
  // What is approved of as well.
  'plan',
  'windows',
  'startedAt',
  'conditions',
];

/** Everything else, whatever it is, and how many are in the scope: rather one look too many. */
function withoutSummary({ metadata, status, ...rest }: MeshMigration): string {
  const { resourceVersion: _version, managedFields: _fields, ...kept } = metadata;
  return JSON.stringify([
    kept,
    rest,
    Object.entries(status ?? {}).filter(([field]) => !(summary as readonly string[]).includes(field)),
    status?.namespaces?.total,
  ]);
}

/**
 * Whether only the summary of a migration has changed: each namespace that gets on makes some such changes, and they
 * concern nobody who waits or rests.
 */
export function isSummaryOnly(before: MeshMigration | undefined, after: MeshMigration | undefined): boolean {
  return before !== undefined && after !== undefined && withoutSummary(before) === withoutSummary(after);
}
