import { memoize } from '../../../base/memoize.ts';
import { Recent } from '../../../base/recent.ts';
import { sha256 } from '../../../base/sha256.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { hiddenRoot } from '../discovery.ts';
import { concerns, modeOf } from '../pod-mode.ts';
import { possibleConfigs } from '../mesh-config.ts';
import { adoptedIn } from './chosen.ts';
import { leadsOutside } from './never-taken.ts';
import { routesOf } from './routes-of.ts';
import { workloadsIn } from './world.ts';

/** Kinds of the namespace and of the root namespace whose objects change what a translation says; routes besides. */
const kinds = ['AuthorizationPolicy', 'RequestAuthentication', 'PeerAuthentication', 'Telemetry', 'WasmPlugin', 'TrafficExtension', 'EnvoyFilter', 'Gateway'];

/** Namespaces that are remembered. */
const namespaces = 500;

/** Pictures of each: who edits his own again and again fills no memory with what they were, which may be as large as all that he has. */
const pictures = 4;

/** What an object says, read once for as long as it stays as it is. */
const said = memoize(({ kind, namespace, name, createdAt, labels, annotations, spec }: ConfigView): string => sha256(JSON.stringify([kind, namespace, name, createdAt, labels, annotations, spec])));

/**
 * Everything that a translation looks at, as a digest: equal digests, equal translations. Pods that are as their template says come and go without
 * changing it, and so does all that others have and that says nothing about this namespace.
 */
function digest(surroundings: Surroundings): string {
  const { route, itinerary, records, mesh, namespace, services, workloads, otherTemplates, pods, spec } = surroundings;
  const homes = [...new Set([namespace.name, mesh.rootNamespace])];
  return sha256(JSON.stringify([
    [route, itinerary, adoptedIn(surroundings), records, namespace.name, namespace.labels, mesh.rootNamespace],
    [...homes.flatMap((home) => kinds.flatMap((kind) => mesh.configs(kind, home))), ...routesOf(namespace.name, mesh)].map(said),
    // What cannot be read is another thing than what is not there.
    possibleConfigs(mesh).map((possible) => [possible.object, 'config' in possible, possible.config]),
    [mesh.version, hiddenRoot(mesh)?.message],
    services.map((service) => {
      const { name, labels, annotations, selector, ports, headless, externalName } = service;
      return [name, labels, annotations, selector, ports, headless, externalName, leadsOutside(service, surroundings)];
    }),
    [...workloads, ...otherTemplates].map(({ kind, name, serviceAccount, templateLabels, containerPorts }) => [kind, name, serviceAccount, templateLabels, containerPorts]),
    workloadsIn(surroundings),
    pods.some((pod) => concerns(pod) && modeOf(pod) === 'Sidecar'),
    spec.callers,
    spec.policies.direct,
  ]));
}

/** One digest of a picture serves everything that is remembered of it. */
const keyOf = memoize(digest);

/** The same answer for the same picture, without working it out anew at every look: comparing all requests takes its time. */
export function remembered<T>(work: (surroundings: Surroundings) => T): (surroundings: Surroundings) => T {
  const known = new Recent<Recent<{ readonly answer: T }>>(namespaces);
  return (surroundings) => {
    const { name } = surroundings.namespace;
    const ofNamespace = known.get(name) ?? new Recent<{ readonly answer: T }>(pictures);
    const found = ofNamespace.get(keyOf(surroundings)) ?? { answer: work(surroundings) };
    ofNamespace.set(keyOf(surroundings), found);
    known.set(name, ofNamespace);
    return found.answer;
  };
}
