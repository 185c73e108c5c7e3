import { memoize } from '../../../base/memoize.ts';
import { list, strings, type Json } from '../../json.ts';

/*
 * Which namespaces an object is visible in. Whoever may create objects in one namespace reaches others only as far as Istio lets him, so
 * nothing here is guessed: pilot/pkg/model/push_context.go and virtualservice_controller.go.
 */

/**
 * What counts for objects without `exportTo`: `defaultVirtualServiceExportTo` and `defaultDestinationRuleExportTo` of
 * the mesh configuration.
 */
export interface ExportDefaults {
  readonly virtualService: readonly string[];
  readonly destinationRule: readonly string[];
}

/** Istio's own (initDefaultExportMaps). */
export const everywhere: ExportDefaults = { virtualService: ['*'], destinationRule: ['*'] };

/** The defaults of mesh configurations: with several revisions of istiod what any of them lets out is out. */
export function exportDefaults(configs: readonly (Json | undefined)[]): ExportDefaults {
  const of = (field: string): readonly string[] => {
    const said = configs.map((config) =>
      config === undefined || list(config[field]).length === 0 ? ['*'] : strings(config[field]),
    );
    return said.length === 0 ? ['*'] : [...new Set(said.flat())];
  };
  return { virtualService: of('defaultVirtualServiceExportTo'), destinationRule: of('defaultDestinationRuleExportTo') };
}

/** What is asked of an object. */
export interface Exported {
  readonly kind: string;
  readonly namespace: string;
  readonly spec: Json;
}

/**
 * Namespaces by name, or `*`; none for `~`, which makes it visible nowhere (initVirtualServices). A route of the
 * Gateway API becomes a VirtualService without `exportTo`.
 */
export function exportedTo(object: Exported, defaults: ExportDefaults): readonly string[] {
  const { kind, namespace, spec } = object;
  // Not exported whatever it says (setDestinationRules).
  if (kind === 'DestinationRule' && spec['workloadSelector'] !== undefined) return [namespace];
  if (saidBy(object).size > 0) return exportedBy(object);
  return namespacesOf(kind === 'DestinationRule' ? defaults.destinationRule : defaults.virtualService, namespace);
}

function namespacesOf(to: readonly string[], home: string): readonly string[] {
  if (to.includes('*')) return ['*'];
  return to.includes('~') ? [] : to.map((each) => (each === '.' ? home : each));
}

/** Where it says itself to be visible, which may be thousands. */
const exportedBy = memoize(({ namespace, spec }: Exported): readonly string[] =>
  namespacesOf(strings(spec['exportTo']), namespace),
);

/** What an object says itself, read once: it may be a list of thousands, and every namespace asks. */
const saidBy = memoize(
  ({ kind, spec }: Exported): ReadonlySet<string> =>
    new Set(kind === 'VirtualService' || kind === 'DestinationRule' ? strings(spec['exportTo']) : []),
);

/**
 * Whether it is visible in a namespace. A DestinationRule without `exportTo` is in its own whatever the default is
 * (setDestinationRules).
 */
export function isVisible(object: Exported, namespace: string, defaults: ExportDefaults = everywhere): boolean {
  const said = saidBy(object);
  const isHome = namespace === object.namespace;
  if (said.size > 0 && object.spec['workloadSelector'] === undefined)
    return said.has('*') || (!said.has('~') && (said.has(namespace) || (isHome && said.has('.'))));
  const to = exportedTo(object, defaults);
  return (object.kind === 'DestinationRule' && isHome && said.size === 0) || to.includes('*') || to.includes(namespace);
}

/** A call: from the clients of a namespace to a Service of one. */
export interface Call {
  readonly from: string;
  readonly to: string;
}

/**
 * Whether clients follow an object that has the host which they call:
 * - A VirtualService wherever it is visible (SelectVirtualServices).
 * - A DestinationRule of their own namespace, of that of the Service, or of the root namespace
 *   (PushContext.destinationRule).
 * - A route of the Gateway API of their own namespace or of that of the Service
 *   (buildSidecarVirtualHostsForVirtualService).
 */
export function isFollowed(
  object: Exported,
  { from, to }: Call,
  { rootNamespace, exportTo }: { readonly rootNamespace: string; readonly exportTo?: ExportDefaults },
): boolean {
  if (!isVisible(object, from, exportTo)) return false;
  const { kind, namespace } = object;
  if (kind === 'VirtualService' || namespace === from || namespace === to) return true;
  return kind === 'DestinationRule' && namespace === rootNamespace;
}

/** The namespaces whose clients follow an object, for messages: by name, or `*`. */
export function followers(
  object: Exported,
  { rootNamespace, exportTo = everywhere }: Parameters<typeof isFollowed>[2],
  to: string,
): readonly string[] {
  if (object.kind === 'VirtualService') return exportedTo(object, exportTo);
  // Of a stranger only his own clients follow it, wherever it is exported to.
  const isFarther = object.namespace === to || object.namespace === rootNamespace;
  const known = isFarther ? [...new Set([...exportedTo(object, exportTo), object.namespace])] : [object.namespace];
  return known.filter((from) => from !== '*' && isFollowed(object, { from, to }, { rootNamespace, exportTo }));
}
