import { shown } from '../../../base/shown.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { list, records, strings } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { policyOptionsOf } from '../settings/policy-options.ts';
import { spend } from '../../../base/effort.ts';
import type { PolicyOptions } from '../policy/options.ts';
import { followers, isFollowed } from '../policy/visibility.ts';
import { sidecarsOf } from './calls/told-services.ts';
import { hostsOf } from './route-objects.ts';
import { labelSets } from '../vocabulary/objects.ts';

/** Whether one host, perhaps a wildcard, takes in another in whichever direction (host.Name.Matches). */
function overlaps(a: string, b: string): boolean {
  const covers = (wide: string, narrow: string): boolean =>
    wide.startsWith('*') && narrow.replace(/^\*/, '').endsWith(wide.slice(1));
  return a === b || covers(a, b) || covers(b, a);
}

/** The hosts that the egress of a Sidecar lets in, by namespace; undefined without egress. */
const egressOf = memoize(({ spec }: ConfigView): ReadonlyMap<string, readonly string[]> | undefined => {
  if (list(spec['egress']).length === 0) return undefined;
  const entries = records(spec['egress'])
    .flatMap(({ hosts }) => strings(hosts))
    .map((entry) => entry.split('/'));
  return new Map(
    [...Map.groupBy(entries, ([from = '']) => from)].map(([from, all]) => [from, all.map(([, host = '']) => host)]),
  );
});

/** Pairs of hosts that are compared: what a stranger writes, times what stands in one's own Sidecar. */
const maxPairs = 50_000;

/**
 * Whether its egress lets a VirtualService in; without egress everything is (SelectVirtualServices). Short names are
 * taken for any, and so is what is too much to compare.
 */
function imports(sidecar: ConfigView, route: ConfigView, home: string): boolean {
  const egress = egressOf(sidecar);
  if (egress === undefined) return true;
  const said = ['*', route.namespace, ...(route.namespace === home ? ['.'] : [])].flatMap(
    (from) => egress.get(from) ?? [],
  );
  if (said.length === 0) return false;
  const hosts = hostsOf(route);
  spend(hosts.length / 16);
  return (
    said.length * hosts.length > maxPairs ||
    said.some((host) => hosts.some((each) => !each.includes('.') || overlaps(each, host)))
  );
}

/** What is the same for all objects that a look asks about; there may be thousands. */
interface Scene {
  readonly options: PolicyOptions;
  /** Those that pods of the namespace are under; undefined for pods under none. */
  readonly sidecars: ReadonlySet<ConfigView | undefined>;
}

const scenes = new WeakMap<Surroundings, Scene>();

function sceneOf(surroundings: Surroundings): Scene {
  const scene = scenes.get(surroundings) ?? {
    options: policyOptionsOf(surroundings.mesh),
    sidecars: new Set(sidecarsOf(labelSets(surroundings), surroundings.namespace.name, surroundings.mesh)),
  };
  scenes.set(surroundings, scene);
  return scene;
}

/** Whether a Sidecar keeps it from every pod of the namespace. */
function isKeptOut(route: ConfigView, { sidecars }: Scene, home: string): boolean {
  return (
    route.kind === 'VirtualService' &&
    sidecars.size > 0 &&
    [...sidecars].every((sidecar) => sidecar !== undefined && !imports(sidecar, route, home))
  );
}

/** Whether sidecars of the namespace follow an object when they call a Service of another, or one of their own. */
export function isFollowedHere(
  route: ConfigView,
  surroundings: Surroundings,
  to = surroundings.namespace.name,
): boolean {
  const scene = sceneOf(surroundings);
  const from = surroundings.namespace.name;
  return isFollowed(route, { from, to }, scene.options) && !isKeptOut(route, scene, from);
}

/** Namespaces that are named one by one: a stranger writes as many as he likes. */
const mostNamed = 50;

/** Whose calls to this namespace follow an object that its own do not, in words; undefined if nobody's. */
export function followedElsewhere(route: ConfigView, surroundings: Surroundings): string | undefined {
  const { name } = surroundings.namespace;
  const all = followers(route, sceneOf(surroundings).options, name);
  if (all[0] === '*') return 'all other namespaces that import it';
  const names = all.slice(0, mostNamed + 1).filter((each) => each !== name);
  if (names.length === 0) return undefined;
  return `${names.slice(0, mostNamed).map(shown).join(', ')}${all.length > mostNamed + 1 ? ' and others' : ''}`;
}

/**
 * Whether an object is none of the namespace's own, of the Service's that is called, or of the root namespace, whose
 * owner decides about the mesh.
 */
export function isStranger(
  { namespace }: { readonly namespace: string },
  { mesh, namespace: { name } }: Surroundings,
  called = name,
): boolean {
  return ![name, called, mesh.rootNamespace].includes(namespace);
}
