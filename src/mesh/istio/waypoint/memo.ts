import { charactersHeld } from '../../../base/characters.ts';
import { memoize } from '../../../base/memoize.ts';
import { sha256 } from '../../../base/sha256.ts';
import { Shares } from '../../../base/shares.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { hiddenRoot } from '../settings/discovery.ts';
import { possibleConfigs } from '../settings/mesh-config.ts';
import { adoptedIn } from './chosen.ts';
import { areHereOrComing } from './here-or-coming.ts';
import { nearAuthorizersOf } from './near-authorizers.ts';
import { leadsOutside } from './never-taken.ts';
import { requestedIn } from './requested.ts';
import { routesOf } from './routes-of.ts';
import { workloadsIn } from './world.ts';

/** Kinds of the namespace and of the root namespace whose objects change what a translation says; routes besides. */
const kinds = [
  'AuthorizationPolicy',
  'RequestAuthentication',
  'PeerAuthentication',
  'Telemetry',
  'WasmPlugin',
  'TrafficExtension',
  'EnvoyFilter',
  'Gateway',
];

/**
 * Of each namespace a few pictures: who edits his own again and again fills no memory with what they were. An answer
 * may hold what it was worked out from, which is as much as stood there: of that together no more than fits.
 */
const most = { owners: 500, answers: 4, characters: 32_000_000 };

/** Smaller answers are bounded by their number. */
const small = 16_000;

/** What an object says, read once for as long as it stays as it is. */
const said = memoize(({ kind, namespace, name, createdAt, labels, annotations, spec }: ConfigView): string =>
  sha256(JSON.stringify([kind, namespace, name, createdAt, labels, annotations, spec])),
);

/**
 * Everything that a translation looks at, as a digest: equal digests, equal translations. Pods that are as their
 * template says come and go without changing it, and so does all that others have and that says nothing about this
 * namespace.
 */
function digest(surroundings: Surroundings): string {
  const { route, itinerary, records, back, mesh, namespace, services, workloads, otherTemplates, spec } = surroundings;
  const homes = [...new Set([namespace.name, mesh.rootNamespace])];
  return sha256(
    JSON.stringify([
      [route, itinerary, adoptedIn(surroundings), requestedIn(surroundings)],
      [records, back, namespace.name, namespace.labels, mesh.rootNamespace],
      [
        ...homes.flatMap((home) => kinds.flatMap((kind) => mesh.configs(kind, home))),
        ...routesOf(namespace.name, mesh),
      ].map(said),
      // What cannot be read is another thing than what is not there.
      possibleConfigs(mesh).map((possible) => [possible.object, 'config' in possible, possible.config]),
      [mesh.version, hiddenRoot(mesh)?.message, nearAuthorizersOf(surroundings)],
      services.map((service) => {
        const { name, labels, annotations, selector, ports, headless, externalName } = service;
        return [
          name,
          labels,
          annotations,
          selector,
          ports,
          headless,
          externalName,
          leadsOutside(service, surroundings),
        ];
      }),
      [...workloads, ...otherTemplates].map(({ kind, name, serviceAccount, templateLabels, containerPorts }) => [
        kind,
        name,
        serviceAccount,
        templateLabels,
        containerPorts,
      ]),
      workloadsIn(surroundings),
      areHereOrComing('Sidecar', surroundings),
      spec.callers,
      spec.policies.direct,
    ]),
  );
}

/** One digest of a picture serves everything that is remembered of it. */
const keyOf = memoize(digest);

function charactersOf(answer: unknown): number {
  const characters = charactersHeld(answer);
  return characters < small ? 0 : characters;
}

/**
 * The same answer for the same picture, without working it out anew at every look: comparing all requests takes its
 * time.
 */
export function remembered<T>(work: (surroundings: Surroundings) => T): (surroundings: Surroundings) => T {
  const known = new Shares<{ readonly answer: T }>(most);
  // Within one look it is asked for many times, and has to be there however much others have.
  return memoize((surroundings) => {
    const { name } = surroundings.namespace;
    const before = known.get(name, keyOf(surroundings));
    if (before !== undefined) return before.answer;
    const answer = work(surroundings);
    known.set(name, keyOf(surroundings), { answer }, charactersOf(answer));
    return answer;
  });
}
