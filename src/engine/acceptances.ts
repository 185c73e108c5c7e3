import type { Acknowledgement } from '../api/acknowledged.ts';
import type { Finding } from '../api/common.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { listed } from '../base/counted.ts';
import { cutText } from '../base/cut-text.ts';
import { isFull } from '../mesh/few-findings.ts';
import { isNamed } from '../mesh/named.ts';
import { acknowledgedIn } from '../plan/acknowledged.ts';
import type { Scope } from '../plan/scope.ts';

/** Where people answer for findings. */
type Answers = Pick<MeshMigrationSpec, 'accept' | 'acknowledge'>;

/** An entry of the spec, and whether a finding is what it is about. */
interface Entry {
  readonly name: string;
  readonly isAbout: (finding: Finding, namespace: string) => boolean;
  /** Whether findings of a namespace may be what it is about. */
  readonly isWithin: (namespace: string) => boolean;
  readonly id: string;
}

/** Whether it is found, or may be among what there was no room for. */
function mayBeFound({ id, isAbout }: Entry, namespace: string, findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.id === id && (isAbout(finding, namespace) || isFull(findings)));
}

function accepted({ accept }: Answers): readonly Entry[] {
  return accept.map((entry) => ({
    id: entry.finding,
    name: `${entry.finding} ${entry.object}`,
    isAbout: (finding) => isNamed(entry, finding),
    isWithin: () => true,
  }));
}

function acknowledgements(acknowledge: readonly Acknowledgement[]): readonly Entry[] {
  return acknowledge.map(({ id, namespace, object }) => ({
    id,
    name: [id, ...(namespace === undefined ? [] : [`in ${namespace}`]), ...(object === undefined ? [] : [object])].join(
      ' ',
    ),
    isAbout: (finding, home) =>
      (namespace === undefined || namespace === home) && (object === undefined || object === finding.object),
    isWithin: (home) => namespace === undefined || namespace === home,
  }));
}

/** What entries of a field are about. */
const fields = [
  { field: 'spec.accept', entriesOf: accepted },
  { field: 'spec.acknowledge', entriesOf: ({ acknowledge }: Answers) => acknowledgements(acknowledge) },
] as const;

/** What is known of a namespace of the migration. */
interface Looked {
  readonly namespace: string;
  readonly findings: readonly Finding[];
  /** What is asked at the start only is not among its findings any more. */
  readonly hasStarted: boolean;
}

const over: readonly (string | undefined)[] = ['RolledBack', 'Finalized'];

function lookedAt({ metadata, status }: NamespaceMigration): readonly Looked[] {
  if (status?.writtenPhase === undefined || status.findings === undefined) return [];
  const hasStarted = status.direction !== undefined && !over.includes(status.writtenPhase);
  return [{ namespace: metadata.namespace ?? '', findings: status.findings, hasStarted }];
}

/** Whether an entry may be what a namespace was started by: of what is asked at the start only nothing tells it later. */
function mayHaveStarted({ isWithin }: Entry, { namespace, hasStarted }: Looked): boolean {
  return hasStarted && isWithin(namespace);
}

function namesOf(entries: readonly Entry[]): string {
  return listed(
    entries.map(({ name }) => name),
    3,
  );
}

function idle(migration: MeshMigration, looked: readonly Looked[]): readonly Finding[] {
  return fields.flatMap(({ field, entriesOf }): readonly Finding[] => {
    const entries = entriesOf(migration.spec).filter(
      (entry) =>
        !looked.some((each) => mayHaveStarted(entry, each) || mayBeFound(entry, each.namespace, each.findings)),
    );
    if (entries.length === 0) return [];
    return [
      {
        id: 'MM126',
        severity: 'Warning',
        object: `MeshMigration ${migration.metadata.name}`,
        message: cutText(`${field} names what is not found in any of its namespaces: ${namesOf(entries)}`, 1024),
        fix: 'Compare finding, kind, namespace and name with the findings of the namespaces, or take the entry out.',
      },
    ];
  });
}

/** Entries of which the time is over, where something has started that they may be about. */
function ended(migration: MeshMigration, started: readonly Looked[], now: number): readonly Finding[] {
  const overNow = acknowledgedIn(migration, now).filter(({ isOver }) => isOver);
  const entries = acknowledgements(overNow).filter((entry) => started.some((each) => mayHaveStarted(entry, each)));
  if (entries.length === 0) return [];
  return [
    {
      id: 'MM153',
      severity: 'Warning',
      object: `MeshMigration ${migration.metadata.name}`,
      message: cutText(
        `the time of what spec.acknowledge says is over: ${namesOf(entries)}. What was started by it goes on, nothing more is started by it`,
        1024,
      ),
      fix: 'Say a later time if you still answer for it, or take the entry out when nothing is under way any more that was started by it.',
    },
  ];
}

/**
 * What entries of `spec.accept` and `spec.acknowledge` are about nothing: they are misspelt, or what they were for is
 * gone, and another one could take its name. Told when all namespaces were looked at, and not while one is under way
 * that may have been started by them: whoever took them out would hold it. Those whose time is over meanwhile are told.
 * `now`: milliseconds since the epoch.
 */
export function idleAcceptances(
  migration: MeshMigration,
  children: readonly NamespaceMigration[],
  { namespaces }: Scope,
  now: number,
): readonly Finding[] {
  const looked = children.flatMap(lookedAt);
  const isComplete = looked.length === children.length && children.length >= namespaces.length;
  return [...(isComplete ? idle(migration, looked) : []), ...ended(migration, looked, now)];
}
