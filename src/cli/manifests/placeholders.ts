import { list, record, type Json } from '../../mesh/json.ts';
import type { Manifest, Source } from './manifest.ts';

/** A text that something is to fill in before the manifest is applied. */
export interface Placeholder {
  readonly manifest: Manifest;
  readonly source: Source;
  readonly text: string;
}

/** Of Helm, Hugo and Jinja; of envsubst, Flux and kustomize; of people. */
const forms =
  /\{\{[^{}]*\}\}|\$\{[^{}]+\}|\$\([A-Za-z_][\w.-]*\)|<[A-Z][A-Z0-9_-]*>|@@?[A-Z][A-Z0-9_]*@@?|__[A-Z][A-Z0-9_]*__/;

/** Groups of which everything is looked at; elsewhere such a text may be meant. */
const wholeGroups = /^(?:(?:security|telemetry)\.istio\.io|gateway\.networking\.k8s\.io|networking\.istio\.io)$/;

/** Scripts, and formats of Envoy, in which `${` and `__` are words of their own. */
const ownLanguages: readonly string[] = ['EnvoyFilter', 'ProxyConfig'];

function first(value: unknown): string | undefined {
  if (typeof value === 'string') return forms.exec(value)?.[0];
  const members = Array.isArray(value) ? list(value) : Object.entries(record(value)).flat();
  for (const member of members) {
    const found = first(member);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What of the pods that something makes decides to whom policies apply. */
function ofPods(spec: Json): unknown {
  const template = record(spec['template']);
  const { labels, annotations } = record(template['metadata']);
  const { serviceAccountName, nodeSelector } = record(template['spec']);
  return [labels, annotations, serviceAccountName, nodeSelector];
}

/** Whether it may be mesh configuration, by its name: a revision of istiod follows. It is the same wherever it stands. */
export function isMeshConfig(kind: string, name: string): boolean {
  return kind === 'ConfigMap' && /^istio(?:-|$)/.test(name);
}

/** The mesh configuration: no other ConfigMap is read. */
function ofMesh(kind: string, { metadata, ...object }: Manifest['object']): unknown {
  const { mesh, meshNetworks } = record(isMeshConfig(kind, metadata.name) ? object['data'] : undefined);
  return [mesh, meshNetworks];
}

/** What is read of an object: a script in a ConfigMap, or the arguments of a container, may have such texts. */
function readOf({ group, kind, object }: Manifest): unknown {
  const { name, namespace, labels } = object.metadata;
  const spec = record(object['spec']);
  const isWhole = (wholeGroups.test(group) && !ownLanguages.includes(kind)) || (group === '' && kind === 'Service');
  return [name, namespace, labels, isWhole ? spec : ofPods(spec), group === '' ? ofMesh(kind, object) : undefined];
}

/** How one begins, and the first word in it. */
const beginning = /^(?:\{\{[-<%]?|\$[{(]|<|@@?|__)\s*[\w.:/-]{0,60}/;

/** As it is told: all of it if there is one word in it, else what it begins with; a sentence may stand there. */
export function placeholderShown(text: string): string {
  const begun = beginning.exec(text)?.[0] ?? '';
  return /^\s*[-})>@_%]*$/.test(text.slice(begun.length)) && text.length < 80 ? text : `${begun}…`;
}

/** The namespace that a manifest is about; undefined where it does not say so. */
export function homeOf({ kind, object: { metadata } }: Manifest): string | undefined {
  return kind === 'Namespace' ? metadata.name : metadata.namespace;
}

/**
 * The first of each kind in a namespace and a file: one is enough to say that it was not rendered, and of one kind all
 * concern the same namespaces.
 */
export function placeholdersOf(manifests: readonly Manifest[]): readonly Placeholder[] {
  const found = manifests.flatMap((manifest): readonly Placeholder[] => {
    const text = first(readOf(manifest));
    return text === undefined ? [] : [{ manifest, source: manifest.source, text }];
  });
  const groups = Map.groupBy(found, ({ source: { file }, manifest }) => {
    const { group, kind, object } = manifest;
    return JSON.stringify([homeOf(manifest), group, kind, isMeshConfig(kind, object.metadata.name), file]);
  });
  return [...groups.values()].flatMap(([one]) => one ?? []);
}
