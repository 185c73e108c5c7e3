import { nameOf } from '../../mesh/istio/vocabulary/objects.ts';
import { asksForDirectPeer } from '../../mesh/istio/policy/classify-notes.ts';
import { asksWhoCalls } from '../../mesh/istio/policy/policy-fields.ts';
import type { TargetRef } from '../../mesh/istio/policy/types.ts';
import { useWaypointLabel } from '../../mesh/istio/vocabulary/labels.ts';
import { selects, type ServiceView } from '../../mesh/views.ts';
import type { AuditContext, AuditEvidence, AuditedPolicy, AuditRule } from './context.ts';
import { ofNamespace, templatesIn, type Inventory } from './inventory.ts';

function evidence({ view, source }: AuditedPolicy, message: string): AuditEvidence {
  return { object: nameOf(view), message, source };
}

function selecting({ policies }: AuditContext): readonly AuditedPolicy[] {
  return policies.filter(({ policy }) => policy.targetRefs.length === 0);
}

/**
 * Names of the objects of a target's kind, with their namespaces; undefined for kinds whose objects need not be among
 * the manifests.
 */
function candidates(
  kind: string,
  inventory: Inventory,
): readonly { readonly namespace: string; readonly name: string }[] {
  switch (kind) {
    case 'Service':
      return inventory.services;
    case 'ServiceEntry':
      return inventory.configs('ServiceEntry');
    case 'Gateway':
      return inventory.configs('Gateway');
    default:
      return [];
  }
}

/**
 * A ServiceEntry is served by a waypoint only if it, or its Namespace, says so; a Namespace that is not among the
 * manifests may say it.
 */
function unserved(ref: TargetRef, namespace: string, inventory: Inventory): string | undefined {
  const entry = inventory.configs('ServiceEntry', namespace).find(({ name }) => name === ref.name);
  const home = inventory.namespaces.find(({ name }) => name === namespace);
  if (ref.kind !== 'ServiceEntry' || entry === undefined || home === undefined) return undefined;
  const waypoint = entry.labels[useWaypointLabel] ?? home.labels[useWaypointLabel] ?? 'none';
  return waypoint === 'none'
    ? `no waypoint serves ServiceEntry ${namespace}/${ref.name} (label ${useWaypointLabel})`
    : undefined;
}

/**
 * Why a reference leads nowhere, as far as the manifests show; a namespace without objects of the kind may get them
 * from elsewhere.
 */
function dangling(ref: TargetRef, namespace: string, inventory: Inventory): string | undefined {
  // For a Service the namespace of the reference is not even looked at (ShouldAttachPolicy); the webhook refuses it
  // anyway.
  if (ref.kind === 'Gateway' && ref.namespace !== undefined && ref.namespace !== namespace)
    return `a targetRef to a Gateway in another namespace (${ref.namespace}) never matches`;
  const all = candidates(ref.kind, inventory);
  if (all.some((object) => object.namespace === namespace && object.name === ref.name)) return undefined;
  const elsewhere = all.find((object) => object.name === ref.name);
  if (elsewhere !== undefined)
    return `${ref.kind} ${ref.name} is in namespace ${elsewhere.namespace}, and a targetRef is read only in the namespace of its target`;
  return all.some((object) => object.namespace === namespace)
    ? `there is no ${ref.kind} ${namespace}/${ref.name}`
    : undefined;
}

/** A GatewayClass is a target for policies of the root namespace only (ShouldAttachPolicy). */
function misplacedClass(ref: TargetRef, namespace: string, rootNamespace: string): string | undefined {
  if (ref.kind !== 'GatewayClass') return undefined;
  if (namespace !== rootNamespace)
    return `a policy for a GatewayClass is read only in the root namespace (${rootNamespace})`;
  return ref.name === 'istio-waypoint'
    ? undefined
    : `policies are read for the GatewayClass istio-waypoint only, not for ${ref.name}`;
}

function targetsNothing({ policies, inventory, options }: AuditContext): readonly AuditEvidence[] {
  return policies.flatMap((audited) =>
    audited.policy.targetRefs.flatMap((ref) => {
      const { namespace } = audited.policy;
      const reason =
        misplacedClass(ref, namespace, options.rootNamespace) ??
        dangling(ref, namespace, inventory) ??
        unserved(ref, namespace, inventory);
      return reason === undefined ? [] : [evidence(audited, `${reason}: nothing enforces the policy there`)];
    }),
  );
}

/** The ports on which the pods of a Service listen. */
function podPorts(service: ServiceView, inventory: Inventory): readonly number[] {
  const pods = ofNamespace(service.namespace, templatesIn(inventory)).filter(({ templateLabels }) =>
    selects({ matchLabels: service.selector }, templateLabels),
  );
  return service.ports.flatMap(({ targetPort }) =>
    typeof targetPort === 'number'
      ? [targetPort]
      : pods.flatMap(({ containerPorts }) =>
          containerPorts.filter(({ name }) => name === targetPort).map(({ port }) => port),
        ),
  );
}

/** Ports in a policy for Services that none of them has, but their pods do. */
function workloadPorts({ policies, inventory }: AuditContext): readonly AuditEvidence[] {
  return policies.flatMap((audited) => {
    const { policy } = audited;
    if (policy.kind !== 'AuthorizationPolicy') return [];
    const targets = policy.targetRefs.filter(({ kind }) => kind === 'Service').map(({ name }) => name);
    const services = ofNamespace(policy.namespace, inventory.services).filter(({ name }) => targets.includes(name));
    const ports = new Set(
      policy.rules.flatMap(({ to }) =>
        to.flatMap((operation) => [...operation.ports, ...operation.notPorts].map(Number)),
      ),
    );
    const wrong = [...ports].filter(
      (port) =>
        services.some((service) => podPorts(service, inventory).includes(port)) &&
        !services.some((service) => service.ports.some((known) => known.port === port)),
    );
    return wrong.length === 0
      ? []
      : [
          evidence(
            audited,
            `a waypoint compares the port of the Service, and ${wrong.join(', ')} is the port of its pods: it never matches`,
          ),
        ];
  });
}

function asksForAddresses({ policy }: AuditedPolicy): boolean {
  return policy.kind === 'AuthorizationPolicy' && asksForDirectPeer(policy);
}

/** Policies of a namespace that needs a waypoint and that are no reason for it: they would see the waypoint. */
function seesWaypoint(context: AuditContext): readonly AuditEvidence[] {
  const needing = new Set(
    context.policies.filter(({ needsWaypoint }) => needsWaypoint).map(({ policy }) => policy.namespace),
  );
  return (
    selecting(context)
      .filter(
        ({ policy, needsWaypoint, view }) =>
          policy.kind === 'AuthorizationPolicy' &&
          !needsWaypoint &&
          needing.has(policy.namespace) &&
          asksWhoCalls(view.spec),
      )
      .filter(({ reach }) => reach === 'Workloads' || reach === 'Unknown')
      // What ztunnel reads otherwise anyway is said of it already (MM020).
      .filter(
        ({
          classification: {
            planes: { ztunnel },
          },
        }) => ztunnel.effect === 'Exact',
      )
      // Unread by the waypoint, it would be as if it refused nothing: if that is exact, it refuses nothing anyway.
      .filter(
        ({
          classification: {
            planes: { waypoint },
          },
        }) => waypoint.effect === 'FailsOpen',
      )
      .map((audited) =>
        evidence(
          audited,
          `behind the waypoint that other policies of the namespace need, the pods see the identity and address of the waypoint: ${
            audited.classification.action === 'DENY'
              ? 'the callers it denies would pass, or, if it denies all but some, the waypoint is denied itself'
              : 'the policy would refuse it'
          }${asksForAddresses(audited) ? '; a copy for the waypoint would not do what it says, because no ipBlocks and no source.ip ever match there' : ''}`,
        ),
      )
  );
}

/** By namespace, without policies of the root namespace, which may apply to any. */
function namespacesInNeed({ policies, inventory, options }: AuditContext): readonly AuditEvidence[] {
  const needing = policies.filter(
    ({ needsWaypoint, policy }) => needsWaypoint && policy.namespace !== options.rootNamespace,
  );
  return [...Map.groupBy(needing, ({ policy }) => policy.namespace)].map(([namespace, members]) => ({
    object: `Namespace ${namespace}`,
    message: `a waypoint has to enforce ${members.map(({ view }) => nameOf(view)).join(', ')}`.slice(0, 1024),
    source: inventory.sourceOf(`Namespace ${namespace}`),
  }));
}

/** What policies apply to. */
export const attachmentRules: readonly AuditRule[] = [
  {
    id: 'MM066',
    severity: 'Warning',
    title: 'Policy selects no workload',
    fix: 'Correct the selector, or remove the policy; if its workloads come from elsewhere, nothing is wrong.',
    find: (context) =>
      selecting(context)
        .filter(({ reach }) => reach === 'Nothing')
        .map((audited) =>
          evidence(audited, 'no workload of its namespace among these manifests has the labels that it selects'),
        ),
  },
  {
    id: 'MM067',
    severity: 'Info',
    title: 'Policy for a gateway',
    fix: 'Nothing: keep the pods of the gateway out of ambient, and its own proxy goes on enforcing the policy.',
    find: (context) =>
      selecting(context)
        .filter(({ reach }) => reach === 'Gateways')
        .map((audited) =>
          evidence(
            audited,
            'it selects only pods of a gateway, which have a proxy of their own in both data planes; istiod writes about ztunnel in its status all the same',
          ),
        ),
  },
  {
    id: 'MM069',
    severity: 'Critical',
    title: 'targetRefs lead nowhere',
    fix: 'Put the policy into the namespace of its target and name an object that exists; bind a ServiceEntry to a waypoint.',
    find: targetsNothing,
  },
  {
    id: 'MM070',
    severity: 'Critical',
    title: 'Policy for a Service names the port of its pods',
    fix: 'Name the port of the Service in policies with targetRefs; with a selector it is the port of the container.',
    find: workloadPorts,
  },
  {
    id: 'MM071',
    severity: 'Info',
    title: 'The namespace needs a waypoint',
    fix: 'Nothing to do by hand where the operator migrates it: it makes the waypoint and the copies (mesh-migration plan shows them). Without it create a waypoint and copy these policies to it with targetRefs before the namespace leaves sidecars.',
    find: namespacesInNeed,
  },
  {
    id: 'MM072',
    severity: 'Warning',
    title: 'Policy would see the waypoint instead of its callers',
    fix: 'Copy the policy to the waypoint with targetRefs; let an original ALLOW admit the identity of the waypoint too, and exempt it from a DENY of all but some.',
    find: seesWaypoint,
  },
  {
    id: 'MM073',
    severity: 'Info',
    title: 'Policy that only a waypoint or gateway reads',
    fix: 'Nothing, if its target is behind a waypoint or is a gateway; sidecars need a policy with a selector.',
    find: ({ policies }) =>
      policies
        .filter(({ policy }) => policy.targetRefs.length > 0)
        .map((audited) => evidence(audited, 'it has targetRefs: sidecars and ztunnel do not read it')),
  },
  {
    id: 'MM078',
    severity: 'Warning',
    title: 'Policy of the root namespace needs HTTP',
    fix: 'Give every namespace that it applies to a waypoint, and copy it in the root namespace with targetRefs to the GatewayClass istio-waypoint.',
    find: (context) =>
      selecting(context)
        .filter(({ needsWaypoint, policy }) => needsWaypoint && policy.namespace === context.options.rootNamespace)
        .map((audited) =>
          evidence(audited, 'it applies to every namespace, or to pods of any: each of them would need a waypoint'),
        ),
  },
];
