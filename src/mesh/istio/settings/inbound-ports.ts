import { memoize } from '../../../base/memoize.ts';
import { Recent } from '../../../base/recent.ts';
import type { MeshObjects, MeshState } from '../../adapter.ts';
import { record, text, type Json } from '../../json.ts';
import type { ConfigView, PodView } from '../../views.ts';
import { proxyConfigAnnotation, templatesAnnotation } from '../vocabulary/labels.ts';
import { parseMeshConfig } from './mesh-config.ts';
import { configuredSo, interceptionIn } from './mesh-settings.ts';
import { bounded, costed, recount, spend, type Costed } from '../../../base/effort.ts';

/** What says that a sidecar does not take all inbound connections. */
export interface Because {
  /** An annotation of the pod, or what of the mesh says it for all that do not say it themselves. */
  readonly annotation?: string;
  /** `ConfigMap istio-system/istio: defaultConfig.interceptionMode`. */
  readonly mesh?: { readonly object: string; readonly field: string };
}

/**
 * Which inbound connections of a pod its sidecar takes: what it does not take, no policy is asked about, while ztunnel
 * takes everything.
 */
export type Inbound = { readonly kind: 'All' } | Restricted;

/** It does not take all of them, or nobody can tell. */
export interface Restricted {
  readonly kind: 'Some' | 'None' | 'Unknown';
  readonly because: Because;
}

/** What of a pod, or of a template, the injector reads. */
export type Template = Pick<PodView, 'annotations'>;

const includeAnnotation = 'traffic.sidecar.istio.io/includeInboundPorts';
const excludeAnnotation = 'traffic.sidecar.istio.io/excludeInboundPorts';
const interceptionAnnotation = 'sidecar.istio.io/interceptionMode';
const statusPortAnnotation = 'status.sidecar.istio.io/port';

/**
 * Ports of the proxy itself, which the injector excludes by itself, and notes on the pod where a CNI plugin is to do it
 * (injection-template.yaml).
 */
const ownPorts: readonly string[] = ['15020', '15021', '15090'];

/**
 * What the values of the injector say of all pods; absent where they do not say it, `Unreadable` where nobody can tell.
 */
interface InjectorValues {
  readonly object: string;
  readonly proxy: Json | 'Unreadable';
}

const valuesIn = memoize((view: ConfigView): InjectorValues => {
  // JSON, which is YAML.
  const values = parseMeshConfig(text(view.spec['values']) ?? '');
  return {
    object: `ConfigMap ${view.namespace}/${view.name}`,
    proxy: values === undefined ? 'Unreadable' : record(record(values['global'])['proxy']),
  };
});

/** One for each revision (istiod-injector-configmap.yaml); where there is none the chart's own values count. */
function injectorValues(mesh: MeshObjects): readonly InjectorValues[] {
  return mesh
    .configs('ConfigMap', mesh.controlPlaneNamespace)
    .filter(({ name }) => name === 'istio-sidecar-injector' || name.startsWith('istio-sidecar-injector-'))
    .map(valuesIn);
}

/** What is in force of each field that a pod does not say, by each injector. */
export function fromValues(
  field: string,
  otherwise: string,
  mesh: MeshObjects,
): readonly { readonly value: string; readonly because: Because }[] {
  return injectorValues(mesh).map(({ object, proxy }) => {
    const said = proxy === 'Unreadable' ? proxy : proxy[field];
    const value = typeof said === 'number' ? String(said) : (text(said) ?? otherwise);
    return { value, because: { mesh: { object, field: `data.values: global.proxy.${field}` } } };
  });
}

export function listedIn(value: string): readonly string[] {
  return value
    .split(',')
    .map((port) => port.trim())
    .filter((port) => port !== '');
}

function included(value: string, because: Because): Restricted | undefined {
  if (value === 'Unreadable') return { kind: 'Unknown', because };
  if (value.trim() === '*') return undefined;
  // "An empty list will disable all inbound redirection."
  return { kind: listedIn(value).length === 0 ? 'None' : 'Some', because };
}

function excluded(value: string, own: readonly string[], because: Because): Restricted | undefined {
  if (value === 'Unreadable') return { kind: 'Unknown', because };
  return listedIn(value).every((port) => own.includes(port)) ? undefined : { kind: 'Some', because };
}

/** Of a proxy configuration: more than anybody has, and little enough to be read of each pod. */
const longest = 8192;

/** Of all that are different in a namespace together: of pods without a template each may have one of its own. */
const mostCharacters = 100_000;

/** What is written of pods of one template is the same text. */
const configurations = new Recent<Costed<Json | undefined>>(100);

/**
 * The proxy configuration of some annotations, read once for as long as these stay as they are; undefined if it cannot
 * be read.
 */
const proxyConfigOf = memoize((annotations: Template['annotations']): Costed<Json | undefined> => {
  const written = annotations[proxyConfigAnnotation] ?? '';
  if (written.length > longest) return unreadable;
  const known =
    configurations.get(written) ??
    costed(() => {
      spend(written.length);
      return parseMeshConfig(written);
    });
  configurations.set(written, known);
  return known;
});

const unreadable: Costed<undefined> = { value: undefined, steps: 0 };

/** What `proxy.istio.io/config` says of the sidecar of a pod, nothing without; undefined if it cannot be read. */
export function proxyConfigIn({ annotations }: Template): Json | undefined {
  return annotations[proxyConfigAnnotation] === undefined ? {} : recount(proxyConfigOf(annotations));
}

/** Asks about all pods of a namespace; `otherwise` is told why that is too much. */
export function askedOfAll<T>(work: () => T, otherwise: (why: string) => T): T {
  const found = bounded(mostCharacters, work);
  return found.kind === 'Done'
    ? found.value
    : otherwise(
        `its pods have more different ${proxyConfigAnnotation} than one look may read (${mostCharacters} characters): nobody can tell which inbound connections their sidecars take`,
      );
}

/**
 * Who takes connections to the proxy: the pod says it, else its proxy configuration, else that of the mesh. ProxyConfig
 * objects do not have the field (toMeshConfigProxyConfig).
 */
export function interception({ annotations }: Template, mesh: MeshObjects): Restricted | undefined {
  const mode = annotations[interceptionAnnotation];
  if (mode !== undefined)
    return mode === 'NONE' ? { kind: 'None', because: { annotation: interceptionAnnotation } } : undefined;
  const own = proxyConfigIn({ annotations });
  const said = own === undefined ? 'Unreadable' : interceptionIn(own);
  if (said === 'Unreadable') return { kind: 'Unknown', because: { annotation: proxyConfigAnnotation } };
  if (said !== undefined)
    return said === 'NONE' ? { kind: 'None', because: { annotation: proxyConfigAnnotation } } : undefined;
  const [object] = configuredSo(mesh, ({ interceptionMode }) => interceptionMode === 'NONE');
  return object === undefined
    ? undefined
    : { kind: 'None', because: { mesh: { object, field: 'data.mesh: defaultConfig.interceptionMode' } } };
}

/**
 * Proxies that run inside of the application take nothing in; what a template of somebody's own does instead of
 * `sidecar` nobody knows.
 */
export function byTemplates({ annotations }: Template): Restricted | undefined {
  const named = listedIn(annotations[templatesAnnotation] ?? '');
  const because: Because = { annotation: templatesAnnotation };
  if (named.length === 0 || named.includes('sidecar') || named.some((name) => name.includes('gateway')))
    return undefined;
  return { kind: named.some((name) => name.startsWith('grpc-')) ? 'None' : 'Unknown', because };
}

function byPorts({ annotations }: Template, mesh: MeshState): readonly (Restricted | undefined)[] {
  const status = annotations[statusPortAnnotation];
  const own = [
    ...ownPorts,
    ...(status === undefined ? [] : [status]),
    ...fromValues('statusPort', '15020', mesh).map(({ value }) => value),
  ];
  const [include, exclude] = [annotations[includeAnnotation], annotations[excludeAnnotation]];
  return [
    ...(include === undefined
      ? fromValues('includeInboundPorts', '*', mesh).map(({ value, because }) => included(value, because))
      : [included(include, { annotation: includeAnnotation })]),
    ...(exclude === undefined
      ? fromValues('excludeInboundPorts', '', mesh).map(({ value, because }) => excluded(value, own, because))
      : [excluded(exclude, own, { annotation: excludeAnnotation })]),
  ];
}

/**
 * Which inbound connections the sidecar of a pod takes, or would take of the pods of a template: with several injectors
 * the one that takes least.
 */
export function inboundOf(template: Template, mesh: MeshState): Inbound {
  const found = [interception(template, mesh), byTemplates(template), ...byPorts(template, mesh)].filter(
    (each) => each !== undefined,
  );
  return (
    found.find(({ kind }) => kind === 'None') ??
    found.find(({ kind }) => kind === 'Unknown') ??
    found[0] ?? { kind: 'All' }
  );
}

/** In words: what it does not take, and what says so. */
export function describeInbound({ kind, because: { annotation, mesh } }: Restricted): string {
  const who = annotation ?? `${mesh?.object ?? ''}, ${mesh?.field ?? ''}`;
  switch (kind) {
    case 'None':
      return `by ${who} its sidecar takes no inbound connection`;
    case 'Some':
      return `by ${who} its sidecar leaves some ports alone`;
    case 'Unknown':
      return `nobody can tell from ${who} which inbound connections its sidecar takes`;
  }
}
