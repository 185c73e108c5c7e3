import { isDeepStrictEqual } from 'node:util';
import { listed } from '../../../../base/counted.ts';
import { memoize } from '../../../../base/memoize.ts';
import { Recent } from '../../../../base/recent.ts';
import { digestOf } from '../../../../base/sha256.ts';
import { l7Fields } from '../policy-fields.ts';
import type { Protocol } from '../protocol.ts';
import { costed, recount, spend, type Costed } from '../../../../base/effort.ts';
import { selecting } from '../selecting.ts';
import { asSidecar } from '../sidecar.ts';
import { intersect, matching, type RequestSet, subtract, union, unionOf } from '../../../../requests/space.ts';
import { asZtunnel } from '../ztunnel.ts';
import type { PolicyOptions } from '../options.ts';
import type { Attachment, AuthorizationPolicy } from '../types.ts';
import { extensionReason } from './extensions.ts';
import { oneMore, type Reason } from './reason.ts';
import { routeReason } from './route-features.ts';
import { routesAt } from './routes-at.ts';
import { portMap } from './ports.ts';
import { ofProtocol, protocolsOf, sidecarAction, someRequest } from './reach.ts';
import { coverage, isNarrowed, reachesZtunnel, selectingPods, sharePods, sidecarSelector } from './selection.ts';
import {
  isServable,
  serviceTitle,
  titleOf,
  type ConfigObject,
  type Original,
  type ServiceFacts,
  type WorkloadFacts,
  type World,
} from './world.ts';

/** Whether a Service needs a waypoint: it does if there is a reason. */
export interface ServiceNeed {
  readonly service: ServiceFacts;
  readonly reasons: readonly Reason[];
  /** A waypoint cannot stand before a headless Service, an ExternalName or one that selects no pods. */
  readonly servable: boolean;
}

/** Per Service of the namespace, whether it needs a waypoint and why. */
export function waypointNeeds(world: World): readonly ServiceNeed[] {
  const own = world.services
    .filter(({ namespace }) => namespace === world.namespace)
    .map((service) => ({ service, servable: isServable(service), reasons: reasonsOf(service, world) }));
  const requested = new Set(world.requested);
  return own.map((need) => ({
    ...need,
    reasons: [
      ...need.reasons,
      ...(need.reasons.length === 0 ? neighbourReasons(need.service, own, world) : []),
      ...(need.servable && requested.has(need.service.name) ? [onRequest] : []),
    ],
  }));
}

/** Nothing is refused that comes around it: only what a waypoint does beside deciding is wanted. */
const onRequest: Reason = {
  object: 'MeshMigration',
  enforces: false,
  sentence: 'spec.waypoint.services asks for it.',
};

/** The same for all Services of its pods. */
const sharesPods = memoize((other: ServiceFacts): Reason => {
  const title = serviceTitle(other);
  return {
    object: title,
    enforces: false,
    sentence: `It shares pods with ${title}, whose pods only the waypoint may call.`,
  };
});

/**
 * The guard of a Service refuses all who come to its pods in another way, so other Services of the same pods go through
 * the waypoint too.
 */
function neighbourReasons(service: ServiceFacts, needs: readonly ServiceNeed[], world: World): readonly Reason[] {
  if (!isServable(service) && isDirect(service, world)) return [];
  return needs
    .filter(
      (other) =>
        other.servable &&
        other.reasons.some(({ enforces }) => enforces) &&
        sharePods(service, other.service, world.workloads),
    )
    .map((other) => oneMore(sharesPods(other.service)));
}

/** Whether the guard lets everybody in on all ports to which a Service leads, as to those of peers. */
export function isDirect(service: ServiceFacts, { workloads, exceptions }: World): boolean {
  const { servicePorts, unresolved } = portMap(service, workloads);
  const ports = [...servicePorts.keys()];
  return unresolved.length === 0 && ports.length > 0 && ports.every((port) => exceptions.ports.includes(port));
}

/** What each policy gives as a reason for traffic of some protocols: all Services ask for the same few. */
const reasonsIn = memoize(
  ({
    options,
  }: World): ((original: Original<AuthorizationPolicy>, protocols: readonly Protocol[]) => Reason | undefined) => {
    const known = new Map<string, Map<Original<AuthorizationPolicy>, Reason | undefined>>();
    return (original, protocols) => {
      const key = protocols.join(' ');
      const ofProtocols = known.get(key) ?? new Map<Original<AuthorizationPolicy>, Reason | undefined>();
      known.set(key, ofProtocols);
      if (!ofProtocols.has(original)) ofProtocols.set(original, policyReason(original, protocols, options));
      return ofProtocols.get(original);
    };
  },
);

/** The same for all Services. */
const checksTokens = memoize((object: ConfigObject): Reason => ({
  object: titleOf(object),
  enforces: true,
  sentence: `${titleOf(object)} checks tokens, which ztunnel does not.`,
}));

function reasonsOf(service: ServiceFacts, world: World): readonly Reason[] {
  const reasons = reasonsIn(world);
  const selected = ({ policy }: { readonly policy: Attachment }): boolean =>
    coverage(policy, service, world.workloads) !== 'None';
  return [
    ...world.policies.filter(selected).flatMap((original) => reasons(original, protocolsOf(service)) ?? []),
    ...world.requestAuthentications
      .filter((original) => original.policy.issuers.length > 0 && selected(original))
      .map(({ object }) => oneMore(checksTokens(object))),
    ...world.extensions.flatMap((object) => extensionReason(object, service, world) ?? []),
    ...routesAt(service, world).flatMap((object) => routeReason(object) ?? []),
  ];
}

/**
 * Why a policy needs a waypoint where traffic is of these protocols; undefined if ztunnel decides as the sidecar did.
 */
export function policyReason(
  { object, policy }: Original<AuthorizationPolicy>,
  protocols: readonly Protocol[],
  options: PolicyOptions,
): Reason | undefined {
  if (
    sidecarAction(policy, options) === undefined ||
    policy.targetRefs.length > 0 ||
    sidecarSelector(policy) === undefined
  )
    return undefined;
  const why = ztunnelGap(object.spec, policy, protocols, options);
  return why === undefined
    ? undefined
    : { object: titleOf(object), enforces: true, sentence: `${titleOf(object)} ${why}` };
}

function ztunnelGap(
  spec: Original<AuthorizationPolicy>['object']['spec'],
  policy: AuthorizationPolicy,
  protocols: readonly Protocol[],
  options: PolicyOptions,
): string | undefined {
  if (protocols.every((protocol) => asSidecar(policy, protocol, options) === undefined)) return undefined;
  // Without a rule nothing matches, and nobody is asked.
  if (policy.action === 'CUSTOM' && policy.rules.length === 0) return undefined;
  if (policy.action === 'CUSTOM')
    return policy.dryRun
      ? 'is a dry run of CUSTOM, which Envoy enforces as DENY and ztunnel does not read.'
      : 'asks an external authorizer, which ztunnel does not.';
  if (isNarrowed(policy)) return 'is narrowed to pods with a sidecar, so ztunnel never reads it.';
  if (!reachesZtunnel(policy)) return 'has an empty selector, with which ztunnel never reads it.';
  if (protocols.every((protocol) => isSameAtZtunnel(policy, protocol, options))) return undefined;
  const fields = l7Fields(spec);
  return fields.length > 0
    ? `uses ${listed(fields)}, which ztunnel does not evaluate.`
    : 'has values that ztunnel compares in another way than a sidecar.';
}

type ReadRules = readonly Parameters<typeof matching>[0][];

/**
 * Whether two readings say word for word the same. Each template of a namespace asks it of each policy, whose readings
 * stay the same ones, and to compare large ones takes longer than anything else that is asked.
 */
const isWordForWord = memoize((sidecar: ReadRules) =>
  memoize((ztunnel: ReadRules) => isDeepStrictEqual(sidecar, ztunnel)),
);

/**
 * Compared over all requests of the protocol, not by the names of fields; a policy too large for that counts as
 * another.
 */
export function isSameAtZtunnel(policy: AuthorizationPolicy, protocol: Protocol, options: PolicyOptions): boolean {
  // Made in each look, whether what comes of them is remembered or not: their steps are then the same each time.
  const [sidecar = [], ztunnel = []] = [asSidecar(policy, protocol, options)?.rules, asZtunnel(policy, options)?.rules];
  // Most policies name identities and ports, which both read word for word alike: nothing is to be worked out.
  if (isWordForWord(sidecar)(ztunnel)) return true;
  const [before, after] = [rulesOf(sidecar), rulesOf(ztunnel)];
  const key = `${protocol} ${digestOf(options)} ${digestOf(policy)}`;
  const known = compared.get(key);
  if (known !== undefined) return recount(known);
  const differs = union(subtract(before, after), subtract(after, before));
  const same = costed(() => someRequest(intersect(ofProtocol(protocol), differs)) === undefined);
  compared.set(key, same);
  return same.value;
}

/** Policies are asked about at every look at every namespace that they reach, and hardly ever change. */
const compared = new Recent<Costed<boolean>>(20_000);

function rulesOf(rules: ReadRules): RequestSet {
  return unionOf(rules.map(matching));
}

type Labels = WorkloadFacts['labels'];

/** Labels of pods behind a Service that a waypoint can serve; looked up once, because each policy asks for all. */
const servedIn = memoize(({ namespace, services, workloads }: World) =>
  costed((): ReadonlySet<Labels> => {
    const sets = workloads.map(({ labels }) => labels);
    const select = selecting(sets, spend);
    const own = services.filter((service) => service.namespace === namespace && isServable(service));
    const selectors = new Map(own.map(({ selector }) => [JSON.stringify(selector), selector]));
    const places = [...selectors.values()].flatMap((selector) => {
      const found = select(selector);
      spend(1 + found.length / 8);
      return found;
    });
    return new Set([...new Set(places)].map((place) => sets[place] ?? {}));
  }),
);

/** Whether pods of the namespace with these labels are behind a Service that a waypoint can serve. */
export function isServed({ labels }: Pick<WorkloadFacts, 'labels'>, world: World): boolean {
  return recount(servedIn(world)).has(labels);
}

/** Those that a selector selects, and that are behind no such Service. */
export function unservedPods(selector: Labels, world: World): readonly WorkloadFacts[] {
  const places = selectingPods(world.workloads)(selector);
  spend(places.length / 8);
  return places.flatMap((place) => world.workloads[place] ?? []).filter((each) => !isServed(each, world));
}
