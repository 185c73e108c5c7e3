import { listedOf } from '../../../../base/counted.ts';
import { memoize } from '../../../../base/memoize.ts';
import { intersect, matching, subtract, unionOf } from '../../../../requests/space.ts';
import { asSidecar } from '../sidecar.ts';
import { asZtunnel } from '../ztunnel.ts';
import type { AuthorizationPolicy } from '../types.ts';
import { hindrance } from './hindrance.ts';
import { isDirect, policyReason, unservedPods, type ServiceNeed } from './needs.ts';
import { portMap, trafficOf } from './ports.ts';
import { critical, warning, type Problem } from './problem.ts';
import { ofProtocol, protocolsOf, sidecarAction, someRequest } from './reach.ts';
import { coverage, podsBehind, reachesZtunnel, sharePods, sidecarSelector, tlsModeLabel } from './selection.ts';
import {
  isServable,
  serviceTitle,
  titleOf,
  waypointPrincipal,
  type Original,
  type ServiceFacts,
  type WorkloadFacts,
  type World,
} from './world.ts';

/** DENY policies that would refuse the waypoint itself. */
export function hindrances(service: ServiceFacts, world: World): readonly Problem[] {
  const applied = world.policies.filter(
    ({ policy }) =>
      sidecarAction(policy, world.options) === 'DENY' && coverage(policy, service, world.workloads) === 'All',
  );
  const denies = applied.map(({ policy }) => policy);
  return applied.flatMap(({ object, policy }) => {
    const found = hindrance(policy, denies, service, protocolsOf(service), world);
    if (found === undefined) return [];
    if (found === 'TooLarge')
      return [
        critical(
          titleOf(object),
          'spec',
          `whether it refuses the waypoint of ${serviceTitle(service)} cannot be decided: it has too many values`,
          'Split it into smaller policies.',
        ),
      ];
    const where = `on port ${found.request.workloadPort}`;
    return [
      found.reader === 'Ztunnel'
        ? critical(
            titleOf(object),
            'spec',
            `ztunnel would refuse what the waypoint of ${serviceTitle(service)} lets through ${where}: it denies the waypoint, or drops the HTTP fields that limit it`,
            `Add ${tlsModeLabel}: istio to spec.selector.matchLabels, so that only sidecars read it (the waypoint has its copy), or exempt the principal ${waypointPrincipal(world)} by notPrincipals or a rule of its own.`,
          )
        : critical(
            titleOf(object),
            'spec',
            `sidecars would refuse what the waypoint of ${serviceTitle(service)} lets through ${where}: they see the waypoint's identity and address instead of the caller's`,
            `Exempt the principal ${waypointPrincipal(world)} by notPrincipals in the rule (the waypoint itself enforces the copy).`,
          ),
    ];
  });
}

/** Pods that need what only a waypoint does, and have no Service that a waypoint could stand before. */
export function unserved(world: World): readonly Problem[] {
  return [
    ...world.policies.flatMap((original) => unservedByPolicy(original, world)),
    ...world.requestAuthentications.flatMap(({ object, policy }) => {
      const [found] = policy.targetRefs.length === 0 ? unservedPods(policy.selector ?? {}, world) : [];
      return found === undefined
        ? []
        : [noService(titleOf(object), found, 'requests with an invalid token would pass')];
    }),
  ];
}

function unservedByPolicy(original: Original<AuthorizationPolicy>, world: World): readonly Problem[] {
  const { object, policy } = original;
  const selector = sidecarSelector(policy);
  const reason = policyReason(original, ['http', 'tcp'], world.options);
  if (reason === undefined || selector === undefined) return [];
  const pods = unservedPods(selector, world);
  const [found] = pods;
  if (found === undefined) return [];
  if (opensAtZtunnel(policy, world)) return [noService(titleOf(object), found, 'requests that it refuses would pass')];
  const severity = pods.some(({ declared }) => declared.length > 0) ? critical : warning;
  return [
    severity(
      titleOf(object),
      'spec.selector',
      `it selects ${found.kind} ${found.name}, which is behind no Service that a waypoint can stand before; ztunnel would refuse requests that it allows`,
      'Create a Service with a cluster address for these pods, or keep them on sidecars.',
    ),
  ];
}

function noService(object: string, { kind, name }: WorkloadFacts, consequence: string): Problem {
  return critical(
    object,
    'spec.selector',
    `it selects ${kind} ${name}, which is behind no Service that a waypoint can stand before; ${consequence}`,
    'Create a Service with a cluster address for these pods, or keep them on sidecars.',
  );
}

/** Whether without its sidecar a pod would get requests that the policy kept from it. */
function opensAtZtunnel(policy: AuthorizationPolicy, { options }: World): boolean {
  if (!reachesZtunnel(policy)) return true;
  return (['http', 'tcp'] as const).some((protocol) => {
    const before = unionOf(asSidecar(policy, protocol, options)?.rules.map(matching) ?? []);
    const after = unionOf(asZtunnel(policy, options)?.rules.map(matching) ?? []);
    const [more, less] = sidecarAction(policy, options) === 'ALLOW' ? [after, before] : [before, after];
    return someRequest(intersect(ofProtocol(protocol), subtract(more, less))) !== undefined;
  });
}

/**
 * With the label in the template it says nothing about a sidecar any more: ztunnel would read what is for sidecars
 * only, or sidecars would not. Injection keeps a value that is there.
 */
export function labelledPods(service: ServiceFacts, { workloads }: Pick<World, 'workloads'>): readonly Problem[] {
  return podsBehind(service, workloads)
    .filter(({ labels }) => labels[tlsModeLabel] !== undefined)
    .map(({ kind, name }) =>
      critical(
        `${kind} ${service.namespace}/${name}`,
        'spec.template.metadata.labels',
        `the template sets ${tlsModeLabel} itself, by which sidecars are told from other pods`,
        'Remove the label from the template.',
      ),
    );
}

/** Services that need a waypoint and cannot have one. */
export function unservable(needs: readonly ServiceNeed[], world: World): readonly Problem[] {
  return needs
    .filter(({ servable, reasons }) => !servable && reasons.length > 0)
    .flatMap(({ service, reasons }) => {
      const shared = world.services.some((other) => isServable(other) && sharePods(service, other, world.workloads));
      if (shared && isDirect(service, world)) return []; // What the guard lets through the proof compares.
      const why = service.headless
        ? 'it is headless: callers address its pods, and a waypoint stands before the address of a Service'
        : 'it selects no pods of its own';
      if (reasons.every(({ reports }) => reports))
        return warning(
          serviceTitle(service),
          'spec.clusterIP',
          `${listedOf(reasons, ({ object }) => object)} would not report about requests to it any more: ${why}`,
          'Give the pods a Service with a cluster address and let callers use that, if you need the reports.',
        );
      const fix = 'Give the pods a Service with a cluster address and let callers use that.';
      const forPeers = `${fix} Or, where only peers use it, name its ports in spec.policies.direct.`;
      return shared && reasons.some(({ enforces }) => enforces)
        ? warning(
            serviceTitle(service),
            'spec.clusterIP',
            `${why}; its pods are behind another Service too, and the guard refuses callers that come through this one`,
            fix,
          )
        : critical(
            serviceTitle(service),
            'spec.clusterIP',
            `it needs a waypoint (${reasons[0]?.sentence ?? ''}) and cannot have one: ${why}`,
            reasons.some(({ enforces }) => enforces) ? fix : forPeers,
          );
    });
}

/**
 * Policies for waypoints that are there already: nobody enforces them today, and from binding on the waypoint would.
 * One for a ServiceEntry would not: a migration binds none, and one that names its waypoint is in the way (MM098).
 */
export function dormant(bound: readonly ServiceFacts[], world: World): readonly Problem[] {
  const { waypoint, namespace, options } = world;
  const names = new Set(bound.map((service) => service.name));
  return [...world.policies, ...world.requestAuthentications]
    .filter(({ object, policy }) =>
      policy.targetRefs.some(({ kind, name }) => {
        switch (kind) {
          case 'Service':
            return object.namespace === namespace && names.has(name);
          case 'Gateway':
            return object.namespace === waypoint.namespace && name === waypoint.name;
          case 'GatewayClass':
            return object.namespace === options.rootNamespace && name === 'istio-waypoint';
          default:
            return false;
        }
      }),
    )
    .map(({ object }) =>
      critical(
        titleOf(object),
        'spec.targetRefs',
        'sidecars ignore it, and the waypoint would begin to enforce it beside the copies: what it allows would be allowed',
        'Remove it before the migration, and apply it again afterwards.',
      ),
    );
}

/**
 * Two Services may give one container port different protocols: its sidecar has one filter chain, the waypoint one per
 * Service.
 */
export function protocolConflicts(bound: readonly ServiceFacts[], world: World): readonly Problem[] {
  const traffic = memoize((service: ServiceFacts) => trafficByTarget(service, world));
  return bound.flatMap((other, index) =>
    [...conflictsOf(other, bound.slice(0, index), traffic, world)].map(([port, others]) =>
      critical(
        serviceTitle(other),
        'spec.ports',
        `it treats container port ${port} as another protocol than ${listedOf(others, serviceTitle)} ${others.length === 1 ? 'does' : 'do'}; policies would be read differently through each`,
        'Give the port the same name prefix or appProtocol in both Services.',
      ),
    ),
  );
}

/** By container port, the Services before it of the same pods that treat it otherwise: one problem for all of them. */
function conflictsOf(
  other: ServiceFacts,
  before: readonly ServiceFacts[],
  trafficOfEach: (service: ServiceFacts) => ReadonlyMap<number, string>,
  world: World,
): ReadonlyMap<number, readonly ServiceFacts[]> {
  const found = new Map<number, ServiceFacts[]>();
  for (const service of before) {
    if (!sharePods(service, other, world.workloads)) continue;
    const mine = trafficOfEach(service);
    for (const [port, traffic] of trafficOfEach(other)) {
      if (!mine.has(port) || mine.get(port) === traffic) continue;
      const known = found.get(port);
      if (known === undefined) found.set(port, [service]);
      else known.push(service);
    }
  }
  return found;
}

function trafficByTarget(service: ServiceFacts, world: World): ReadonlyMap<number, string> {
  const { servicePorts } = portMap(service, world.workloads);
  return new Map(
    [...servicePorts].map(([target, ports]) => [
      target,
      [...new Set(service.ports.filter(({ port }) => ports.includes(port)).map(trafficOf))].join('+'),
    ]),
  );
}
