import type { Surroundings } from '../../adapter.ts';
import type { ConfigView, PodView, ServiceView } from '../../views.ts';
import { dataplaneModeLabel } from '../labels.ts';
import { concerns, modeOf } from '../pod-mode.ts';
import { parsed } from '../policy/parsed.ts';
import { isOurs, roleOf, targetOf } from '../policy/translate/names.ts';
import { holds } from '../policy/translate/selection.ts';
import { isServable, type ServiceFacts, type World } from '../policy/translate/world.ts';
import type { AuthorizationPolicy, TargetRef } from '../policy/types.ts';
import { boundWaypoint } from './bound.ts';
import { callersOf, declaredCallers, isGateway, namedBy, runs, toldCallers, type Callers } from './callers.ts';
import { worldOf } from './world.ts';

/*
 * Whom the guards of a namespace refuse that are there, whatever would be made of its policies today: a migration that let go, or lost its journal,
 * leaves them to the owner of the namespace, and they go on refusing when the policies for which they were made have changed or are gone.
 */

type Labels = Readonly<Record<string, string>>;

function selectorOf(guard: ConfigView): Labels {
  return parsed(guard)?.selector ?? {};
}

/** Anybody can work out the name of a guard: what is none by what it says refuses nobody as one. */
function refuses(config: ConfigView): boolean {
  const policy = parsed(config);
  return policy?.kind === 'AuthorizationPolicy' && policy.action === 'DENY' && !policy.dryRun;
}

function guardsIn(name: string, { mesh }: Surroundings): readonly ConfigView[] {
  return mesh.configs('AuthorizationPolicy', name).filter((config) => roleOf(config) === 'Guard' && isOurs(config, true) && refuses(config));
}

/** Only pods in ambient read guards, and those that it is going to take: outside the mesh nothing does. */
function readsGuards({ mesh }: Surroundings): (pod: PodView) => boolean {
  const isTaken = ({ namespace, labels }: PodView): boolean => (labels[dataplaneModeLabel] ?? mesh.labelsOf?.(namespace)?.[dataplaneModeLabel]) === 'ambient';
  const reads = (pod: PodView): boolean => modeOf(pod) !== 'Sidecar' && (modeOf(pod) !== 'None' || isTaken(pod));
  return (pod) => concerns(pod) && runs(pod) && !isGateway(pod) && reads(pod);
}

/**
 * Whether a waypoint stands in a namespace, or Services of it go through one: guards are made for nothing else, and stay where that does. Asked of one that no
 * migration takes back, where the guards are all that tells of one.
 */
export function isBehindWaypoint(name: string, { mesh }: Surroundings): boolean {
  return mesh.configs('Gateway', name).length > 0 || mesh.services(name).some((service) => boundWaypoint(service) !== undefined);
}

/** Whether guards of a namespace can decide: some are there, and so are pods that read them. */
export function isGuarding(name: string, surroundings: Surroundings): boolean {
  return guardsIn(name, surroundings).length > 0 && surroundings.mesh.pods(name).some(readsGuards(surroundings));
}

/** Those that do: they select such a pod. */
function standingGuards(surroundings: Surroundings, guards: readonly ConfigView[]): readonly ConfigView[] {
  const pods = surroundings.mesh.pods(surroundings.namespace.name).filter(readsGuards(surroundings));
  return guards.filter((guard) => pods.some(({ labels }) => holds(selectorOf(guard), labels)));
}

/** The Service that it was made for, with the pods that it selects: also where that selects others by now, or is gone. */
function guarded(guard: ConfigView, services: readonly ServiceView[]): ServiceFacts {
  const { namespace } = guard;
  const name = targetOf(guard)?.name ?? guard.name;
  const found = services.find((service) => service.name === name);
  return { ...(found ?? { namespace, name, labels: {}, headless: false, externalName: false, ports: [] }), selector: selectorOf(guard) };
}

/** The Services that lead to pods which the guards select: those that they were made for, and others of the same pods. */
function servicesAt(guards: readonly ConfigView[], { services, pods, workloads, otherTemplates }: Surroundings): readonly ServiceFacts[] {
  const own = guards.map((guard) => guarded(guard, services));
  const names = new Set(own.map(({ name }) => name));
  const others = services.filter((service) => !names.has(service.name) && isServable(service));
  if (others.length === 0) return own;
  const labels = [...pods.map((pod) => pod.labels), ...[...workloads, ...otherTemplates].map(({ templateLabels }) => templateLabels)].filter((each) => own.some(({ selector }) => holds(selector, each)));
  return [...own, ...others.filter(({ selector }) => labels.some((each) => holds(selector, each)))];
}

function isFor({ kind, name }: TargetRef, service: ServiceFacts): boolean {
  return kind === 'Gateway' || (kind === 'Service' && name === service.name);
}

/** What the waypoint decides by about a Service, copied or written for it: the originals may say something else by now. */
function atWaypoint(service: ServiceFacts, { mesh }: Surroundings): readonly AuthorizationPolicy[] {
  return mesh.configs('AuthorizationPolicy', service.namespace).flatMap((config) => {
    const policy = parsed(config);
    return policy?.kind === 'AuthorizationPolicy' && policy.targetRefs.some((ref) => isFor(ref, service)) ? [policy] : [];
  });
}

/** Who calls a Service: whom the user declares, else whom policies name at the pods or at the waypoint, else whom metrics saw. */
function callersAt(service: ServiceFacts, world: World, surroundings: Surroundings): readonly Callers[] {
  const declared = declaredCallers(service.namespace, surroundings.spec.callers);
  if (declared !== undefined) return [declared];
  const told = [toldCallers(service, world, []), namedBy(atWaypoint(service, surroundings))].filter(({ kind }) => kind === 'Known');
  return told.length > 0 ? told : [callersOf(service, world, surroundings)];
}

/** What the guards of the namespace protect, with who calls it; each of them is refused when it goes past the waypoint. */
function guardedCalls(surroundings: Surroundings): readonly { readonly service: ServiceFacts; readonly callers: readonly Callers[] }[] {
  const guards = standingGuards(surroundings, guardsIn(surroundings.namespace.name, surroundings));
  if (guards.length === 0) return [];
  const world = worldOf(surroundings);
  return servicesAt(guards, surroundings).map((service) => ({ service, callers: callersAt(service, world, surroundings) }));
}

/** Who calls what the guards of the namespace protect. */
export function guardedCallers(surroundings: Surroundings): readonly Callers[] {
  return guardedCalls(surroundings).flatMap(({ callers }) => callers);
}

/** Pods that guards of the namespace let refuse whoever goes past the waypoint, of those that are `asked` about, with who calls them. */
export function refusingPods(surroundings: Surroundings, asked: (pod: PodView) => boolean): readonly { readonly pods: readonly PodView[]; readonly callers: readonly Callers[] }[] {
  const { namespace: { name } } = surroundings;
  const reads = readsGuards(surroundings);
  const selectors = guardsIn(name, surroundings).map(selectorOf);
  const pods = surroundings.pods.filter((pod) => asked(pod) && reads(pod) && selectors.some((selector) => holds(selector, pod.labels)));
  if (pods.length === 0) return [];
  return guardedCalls(surroundings).map(({ service, callers }) => ({ callers, pods: pods.filter(({ labels }) => holds(service.selector, labels)) }));
}
