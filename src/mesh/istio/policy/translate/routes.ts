import { memoize } from '../../../../base/memoize.ts';
import { shown } from '../../../../base/shown.ts';
import { record, records, strings, text, type Json } from '../../../json.ts';
import { factsOf } from '../../../../requests/conditions.ts';
import { spend } from '../../../../base/effort.ts';
import { asSidecar } from '../sidecar.ts';
import type { Matcher } from '../../../../requests/semantics.ts';
import { namedPorts } from './rewrite.ts';
import { critical, warning, type Problem } from './problem.ts';
import { stateIn } from './feature.ts';
import { featuresOf } from './route-features.ts';
import { namesService } from './route-hosts.ts';
import { routesAt } from './routes-at.ts';
import { coverage } from './selection.ts';
import { isVisible } from '../visibility.ts';
import {
  serviceTitle,
  titleOf,
  type ConfigObject,
  type ServiceFacts,
  type WaypointFacts,
  type World,
} from './world.ts';

/** What decides whether the waypoint of a Service follows a route. */
export type RouteWorld = Pick<World, 'options'> & { readonly waypoint: Pick<WaypointFacts, 'namespace'> };

/** One sentence about a feature that works on. */
export interface KeptFeature {
  readonly object: string;
  readonly field: string;
  readonly sentence: string;
}

/** Features of the routes of the waypoint's Services that work on as they are. */
export function keptFeatures(bound: readonly ServiceFacts[], world: World): readonly KeptFeature[] {
  const followed = new Set(bound.flatMap((service) => routesAt(service, world)));
  return world.routes
    .filter((object) => followed.has(object))
    .flatMap((object) =>
      featuresOf(object)
        .filter((feature) => stateIn(feature, world.options.version) === 'Kept')
        .map(({ field, sentence }) => ({ object: titleOf(object), field, sentence: `${sentence}.` })),
    );
}

/** What the routes of a Service lose behind a waypoint, or make of its policies. */
export function routeProblems(service: ServiceFacts, world: World): readonly Problem[] {
  const routes = routesAt(service, world);
  return [
    ...bothKinds(routes, service),
    ...routes.flatMap((object) => [
      ...place(object, service, world),
      ...features(object, world),
      ...otherDestinations(object, service, world),
      ...rewrites(object, service, world),
    ]),
  ];
}

function bothKinds(routes: readonly ConfigObject[], service: ServiceFacts): readonly Problem[] {
  const virtual = routes.find(({ kind }) => kind === 'VirtualService');
  const gateway = routes.find(({ kind }) => kind === 'HTTPRoute' || kind === 'GRPCRoute');
  return virtual === undefined || gateway === undefined
    ? []
    : [
        critical(
          titleOf(virtual),
          'spec.hosts',
          `${serviceTitle(service)} also has ${titleOf(gateway)}; which of them a waypoint follows is not defined`,
          'Keep one of them.',
        ),
      ];
}

/**
 * Whether the waypoint of a Service reads a route: VirtualServices of its own and the Service's namespace
 * (getVirtualServiceForWaypoint), DestinationRules also of the root namespace (PushContext.destinationRule).
 */
function isRead({ kind, namespace }: ConfigObject, service: ServiceFacts, { waypoint, options }: RouteWorld): boolean {
  return (
    namespace === service.namespace ||
    namespace === waypoint.namespace ||
    (kind === 'DestinationRule' && namespace === options.rootNamespace)
  );
}

/** A waypoint imports, like a sidecar of its namespace, what is visible there. */
function hidden(object: ConfigObject, service: ServiceFacts, { waypoint, options }: RouteWorld): readonly Problem[] {
  return isVisible(object, waypoint.namespace, options.exportTo)
    ? []
    : [
        critical(
          titleOf(object),
          'spec.exportTo',
          `it is not visible in namespace ${waypoint.namespace}, so the waypoint of ${serviceTitle(service)} does not read it: callers that leave their sidecars lose it`,
          `Export it to namespace ${waypoint.namespace} too, if it is meant for all callers.`,
        ),
      ];
}

function place(object: ConfigObject, service: ServiceFacts, world: RouteWorld): readonly Problem[] {
  return isRead(object, service, world)
    ? hidden(object, service, world)
    : [
        critical(
          titleOf(object),
          'metadata.namespace',
          `it stands in a namespace in which the waypoint of ${serviceTitle(service)} does not read it: callers that leave their sidecars lose it`,
          `Move it to namespace ${service.namespace}, if it is meant for all callers.`,
        ),
      ];
}

function features(object: ConfigObject, { options }: RouteWorld): readonly Problem[] {
  return featuresOf(object).flatMap((feature) => {
    const { field, sentence } = feature;
    switch (stateIn(feature, options.version)) {
      case 'Kept':
        return [];
      case 'Changes':
        return [warning(titleOf(object), field, sentence, 'Check that this is acceptable.')];
      case 'Lost':
        return [
          critical(
            titleOf(object),
            field,
            `it would be lost: ${sentence}`,
            'Remove the field, or keep this namespace on sidecars.',
          ),
        ];
    }
  });
}

/**
 * What callers lose of a route that they followed themselves, although the Service is behind a waypoint; undefined if
 * nothing.
 */
export function lostToCallers(object: ConfigObject, service: ServiceFacts, world: RouteWorld): string | undefined {
  const lost = [...place(object, service, world), ...features(object, world)].find(
    ({ severity }) => severity === 'Critical',
  );
  return lost && `${lost.field}: ${lost.message}`;
}

/** A host, and the namespace in which it is said. */
interface Destination {
  readonly host: string;
  readonly home: string;
}

/** Where a route sends requests: the Service itself, or others. Read once: each Service asks that it is about. */
export const destinations: (object: ConfigObject) => readonly Destination[] = memoize(
  ({ kind, namespace, spec }: ConfigObject) => {
    if (kind === 'VirtualService') {
      const routed = [...records(spec['http']), ...records(spec['tcp']), ...records(spec['tls'])];
      const targets = routed.flatMap((route) => [
        ...records(route['route']).map(({ destination }) => record(destination)),
        ...(route['mirror'] === undefined ? [] : [record(route['mirror'])]),
        ...records(route['mirrors']).map(({ destination }) => record(destination)),
      ]);
      return targets.map(({ host }) => ({ host: text(host) ?? '', home: namespace }));
    }
    return records(spec['rules'])
      .flatMap((rule) => [...records(rule['backendRefs']), ...mirrors(rule)])
      .map((ref) => ({ host: text(ref['name']) ?? '', home: text(ref['namespace']) ?? namespace }));
  },
);

function mirrors(rule: Json): readonly Json[] {
  return records(rule['filters'])
    .filter(({ type }) => type === 'RequestMirror')
    .map(({ requestMirror }) => record(record(requestMirror)['backendRef']));
}

/** Each may come to a sentence of its own about each Service. */
const stepsOfDestination = 8;

/** Tells the first of some Services that a host names: looked up by name, as each destination of each route is asked. */
const namedIn = memoize((services: World['services']) => {
  const byName = new Map(services.toReversed().map((service) => [`${service.namespace}/${service.name}`, service]));
  return (host: string, home: string): ServiceFacts | undefined => {
    if (host.startsWith('*')) {
      spend(services.length / 8);
      return services.find((service) => namesService(host, home, service));
    }
    const [name = '', namespace = home] = host.split('.');
    const found = byName.get(`${namespace}/${name}`);
    return found !== undefined && namesService(host, home, found) ? found : undefined;
  };
});

/**
 * The sidecar of the caller chose the destination, and the destination's own policies decided. A waypoint decides by
 * the policies of the Service that was called, then sends the request on under its own identity: the policies of the
 * other Service are passed by.
 */
function otherDestinations(object: ConfigObject, service: ServiceFacts, world: World): readonly Problem[] {
  if (object.kind === 'DestinationRule') return [];
  const all = destinations(object);
  spend(all.length / 2);
  const others = all.filter(({ host, home }) => !namesService(host, home, service));
  const named = namedIn(world.services);
  return others.flatMap(({ host, home }) => {
    spend(stepsOfDestination);
    const other = named(host, home);
    return other !== undefined && samePolicies(service, other, world)
      ? []
      : [
          critical(
            titleOf(object),
            'spec',
            `it sends requests for ${serviceTitle(service)} to ${other === undefined ? shown(host) : serviceTitle(other)}, which has other policies: the waypoint would not ask them, and the pods would see the waypoint instead of the caller`,
            'Give both Services the same policies, or let callers address the other Service themselves.',
          ),
        ];
  });
}

function samePolicies(service: ServiceFacts, other: ServiceFacts, world: World): boolean {
  return [...world.policies, ...world.requestAuthentications].every(({ object, policy }) => {
    const [mine, theirs] = [coverage(policy, service, world.workloads), coverage(policy, other, world.workloads)];
    const byPort = mine === 'All' && namedPorts(records(object.spec['rules'])).length > 0;
    return mine === theirs && (mine === 'All' || mine === 'None') && !byPort;
  });
}

/** Facts of a request that a route changes. */
function changedFacts(object: ConfigObject): readonly Matcher['of'][] {
  const routes = object.kind === 'VirtualService' ? records(object.spec['http']) : [];
  const filters =
    object.kind === 'VirtualService'
      ? []
      : records(object.spec['rules']).flatMap((rule) => [
          ...records(rule['filters']),
          ...records(rule['backendRefs']).flatMap(({ filters: own }) => records(own)),
        ]);
  const requests = [
    ...routes.map(({ headers }) => record(record(headers)['request'])),
    ...filters.map(({ requestHeaderModifier }) => record(requestHeaderModifier)),
  ];
  const urls = [
    ...routes.map(({ rewrite }) => record(rewrite)),
    ...filters.map(({ urlRewrite }) => record(urlRewrite)),
  ];
  return [
    ...(urls.some(
      ({ uri, uriRegexRewrite, path }) => uri !== undefined || uriRegexRewrite !== undefined || path !== undefined,
    )
      ? ['path' as const]
      : []),
    ...(urls.some(({ authority, hostname }) => authority !== undefined || hostname !== undefined)
      ? ['host' as const]
      : []),
    ...requests
      .flatMap(headerNames)
      .map((name): Matcher['of'] => (name === 'host' || name === ':authority' ? 'host' : `header ${name}`)),
  ];
}

function headerNames(modifier: Json): readonly string[] {
  const set = ['set', 'add'].flatMap((field) =>
    Array.isArray(modifier[field])
      ? records(modifier[field]).map(({ name }) => text(name) ?? '')
      : Object.keys(record(modifier[field])),
  );
  return [...set, ...strings(modifier['remove'])].map((name) => name.toLowerCase());
}

/**
 * The sidecar of the caller changed the request before the policies of the destination saw it; a waypoint changes it
 * after its policies.
 */
function rewrites(object: ConfigObject, service: ServiceFacts, world: World): readonly Problem[] {
  const facts = changedFacts(object);
  return world.policies
    .filter(({ policy }) => facts.length > 0 && coverage(policy, service, world.workloads) !== 'None')
    .flatMap(({ object: original, policy }) => {
      const asked = new Set<string>(asSidecar(policy, 'http', world.options)?.rules.flatMap(factsOf));
      const fact = facts.find((changed) => asked.has(changed));
      return fact === undefined
        ? []
        : [
            critical(
              titleOf(object),
              'spec',
              `it changes the ${fact} of requests, which ${titleOf(original)} looks at: sidecars see what it makes of it, the waypoint what the caller sent`,
              `Rewrite ${titleOf(original)} for what callers send, or let the application rewrite.`,
            ),
          ];
    });
}
