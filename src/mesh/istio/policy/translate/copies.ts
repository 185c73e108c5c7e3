import { quoted, shown } from '../../../../base/shown.ts';
import { records, type Json } from '../../../json.ts';
import type { AuthorizationPolicy, RequestAuthentication } from '../types.ts';
import { inexactAuthorizer, inexactFields } from './exactness.ts';
import { isCopied } from './extension-problems.ts';
import { attachmentOf, extensionKinds, isExtendedBy } from './extensions.ts';
import { manifest, type Manifest } from './manifest.ts';
import { portMap } from './ports.ts';
import { critical, warning, type Problem } from './problem.ts';
import { namedPorts, rewriteRule, type Rewriting } from './rewrite.ts';
import { servicesOf, targetRef, targetsOf, type Target } from './targets.ts';
import { serviceTitle, titleOf, type ConfigObject, type Original, type ServiceFacts, type World } from './world.ts';

/** Copies of one object, and what stands in their way. */
export interface Copies {
  readonly manifests: readonly Manifest[];
  readonly problems: readonly Problem[];
}

const attachmentFields: ReadonlySet<string> = new Set(['selector', 'targetRef', 'targetRefs']);

/** Everything but what it attaches to. */
export function unattached(spec: Json): Json {
  return Object.fromEntries(Object.entries(spec).filter(([field]) => !attachmentFields.has(field)));
}

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

/** What the ports of one policy become at one Service. */
function rewritingFor(
  object: ConfigObject,
  target: Target,
  ports: readonly string[],
  world: World,
): { readonly rewriting: Rewriting; readonly changes: readonly string[]; readonly problems: readonly Problem[] } {
  const home = object.namespace === targetRef(target, world).target.namespace ? {} : { home: object.namespace };
  if (target.kind === 'Gateway' || ports.length === 0) return { rewriting: home, changes: [], problems: [] };
  const { servicePorts, unresolved } = portMap(target.service, world.workloads);
  const changes = ports.flatMap((port) => {
    const found = servicePorts.get(Number(port)) ?? [];
    return found.length === 1 && String(found[0]) === port
      ? []
      : [
          `port ${shown(port)} becomes ${found.length === 0 ? 'nothing: this Service does not lead to it' : found.join(', ')}`,
        ];
  });
  const problems = unresolved.map((port) =>
    critical(
      titleOf(object),
      'spec.rules',
      `port ${port.port} of ${serviceTitle(target.service)} leads to ${quoted(port.targetPort)}, which is no single port of its pods`,
      'Use a number as targetPort, or name the same container port in all pods of the Service.',
    ),
  );
  return { rewriting: { ...home, ports: servicePorts }, changes, problems };
}

function copyRules(object: ConfigObject, policy: AuthorizationPolicy, target: Target, world: World): Copies {
  const rules = records(object.spec['rules']);
  const { rewriting, changes, problems } = rewritingFor(object, target, namedPorts(rules), world);
  if (problems.length > 0) return { manifests: [], problems };
  const rewritten = rules.map((rule) => rewriteRule(rule, rewriting)).filter((rule) => rule !== undefined);
  // Without rules an ALLOW still refuses everything; the others never match, and Istio does not accept them.
  if (rewritten.length === 0 && policy.action !== 'ALLOW') return { manifests: [], problems: [] };
  // `rules` may be there and be null, or be no list: that reads as no rules too.
  const { rules: _written, ...rest } = unattached(object.spec) as Json & { readonly rules?: unknown };
  const spec = rewritten.length > 0 ? { ...unattached(object.spec), rules: rewritten } : rest;
  return { manifests: [copy(world, object, 'security.istio.io/v1', target, spec, changes)], problems: [] };
}

/** The copies of an AuthorizationPolicy for the Services behind the waypoint. */
export function copyAuthorizationPolicy(
  { object, policy }: Original<AuthorizationPolicy>,
  bound: readonly ServiceFacts[],
  world: World,
): Copies {
  if (policy.targetRefs.length > 0) return { manifests: [], problems: [] };
  const ports = namedPorts(records(object.spec['rules']));
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
