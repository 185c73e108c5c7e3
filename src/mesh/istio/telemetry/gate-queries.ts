import type { GatePreset } from '../../../api/gates.ts';
import type { Asked, GateQuestion, GateTelemetry } from '../../gate-telemetry.ts';
import { failuresByOwn, failuresOfCallers, service, source, workload } from './gate-observers.ts';
import { latency } from './latency.ts';
import { plaintextOf } from './plaintext.ts';
import { refusals } from './refusals.ts';
import { scraped } from './spoken-counts.ts';

const presets: Readonly<Record<GatePreset, (asked: Asked) => readonly GateQuestion[]>> = {
  ErrorRate: (asked) => [failuresOfCallers(asked), ...failuresByOwn(asked)],
  Refusals: refusals,
  Latency: latency,
  MtlsShare: plaintextOf,
};

/** The standard metrics of Istio. */
export const gateTelemetry: GateTelemetry = {
  questions: (preset, asked) => presets[preset](asked),
  labels: new Set([
    scraped,
    'reporter',
    service,
    source,
    workload,
    'response_code',
    'response_flags',
    'grpc_response_status',
    'connection_security_policy',
    'le',
  ]),
};
