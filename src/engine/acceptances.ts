import type { Finding } from '../api/common.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { listed } from '../base/counted.ts';
import { cutText } from '../base/cut-text.ts';
import { isFull } from '../mesh/few-findings.ts';
import { isNamed } from '../mesh/named.ts';
import type { Scope } from '../plan/scope.ts';

type Entry = MeshMigrationSpec['accept'][number];

/** Whether it is found, or may be among what there was no room for. */
function mayBeFound(entry: Entry, findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.id === entry.finding && (isNamed(entry, finding) || isFull(findings)));
}

/**
 * Entries of `spec.accept` about which nothing is found in any namespace: they are misspelt, or what they were for is
 * gone, and another one could take its name. Told when all namespaces were looked at.
 */
export function idleAcceptances(
  { metadata: { name }, spec: { accept } }: MeshMigration,
  children: readonly NamespaceMigration[],
  { namespaces }: Scope,
): readonly Finding[] {
  const looked = children.flatMap(({ status }) =>
    status?.writtenPhase === undefined || status.findings === undefined ? [] : [status.findings],
  );
  if (looked.length < children.length || children.length < namespaces.length) return [];
  const idle = accept.filter((entry) => !looked.some((findings) => mayBeFound(entry, findings)));
  if (idle.length === 0) return [];
  const which = listed(
    idle.map(({ finding, object }) => `${finding} ${object}`),
    3,
  );
  return [
    {
      id: 'MM126',
      severity: 'Warning',
      object: `MeshMigration ${name}`,
      message: cutText(`spec.accept names what is not found in any of its namespaces: ${which}`, 1024),
      fix: 'Compare finding, kind, namespace and name with the findings of the namespaces, or take the entry out.',
    },
  ];
}
