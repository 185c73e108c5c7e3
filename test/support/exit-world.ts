import { parsePolicy } from '../../src/mesh/istio/policy/parse.ts';
import type { Reading, Request } from '../../src/requests/semantics.ts';
import type { Protocol } from '../../src/mesh/istio/policy/protocol.ts';
import { asSidecars } from '../../src/mesh/istio/policy/sidecar.ts';
import type { Manifest } from '../../src/mesh/istio/policy/translate/manifest.ts';
import { waypointPrincipal } from '../../src/mesh/istio/policy/translate/world.ts';
import type { ExitWorld, Served } from '../../src/mesh/istio/policy/translate/to-sidecar/served.ts';
import type { ExitTranslation } from '../../src/mesh/istio/policy/translate/to-sidecar/translate.ts';
import type { AuthorizationPolicy } from '../../src/mesh/istio/policy/types.ts';
import { verdict } from '../../src/requests/verdict.ts';
import { asWaypoints } from '../../src/mesh/istio/policy/waypoint.ts';
import { asZtunnel } from '../../src/mesh/istio/policy/ztunnel.ts';
import { world, type WorldSpec } from './translation-world.ts';

/*
 * An independent account of what becomes of single requests on the way from a waypoint to sidecars, to hold the translation and the proof
 * against: it knows policies only by their YAML, and asks about one request after the other instead of about sets of them.
 */

/** A shop in ambient whose Services go through a waypoint, unless told otherwise. */
export function exitWorld({ bound, ...spec }: WorldSpec & { readonly bound?: readonly string[] }): ExitWorld {
  const facts = world({ sidecars: false, ...spec });
  const served = facts.services
    .filter(({ name }) => bound?.includes(name) ?? true)
    .map((service): Served => ({ service, waypoint: facts.waypoint }));
  return { ...facts, served };
}

/** What is in the cluster at one moment. */
export interface ExitMoment {
  readonly name: string;
  readonly manifests: readonly Manifest[];
  readonly bound: boolean;
  readonly pods: 'Sidecar' | 'Ztunnel';
  /** Whether callers of the namespace may have sidecars, which go around waypoints. */
  readonly moved: boolean;
}

/** The moments of the itinerary, in its order. */
export function exitMoments({ manifests }: Pick<ExitTranslation, 'manifests'>): readonly ExitMoment[] {
  return [
    { name: 'start', manifests: [], bound: true, pods: 'Ztunnel', moved: false },
    { name: 'prepared', manifests, bound: true, pods: 'Ztunnel', moved: false },
    { name: 'caller restarted', manifests, bound: true, pods: 'Ztunnel', moved: true },
    { name: 'pod restarted', manifests, bound: true, pods: 'Sidecar', moved: true },
    { name: 'unbound', manifests, bound: false, pods: 'Sidecar', moved: true },
  ];
}

function authorizationPolicies(facts: ExitWorld, { manifests }: ExitMoment): readonly AuthorizationPolicy[] {
  const made = manifests.map(({ object: { kind, metadata, spec } }) => ({
    kind,
    name: metadata.name,
    namespace: metadata.namespace,
    annotations: metadata.annotations ?? {},
    spec,
  }));
  return [
    ...facts.policies.map(({ policy }) => policy),
    ...made.flatMap((object) => {
      const { policy } = parsePolicy(object);
      return policy?.kind === 'AuthorizationPolicy' ? [policy] : [];
    }),
  ];
}

/** What decides about one request: it gets through, an external authorizer is asked, or it is refused. */
export type Answer = 'Passes' | 'Asked' | 'Refused';
const rank: Readonly<Record<Answer, number>> = { Refused: 0, Asked: 1, Passes: 2 };

function answer(readings: readonly Reading[], request: Request): Answer {
  const { allowed, asked } = verdict(readings, request);
  if (!allowed) return 'Refused';
  return asked === undefined ? 'Passes' : 'Asked';
}

function lowest(...answers: readonly Answer[]): Answer {
  return answers.reduce((a, b) => (rank[a] <= rank[b] ? a : b));
}

/** One pod behind one Service at one moment. */
interface Place {
  readonly facts: ExitWorld;
  readonly moment: ExitMoment;
  readonly served: Served;
  readonly labels: Readonly<Record<string, string>>;
  readonly protocol: Protocol;
}

function atPod({ facts, moment, labels: own, protocol }: Place, request: Request): Answer {
  const sidecar = moment.pods === 'Sidecar';
  const labels: Readonly<Record<string, string>> = { ...own, ...(sidecar && { 'security.istio.io/tlsMode': 'istio' }) };
  const policies = authorizationPolicies(facts, moment).filter(
    (policy) =>
      policy.targetRefs.length === 0 &&
      [facts.namespace, facts.options.rootNamespace].includes(policy.namespace) &&
      Object.entries(policy.selector ?? {}).every(([key, value]) => labels[key] === value) &&
      (sidecar ||
        policy.selector === undefined ||
        Object.keys(policy.selector).length > 0 ||
        policy.hasEmptyLabels === true),
  );
  return answer(
    sidecar
      ? asSidecars(policies, protocol, facts.options)
      : policies.flatMap((policy) => asZtunnel(policy, facts.options) ?? []),
    request,
  );
}

function through(place: Place, request: Request): Answer {
  const {
    facts,
    moment,
    served: { service, waypoint },
    protocol,
  } = place;
  if (!moment.bound) return atPod(place, request);
  const policies = authorizationPolicies(facts, moment).filter(({ namespace, targetRefs }) =>
    targetRefs.some(
      ({ kind, name }) =>
        (kind === 'Service' && name === service.name && namespace === service.namespace) ||
        (kind === 'Gateway' && name === waypoint.name && namespace === waypoint.namespace) ||
        (kind === 'GatewayClass' && name === 'istio-waypoint' && namespace === facts.options.rootNamespace),
    ),
  );
  const identity = waypointPrincipal({ options: facts.options, waypoint });
  return lowest(
    answer(asWaypoints(policies, protocol, facts.options), request),
    atPod(place, { ...request, identity, sourceIp: '10.9.9.9' }),
  );
}

function expectations(before: Place, now: Place, request: Request): readonly (readonly [string, boolean])[] {
  const [came, comes] = [through(before, request), through(now, request)];
  const [went, goes] = [atPod(before, request), atPod(now, request)];
  const { facts, moment } = now;
  if (request.identity === undefined) return [['plaintext opens', rank[goes] <= rank[went]]];
  const own = request.identity.startsWith(`${facts.options.trustDomain}/ns/${facts.namespace}/`);
  return [
    ['through the waypoint it changes', came === comes],
    ['around the waypoint it opens', rank[goes] <= Math.max(rank[went], rank[came])],
    ['a caller of the namespace gets around the waypoint', !(moment.moved && own) || rank[goes] <= rank[came]],
    ['a caller of the namespace is refused at the end', !own || moment.pods === 'Ztunnel' || rank[goes] >= rank[came]],
  ];
}

/** What is wrong with one request somewhere on the way; undefined if nothing is. */
export function wrongFor(
  facts: ExitWorld,
  [start, ...later]: readonly ExitMoment[],
  request: Request,
): string | undefined {
  if (start === undefined) return undefined;
  const protocol = request.http === undefined ? 'tcp' : 'http';
  for (const served of facts.served) {
    for (const { labels } of facts.workloads.filter((workload) =>
      Object.entries(served.service.selector).every(([key, value]) => workload.labels[key] === value),
    )) {
      const port = served.service.ports.find((each) => each.port === request.servicePort);
      const named = facts.workloads.find((workload) => workload.labels === labels)?.ports ?? {};
      const workloadPort = typeof port?.targetPort === 'string' ? named[port.targetPort] : port?.targetPort;
      if (workloadPort === undefined) continue;
      for (const moment of later) {
        const before: Place = { facts, moment: start, served, labels, protocol };
        const found = expectations(before, { ...before, moment }, { ...request, workloadPort }).find(
          ([, holds]) => !holds,
        );
        if (found !== undefined)
          return `${moment.name}, Service ${served.service.name}: ${found[0]}: ${JSON.stringify({ ...request, workloadPort })}`;
      }
    }
  }
  return undefined;
}

const identities = ['web', 'cart', 'batch'].map((name) => `cluster.local/ns/shop/sa/${name}`);

/** Requests that differ in everything that the policies of these tests ask about. */
export function someRequests(ports: readonly number[]): readonly Request[] {
  const callers = [
    ...identities,
    'cluster.local/ns/other/sa/x',
    'cluster.local/ns/istio-system/sa/banned',
    'cluster.local/ns/shop/sa/banned',
    undefined,
  ];
  const kinds: readonly Request['http'][] = [
    undefined,
    ...['GET', 'POST', 'DELETE'].flatMap((method) =>
      ['/a', '/admin'].map((path) => ({ method, path, host: 'cart.shop', headers: {} })),
    ),
    { method: 'GET', path: '/b1', host: 'shop.example.com', headers: { 'x-team': 'blue' } },
    {
      method: 'POST',
      path: '/pay/1',
      host: 'cart.shop',
      headers: {},
      token: { issuer: 'https://a.example', subject: 'joe', claims: {} },
    },
  ];
  return callers.flatMap((identity) =>
    kinds.flatMap((http) =>
      ports.map((servicePort): Request => ({
        ...(identity !== undefined && { identity }),
        ...(http !== undefined && { http }),
        servicePort,
        workloadPort: 0,
        sourceIp: '10.1.1.1',
        remoteIp: '10.1.1.1',
        destinationIp: '10.2.2.2',
        metadata: {},
      })),
    ),
  );
}
