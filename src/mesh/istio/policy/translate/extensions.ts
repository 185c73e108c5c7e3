import { memoize } from '../../../../base/memoize.ts';
import { record, records, stringMap, text, type Json } from '../../../json.ts';
import type { Attachment } from '../types.ts';
import { oneMore, type Reason } from './reason.ts';
import { protocolsOf } from './reach.ts';
import { coverage } from './selection.ts';
import { titleOf, type ConfigObject, type ServiceFacts, type World } from './world.ts';

/** How an extension gets to a waypoint. */
export interface ExtensionKind {
  readonly apiVersion: string;
  /**
   * Whether a waypoint of the namespace reads it without targetRefs too if it has no selector (applicableTelemetries in
   * pilot/pkg/model/telemetry.go).
   */
  readonly wideIsRead: boolean;
  readonly does: string;
}

/** Kinds that attach by the rules of policies (ShouldAttachPolicy); EnvoyFilter has no supported way to a waypoint. */
export const extensionKinds: Readonly<Record<string, ExtensionKind>> = {
  Telemetry: {
    apiVersion: 'telemetry.istio.io/v1',
    wideIsRead: true,
    does: 'configures HTTP metrics, traces or access logs, which ztunnel does not write',
  },
  WasmPlugin: {
    apiVersion: 'extensions.istio.io/v1alpha1',
    wideIsRead: false,
    does: 'runs a plugin, which ztunnel does not',
  },
  TrafficExtension: {
    apiVersion: 'extensions.istio.io/v1alpha1',
    wideIsRead: false,
    does: 'runs an extension, which ztunnel does not',
  },
};

/** The attachment of any kind that has `selector` or `targetRefs`. */
export function attachmentOf({ spec }: ConfigObject): Attachment {
  return attachmentIn(spec);
}

const attachmentIn = memoize((spec: Json): Attachment => {
  const selector = record(spec['selector'] ?? spec['workloadSelector']);
  const labels = stringMap(selector['matchLabels'] ?? selector['labels']);
  const single = spec['targetRef'];
  const targetRefs = [...records(spec['targetRefs']), ...(single === undefined ? [] : [record(single)])].map((ref) => ({
    group: text(ref['group']) ?? '',
    kind: text(ref['kind']) ?? '',
    name: text(ref['name']) ?? '',
  }));
  return { ...(Object.keys(labels).length > 0 && { selector: labels }), targetRefs };
});

/**
 * Whether an extension is a matter of the namespace. A Telemetry of the root namespace is none: without a selector a
 * waypoint reads it like any proxy, and asking for one because of it would give each namespace of the mesh a waypoint;
 * with a selector nobody outside the root namespace reads it (applicableTelemetries looks at selectors in the proxy's
 * namespace only).
 */
function isOfNamespace({ kind, namespace }: ConfigObject, world: World): boolean {
  return extensionKinds[kind] !== undefined && (kind !== 'Telemetry' || namespace === world.namespace);
}

/** Whether sidecars of some pods of a Service do something because of an extension, or may. */
export function isExtendedBy(service: ServiceFacts, object: ConfigObject, world: World): boolean {
  return isOfNamespace(object, world) && coverage(attachmentOf(object), service, world.workloads) !== 'None';
}

/**
 * Whether an extension can refuse a request. What a plugin or script does nobody can tell from outside, and a phase is
 * only a place in the chain of filters: basic authentication without one refuses just as well. STATS is the phase of
 * those that count.
 */
export function canRefuse({ kind, spec }: ConfigObject): boolean {
  return kind !== 'Telemetry' && extensionKinds[kind] !== undefined && spec['phase'] !== 'STATS';
}

/** What patches of an EnvoyFilter may be for besides sidecars (PatchContext). */
const otherContexts: readonly unknown[] = ['GATEWAY', 'WAYPOINT'];

/** Whether an EnvoyFilter is about sidecars: one whose every patch is for gateways or waypoints leaves them alone. */
export function patchesSidecars({ spec }: Pick<ConfigObject, 'spec'>): boolean {
  const patches = records(spec['configPatches']);
  const isForOthers =
    patches.length > 0 && patches.every((patch) => otherContexts.includes(record(patch['match'])['context']));
  return !isForOthers && attachmentIn(spec).targetRefs.length === 0;
}

/** Why an extension needs a waypoint before a Service. Of TCP connections ztunnel reports by itself. */
export function extensionReason(object: ConfigObject, service: ServiceFacts, world: World): Reason | undefined {
  if (!isExtendedBy(service, object, world)) return undefined;
  if (object.kind === 'Telemetry' && !protocolsOf(service).includes('http')) return undefined;
  return oneMore(doesMore(object));
}

/** The same for all Services. */
const doesMore = memoize((object: ConfigObject): Reason => ({
  object: titleOf(object),
  sentence: `${titleOf(object)} ${extensionKinds[object.kind]?.does ?? ''}.`,
  enforces: canRefuse(object),
  ...(object.kind === 'Telemetry' && { reports: true }),
}));
