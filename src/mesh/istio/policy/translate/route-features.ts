import { own } from '../../../../base/own.ts';
import { memoize } from '../../../../base/memoize.ts';
import { list, record, records, text, type Json } from '../../../json.ts';
import { proxyHeaderOf } from '../proxy-headers.ts';
import type { IstioVersion } from '../istio-version.ts';
import type { PolicyOptions } from '../options.ts';
import type { Reason } from './reason.ts';
import { titleOf, type ConfigObject, type ServiceFacts } from './world.ts';

/** `Lost`: the waypoint ignores it. `Changes`: it works, but not quite as in sidecars. */
export type FeatureState = 'Kept' | 'Changes' | 'Lost';

/** A feature of a VirtualService or DestinationRule, as the waypoint has it. */
export interface Feature {
  readonly field: string;
  readonly state: FeatureState;
  /** Minor version of Istio 1 before which it is lost. */
  readonly since?: number;
  readonly sentence: string;
  readonly uses: (spec: Json) => boolean;
}

/** What becomes of a feature in a version of Istio. */
export function stateIn({ state, since = 0 }: Feature, { major, minor }: IstioVersion): FeatureState {
  return major === 1 && minor < since ? 'Lost' : state;
}

function httpMatches(spec: Json): readonly Json[] {
  return records(spec['http']).flatMap(({ match }) => records(match));
}

function l4Matches(spec: Json): readonly Json[] {
  return [...records(spec['tcp']), ...records(spec['tls'])].flatMap(({ match }) => records(match));
}

function anyHttp(field: string): (spec: Json) => boolean {
  return (spec) => records(spec['http']).some((route) => route[field] !== undefined);
}

/** The sidecar of a caller follows a route before it has written its own headers, a waypoint after others have. */
const byProxies = {
  state: 'Lost',
  sentence:
    'it matches a header that proxies write themselves, in which a waypoint sees something else than the sidecar of the caller',
} as const;

function isByProxies(names: readonly string[]): boolean {
  return names.some((name) => proxyHeaderOf(name) !== undefined);
}

/**
 * A waypoint builds its routes with the code of sidecars (translateWaypointRoute, TranslateRoute), but stands for no
 * particular caller.
 */
const virtualServiceFeatures: readonly Feature[] = [
  {
    field: 'spec.http.match.sourceLabels',
    state: 'Lost',
    sentence: 'a waypoint leaves out every match with labels of the caller',
    uses: (spec) => httpMatches(spec).some(({ sourceLabels }) => Object.keys(record(sourceLabels)).length > 0),
  },
  {
    field: 'spec.http.match.sourceNamespace',
    state: 'Lost',
    sentence: 'a waypoint compares its own namespace instead of that of the caller',
    uses: (spec) => httpMatches(spec).some(({ sourceNamespace }) => sourceNamespace !== undefined),
  },
  {
    ...byProxies,
    field: 'spec.http.match.headers',
    uses: (spec) =>
      httpMatches(spec).some(({ headers, withoutHeaders }) =>
        isByProxies([...Object.keys(record(headers)), ...Object.keys(record(withoutHeaders))]),
      ),
  },
  {
    field: 'spec.tcp.match',
    state: 'Lost',
    sentence: 'a waypoint leaves out labels, namespaces and addresses of the caller in TCP and TLS matches',
    uses: (spec) =>
      l4Matches(spec).some((match) =>
        ['sourceLabels', 'sourceNamespace', 'sourceSubnet', 'destinationSubnets'].some(
          (field) => match[field] !== undefined,
        ),
      ),
  },
  {
    field: 'spec.tls.match.sniHosts',
    state: 'Lost',
    sentence: 'a waypoint follows a TLS route only if its one server name is the host of the Service',
    uses: (spec) =>
      records(spec['tls']).some(({ match }) => records(match).some(({ sniHosts }) => list(sniHosts).length !== 1)),
  },
  {
    field: 'spec.http.delegate',
    state: 'Lost',
    sentence: 'whether the delegate is read by a waypoint is not known',
    uses: anyHttp('delegate'),
  },
  {
    field: 'spec.http.corsPolicy',
    state: 'Changes',
    sentence:
      'sidecars of the callers answer preflight requests before any policy; a waypoint asks its policies first, and a preflight has no token',
    uses: anyHttp('corsPolicy'),
  },
  { field: 'spec.http.fault', state: 'Kept', sentence: 'the waypoint injects faults', uses: anyHttp('fault') },
  {
    field: 'spec.http.mirror',
    state: 'Kept',
    sentence: 'the waypoint mirrors, in the same percentage',
    uses: (spec) => anyHttp('mirror')(spec) || anyHttp('mirrors')(spec),
  },
  { field: 'spec.http.retries', state: 'Kept', sentence: 'the waypoint retries', uses: anyHttp('retries') },
  { field: 'spec.http.timeout', state: 'Kept', sentence: 'the waypoint has the timeout', uses: anyHttp('timeout') },
  {
    field: 'spec.http.route.destination.subset',
    state: 'Kept',
    sentence: 'the waypoint has the subsets (buildWaypointInboundVIP); Istio calls this alpha',
    uses: (spec) =>
      records(spec['http']).some(({ route }) =>
        records(route).some(({ destination }) => record(destination)['subset'] !== undefined),
      ),
  },
];

function policies(spec: Json): readonly Json[] {
  const own = [
    record(spec['trafficPolicy']),
    ...records(spec['subsets']).map(({ trafficPolicy }) => record(trafficPolicy)),
  ];
  return own.flatMap((policy) => [policy, ...records(policy['portLevelSettings'])]);
}

function anyPolicy(field: string): (spec: Json) => boolean {
  return (spec) => policies(spec).some((policy) => policy[field] !== undefined);
}

function hashes(spec: Json): readonly Json[] {
  return policies(spec).flatMap(({ loadBalancer }) => {
    const hash = record(loadBalancer)['consistentHash'];
    return hash === undefined ? [] : [record(hash)];
  });
}

function tlsModes(spec: Json): readonly (string | undefined)[] {
  return policies(spec).map(({ tls }) => text(record(tls)['mode']));
}

const destinationRuleFeatures: readonly Feature[] = [
  {
    field: 'spec.workloadSelector',
    state: 'Lost',
    sentence: 'it is for certain callers; a waypoint stands for all of them',
    uses: (spec) => spec['workloadSelector'] !== undefined,
  },
  {
    field: 'spec.trafficPolicy.tunnel',
    state: 'Lost',
    sentence: 'a waypoint does not tunnel',
    uses: anyPolicy('tunnel'),
  },
  {
    field: 'spec.trafficPolicy.loadBalancer.consistentHash',
    state: 'Kept',
    since: 31,
    sentence: 'a waypoint hashes for Services without a VirtualService only since Istio 1.31',
    uses: (spec) => hashes(spec).length > 0,
  },
  {
    field: 'spec.trafficPolicy.loadBalancer.consistentHash.httpHeaderName',
    state: 'Changes',
    sentence:
      'it hashes a header that proxies write themselves, in which a waypoint may see something else than the sidecar of the caller: a caller may come to another pod each time',
    uses: (spec) => hashes(spec).some(({ httpHeaderName }) => isByProxies([text(httpHeaderName) ?? ''])),
  },
  {
    field: 'spec.trafficPolicy.connectionPool',
    state: 'Changes',
    sentence: 'its limits were per calling proxy and are per replica of the waypoint',
    uses: anyPolicy('connectionPool'),
  },
  {
    field: 'spec.trafficPolicy.outlierDetection',
    state: 'Changes',
    sentence: 'each replica of the waypoint counts failures of all callers together',
    uses: anyPolicy('outlierDetection'),
  },
  {
    field: 'spec.trafficPolicy.tls',
    state: 'Changes',
    sentence: 'ambient always uses mutual TLS between pods, whatever ISTIO_MUTUAL or DISABLE says',
    uses: (spec) => tlsModes(spec).some((mode) => mode === 'ISTIO_MUTUAL' || mode === 'DISABLE'),
  },
  {
    field: 'spec.trafficPolicy.tls',
    state: 'Kept',
    sentence: 'the waypoint originates TLS inside the mesh connection',
    uses: (spec) => tlsModes(spec).some((mode) => mode === 'SIMPLE' || mode === 'MUTUAL'),
  },
  {
    field: 'spec.trafficPolicy.loadBalancer',
    state: 'Kept',
    sentence: 'the waypoint balances load by it',
    uses: anyPolicy('loadBalancer'),
  },
  {
    field: 'spec.trafficPolicy.proxyProtocol',
    state: 'Kept',
    sentence: 'the waypoint sends the PROXY protocol header',
    uses: anyPolicy('proxyProtocol'),
  },
  {
    field: 'spec.trafficPolicy.retryBudget',
    state: 'Kept',
    sentence: 'the waypoint has the retry budget',
    uses: anyPolicy('retryBudget'),
  },
  {
    field: 'spec.subsets',
    state: 'Kept',
    sentence: 'the waypoint has the subsets',
    uses: (spec) => records(spec['subsets']).length > 0,
  },
];

/** Of the Gateway API, which both follow by the same code. */
const gatewayRouteFeatures: readonly Feature[] = [
  {
    ...byProxies,
    field: 'spec.rules.matches.headers',
    uses: (spec) =>
      records(spec['rules'])
        .flatMap(({ matches }) => records(matches))
        .some(({ headers }) => isByProxies(records(headers).map(({ name }) => text(name) ?? ''))),
  },
];

const tables: Readonly<Record<string, readonly Feature[]>> = {
  VirtualService: virtualServiceFeatures,
  DestinationRule: destinationRuleFeatures,
  HTTPRoute: gatewayRouteFeatures,
  GRPCRoute: gatewayRouteFeatures,
};

/** The features that an object uses, in the order of the table. */
export const featuresOf: (object: ConfigObject) => readonly Feature[] = memoize(({ kind, spec }: ConfigObject) =>
  (own(tables, kind) ?? []).filter(({ uses }) => uses(spec)),
);

/**
 * Beside its callers instead of beside the Service (a consumer route): no waypoint of the Service reads it
 * (getVirtualServiceForWaypoint), so it is a matter of the callers, and so of their namespaces. Whoever makes one
 * decides neither whether somebody else's Service gets a waypoint nor what keeps it from that. The owner of the root
 * namespace decides about the mesh.
 */
export function isOfCallers(
  { kind, namespace }: Pick<ConfigObject, 'kind' | 'namespace'>,
  service: Pick<ServiceFacts, 'namespace'>,
  { rootNamespace }: Pick<PolicyOptions, 'rootNamespace'>,
): boolean {
  const isRoute = kind === 'HTTPRoute' || kind === 'GRPCRoute';
  return namespace !== service.namespace && (isRoute || namespace !== rootNamespace);
}

/** Why a route needs a waypoint before a Service that it is about: nothing else in ambient reads it. */
export function routeReason(object: ConfigObject): Reason | undefined {
  // With nothing but a mode of mutual TLS a DestinationRule asks for what ambient does anyway.
  const idle =
    object.kind === 'DestinationRule' &&
    featuresOf(object).every(({ field, state }) => field === 'spec.trafficPolicy.tls' && state === 'Changes');
  return idle
    ? undefined
    : {
        object: titleOf(object),
        sentence: `${titleOf(object)} routes calls to the Service, which ztunnel does not.`,
        enforces: false,
      };
}
