import type { Surroundings } from '../../adapter.ts';
import { concerns, modeOf } from '../pod-mode.ts';
import { adoptedIn } from './chosen.ts';
import { workloadsIn } from './world.ts';

/** Kinds whose objects change what a translation says. */
const kinds = ['AuthorizationPolicy', 'RequestAuthentication', 'PeerAuthentication', 'Telemetry', 'WasmPlugin', 'TrafficExtension', 'EnvoyFilter', 'HTTPRoute', 'GRPCRoute', 'VirtualService', 'DestinationRule', 'Gateway'];

/** Pictures of namespaces that are remembered; the oldest is forgotten. */
const size = 500;

/** Everything that a translation looks at, as a text: equal texts, equal translations. Pods that are as their template says come and go without changing it. */
function digest(surroundings: Surroundings): string {
  const { route, itinerary, records, mesh, namespace, services, workloads, pods, spec } = surroundings;
  const here = new Set([namespace.name, mesh.rootNamespace]);
  const configs = kinds.flatMap((kind) => mesh.configs(kind)).filter((config) => here.has(config.namespace) || config.kind.endsWith('Route') || config.kind.endsWith('Service') || config.kind.endsWith('Rule'));
  return JSON.stringify([
    [route, itinerary, adoptedIn(surroundings), records, namespace.name, namespace.labels, mesh.rootNamespace],
    configs.map(({ kind, namespace: home, name, createdAt, labels, annotations, spec: said }) => [kind, home, name, createdAt, labels, annotations, said]),
    mesh.configs('ConfigMap', mesh.rootNamespace).map((config) => [config.name, config.spec]),
    mesh.version,
    services.map(({ name, labels, annotations, selector, ports, headless, externalName }) => [name, labels, annotations, selector, ports, headless, externalName]),
    workloads.map(({ kind, name, serviceAccount, templateLabels, containerPorts }) => [kind, name, serviceAccount, templateLabels, containerPorts]),
    workloadsIn(surroundings),
    pods.some((pod) => concerns(pod) && modeOf(pod) === 'Sidecar'),
    spec.callers,
    spec.policies.direct,
  ]);
}

/** One digest of a picture serves everything that is remembered of it. */
const keys = new WeakMap<Surroundings, string>();

function keyOf(surroundings: Surroundings): string {
  const key = keys.get(surroundings) ?? digest(surroundings);
  keys.set(surroundings, key);
  return key;
}

/** The same answer for the same picture, without working it out anew at every look: comparing all requests takes its time. */
export function remembered<T>(work: (surroundings: Surroundings) => T): (surroundings: Surroundings) => T {
  const known = new Map<string, T>();
  return (surroundings) => {
    const key = keyOf(surroundings);
    const before = known.get(key);
    if (before !== undefined) return before;
    const answer = work(surroundings);
    known.set(key, answer);
    const [oldest] = known.keys();
    if (known.size > size && oldest !== undefined) known.delete(oldest);
    return answer;
  };
}
