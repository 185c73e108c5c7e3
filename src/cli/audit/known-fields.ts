import { shown } from '../../base/shown.ts';
import type { Located } from './inventory.ts';

const attachment = ['selector', 'targetRef', 'targetRefs'];

/** Every field of `spec` that is known, by kind, for kinds of which checks read something (istio/api). */
const knownFields: Readonly<Record<string, readonly string[]>> = {
  EnvoyFilter: ['workloadSelector', 'targetRefs', 'configPatches', 'priority'],
  Telemetry: [...attachment, 'tracing', 'metrics', 'accessLogging'],
  WasmPlugin: [
    ...attachment,
    'url',
    'sha256',
    'imagePullPolicy',
    'imagePullSecret',
    'pluginConfig',
    'pluginName',
    'phase',
    'priority',
    'failStrategy',
    'vmConfig',
    'match',
    'type',
    'verificationKey',
  ],
  Sidecar: ['workloadSelector', 'ingress', 'egress', 'inboundConnectionPool', 'outboundTrafficPolicy'],
  VirtualService: ['hosts', 'gateways', 'http', 'tls', 'tcp', 'exportTo'],
  DestinationRule: ['host', 'trafficPolicy', 'subsets', 'exportTo', 'workloadSelector'],
  ServiceEntry: [
    'hosts',
    'addresses',
    'ports',
    'location',
    'resolution',
    'endpoints',
    'workloadSelector',
    'exportTo',
    'subjectAltNames',
  ],
  'Gateway.networking.istio.io': ['selector', 'servers'],
};

/** A field that the API server drops: without a selector that was meant, an object is for all pods. */
export function unknownFieldsOf(
  located: (kind: string) => readonly Located[],
): readonly (Located & { readonly field: string })[] {
  return Object.entries(knownFields).flatMap(([kind, known]) =>
    located(kind).flatMap((each) =>
      Object.keys(each.view.spec)
        .filter((field) => !known.includes(field))
        .map((field) => ({ ...each, field: `spec.${shown(field)}` })),
    ),
  );
}
