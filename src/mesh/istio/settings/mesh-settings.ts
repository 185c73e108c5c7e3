import { listed } from '../../../base/counted.ts';
import { goBoolean } from '../../../base/go-boolean.ts';
import { memoizeLast } from '../../../base/memoize.ts';
import { quoted } from '../../../base/shown.ts';
import type { MeshObjects, MeshState } from '../../adapter.ts';
import { list, record, records, strings, text, type Json } from '../../json.ts';
import { possibleConfigs, type PossibleConfig } from './mesh-config.ts';

/** What a mesh configuration says that changes what everything else means. */
export interface MeshSettings {
  /** Policies in it apply to the whole mesh. */
  readonly rootNamespace: string;
  readonly trustDomain: string;
  /** In no order, each once. */
  readonly trustDomainAliases: readonly string[];
  /** Sidecars refuse calls to hosts that nobody knows. */
  readonly registryOnly: boolean;
  /** Which namespaces istiod sees: those that one of these selects; all without one. */
  readonly discoverySelectors: readonly Json[];
  /** What takes inbound connections to sidecars whose pods do not say it. */
  readonly interceptionMode: InterceptionMode;
  /** Sidecars whose pods do not say it answer what their pods ask DNS. */
  readonly answersNames: boolean;
  /** Prometheus asks the agent in the sidecar instead of the application. */
  readonly mergesMetrics: boolean;
}

/** `NONE`: nothing takes connections to the sidecar. */
export type InterceptionMode = 'REDIRECT' | 'TPROXY' | 'NONE';

/** Names by number, as the proto has them: jsonpb takes either. */
const egress: Readonly<Record<string, string>> = { 0: 'REGISTRY_ONLY', 1: 'ALLOW_ANY', 3: 'ALLOW_ANY_DYNAMIC_DNS' };
const interception: Readonly<Record<string, InterceptionMode>> = { 0: 'REDIRECT', 1: 'TPROXY', 2: 'NONE' };

/**
 * The value of an enumeration; what is not said is the first, whatever else the message says. Undefined: istiod would
 * refuse it.
 */
function enumerated<T extends string>(value: unknown, names: Readonly<Record<string, T>>): T | undefined {
  if (value === undefined) return names[0];
  return typeof value === 'number' ? names[value] : Object.values(names).find((name) => name === value);
}

/**
 * The interception mode of a proxy configuration, which has to be there; undefined if it does not say it, `Unreadable`
 * if istiod would refuse it.
 */
export function interceptionIn({ interceptionMode }: Json): InterceptionMode | 'Unreadable' | undefined {
  return interceptionMode === undefined ? undefined : (enumerated(interceptionMode, interception) ?? 'Unreadable');
}

/** Whether a proxy configuration has sidecars answer what their pods ask DNS; undefined if it does not say it. */
export function answersNamesIn({ proxyMetadata }: Json): boolean | undefined {
  return goBoolean(text(record(proxyMetadata)['ISTIO_META_DNS_CAPTURE']) ?? '');
}

/** A text that has to be one, and not empty; where it is not said, what Istio takes (DefaultMeshConfig). */
function named(config: Json, field: string, otherwise: string): string | undefined {
  const value = config[field];
  if (value === undefined) return otherwise;
  return text(value) === '' ? undefined : text(value);
}

/**
 * Whether `outboundTrafficPolicy` of the mesh or of a Sidecar refuses hosts that nobody knows: one that says no mode
 * does (`REGISTRY_ONLY` is 0). Undefined if istiod would refuse it.
 */
export function isRegistryOnly(outboundTrafficPolicy: unknown): boolean | undefined {
  if (outboundTrafficPolicy === undefined || outboundTrafficPolicy === null) return false;
  if (typeof outboundTrafficPolicy !== 'object' || Array.isArray(outboundTrafficPolicy)) return undefined;
  const mode = enumerated(record(outboundTrafficPolicy)['mode'], egress);
  return mode === undefined ? undefined : mode === 'REGISTRY_ONLY';
}

/** What one mesh configuration says; undefined if istiod would refuse it, and keep the one it has. */
export function settingsIn(config: Json): MeshSettings | undefined {
  const rootNamespace = named(config, 'rootNamespace', 'istio-system');
  const trustDomain = named(config, 'trustDomain', 'cluster.local');
  const aliases = config['trustDomainAliases'] ?? [];
  const registryOnly = isRegistryOnly(config['outboundTrafficPolicy']);
  const interceptionMode = interceptionIn(record(config['defaultConfig'])) ?? 'REDIRECT';
  if (
    rootNamespace === undefined ||
    trustDomain === undefined ||
    registryOnly === undefined ||
    interceptionMode === 'Unreadable'
  )
    return undefined;
  if (!Array.isArray(aliases) || strings(aliases).length < list(aliases).length) return undefined;
  const selectors = config['discoverySelectors'] ?? [];
  if (
    !Array.isArray(selectors) ||
    records(selectors).some(({ matchLabels }) =>
      Object.values(record(matchLabels)).some((value) => typeof value !== 'string'),
    )
  )
    return undefined;
  return {
    rootNamespace,
    trustDomain,
    trustDomainAliases: [...new Set(strings(aliases))].sort(),
    registryOnly,
    interceptionMode,
    answersNames: answersNamesIn(record(config['defaultConfig'])) === true,
    mergesMetrics: config['enablePrometheusMerge'] !== false,
    discoverySelectors: records(selectors),
  };
}

/** What is known of the mesh configuration; `Unknown` says of which object and why, and what to do. */
export type MeshKnowledge =
  | { readonly kind: 'Known'; readonly settings: MeshSettings }
  | { readonly kind: 'Unknown'; readonly object: string; readonly message: string; readonly fix: string };

const restore =
  'Restore it as istiod started with it: kubectl get configmaps -n ISTIO-NAMESPACE -o yaml, or helm upgrade with the values of the installation. If istiod runs in another namespace, start the operator with --istio-namespace.';
const repair =
  'Repair the YAML below data.mesh: istiod does not take it either, and goes on with what it had until it is started again.';
const agree =
  'Give all revisions the same value, or remove the revision that is not used any more, with its ConfigMap.';

/** What is meant by these words, for messages. */
const meaning = 'so nobody can tell which policies apply to the whole mesh and which identity a waypoint has';

/** Fields in which all that may be in force have to agree. */
const decisive = ['rootNamespace', 'trustDomain', 'trustDomainAliases'] as const;

function said(settings: MeshSettings, field: (typeof decisive)[number]): string {
  return JSON.stringify(settings[field]);
}

/** The same for a sentence. */
function told(settings: MeshSettings, field: (typeof decisive)[number]): string {
  const value = settings[field];
  return typeof value === 'string' ? quoted(value) : `[${listed(value.map(quoted))}]`;
}

interface Read {
  readonly object: string;
  readonly settings: MeshSettings | undefined;
  readonly absent: boolean;
}

function read(possible: PossibleConfig): Read {
  const { object, config } = possible;
  return { object, settings: config && settingsIn(config), absent: !('config' in possible) };
}

const agreed = memoizeLast((possible: readonly PossibleConfig[], controlPlaneNamespace: string): MeshKnowledge => {
  const all = possible.map(read);
  const bad = all.find(({ settings }) => settings === undefined);
  if (bad?.absent === true)
    return {
      kind: 'Unknown',
      object: bad.object,
      message: `the mesh configuration is not there, ${meaning}`,
      fix: restore.replace('ISTIO-NAMESPACE', controlPlaneNamespace),
    };
  if (bad !== undefined)
    return {
      kind: 'Unknown',
      object: bad.object,
      message: `its mesh configuration (data.mesh) cannot be read, ${meaning}`,
      fix: repair,
    };
  const [first, ...others] = all.flatMap(({ object, settings }) =>
    settings === undefined ? [] : [{ object, settings }],
  );
  // There is always one that may be in force.
  if (first === undefined)
    return {
      kind: 'Unknown',
      object: 'ConfigMap istio',
      message: `there is no mesh configuration, ${meaning}`,
      fix: restore,
    };
  for (const { object, settings } of others) {
    const field = decisive.find((each) => said(settings, each) !== said(first.settings, each));
    if (field !== undefined)
      return {
        kind: 'Unknown',
        object,
        message: `it makes ${field} ${told(settings, field)}, and ${first.object} makes it ${told(first.settings, field)}, ${meaning}`,
        fix: agree,
      };
  }
  return { kind: 'Known', settings: first.settings };
});

/** What every istiod of the mesh agrees on. */
export function meshKnowledge(mesh: MeshState): MeshKnowledge {
  return agreed(possibleConfigs(mesh), mesh.controlPlaneNamespace);
}

/**
 * Where policies for the whole mesh are; where nobody knows it, the namespace of the control plane, which nothing is
 * done by.
 */
export function rootNamespaceOf(mesh: MeshState): string {
  const known = meshKnowledge(mesh);
  return known.kind === 'Known' ? known.settings.rootNamespace : mesh.controlPlaneNamespace;
}

/**
 * The objects whose mesh configuration, if it is in force, has a property; those that cannot be read are said elsewhere
 * (MM016).
 */
export function configuredSo(mesh: MeshObjects, has: (settings: MeshSettings) => boolean): readonly string[] {
  return [
    ...new Set(
      possibleConfigs(mesh)
        .map(read)
        .filter(({ settings }) => settings !== undefined && has(settings))
        .map(({ object }) => object),
    ),
  ];
}
