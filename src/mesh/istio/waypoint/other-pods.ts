import type { Surroundings } from '../../adapter.ts';
import type { ContainerPortView, PodView, TemplateView } from '../../views.ts';
import { injectionAsked } from '../vocabulary/injection.ts';
import { sidecarContainer } from '../vocabulary/labels.ts';
import { concerns, modeOf } from '../vocabulary/pod-mode.ts';
import { withSources } from '../policy/injected.ts';
import { attachmentOf } from '../policy/translate/extensions.ts';
import { withoutAdded } from '../policy/translate/selection.ts';
import type { WorkloadFacts } from '../policy/translate/world.ts';
import { isMadeGateway, makesGateway } from '../vocabulary/gateway-pods.ts';

/** Kinds whose objects select pods. */
const selecting = [
  'AuthorizationPolicy',
  'RequestAuthentication',
  'PeerAuthentication',
  'Telemetry',
  'WasmPlugin',
  'TrafficExtension',
  'EnvoyFilter',
];

/** What anybody asks of pods: the labels that something selects by, and the names of ports that a Service leads to. */
interface Asked {
  readonly labels: ReadonlySet<string>;
  readonly ports: ReadonlySet<string>;
}

function askedIn({ mesh, namespace, services }: Surroundings): Asked {
  const configs = [...new Set([namespace.name, mesh.rootNamespace])].flatMap((home) =>
    selecting.flatMap((kind) => mesh.configs(kind, home)),
  );
  const selectors = [
    ...services.map(({ selector }) => selector),
    ...configs.map((config) => attachmentOf(config).selector ?? {}),
  ];
  const targets = services.flatMap(({ ports }) => ports.map(({ targetPort }) => targetPort));
  return {
    labels: new Set(withSources(selectors.flatMap((selector) => Object.keys(selector)))),
    ports: new Set(targets.filter((target) => typeof target === 'string')),
  };
}

/** One pod, or the pods that are going to be made from one template. */
interface Other extends Pick<WorkloadFacts, 'kind' | 'name' | 'owner' | 'labels'> {
  readonly ports: readonly ContainerPortView[];
}

/** Whether pods may ever have a sidecar: those that never do are protected by none today. */
function asksForOne(labels: PodView['labels'], annotations: PodView['annotations']): boolean {
  return injectionAsked({ labels, annotations }) !== 'No';
}

function isProtected(pod: PodView): boolean {
  if (!concerns(pod) || pod.terminating || isMadeGateway(pod)) return false;
  return modeOf(pod) === 'Sidecar' || asksForOne(pod.labels, pod.annotations);
}

/** Whether the pods of a template may have a sidecar when they come. */
export function willBeProtected(template: TemplateView): boolean {
  return (
    template.hostNetwork !== true &&
    !makesGateway(template) &&
    asksForOne(template.templateLabels, template.templateAnnotations)
  );
}

function ofTemplate({ kind, name, templateLabels, containerPorts }: TemplateView): Other {
  return { kind, name, labels: templateLabels, ports: containerPorts };
}

function ofPod({ name, owner, labels, containerPorts = [] }: PodView): Other {
  return {
    ...(owner === undefined
      ? { kind: 'Pod', name }
      : { kind: owner.kind, name: `${owner.name} (pods)`, owner: owner.name }),
    labels: withoutAdded(labels),
    // The sidecar's own ports are none of the application's.
    ports: containerPorts.filter(({ container }) => container !== sidecarContainer),
  };
}

/**
 * istiod gives a workload without any label the policies of all selectors: one that has only labels that nobody asks
 * for must not look like it.
 */
const someLabel = { 'meshmigration.dev/other-labels': '' };

/**
 * Of some labels those that anything selects by, in order: of each pod as much is looked at as it has, however much is
 * asked for.
 */
function askedOf(labels: PodView['labels'], asked: Asked): readonly (readonly [string, string])[] {
  return Object.entries(labels)
    .filter(([key]) => asked.labels.has(key))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function factsOf({ kind, name, owner, labels, ports }: Other, asked: Asked): WorkloadFacts {
  const asksFor = Object.fromEntries(askedOf(labels, asked));
  return {
    kind,
    name,
    ...(owner !== undefined && { owner }),
    labels: Object.keys(asksFor).length > 0 || Object.keys(labels).length === 0 ? asksFor : someLabel,
    ports: Object.fromEntries(
      ports
        .toReversed()
        .flatMap((port) => (port.name !== undefined && asked.ports.has(port.name) ? [[port.name, port.port]] : [])),
    ),
    declared: ports.map(({ port }) => port),
  };
}

/** Everything else about pods that anything depends on. */
function saysOf({ ports, declared }: WorkloadFacts, asked: Asked): readonly string[] {
  return [
    ...Object.entries(ports).flatMap(([name, port]) => (asked.ports.has(name) ? [`${name} ${port}`] : [])),
    ...(declared.length > 0 ? ['declares'] : []),
  ];
}

function otherPods(
  { pods, otherTemplates }: Surroundings,
  asked: Asked,
  templates: readonly WorkloadFacts[],
): readonly WorkloadFacts[] {
  const seen = new Map<string, Set<string>>();
  const addsSomething = (facts: WorkloadFacts): boolean => {
    const key = JSON.stringify(askedOf(facts.labels, asked));
    const known = seen.get(key);
    const says = saysOf(facts, asked);
    seen.set(key, new Set([...(known ?? []), ...says]));
    return known === undefined || says.some((each) => !known.has(each));
  };
  templates.forEach(addsSomething);
  // Templates first: of pods that are as one of them says, it is named, whether they run or not.
  const others = [
    ...otherTemplates.filter(willBeProtected).map(ofTemplate),
    ...pods
      .filter(isProtected)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(ofPod),
  ];
  return others.map((other) => factsOf(other, asked)).filter(addsSomething);
}

const known = new WeakMap<Surroundings, readonly WorkloadFacts[]>();

/**
 * Pods of which no workload says what they are: of a CronJob, also before they are there, of a controller that the
 * operator does not know, of none, or with labels or ports that were given to them and not to their template. Their
 * sidecars enforce what selects them all the same. Those that are alike in all that anything asks for are one, so that
 * a thousand are few.
 */
export function podsWithoutWorkload(
  surroundings: Surroundings,
  templates: readonly WorkloadFacts[],
): readonly WorkloadFacts[] {
  const found = known.get(surroundings) ?? otherPods(surroundings, askedIn(surroundings), templates);
  known.set(surroundings, found);
  return found;
}
