import { parseDocument } from 'yaml';
import type { MeshState } from '../adapter.ts';
import { record, text, type Json } from '../json.ts';
import type { ConfigView } from '../views.ts';
import { authorizersOf } from './policy/authorizer.ts';
import type { Authorizers } from './policy/options.ts';
import type { IstioVersion } from './policy/istio-version.ts';
import { exportDefaults, type ExportDefaults } from './policy/visibility.ts';

/** A mesh configuration from its text; undefined if that cannot be read: istiod then keeps the one it has, which nobody else knows. */
export function parseMeshConfig(written: string): Json | undefined {
  try {
    const document = parseDocument(written, { logLevel: 'silent' });
    return document.errors.length > 0 ? undefined : record(document.toJS());
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

/** One for each revision of istiod: ConfigMap `istio`, or `istio-REVISION`. */
function meshConfigMaps(mesh: MeshState): readonly ConfigView[] {
  return mesh.configs('ConfigMap', mesh.rootNamespace).filter(({ name, spec }) => (name === 'istio' || name.startsWith('istio-')) && text(spec['mesh']) !== undefined);
}

/** The mesh configurations of all revisions of istiod; undefined for one that cannot be read. */
function meshConfigs(mesh: MeshState): readonly (Json | undefined)[] {
  return meshConfigMaps(mesh).map(configIn);
}

/** The revision that tells every proxy of the mesh; undefined if there are several, or none that is known. The one without a name is `default` (istiod chart: values.yaml). */
export function onlyRevision(mesh: MeshState): string | undefined {
  const [first, ...others] = meshConfigMaps(mesh).map(({ name }) => (name === 'istio' ? 'default' : name.slice('istio-'.length)));
  return others.length === 0 ? first : undefined;
}

/**
 * The external authorizers of the mesh; undefined if they cannot be known. With several revisions those that all of them have: sidecars,
 * and the waypoint that takes over from them, may be told by different ones.
 */
export function meshAuthorizers(mesh: MeshState, version: IstioVersion): Authorizers | undefined {
  const configs = meshConfigs(mesh);
  const known = configs.filter((config) => config !== undefined).map((config) => authorizersOf(config, version));
  const [first, ...others] = known;
  if (first === undefined || known.length < configs.length) return undefined;
  return Object.fromEntries(Object.entries(first).filter(([name, authorizer]) => others.every((other) => other[name] === authorizer)));
}

/** Where routes and DestinationRules are visible that do not say it; a configuration that cannot be read may let them out everywhere. */
export function meshExports(mesh: MeshState): ExportDefaults {
  return exportDefaults(meshConfigs(mesh));
}
