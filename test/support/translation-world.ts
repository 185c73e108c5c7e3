import { defaultOptions } from '../../src/mesh/istio/policy/options.ts';
import { parsePolicy } from '../../src/mesh/istio/policy/parse.ts';
import {
  allowedOn,
  ambientDirect,
  ambientThroughWaypoint,
  askedOn,
  outside,
  sidecarToAmbient,
  sidecarToSidecar,
  type DataPath,
  type Destination,
} from '../../src/mesh/istio/policy/data-path.ts';
import type { Reading, Request } from '../../src/requests/semantics.ts';
import type { Protocol } from '../../src/mesh/istio/policy/protocol.ts';
import { asSidecars } from '../../src/mesh/istio/policy/sidecar.ts';
import {
  everything,
  example,
  intersect,
  matching,
  subtract,
  union,
  type RequestSet,
} from '../../src/requests/space.ts';
import { nobody } from '../../src/mesh/istio/policy/translate/companions.ts';
import type { Manifest, Role } from '../../src/mesh/istio/policy/translate/manifest.ts';
import { ofProtocol, protocolsOf, throughService } from '../../src/mesh/istio/policy/translate/reach.ts';
import type { Translation } from '../../src/mesh/istio/policy/translate/translate.ts';
import {
  waypointPrincipal,
  type ConfigObject,
  type ServiceFacts,
  type World,
} from '../../src/mesh/istio/policy/translate/world.ts';
import type { AuthorizationPolicy, RequestAuthentication } from '../../src/mesh/istio/policy/types.ts';
import { asWaypoints } from '../../src/mesh/istio/policy/waypoint.ts';
import { asZtunnel } from '../../src/mesh/istio/policy/ztunnel.ts';

/*
 * An independent account of who reads which policy on the way of a request, to hold a translation against: it knows policies only by their
 * YAML, and nothing of how the translation chose them.
 */

export interface PolicySpec {
  readonly name: string;
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

export function configObject(
  kind: string,
  { name, namespace = 'shop', annotations = {}, spec }: PolicySpec,
): ConfigObject {
  return { kind, name, namespace, annotations, labels: {}, spec };
}

type PolicyObject = Pick<ConfigObject, 'kind' | 'namespace' | 'name' | 'annotations' | 'spec'>;

function authorizationPolicy(object: PolicyObject): AuthorizationPolicy {
  const { policy } = parsePolicy(object);
  if (policy?.kind !== 'AuthorizationPolicy') throw new Error(`${object.name} is no AuthorizationPolicy`);
  return policy;
}

function requestAuthentication(object: PolicyObject): RequestAuthentication {
  const { policy } = parsePolicy(object);
  if (policy?.kind !== 'RequestAuthentication') throw new Error(`${object.name} is no RequestAuthentication`);
  return policy;
}

export function service(
  name: string,
  ports: readonly Partial<ServiceFacts['ports'][number]>[],
  facts: Partial<ServiceFacts> = {},
): ServiceFacts {
  return {
    namespace: 'shop',
    name,
    labels: {},
    selector: { app: name },
    headless: false,
    externalName: false,
    ...facts,
    ports: ports.map((port) => ({ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP', ...port })),
  };
}

export interface WorldSpec extends Partial<
  Omit<World, 'policies' | 'requestAuthentications' | 'extensions' | 'routes'>
> {
  readonly policies?: readonly PolicySpec[];
  readonly requestAuthentications?: readonly PolicySpec[];
  readonly extensions?: readonly ConfigObject[];
  readonly routes?: readonly ConfigObject[];
}

/** A shop with two workloads: `cart` (8080 and `metrics` 9090) and `web` (9090, behind 8080 of its Service). */
export function world({ policies = [], requestAuthentications = [], ...facts }: WorldSpec): World {
  return {
    namespace: 'shop',
    options: defaultOptions,
    waypoint: { namespace: 'shop', name: 'waypoint', serviceAccount: 'waypoint' },
    exceptions: { principals: [], ports: [] },
    sidecars: true,
    extensions: [],
    routes: [],
    services: [
      service('cart', [
        { port: 80, targetPort: 8080 },
        { name: 'http-b', port: 81, targetPort: 8080 },
        { name: 'http-m', port: 9090, targetPort: 'metrics' },
      ]),
      service('web', [{ port: 8080, targetPort: 9090 }]),
    ],
    workloads: [
      {
        kind: 'Deployment',
        name: 'cart',
        labels: { app: 'cart', tier: 'back' },
        ports: { web: 8080, metrics: 9090 },
        declared: [8080, 9090],
      },
      { kind: 'Deployment', name: 'web', labels: { app: 'web', tier: 'front' }, ports: {}, declared: [9090] },
    ],
    ...facts,
    policies: policies
      .map((spec) => configObject('AuthorizationPolicy', spec))
      .map((object) => ({ object, policy: authorizationPolicy(object) })),
    requestAuthentications: requestAuthentications
      .map((spec) => configObject('RequestAuthentication', spec))
      .map((object) => ({ object, policy: requestAuthentication(object) })),
  };
}

/** What is in the cluster at one moment. */
export interface Moment {
  readonly name: string;
  readonly originals: readonly AuthorizationPolicy[];
  readonly manifests: readonly Manifest[];
  /** Services that are bound to the waypoint. */
  readonly bound: readonly ServiceFacts[];
  readonly destination: 'Sidecar' | 'Ztunnel';
}

/** The moments of an itinerary in the order of `neededBefore`. */
export function moments(facts: World, { manifests, bound }: Translation): readonly Moment[] {
  const originals = facts.policies.map(({ policy }) => policy);
  const of = (...roles: readonly Role[]): readonly Manifest[] => manifests.filter(({ role }) => roles.includes(role));
  return [
    { name: 'start', originals, manifests: [], bound: [], destination: 'Sidecar' },
    { name: 'prepared', originals, manifests: of('AllowWaypoint', 'Copy'), bound: [], destination: 'Sidecar' },
    { name: 'bound', originals, manifests: of('AllowWaypoint', 'Copy'), bound, destination: 'Sidecar' },
    { name: 'guarded', originals, manifests, bound, destination: 'Sidecar' },
    { name: 'restarted', originals, manifests, bound, destination: 'Ztunnel' },
  ];
}

function present({ originals, manifests }: Moment): readonly AuthorizationPolicy[] {
  const created = manifests
    .map(({ object: { kind, metadata, spec } }) => ({
      kind,
      name: metadata.name,
      namespace: metadata.namespace,
      annotations: metadata.annotations ?? {},
      spec,
    }))
    .filter(({ kind }) => kind === 'AuthorizationPolicy');
  return [...originals, ...created.map(authorizationPolicy)];
}

/** Policies of pods, by the rules of workload selectors (ShouldAttachPolicy; buildWorkloadPolicies for ztunnel). */
function podPolicies(moment: Moment, facts: World, target: ServiceFacts): readonly AuthorizationPolicy[] {
  const sidecar = moment.destination === 'Sidecar';
  const labels: Readonly<Record<string, string>> = {
    ...facts.workloads.find(({ labels: own }) =>
      Object.entries(target.selector).every(([key, value]) => own[key] === value),
    )?.labels,
    ...(sidecar && { 'security.istio.io/tlsMode': 'istio' }),
  };
  return present(moment).filter(
    (policy) =>
      policy.targetRefs.length === 0 &&
      [facts.namespace, facts.options.rootNamespace].includes(policy.namespace) &&
      Object.entries(policy.selector ?? {}).every(([key, value]) => labels[key] === value) &&
      (sidecar ||
        policy.selector === undefined ||
        Object.keys(policy.selector).length > 0 ||
        policy.hasEmptyLabels === true),
  );
}

function podReadings(moment: Moment, facts: World, target: ServiceFacts, protocol: Protocol): readonly Reading[] {
  const policies = podPolicies(moment, facts, target);
  return moment.destination === 'Sidecar'
    ? asSidecars(policies, protocol, facts.options)
    : policies.flatMap((policy) => asZtunnel(policy, facts.options) ?? []);
}

function waypointReadings(moment: Moment, facts: World, target: ServiceFacts, protocol: Protocol): readonly Reading[] {
  return asWaypoints(
    present(moment).filter(({ namespace, targetRefs }) =>
      targetRefs.some(
        ({ kind, name, group }) =>
          (kind === 'Service' && group === '' && name === target.name && namespace === target.namespace) ||
          (kind === 'Gateway' && name === facts.waypoint.name && namespace === facts.waypoint.namespace) ||
          (kind === 'GatewayClass' && name === 'istio-waypoint' && namespace === facts.options.rootNamespace),
      ),
    ),
    protocol,
    facts.options,
  );
}

/** Address of the waypoint's pod. */
const waypointAddress = '10.9.9.9';

/** Who calls, and how. Sidecars never use a waypoint. */
export type Path =
  'Ambient to Service' | 'Ambient to Pod' | 'Sidecar to Service' | 'Outside to Service' | 'Outside to Pod';

const paths: readonly Path[] = [
  'Ambient to Service',
  'Ambient to Pod',
  'Sidecar to Service',
  'Outside to Service',
  'Outside to Pod',
];

function dataPath(path: Path, moment: Moment, facts: World, target: ServiceFacts, protocol: Protocol): DataPath {
  const destination: Destination = {
    plane: moment.destination === 'Sidecar' ? 'sidecar' : 'ztunnel',
    readings: podReadings(moment, facts, target, protocol),
  };
  const isBound = moment.bound.some(({ name }) => name === target.name);
  switch (path) {
    case 'Ambient to Service':
      return isBound
        ? ambientThroughWaypoint(
            {
              readings: waypointReadings(moment, facts, target, protocol),
              identity: waypointPrincipal(facts),
              sourceIp: waypointAddress,
            },
            destination,
          )
        : ambientDirect(destination, 'Service');
    case 'Ambient to Pod':
      return ambientDirect(destination, 'Pod');
    case 'Sidecar to Service':
      return moment.destination === 'Sidecar'
        ? sidecarToSidecar(destination, 'Service')
        : sidecarToAmbient(destination, 'Service');
    case 'Outside to Service':
      return outside(destination, 'Service');
    case 'Outside to Pod':
      return outside(destination, 'Pod');
  }
}

/** A request whose verdict is not what it was at the start. */
export interface Change {
  readonly moment: string;
  readonly path: Path;
  readonly kind: 'Opens' | 'Closes';
  readonly service: string;
  readonly request: Request;
}

/**
 * Requests of a protocol, to the ports of the Service where it is addressed. The waypoint itself is no caller: nobody
 * else has its identity.
 */
function requestsOf(path: Path, facts: World, target: ServiceFacts, protocol: Protocol): RequestSet {
  const waypoint = matching([
    [
      {
        anyOf: [{ of: 'identity', part: 'Principal', match: { kind: 'Exact', value: waypointPrincipal(facts) } }],
        negated: false,
      },
    ],
  ]);
  const ports = path.endsWith('Service') ? throughService(target, facts.workloads).set : everything;
  // The guard rests on it that nobody calls from there (RFC 919).
  const broadcast = matching([[{ anyOf: [{ of: 'remoteIp', block: nobody }], negated: false }]]);
  return subtract(intersect(ofProtocol(protocol), ports), union(waypoint, broadcast));
}

/**
 * Those who do not use the waypoint may be refused once there is a guard; nothing else may change, and nothing may
 * open.
 */
export function changes(facts: World, course: readonly Moment[]): readonly Change[] {
  const [start, ...later] = course;
  if (start === undefined) return [];
  return facts.services
    .filter(({ headless }) => !headless)
    .flatMap((target) =>
      protocolsOf(target).flatMap((protocol) =>
        later.flatMap((moment) =>
          paths.flatMap((path) => {
            const [before, after] = [start, moment].map((one) => dataPath(path, one, facts, target, protocol)) as [
              DataPath,
              DataPath,
            ];
            const found = (kind: Change['kind'], difference: RequestSet): readonly Change[] => {
              const request = example(
                intersect(requestsOf(path, facts, target, protocol), difference),
                throughService(target, facts.workloads).space,
              );
              return request === undefined ? [] : [{ moment: moment.name, path, kind, service: target.name, request }];
            };
            const [was, is] = [allowedOn(before), allowedOn(after)];
            const guarded =
              path !== 'Ambient to Service' &&
              moment.destination === 'Ztunnel' &&
              moment.manifests.some(({ role }) => role === 'Guard');
            return [
              ...found('Opens', union(subtract(is, was), subtract(intersect(askedOn(before), is), askedOn(after)))),
              ...(guarded ? [] : found('Closes', subtract(was, is))),
            ];
          }),
        ),
      ),
    );
}
