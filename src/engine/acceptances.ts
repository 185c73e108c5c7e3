import type { Finding } from '../api/common.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { listed } from '../base/counted.ts';
import { cutText } from '../base/cut-text.ts';
import { isFull } from '../mesh/few-findings.ts';
import { isNamed } from '../mesh/named.ts';
import type { Scope } from '../plan/scope.ts';

/** An entry of the spec, and whether a finding is what it is about. */
interface Entry {
  readonly name: string;
  readonly isAbout: (finding: Finding, namespace: string) => boolean;
  readonly id: string;
}

/** Whether it is found, or may be among what there was no room for. */
function mayBeFound({ id, isAbout }: Entry, namespace: string, findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.id === id && (isAbout(finding, namespace) || isFull(findings)));
}

function accepted({ spec: { accept } }: MeshMigration): readonly Entry[] {
  return accept.map((entry) => ({
    id: entry.finding,
    name: `${entry.finding} ${entry.object}`,
    isAbout: (finding) => isNamed(entry, finding),
  }));
}

function acknowledged({ spec: { acknowledge } }: MeshMigration): readonly Entry[] {
  return acknowledge.map(({ id, namespace, object }) => ({
    id,
    name: [id, ...(namespace === undefined ? [] : [`in ${namespace}`]), ...(object === undefined ? [] : [object])].join(
      ' ',
    ),
    isAbout: (finding, home) =>
      (namespace === undefined || namespace === home) && (object === undefined || object === finding.object),
  }));
}

/** What entries of a field are about, and what to do about one that is about nothing. */
const fields = [
  { field: 'spec.accept', entriesOf: accepted },
  { field: 'spec.acknowledge', entriesOf: acknowledged },
] as const;

/**
 * Entries of `spec.accept` and `spec.acknowledge` about which nothing is found in any namespace: they are misspelt, or
 * what they were for is gone, and another one could take its name. Told when all namespaces were looked at.
 */
export function idleAcceptances(
  migration: MeshMigration,
  children: readonly NamespaceMigration[],
  { namespaces }: Scope,
): readonly Finding[] {
  const looked = children.flatMap(({ metadata, status }) =>
    status?.writtenPhase === undefined || status.findings === undefined
      ? []
      : [{ namespace: metadata.namespace ?? '', findings: status.findings }],
  );
  if (looked.length < children.length || children.length < namespaces.length) return [];
  return fields.flatMap(({ field, entriesOf }): readonly Finding[] => {
    const idle = entriesOf(migration).filter(
      (entry) => !looked.some(({ namespace, findings }) => mayBeFound(entry, namespace, findings)),
    );
    if (idle.length === 0) return [];
    const which = listed(
      idle.map(({ name }) => name),
      3,
    );
    return [
      {
        id: 'MM126',
        severity: 'Warning',
        object: `MeshMigration ${migration.metadata.name}`,
        message: cutText(`${field} names what is not found in any of its namespaces: ${which}`, 1024),
        fix: 'Compare finding, kind, namespace and name with the findings of the namespaces, or take the entry out.',
      },
    ];
  });
}
