import type { Json } from '../../../json.ts';
import type { IstioVersion } from '../istio-version.ts';
import { proxyHeaderOf } from '../proxy-headers.ts';

/** `Lost`: the waypoint ignores it. `Changes`: it works, but not quite as in sidecars. */
export type FeatureState = 'Kept' | 'Changes' | 'Lost';

/** A feature of a VirtualService or DestinationRule, as the waypoint has it. */
export interface Feature {
  readonly field: string;
  readonly state: FeatureState;
  /** Minor version of Istio 1 before which it is lost. */
  readonly since?: number;
  readonly sentence: string;
  /** By itself it does nothing that ambient does not do: no reason for a waypoint. */
  readonly idle?: true;
  readonly uses: (spec: Json) => boolean;
}

/** What becomes of a feature in a version of Istio. */
export function stateIn({ state, since = 0 }: Feature, { major, minor }: IstioVersion): FeatureState {
  return major === 1 && minor < since ? 'Lost' : state;
}

/** The sidecar of a caller follows a route before it has written its own headers, a waypoint after others have. */
export const byProxies = {
  state: 'Lost',
  sentence:
    'it matches a header that proxies write themselves, in which a waypoint sees something else than the sidecar of the caller',
} as const;

/** Whether proxies write one of these headers. */
export function isByProxies(names: readonly string[]): boolean {
  return names.some((name) => proxyHeaderOf(name) !== undefined);
}

/** What Istio gets later than this was written: whether a waypoint follows it, nobody knows here. */
export const unknown = {
  state: 'Changes',
  sentence: 'it has a field that is not known here, and nobody can tell what a waypoint makes of it',
} as const;

/** Every field that is known, by what it is a field of (networking/v1alpha3 in istio/api). */
const knownFields = {
  VirtualService: ['hosts', 'gateways', 'http', 'tls', 'tcp', 'exportTo'],
  http: [
    'name',
    'match',
    'route',
    'redirect',
    'directResponse',
    'delegate',
    'rewrite',
    'timeout',
    'retries',
    'fault',
    'mirror',
    'mirrors',
    'mirrorPercent',
    'mirror_percent',
    'mirrorPercentage',
    'corsPolicy',
    'headers',
  ],
  match: [
    'name',
    'uri',
    'scheme',
    'method',
    'authority',
    'headers',
    'port',
    'sourceLabels',
    'gateways',
    'queryParams',
    'ignoreUriCase',
    'withoutHeaders',
    'sourceNamespace',
    'statPrefix',
  ],
  DestinationRule: ['host', 'trafficPolicy', 'subsets', 'exportTo', 'workloadSelector'],
  trafficPolicy: [
    'port',
    'loadBalancer',
    'connectionPool',
    'outlierDetection',
    'tls',
    'portLevelSettings',
    'tunnel',
    'proxyProtocol',
    'retryBudget',
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Whether one of these parts has a field that is not known. */
export function isNew(of: keyof typeof knownFields, parts: readonly Json[]): boolean {
  const known: readonly string[] = knownFields[of];
  return parts.some((part) => Object.keys(part).some((field) => !known.includes(field)));
}
