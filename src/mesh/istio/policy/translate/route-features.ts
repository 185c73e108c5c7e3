import { own } from '../../../../base/own.ts';
import { memoize } from '../../../../base/memoize.ts';
import { list, record, records, text, type Json } from '../../../json.ts';
import type { PolicyOptions } from '../options.ts';
import type { Reason } from './reason.ts';
import { destinationRuleFeatures } from './destination-features.ts';
import { byProxies, isByProxies, isNew, unknown, type Feature } from './feature.ts';
import { changesNothing } from './route-hosts.ts';
import { titleOf, type ConfigObject, type ServiceFacts } from './world.ts';

function httpMatches(spec: Json): readonly Json[] {
  return records(spec['http']).flatMap(({ match }) => records(match));
}

function l4Matches(spec: Json): readonly Json[] {
  return [...records(spec['tcp']), ...records(spec['tls'])].flatMap(({ match }) => records(match));
}

function anyHttp(field: string): (spec: Json) => boolean {
  return (spec) => records(spec['http']).some((route) => route[field] !== undefined);
}

/**
 * A waypoint builds its routes with the code of sidecars (translateWaypointRoute, TranslateRoute), but stands for no
 * particular caller.
 */
const virtualServiceFeatures: readonly Feature[] = [
  {
    ...unknown,
    field: 'spec',
    uses: (spec) => isNew('VirtualService', [spec]),
  },
  {
    ...unknown,
    field: 'spec.http',
    uses: (spec) => isNew('http', records(spec['http'])),
  },
  {
    ...unknown,
    field: 'spec.http.match',
    uses: (spec) => isNew('match', httpMatches(spec)),
  },
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
  const idle =
    object.kind === 'DestinationRule' ? featuresOf(object).every(({ idle: isIdle }) => isIdle) : changesNothing(object);
  return idle
    ? undefined
    : {
        object: titleOf(object),
        sentence: `${titleOf(object)} routes calls to the Service, which ztunnel does not.`,
        enforces: false,
      };
}
