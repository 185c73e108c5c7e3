import type { Attachment } from '../types.ts';
import { coverage, podsBehind, sidecarSelector } from './selection.ts';
import { critical, type Problem } from './problem.ts';
import { serviceTitle, titleOf, type ConfigObject, type ServiceFacts, type World } from './world.ts';

/** Where a copy attaches. */
export type Target = { readonly kind: 'Gateway' } | { readonly kind: 'Service'; readonly service: ServiceFacts };

/** Where the copies of an object attach, and why some of them cannot be made. */
export interface Targets {
  readonly targets: readonly Target[];
  readonly problems: readonly Problem[];
}

/**
 * The Services behind the waypoint whose pods an object selects, all of them each; pods of a Service are not told apart
 * at a waypoint.
 */
export function servicesOf(
  object: ConfigObject,
  attachment: Attachment,
  bound: readonly ServiceFacts[],
  world: World,
): { readonly services: readonly ServiceFacts[]; readonly problems: readonly Problem[] } {
  const services: ServiceFacts[] = [];
  const problems: Problem[] = [];
  for (const service of bound) {
    switch (coverage(attachment, service, world.workloads)) {
      case 'All':
        services.push(service);
        break;
      case 'None':
        break;
      case 'Some':
        problems.push(partial(object, attachment, service, world));
        break;
      case 'Unknown':
        problems.push(unknown(object, service));
        break;
    }
  }
  return { services, problems };
}

function partial(object: ConfigObject, attachment: Attachment, service: ServiceFacts, world: World): Problem {
  const selector = sidecarSelector(attachment) ?? {};
  const other = podsBehind(service, world.workloads).find(
    ({ labels }) => !Object.entries(selector).every(([key, value]) => labels[key] === value),
  );
  return critical(
    titleOf(object),
    'spec.selector',
    `it selects some of the pods behind ${serviceTitle(service)} and not others, for example not ${other === undefined ? 'all' : `${other.kind} ${other.name}`}; a waypoint sees the Service only`,
    'Have a Service of their own before these pods, and no other one, or let the selector take in all pods of the Service.',
  );
}

function unknown(object: ConfigObject, service: ServiceFacts): Problem {
  return critical(
    titleOf(object),
    'spec.selector',
    `whether it selects the pods behind ${serviceTitle(service)} depends on labels that no workload here has`,
    'Select by labels that stand in the pod template, and in the selector of the Service.',
  );
}

/**
 * One copy for the Gateway where an object is for the whole namespace: it then holds for a Service that comes later
 * too. Otherwise one per Service. A copy for GatewayClass istio-waypoint, which Istio reads from the root namespace, is
 * never made: it would bind every waypoint of the mesh, those of namespaces that are not being migrated among them.
 */
export function targetsOf(
  object: ConfigObject,
  attachment: Attachment,
  perService: boolean,
  bound: readonly ServiceFacts[],
  world: World,
): Targets {
  const { services, problems } = servicesOf(object, attachment, bound, world);
  const selector = sidecarSelector(attachment);
  const wide = selector !== undefined && attachment.targetRefs.length === 0 && Object.keys(selector).length === 0;
  // Istio reads targetRefs to a Gateway only in the Gateway's namespace (ShouldAttachPolicy).
  if (wide && !perService && world.waypoint.namespace === world.namespace && services.length > 0)
    return { targets: [{ kind: 'Gateway' }], problems };
  return { targets: services.map((service) => ({ kind: 'Service', service })), problems };
}

/** `spec.targetRefs` and the target's name, for a manifest. */
export function targetRef(
  target: Target,
  { waypoint }: World,
): {
  readonly ref: { readonly group: string; readonly kind: string; readonly name: string };
  readonly target: { readonly kind: Target['kind']; readonly namespace: string; readonly name: string };
} {
  switch (target.kind) {
    case 'Gateway':
      return {
        ref: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: waypoint.name },
        target: { kind: 'Gateway', namespace: waypoint.namespace, name: waypoint.name },
      };
    case 'Service':
      return {
        ref: { group: '', kind: 'Service', name: target.service.name },
        target: { kind: 'Service', namespace: target.service.namespace, name: target.service.name },
      };
  }
}
