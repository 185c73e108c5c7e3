import { own } from '../../../../base/own.ts';
import { record, records, strings, text, type Json } from '../../../json.ts';
import { trafficOf } from './ports.ts';
import { acceptedRules } from './route-limits.ts';
import { namesService } from './route-hosts.ts';
import { titleOf, type ConfigObject, type ServiceFacts, type World } from './world.ts';

/**
 * A Gateway API route that does the same as a VirtualService; it is never applied beside it, because which of the two
 * counts is not defined.
 */
export interface RouteOffer {
  readonly replaces: string;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: 'HTTPRoute' | 'GRPCRoute';
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec: Json;
  };
}

/** Undefined anywhere below: it has no exact counterpart. */
type Converted<T> = T | undefined;

const knownSpec: readonly string[] = ['hosts', 'http', 'gateways', 'exportTo'];
const knownRoute: readonly string[] = ['name', 'match', 'route', 'timeout', 'headers'];
const knownDestination: readonly string[] = ['destination', 'weight'];

function only(part: Json, known: readonly string[]): boolean {
  return Object.keys(part).every((field) => known.includes(field));
}

function all<T>(parts: readonly Converted<T>[]): Converted<readonly T[]> {
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

/**
 * Only what is compared alike: a prefix of VirtualService is one of characters, that of HTTPRoute one of whole
 * segments, so `/` alone is the same.
 */
function path(uri: Json): Converted<Json> {
  if (text(uri['exact']) !== undefined) return { type: 'Exact', value: uri['exact'] };
  return uri['prefix'] === '/' ? { type: 'PathPrefix', value: '/' } : undefined;
}

function exactValues(values: Json): Converted<readonly Json[]> {
  return all(
    Object.entries(values).map(([name, value]) => {
      const exact = text(record(value)['exact']);
      return exact === undefined ? undefined : { name, type: 'Exact', value: exact };
    }),
  );
}

/** How each field of a match reads in an HTTPRoute. */
const matchFields: Readonly<
  Record<string, { readonly as: string; readonly convert: (value: Json) => Converted<unknown> }>
> = {
  uri: { as: 'path', convert: path },
  method: { as: 'method', convert: ({ exact }) => text(exact) },
  headers: { as: 'headers', convert: exactValues },
  queryParams: { as: 'queryParams', convert: exactValues },
};

function httpMatch(match: Json): Converted<Json> {
  const fields = all(
    Object.entries(match)
      .filter(([field]) => field !== 'name')
      .map(([field, value]) => {
        const known = own(matchFields, field);
        const converted = known?.convert(record(value));
        return known === undefined || converted === undefined ? undefined : ([known.as, converted] as const);
      }),
  );
  return fields && Object.fromEntries(fields);
}

/** `/package.Service/Method` is all that a gRPC request has for a path. */
function grpcMatch(match: Json): Converted<Json> {
  const [, service, method] = /^\/([^/]+)\/([^/]+)$/.exec(text(record(match['uri'])['exact']) ?? '') ?? [];
  return only(match, ['uri', 'name']) && service !== undefined && method !== undefined
    ? { method: { type: 'Exact', service, method } }
    : undefined;
}

function backend(destination: Json, home: string, services: readonly ServiceFacts[]): Converted<Json> {
  const target = record(destination['destination']);
  const service = services.find((found) => namesService(text(target['host']) ?? '', home, found));
  const port = record(target['port'])['number'] ?? (service?.ports.length === 1 ? service.ports[0]?.port : undefined);
  if (
    !only(destination, knownDestination) ||
    target['subset'] !== undefined ||
    service?.namespace !== home ||
    typeof port !== 'number'
  )
    return undefined;
  return { name: service.name, port, ...(destination['weight'] !== undefined && { weight: destination['weight'] }) };
}

function modifier(headers: Json): Json {
  const pairs = (value: unknown): readonly Json[] =>
    Object.entries(record(value)).map(([name, content]) => ({ name, value: content }));
  const remove = [...new Set(strings(headers['remove']))];
  const parts = { set: pairs(headers['set']), add: pairs(headers['add']), remove };
  return Object.fromEntries(Object.entries(parts).filter(([, values]) => values.length > 0));
}

function filters(headers: Json): readonly Json[] {
  return [
    ...(headers['request'] === undefined
      ? []
      : [{ type: 'RequestHeaderModifier', requestHeaderModifier: modifier(record(headers['request'])) }]),
    ...(headers['response'] === undefined
      ? []
      : [{ type: 'ResponseHeaderModifier', responseHeaderModifier: modifier(record(headers['response'])) }]),
  ];
}

function rule(route: Json, grpc: boolean, home: string, services: readonly ServiceFacts[]): Converted<Json> {
  const matches = all(records(route['match']).map(grpc ? grpcMatch : httpMatch));
  const backendRefs = all(records(route['route']).map((destination) => backend(destination, home, services)));
  const hasTimeout = route['timeout'] !== undefined;
  if (
    !only(route, knownRoute) ||
    matches === undefined ||
    backendRefs === undefined ||
    backendRefs.length === 0 ||
    (grpc && hasTimeout)
  )
    return undefined;
  const changed = filters(record(route['headers']));
  return {
    ...(matches.length > 0 && { matches }),
    ...(changed.length > 0 && { filters: changed }),
    ...(hasTimeout && { timeouts: { request: route['timeout'] } }),
    backendRefs,
  };
}

/**
 * Order is not the same: a VirtualService takes the first rule that matches, an HTTPRoute the most specific match. One
 * rule with matches, and one without as the last, read the same in both.
 */
function isOrdered(routes: readonly Json[]): boolean {
  const [first, second] = routes;
  return (
    routes.length === 1 ||
    (routes.length === 2 && records(first?.['match']).length > 0 && records(second?.['match']).length === 0)
  );
}

/** Whether a VirtualService is for calls from the mesh to this one Service and nothing else. */
function isForThis({ kind, namespace, spec }: ConfigObject, service: ServiceFacts): boolean {
  const hosts = strings(spec['hosts']);
  return (
    kind === 'VirtualService' &&
    only(spec, knownSpec) &&
    namespace === service.namespace &&
    hosts.length === 1 &&
    hosts.every((host) => !host.startsWith('*') && namesService(host, namespace, service)) &&
    strings(spec['gateways']).every((gateway) => gateway === 'mesh')
  );
}

/** The rules of a route of that kind that do what these do; undefined also where its CRD would refuse them. */
function rulesAs(
  kind: RouteOffer['object']['kind'],
  routes: readonly Json[],
  home: string,
  services: readonly ServiceFacts[],
): Converted<readonly Json[]> {
  const rules = all(routes.map((route) => rule(route, kind === 'GRPCRoute', home, services)));
  return acceptedRules[kind].safeParse(rules).success ? rules : undefined;
}

/** The route to use instead of a VirtualService, where one does exactly the same. */
export function routeOffer(object: ConfigObject, service: ServiceFacts, { services }: World): RouteOffer | undefined {
  const { namespace, name, spec } = object;
  const routes = records(spec['http']);
  if (!isForThis(object, service) || !isOrdered(routes)) return undefined;
  const grpc = service.ports.every(
    (port) => trafficOf(port) === 'http' && (port.appProtocol ?? port.name ?? '').startsWith('grpc'),
  );
  const asGrpc = grpc ? rulesAs('GRPCRoute', routes, namespace, services) : undefined;
  const rules = asGrpc ?? rulesAs('HTTPRoute', routes, namespace, services);
  if (rules === undefined) return undefined;
  return {
    replaces: titleOf(object),
    object: {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: asGrpc === undefined ? 'HTTPRoute' : 'GRPCRoute',
      metadata: { name, namespace },
      spec: { parentRefs: [{ group: '', kind: 'Service', name: service.name }], rules },
    },
  };
}
