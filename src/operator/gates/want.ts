import type { Gate } from '../../api/gates.ts';
import type { DataPlane } from '../../api/common.ts';
import type { ItineraryName } from '../../api/namespace-migration.ts';
import type { GateTelemetry } from '../../mesh/gate-telemetry.ts';

/** A namespace whose gates are looked at. */
export interface Want {
  /** Of the record that is looked at. */
  readonly key: string;
  readonly namespace: string;
  readonly telemetry: GateTelemetry;
  readonly to: DataPlane;
  readonly itinerary: ItineraryName;
  readonly gates: readonly Gate[];
  /** Before this nothing of it was changed, in milliseconds since the epoch. */
  readonly before: number;
  /** From here on it is looked at. */
  readonly since: number;
}

/** Whether what was read for one is what is wanted by the other. */
export function isSameWant(one: Want, other: Want): boolean {
  const of = ({ telemetry: _telemetry, ...rest }: Want): string => JSON.stringify(rest);
  return of(one) === of(other);
}
