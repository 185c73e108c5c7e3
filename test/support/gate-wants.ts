import type { Want } from '../../src/operator/gates/want.ts';
import { gateTelemetry } from '../../src/mesh/istio/telemetry/gate-queries.ts';

/** What is wanted of the gates of a namespace on its way to ambient; `more` says by which gates and of which time. */
export function gateWant(namespace: string, more: Partial<Want> & Pick<Want, 'before' | 'since'>): Want {
  return {
    key: `n/${namespace}/shop`,
    namespace,
    telemetry: gateTelemetry,
    to: 'IstioAmbient',
    itinerary: 'L4',
    gates: [],
    ...more,
  };
}
