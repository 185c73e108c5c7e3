import type { MeshMigrationSpec } from '../../../api/mesh-migration.ts';
import type { Surroundings } from '../../adapter.ts';
import type { PodView } from '../../views.ts';
import { templatesAnnotation } from '../labels.ts';
import { modeOf } from '../pod-mode.ts';
import { coverage } from '../policy/translate/selection.ts';
import type { ServiceFacts, World } from '../policy/translate/world.ts';
import type { AuthorizationPolicy, Rule, Source } from '../policy/types.ts';
import { gatewayNameLabel } from './gateway.ts';
import { translationOf } from './translation.ts';
import { worldOf } from './world.ts';

/** Somebody who may call; without serviceAccount everybody in the namespace. */
export interface Caller {
  readonly namespace: string;
  readonly serviceAccount?: string;
}

/** Who calls a Service; `Unknown` says why nobody can tell, and then everybody counts as having a sidecar. */
export type Callers =
  | { readonly kind: 'Known'; readonly callers: readonly Caller[]; readonly from: string }
  | { readonly kind: 'Unknown'; readonly why: string };

const identity = /^[^/*]+\/ns\/([^/*]+)\/sa\/([^/*]+)$/;

/** The callers that a source names; undefined if it leaves open who they are. Several fields restrict each other, so one that names them is enough. */
function ofSource(source: Source, home: string): readonly Caller[] | undefined {
  const named = source.principals.map((principal) => identity.exec(principal));
  if (named.length > 0 && named.every((match) => match !== null)) {
    return named.map((match) => ({ namespace: match[1] ?? '', serviceAccount: match[2] ?? '' }));
  }
  if (source.serviceAccounts.length > 0) {
    return source.serviceAccounts.map((account) => {
      const [first = '', second] = account.split('/');
      return second === undefined ? { namespace: home, serviceAccount: first } : { namespace: first, serviceAccount: second };
    });
  }
  const plain = source.namespaces.length > 0 && source.namespaces.every((namespace) => !namespace.includes('*'));
  return plain ? source.namespaces.map((namespace) => ({ namespace })) : undefined;
}

function ofRule(rule: Rule, home: string): readonly Caller[] | undefined {
  const found = rule.from.map((source) => ofSource(source, home));
  return found.length === 0 || found.some((callers) => callers === undefined) ? undefined : found.flatMap((callers) => callers ?? []);
}

/** What the ALLOW policies of a Service say about its callers: nobody else gets through, so nobody else calls with success. */
function fromPolicies(service: ServiceFacts, world: World): Callers {
  const allows = world.policies.map(({ policy }) => policy)
    .filter((policy: AuthorizationPolicy) => policy.action === 'ALLOW' && !policy.dryRun && coverage(policy, service, world.workloads) === 'All');
  if (allows.length === 0) return { kind: 'Unknown', why: 'no ALLOW policy selects all its pods' };
  const callers: Caller[] = [];
  for (const policy of allows) {
    for (const [index, rule] of policy.rules.entries()) {
      const found = ofRule(rule, policy.namespace);
      if (found === undefined) return { kind: 'Unknown', why: `rule ${index} of AuthorizationPolicy ${policy.namespace}/${policy.name} does not name its callers` };
      callers.push(...found);
    }
  }
  return { kind: 'Known', callers, from: 'its ALLOW policies' };
}

/** Who calls a Service: what the user declared, else what its policies tell. */
export function callersOf(service: ServiceFacts, world: World, declared: MeshMigrationSpec['callers']): Callers {
  const entry = declared.find(({ namespace }) => namespace === service.namespace);
  if (entry === undefined) return fromPolicies(service, world);
  const callers = entry.from.map(({ namespace, serviceAccount }) => ({ namespace, ...(serviceAccount !== undefined && { serviceAccount }) }));
  return { kind: 'Known', callers, from: 'spec.callers' };
}

/** Whether a pod has the identity of a caller. */
export function isOf({ namespace, serviceAccount }: Caller, pod: Pick<PodView, 'namespace' | 'serviceAccount'>): boolean {
  return pod.namespace === namespace && (serviceAccount === undefined || pod.serviceAccount === serviceAccount);
}

/** Gateways go through the waypoint by `istio.io/ingress-use-waypoint`, although they look like sidecars. */
function isGateway({ labels, annotations }: PodView): boolean {
  return labels[gatewayNameLabel] !== undefined || annotations[templatesAnnotation]?.includes('gateway') === true;
}

/** Callers with sidecars: they would go past the waypoint and be refused. */
export function sidecarCallers(callers: readonly Caller[], surroundings: Surroundings): readonly PodView[] {
  return [...new Set(callers.map(({ namespace }) => namespace))].flatMap((namespace) => surroundings.mesh.pods(namespace))
    .filter((pod) => callers.some((caller) => isOf(caller, pod)) && modeOf(pod) === 'Sidecar' && !pod.terminating && !pod.finished && !isGateway(pod));
}

/** The Services of the namespace that refuse whoever goes past the waypoint, with who calls them. */
export function guardedServices(surroundings: Surroundings): readonly { readonly service: ServiceFacts; readonly callers: Callers }[] {
  const world = worldOf(surroundings);
  return translationOf(surroundings).needs
    .filter(({ servable, reasons }) => servable && reasons.some(({ enforces }) => enforces))
    .map(({ service }) => ({ service, callers: callersOf(service, world, surroundings.spec.callers) }));
}
