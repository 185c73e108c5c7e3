import { systemNamespaces, type MeshMigrationSpec } from '../api/mesh-migration.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import type { ScopeView } from '../mesh/adapter.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { hasFailed } from './admission.ts';
import { holds, isForHbone, isSelected } from './scope.ts';

/** What has to be known of the namespaces around one that moves. */
export interface Around {
  readonly spec: MeshMigrationSpec;
  /** A namespace that is there and not on its way out. */
  readonly namespace: (name: string) => NamespaceView | undefined;
  /** Other migrations: what one of them has in scope, only that one touches. */
  readonly others: readonly MeshMigration[];
  /** The records of the same migration. */
  readonly siblings: readonly NamespaceMigration[];
  readonly rootNamespace: string;
}

const goingOn: readonly (string | undefined)[] = [undefined, 'Pending', 'Planned', 'Migrating'];

/** Why the record of a namespace does not come to what others wait for. */
function haltedBy({ status }: NamespaceMigration, budgetIsSpent: boolean): string | undefined {
  const phase = status?.writtenPhase;
  if (!goingOn.includes(phase)) return phase === 'Migrated' || phase === 'Finalized' ? 'has arrived already' : `is ${phase ?? ''}: ${(status?.message ?? '').slice(0, 200)}`;
  return budgetIsSpent && status?.direction === undefined ? 'is not started, because too many failed' : undefined;
}

/** The other namespaces of a migration as those see them that wait for them. */
export function companyOf({ spec, namespace, siblings, others, rootNamespace }: Around): ScopeView {
  const isSystem = (name: string): boolean => (systemNamespaces as readonly string[]).includes(name) || name === rootNamespace;
  const moves = (name: string): boolean => {
    const view = namespace(name);
    return view !== undefined && !isSystem(name) && isSelected(spec, view);
  };
  return {
    moves,
    restartsForHbone: (name) => {
      const view = namespace(name);
      return view !== undefined && !isSystem(name) && isForHbone(spec, view) && !others.some((other) => holds(other) && isSelected(other.spec, view));
    },
    halted: (name) => {
      const record = siblings.find(({ metadata }) => metadata.namespace === name);
      return record && haltedBy(record, siblings.filter(hasFailed).length > spec.failureBudget.namespaces);
    },
  };
}
