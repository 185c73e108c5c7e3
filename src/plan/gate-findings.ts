import type { Finding } from '../api/common.ts';
import type { MeshMigration } from '../api/resources.ts';
import type { Scope } from './scope.ts';

/**
 * MM164: gates that nobody could ask. Nobody is started by it: each would stand half-way at the deadline of its gates,
 * one after the other.
 */
export function gateFindings({ metadata, spec }: MeshMigration, asksPrometheus: boolean): readonly Finding[] {
  const [first] = spec.gates;
  if (first === undefined || asksPrometheus) return [];
  return [
    {
      id: 'MM164',
      severity: 'Critical',
      object: `MeshMigration ${metadata.name}`,
      message: `spec.gates (${first.name}) asks a Prometheus, and the operator has none: no namespace could ever pass`,
      fix: 'Give the operator --prometheus-url, or take spec.gates out.',
    },
  ];
}

/** The same scope where nothing is added: what was worked out from it is known again by it. */
export function withGateFindings(scope: Scope, migration: MeshMigration, asksPrometheus: boolean): Scope {
  const found = gateFindings(migration, asksPrometheus);
  return found.length === 0 ? scope : { ...scope, findings: [...scope.findings, ...found] };
}
