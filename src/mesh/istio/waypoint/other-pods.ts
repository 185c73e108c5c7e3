import type { Surroundings } from '../../adapter.ts';
import type { PodView } from '../../views.ts';
import { injectLabel, sidecarContainer } from '../labels.ts';
import { concerns, modeOf } from '../pod-mode.ts';
import { withSources } from '../policy/injected.ts';
import { attachmentOf } from '../policy/translate/extensions.ts';
import { withoutAdded } from '../policy/translate/selection.ts';
import type { WorkloadFacts } from '../policy/translate/world.ts';
import { gatewayNameLabel } from './gateway.ts';

/** Kinds whose objects select pods. */
const selecting = ['AuthorizationPolicy', 'RequestAuthentication', 'PeerAuthentication', 'Telemetry', 'WasmPlugin', 'TrafficExtension', 'EnvoyFilter'];

/** What anybody asks of pods: the labels that something selects by, and the names of ports that a Service leads to. */
interface Asked {
  readonly labels: readonly string[];
  readonly ports: readonly string[];
}

function askedIn({ mesh, namespace, services }: Surroundings): Asked {
  const configs = [...new Set([namespace.name, mesh.rootNamespace])].flatMap((home) => selecting.flatMap((kind) => mesh.configs(kind, home)));
  const selectors = [...services.map(({ selector }) => selector), ...configs.map((config) => attachmentOf(config).selector ?? {})];
  const targets = services.flatMap(({ ports }) => ports.map(({ targetPort }) => targetPort));
  return {
    labels: [...new Set(withSources(selectors.flatMap((selector) => Object.keys(selector))))].sort(),
    ports: [...new Set(targets.filter((target) => typeof target === 'string'))].sort(),
  };
}

/** A pod that will never have a sidecar is protected by none today. */
function isProtected(pod: PodView): boolean {
  if (!concerns(pod) || pod.terminating || pod.labels[gatewayNameLabel] !== undefined) return false;
  return modeOf(pod) === 'Sidecar' || (pod.labels[injectLabel] ?? pod.annotations[injectLabel]) !== 'false';
}

/** istiod gives a workload without any label the policies of all selectors: one that has only labels that nobody asks for must not look like it. */
const someLabel = { 'meshmigration.dev/other-labels': '' };

function factsOf({ name, owner, labels, containerPorts = [] }: PodView, asked: Asked): WorkloadFacts {
  // The sidecar's own ports are none of the application's.
  const own = containerPorts.filter(({ container }) => container !== sidecarContainer);
  const template = withoutAdded(labels);
  const asksFor = Object.fromEntries(asked.labels.flatMap((key): readonly (readonly [string, string])[] => (template[key] === undefined ? [] : [[key, template[key]]])));
  return {
    ...(owner === undefined ? { kind: 'Pod', name } : { kind: owner.kind, name: `${owner.name} (pods)`, owner: owner.name }),
    labels: Object.keys(asksFor).length > 0 || Object.keys(template).length === 0 ? asksFor : someLabel,
    ports: Object.fromEntries(own.toReversed().flatMap((port) => (port.name !== undefined && asked.ports.includes(port.name) ? [[port.name, port.port]] : []))),
    declared: own.map(({ port }) => port),
  };
}

/** Everything else about pods that anything depends on. */
function saysOf({ ports, declared }: WorkloadFacts, asked: Asked): readonly string[] {
  return [...asked.ports.flatMap((name) => (ports[name] === undefined ? [] : [`${name} ${ports[name]}`])), ...(declared.length > 0 ? ['declares'] : [])];
}

function otherPods({ pods }: Surroundings, asked: Asked, templates: readonly WorkloadFacts[]): readonly WorkloadFacts[] {
  const seen = new Map<string, Set<string>>();
  const addsSomething = (facts: WorkloadFacts): boolean => {
    const key = JSON.stringify(asked.labels.map((label) => facts.labels[label]));
    const known = seen.get(key);
    const says = saysOf(facts, asked);
    seen.set(key, new Set([...known ?? [], ...says]));
    return known === undefined || says.some((each) => !known.has(each));
  };
  templates.forEach(addsSomething);
  return pods.filter(isProtected).toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((pod) => factsOf(pod, asked)).filter(addsSomething);
}

const known = new WeakMap<Surroundings, readonly WorkloadFacts[]>();

/**
 * Pods of which no template says what they are: of a controller that the operator does not know, of none, or with labels or ports that were given
 * to them and not to their template. Their sidecars enforce what selects them all the same. Those that are alike in all that anything asks for
 * are one, so that a thousand are few.
 */
export function podsWithoutTemplate(surroundings: Surroundings, templates: readonly WorkloadFacts[]): readonly WorkloadFacts[] {
  const found = known.get(surroundings) ?? otherPods(surroundings, askedIn(surroundings), templates);
  known.set(surroundings, found);
  return found;
}
