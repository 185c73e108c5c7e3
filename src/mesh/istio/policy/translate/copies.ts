import { listed } from '../../../../base/counted.ts';
import { memoize } from '../../../../base/memoize.ts';
import { Once } from '../../../../base/once.ts';
import { quoted, shown } from '../../../../base/shown.ts';
import { records, type Json } from '../../../json.ts';
import type { AuthorizationPolicy, RequestAuthentication } from '../types.ts';
import { inexactAuthorizer, inexactFields } from './exactness.ts';
import { isCopied } from './extension-problems.ts';
import { attachmentOf, extensionKinds, isExtendedBy } from './extensions.ts';
import { manifest, type Manifest } from './manifest.ts';
import { portMap, type PortMap } from './ports.ts';
import { critical, warning, type Problem } from './problem.ts';
import { namedPorts, rewriteRule, type Rewriting } from './rewrite.ts';
import { countRewriting } from './size.ts';
import { servicesOf, targetRef, targetsOf, type Target } from './targets.ts';
import { serviceTitle, titleOf, type ConfigObject, type Original, type ServiceFacts, type World } from './world.ts';

/** Copies of one object, and what stands in their way. */
export interface Copies {
  readonly manifests: readonly Manifest[];
  readonly problems: readonly Problem[];
}

const attachmentFields: ReadonlySet<string> = new Set(['selector', 'targetRef', 'targetRefs']);

/** Everything but what it attaches to. */
export const unattached: (spec: Json) => Json = memoize((spec: Json): Json =>
  Object.fromEntries(Object.entries(spec).filter(([field]) => !attachmentFields.has(field))),
);

/** A copy as it stands, attached to a target; `apiVersion` and `spec` of the copy, without targetRefs. */
function copy(
  world: World,
  object: ConfigObject,
  apiVersion: string,
  target: Target,
  spec: Json,
  changes: readonly string[],
): Manifest {
  const { ref, target: attached } = targetRef(target, world);
  return manifest(world, {
    role: 'Copy',
    apiVersion,
    kind: object.kind,
    original: object,
    originals: [titleOf(object)],
    target: attached,
    spec: { targetRefs: [ref], ...spec },
    changes,
  });
}

/** What a policy says at a Service, apart from where it attaches. */
interface Rewritten {
  /** Undefined: nothing that could match. */
  readonly spec: Json | undefined;
  readonly changes: readonly string[];
}

/** The ports that a policy names: each of its copies asks. */
const portsIn = memoize((spec: Json) => {
  const ports = namedPorts(records(spec['rules']));
  return { ports, numbers: new Set(ports.map(Number)) };
});

/** So many are told. */
const mostChanges = 20;

function changesOf(ports: readonly string[], servicePorts: PortMap['servicePorts']): readonly string[] {
  const changed = ports.filter((port) => {
    const found = servicePorts.get(Number(port)) ?? [];
    return found.length !== 1 || String(found[0]) !== port;
  });
  const told = changed.slice(0, mostChanges).map((port) => {
    const found = servicePorts.get(Number(port)) ?? [];
    return `port ${shown(port)} becomes ${found.length === 0 ? 'nothing: this Service does not lead to it' : listed(found.map(String), mostChanges)}`;
  });
  return changed.length > told.length ? [...told, `${changed.length - told.length} more ports change likewise`] : told;
}

/** Ports that a policy names, and to which nobody can say how a Service leads. */
function unresolvedPorts(object: ConfigObject, service: ServiceFacts, { unresolved }: PortMap): readonly Problem[] {
  return unresolved.map((port) =>
    critical(
      titleOf(object),
      'spec.rules',
      `port ${port.port} of ${serviceTitle(service)} leads to ${quoted(port.targetPort)}, which is no single port of its pods`,
      'Use a number as targetPort, or name the same container port in all pods of the Service.',
    ),
  );
}

function rewrittenTo(object: ConfigObject, policy: AuthorizationPolicy, rewriting: Rewriting): Rewritten {
  countRewriting(object);
  const rules = records(object.spec['rules'])
    .map((rule) => rewriteRule(rule, rewriting))
    .filter((rule) => rule !== undefined);
  const changes = rewriting.ports === undefined ? [] : changesOf(portsIn(object.spec).ports, rewriting.ports);
  // Without rules an ALLOW still refuses everything; the others never match, and Istio does not accept them.
  if (rules.length === 0 && policy.action !== 'ALLOW') return { spec: undefined, changes };
  // `rules` may be there and be null, or be no list: that reads as no rules too.
  const { rules: _written, ...rest } = unattached(object.spec) as Json & { readonly rules?: unknown };
  return { spec: rules.length > 0 ? { ...unattached(object.spec), rules } : rest, changes };
}

const rewritten = new Once<World, ConfigObject, Rewritten>();

function copyRules(object: ConfigObject, policy: AuthorizationPolicy, target: Target, world: World): Copies {
  const home = object.namespace === targetRef(target, world).target.namespace ? {} : { home: object.namespace };
  const { ports, numbers } = portsIn(object.spec);
  const leads = target.kind === 'Gateway' || ports.length === 0 ? undefined : portMap(target.service, world.workloads);
  if (target.kind === 'Service' && leads !== undefined && leads.unresolved.length > 0)
    return { manifests: [], problems: unresolvedPorts(object, target.service, leads) };
  // Only what the policy names: most Services lead there alike.
  const named = leads && [...leads.servicePorts].filter(([port]) => numbers.has(port));
  const { spec, changes } = rewritten.of(world, object, JSON.stringify([home, named]), () =>
    rewrittenTo(object, policy, { ...home, ...(named && { ports: new Map(named) }) }),
  );
  if (spec === undefined) return { manifests: [], problems: [] };
  return { manifests: [copy(world, object, 'security.istio.io/v1', target, spec, changes)], problems: [] };
}

/** The copies of an AuthorizationPolicy for the Services behind the waypoint. */
export function copyAuthorizationPolicy(
  { object, policy }: Original<AuthorizationPolicy>,
  bound: readonly ServiceFacts[],
  world: World,
): Copies {
  if (policy.targetRefs.length > 0) return { manifests: [], problems: [] };
  const { ports } = portsIn(object.spec);
  const { targets, problems } = targetsOf(object, policy, ports.length > 0, bound, world);
  if (targets.length === 0) return { manifests: [], problems };
  const inexact = [...inexactFields(object), ...inexactAuthorizer(object, policy, world.options)];
  const copies = inexact.some(({ severity }) => severity === 'Critical')
    ? []
    : targets.map((target) => copyRules(object, policy, target, world));
  return {
    manifests: copies.flatMap(({ manifests }) => manifests),
    problems: [
      ...problems,
      ...inexact,
      ...copies.flatMap((made) => made.problems),
      ...unservedPorts(object, policy, ports, bound, world),
    ],
  };
}

/**
 * Ports that a policy names and that no Service of its pods leads to: only direct callers use them, and those the guard
 * refuses.
 */
function unservedPorts(
  object: ConfigObject,
  policy: AuthorizationPolicy,
  ports: readonly string[],
  bound: readonly ServiceFacts[],
  world: World,
): readonly Problem[] {
  const { services } = servicesOf(object, policy, bound, world);
  const served = new Set(
    services.flatMap((service) => [...portMap(service, world.workloads).servicePorts.keys()].map(String)),
  );
  return ports
    .filter((port) => !served.has(port) && !world.exceptions.ports.includes(Number(port)))
    .map((port) =>
      warning(
        titleOf(object),
        'spec.rules',
        `port ${shown(port)} is behind no Service of these pods, so it is used by direct callers only, whom the guard refuses`,
        'Add the port to a Service, or name it in spec.policies.direct.',
      ),
    );
}

/**
 * The copies of a RequestAuthentication. While sidecars remain behind the waypoint and one of them has to see the token
 * again (`forward`), the copy passes it on: Envoy takes a verified token out of the request otherwise, and a DENY of
 * requests without a token would then refuse everything (Forward in pilot/pkg/security/authn/policy_applier.go). The
 * sidecar takes it out as before.
 */
export function copyRequestAuthentication(
  { object, policy }: Original<RequestAuthentication>,
  forward: boolean,
  bound: readonly ServiceFacts[],
  world: World,
): Copies {
  if (policy.targetRefs.length > 0) return { manifests: [], problems: [] };
  const { targets, problems } = targetsOf(object, policy, false, bound, world);
  const rules = records(object.spec['jwtRules']);
  const stripped = forward && rules.some((rule) => rule['forwardOriginalToken'] !== true);
  const spec = stripped
    ? { ...unattached(object.spec), jwtRules: rules.map((rule) => ({ ...rule, forwardOriginalToken: true })) }
    : unattached(object.spec);
  const changes = stripped ? ['the token is passed on as long as sidecars remain, which check it again'] : [];
  const known =
    stripped && targets.length > 0
      ? [
          warning(
            titleOf(object),
            'spec.jwtRules',
            'until no pod has a sidecar any more, pods without one receive the token that sidecars take out of the request',
            'Nothing, if the application may see the token.',
          ),
        ]
      : [];
  return {
    manifests: targets.map((target) => copy(world, object, 'security.istio.io/v1', target, spec, changes)),
    problems: [...problems, ...known],
  };
}

/** The copies of a Telemetry, WasmPlugin or TrafficExtension. */
export function copyExtension(object: ConfigObject, bound: readonly ServiceFacts[], world: World): Copies {
  const kind = extensionKinds[object.kind];
  if (kind === undefined || !isCopied(object) || !bound.some((service) => isExtendedBy(service, object, world)))
    return { manifests: [], problems: [] };
  const { targets, problems } = targetsOf(object, attachmentOf(object), false, bound, world);
  return {
    manifests: targets.map((target) => copy(world, object, kind.apiVersion, target, unattached(object.spec), [])),
    problems,
  };
}
