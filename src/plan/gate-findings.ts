import type { Finding } from '../api/common.ts';
import type { Gate } from '../api/gates.ts';
import type { MeshMigration } from '../api/resources.ts';
import type { GateTelemetry } from '../mesh/gate-telemetry.ts';
import type { Scope } from './scope.ts';

type Labels = Pick<GateTelemetry, 'labels'>;

/** What a gate adds to its preset and the preset asks for itself: it would count other things than it says. */
function contradicted({ prometheus }: Gate, { labels }: Labels): string | undefined {
  return prometheus?.extraMatchers?.find(({ label }) => labels.has(label))?.label;
}

function finding(name: string, message: string, fix: string): Finding {
  return { id: 'MM164', severity: 'Critical', object: `MeshMigration ${name}`, message, fix };
}

/**
 * MM164: gates that nobody could ask. Nobody is started by it: each would stand half-way at the deadline of its gates,
 * one after the other.
 */
export function gateFindings(
  { metadata: { name }, spec: { gates } }: MeshMigration,
  telemetry: Labels,
  asksPrometheus: boolean,
): readonly Finding[] {
  const [first] = gates;
  if (first === undefined) return [];
  if (!asksPrometheus)
    return [
      finding(
        name,
        `spec.gates (${first.name}) asks a Prometheus, and the operator has none: no namespace could ever pass`,
        'Give the operator --prometheus-url, or take spec.gates out.',
      ),
    ];
  return gates.flatMap((gate) => {
    const label = contradicted(gate, telemetry);
    return label === undefined
      ? []
      : [
          finding(
            name,
            `spec.gates (${gate.name}) adds the label ${label} (extraMatchers), which ${gate.prometheus?.preset ?? ''} asks for itself: it would not count what it says`,
            'Take the label out of extraMatchers, or write a query of your own.',
          ),
        ];
  });
}

/** The same scope where nothing is added: what was worked out from it is known again by it. */
export function withGateFindings(
  scope: Scope,
  migration: MeshMigration,
  telemetry: Labels,
  asksPrometheus: boolean,
): Scope {
  const found = gateFindings(migration, telemetry, asksPrometheus);
  return found.length === 0 ? scope : { ...scope, findings: [...scope.findings, ...found] };
}
