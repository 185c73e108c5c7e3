import type { MeshMigration, NamespaceMigration } from '../../api/resources.ts';
import { wantedReadings } from '../../engine/gates.ts';
import type { Readings } from '../../engine/situation.ts';
import { encode } from '../key.ts';
import type { Context } from '../reconciler.ts';

/** There is nobody to ask any more. */
const nobody = { kind: 'Unreachable', why: 'the operator has no --prometheus-url' } as const;

/** What the gates of a namespace have read by now; undefined while none of them is looked at. To ask is to want it. */
export function readingsOf(
  { gates, meshes }: Pick<Context, 'gates' | 'meshes'>,
  { metadata: { namespace = '', name }, spec: way, status = {} }: NamespaceMigration,
  { spec }: MeshMigration,
): Readings | undefined {
  const times = wantedReadings(spec, status);
  if (times === undefined) return undefined;
  const since = status.gatesSince ?? '';
  if (gates === undefined) return { since, byGate: new Map(spec.gates.map((gate) => [gate.name, nobody])) };
  const byGate = gates.readings({
    key: encode({ kind: 'Namespace', namespace, name }),
    namespace,
    telemetry: meshes.along(way).gateTelemetry,
    to: way.to,
    itinerary: status.itinerary ?? 'L4',
    gates: spec.gates,
    ...times,
  });
  return { since, byGate };
}
