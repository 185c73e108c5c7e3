import { isScalar, visit, type Document } from 'yaml';
import { parseAsGo } from '../../../base/yaml-as-go.ts';
import { valueOf, type MostRepeated } from '../../../base/yaml-value.ts';
import { memoizeLast } from '../../../base/memoize.ts';
import type { MeshObjects, MeshState } from '../../adapter.ts';
import { record, records, strings, text, type Json } from '../../json.ts';
import type { ConfigView, WorkloadView } from '../../views.ts';
import { revisionLabel } from '../vocabulary/labels.ts';
import { authorizersOf, sentToAuthorizers } from '../policy/authorizer.ts';
import type { Authorizers } from '../policy/options.ts';
import type { IstioVersion } from '../policy/istio-version.ts';
import { nearAuthorizers, type Hosts, type NearAuthorizer } from '../policy/near-authorizers.ts';
import { exportDefaults, type ExportDefaults } from '../policy/visibility.ts';

/*
 * Where istiod has its mesh configuration from: pilot/pkg/bootstrap/mesh.go and pkg/config/mesh/mesh.go. Nothing here reads a text by patterns.
 */

/**
 * What is not `lowerCamelCase` is the name of the same field in the proto, which istiod takes as well (jsonpb); null is
 * no value.
 */
function asDeclared(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asDeclared);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, held]) => held !== null);
  return Object.fromEntries(
    fields.map(([key, held]) => {
      const name = key.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
      // The keys of labels are nobody's but their own.
      return [name, name === 'matchLabels' ? held : asDeclared(held)];
    }),
  );
}

/** These two istiod takes from the text itself, by this name only (extractYamlField). */
const byName: readonly string[] = ['default_config', 'default_providers'];

function declared(written: unknown): Json {
  return record(
    asDeclared(Object.fromEntries(Object.entries(record(written)).filter(([key]) => !byName.includes(key)))),
  );
}

/**
 * Whether some map has a key twice, which is no mesh configuration. The parser's own test compares each key with each.
 */
function hasTwins(document: Document): boolean {
  let found = false;
  visit(document, {
    Map(_, { items }) {
      const keys = new Set(items.map(({ key }) => (isScalar(key) ? key.value : key)));
      if (keys.size === items.length) return undefined;
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

/** Of the mesh or of one pod: whoever makes pods writes annotations that are read like it, a dozen long ones. */
const mostRepeated: MostRepeated = { characters: 2 ** 18, lookedAt: 5_000_000 };

/**
 * A mesh configuration from its text; undefined if that cannot be read: istiod then keeps the one it has, which nobody
 * else knows.
 */
export function parseMeshConfig(written: string): Json | undefined {
  try {
    const document = parseAsGo(written);
    if (document.errors.length > 0 || hasTwins(document)) return undefined;
    const value: unknown = valueOf(document, mostRepeated) ?? {};
    return typeof value === 'object' && !Array.isArray(value) ? declared(value) : undefined;
  } catch {
    // An alias to nothing, aliases that multiply, or a text of brackets: the parser throws, it does not report.
    return undefined;
  }
}

/** Objects in a store are replaced when they change, so that each is parsed once. */
const parsed = new WeakMap<ConfigView, { readonly config: Json | undefined }>();

function configIn(view: ConfigView): Json | undefined {
  const found = parsed.get(view) ?? { config: parseMeshConfig(text(view.spec['mesh']) ?? '') };
  parsed.set(view, found);
  return found.config;
}

/** A mesh configuration that some istiod may have, and the object that says it. */
export interface PossibleConfig {
  readonly object: string;
  /** Undefined: it cannot be read. Absent: it is not there. */
  readonly config?: Json | undefined;
}

function thatSayIt(maps: readonly ConfigView[]): readonly ConfigView[] {
  return maps.filter(({ spec }) => text(spec['mesh']) !== undefined);
}

function isNamedForRevision({ name }: ConfigView): boolean {
  return name === 'istio' || name.startsWith('istio-');
}

/** One for each revision of istiod: ConfigMap `istio`, or `istio-REVISION`. */
function meshConfigMaps(mesh: MeshObjects): readonly ConfigView[] {
  return thatSayIt(mesh.configs('ConfigMap', mesh.controlPlaneNamespace)).filter(isNamedForRevision);
}

/** The ConfigMap of a revision (getMeshConfigMapName). */
function configMapOf(revision: string): string {
  return revision === '' || revision === 'default' ? 'istio' : `istio-${revision}`;
}

/** The revisions of the istiods that run here; none where they run elsewhere. */
function runningRevisions(workloads: readonly WorkloadView[]): readonly string[] {
  const istiods = workloads.filter(
    ({ kind, replicas, images }) => kind === 'Deployment' && replicas > 0 && images['discovery'] !== undefined,
  );
  return [...new Set(istiods.map(({ templateLabels }) => templateLabels[revisionLabel] ?? 'default'))].sort();
}

/** ApplyMeshConfig: each field overrides, but for those that are merged. */
function over(shared: Json, own: Json): Json {
  const providers = records(own['extensionProviders']);
  const others = records(shared['extensionProviders']).filter(({ name }) =>
    providers.every((each) => each['name'] !== name),
  );
  return {
    ...shared,
    ...own,
    trustDomainAliases: [...new Set([...strings(shared['trustDomainAliases']), ...strings(own['trustDomainAliases'])])],
    defaultConfig: { ...record(shared['defaultConfig']), ...record(own['defaultConfig']) },
    extensionProviders: [...others, ...providers],
  };
}

/** A list of a store stays the same one until something in it changes, and every look asks dozens of times. */
const possibleIn = memoizeLast(
  (
    all: readonly ConfigView[],
    workloads: readonly WorkloadView[],
    namespace: string,
    assumedRoot: string | undefined,
  ): readonly PossibleConfig[] => {
    const maps = thatSayIt(all);
    const nameIn = (name: string): string => `ConfigMap ${namespace}/${name}`;
    const running = runningRevisions(workloads).map(configMapOf);
    const named = running.length > 0 ? running : maps.filter(isNamedForRevision).map(({ name }) => name);
    const names = named.length > 0 ? named : ['istio'];
    const shared = maps.filter(({ name }) => !names.includes(name));
    return names.flatMap((name): readonly PossibleConfig[] => {
      const view = maps.find((each) => each.name === name);
      if (view === undefined)
        return [{ object: nameIn(name), ...(assumedRoot !== undefined && { config: { rootNamespace: assumedRoot } }) }];
      const config = configIn(view);
      const alone: PossibleConfig = { object: nameIn(name), config };
      return [
        alone,
        ...shared.map((below): PossibleConfig => {
          const other = configIn(below);
          return { object: nameIn(below.name), config: other && config && over(other, config) };
        }),
      ];
    });
  },
);

/**
 * Every mesh configuration that some istiod may have. SHARED_MESH_CONFIG names a second ConfigMap, which goes below
 * that of the revision; it is a setting of istiod that nobody sees from outside, so that each ConfigMap that could be
 * it counts as if it were, and as if it were not.
 */
export function possibleConfigs(mesh: MeshObjects): readonly PossibleConfig[] {
  const { controlPlaneNamespace: namespace } = mesh;
  return possibleIn(
    mesh.configs('ConfigMap', namespace),
    mesh.workloads(namespace),
    namespace,
    mesh.assumesDefaults === true ? mesh.rootNamespace : undefined,
  );
}

/**
 * The revision that tells every proxy of the mesh; undefined if there are several, or none that is known. The one
 * without a name is `default` (istiod chart: values.yaml).
 */
export function onlyRevision(mesh: MeshState): string | undefined {
  const [first, ...others] = meshConfigMaps(mesh).map(({ name }) =>
    name === 'istio' ? 'default' : name.slice('istio-'.length),
  );
  return others.length === 0 ? first : undefined;
}

/**
 * The external authorizers of the mesh; undefined if they cannot be known. With several revisions those that all of
 * them have: sidecars, and the waypoint that takes over from them, may be told by different ones.
 */
export function meshAuthorizers(mesh: MeshState, version: IstioVersion): Authorizers | undefined {
  if (mesh.assumesDefaults === true && meshConfigMaps(mesh).length === 0) return undefined;
  const configs = possibleConfigs(mesh).map(({ config }) => config);
  const known = configs.filter((config) => config !== undefined).map((config) => authorizersOf(config, version));
  const [first, ...others] = known;
  if (first === undefined || known.length < configs.length) return undefined;
  return Object.fromEntries(
    Object.entries(first).filter(([name, authorizer]) => others.every((other) => other[name] === authorizer)),
  );
}

/** What authorizers of any mesh configuration that may be in force are sent. */
export function meshSentToAuthorizers(mesh: MeshState): Readonly<Record<string, string>> {
  return Object.fromEntries(
    possibleConfigs(mesh).flatMap(({ config = {} }) => Object.entries(sentToAuthorizers(config))),
  );
}

/**
 * Authorizers of any mesh configuration that may be in force which are asked in the pod of the proxy itself, by what
 * others have where nothing else says so.
 */
export function meshNearAuthorizers(mesh: MeshState, hosts: Hosts): Readonly<Record<string, NearAuthorizer>> {
  const found = possibleConfigs(mesh).flatMap(({ config = {} }) => nearAuthorizers(config, hosts));
  // The last of a name counts.
  const weight = ({ isTheirs, isAccepted }: NearAuthorizer): number =>
    (isTheirs === true ? 0 : 2) + (isAccepted === true ? 0 : 1);
  return Object.fromEntries(found.toSorted(([, a], [, b]) => weight(a) - weight(b)));
}

/**
 * Where routes and DestinationRules are visible that do not say it; a configuration that cannot be read may let them
 * out everywhere.
 */
export function meshExports(mesh: MeshState): ExportDefaults {
  return exportDefaults(possibleConfigs(mesh).map(({ config }) => config));
}

/**
 * Where Services are visible that do not say it, by each mesh configuration that may be in force; of one that cannot be
 * read MM016 tells.
 */
export function serviceExports(mesh: MeshObjects): readonly (readonly string[])[] {
  return possibleConfigs(mesh).map(({ config }) => {
    const said = strings(config?.['defaultServiceExportTo']);
    return said.length === 0 ? ['*'] : said;
  });
}
