import { list, record, records, stringMap, text } from '../../../json.ts';
import type { Attachment } from '../types.ts';
import { critical, warning, type Problem } from './problem.ts';
import type { Reason } from './needs.ts';
import { coverage } from './selection.ts';
import { titleOf, type ConfigObject, type ServiceFacts, type World } from './world.ts';

/** How an extension gets to a waypoint. */
export interface ExtensionKind {
  readonly apiVersion: string;
  /** Whether a waypoint of the namespace reads it without targetRefs too if it has no selector (applicableTelemetries in pilot/pkg/model/telemetry.go). */
  readonly wideIsRead: boolean;
  readonly does: string;
}

/** Kinds that attach by the rules of policies (ShouldAttachPolicy); EnvoyFilter has no supported way to a waypoint. */
export const extensionKinds: Readonly<Record<string, ExtensionKind>> = {
  Telemetry: { apiVersion: 'telemetry.istio.io/v1', wideIsRead: true, does: 'configures HTTP metrics, traces or access logs, which ztunnel does not write' },
  WasmPlugin: { apiVersion: 'extensions.istio.io/v1alpha1', wideIsRead: false, does: 'runs a plugin, which ztunnel does not' },
  TrafficExtension: { apiVersion: 'extensions.istio.io/v1alpha1', wideIsRead: false, does: 'runs an extension, which ztunnel does not' },
};

/** The attachment of any kind that has `selector` or `targetRefs`. */
export function attachmentOf({ spec }: ConfigObject): Attachment {
  const selector = record(spec['selector'] ?? spec['workloadSelector']);
  const labels = stringMap(selector['matchLabels'] ?? selector['labels']);
  const single = spec['targetRef'];
  const targetRefs = [...records(spec['targetRefs']), ...(single === undefined ? [] : [record(single)])]
    .map((ref) => ({ group: text(ref['group']) ?? '', kind: text(ref['kind']) ?? '', name: text(ref['name']) ?? '' }));
  return { ...(Object.keys(labels).length > 0 && { selector: labels }), targetRefs };
}

/** Phases in which a plugin can refuse a request. */
const enforcingPhases: readonly unknown[] = ['AUTHN', 'AUTHZ'];

/** Why an extension needs a waypoint before a Service. */
export function extensionReason(object: ConfigObject, service: ServiceFacts, world: World): Reason | undefined {
  const kind = extensionKinds[object.kind];
  if (kind === undefined || coverage(attachmentOf(object), service, world.workloads) === 'None') return undefined;
  return { object: titleOf(object), sentence: `${titleOf(object)} ${kind.does}.`, enforces: enforcingPhases.includes(object.spec['phase']) };
}

/** What of an extension would not be carried over. */
export function extensionProblems(object: ConfigObject, world: World): readonly Problem[] {
  const title = titleOf(object);
  if (object.kind === 'EnvoyFilter') return envoyFilterProblems(object);
  if (object.kind === 'Telemetry') return [];
  const traffic = records(object.spec['match']);
  const problems: Problem[] = [];
  if (traffic.some(({ ports }) => list(ports).length > 0)) {
    problems.push(critical(title, 'spec.match', 'it is limited to ports, and a waypoint chain has none to compare: it would not run', 'Remove match.ports, or keep this namespace on sidecars.'));
  }
  if (traffic.some(({ mode }) => mode === 'CLIENT')) {
    problems.push(critical(title, 'spec.match', 'it runs in the proxies of the callers; a waypoint runs it for what the Service receives', 'Attach it to the Services that are called.'));
  } else if (!traffic.some(({ mode }) => mode === 'SERVER')) {
    problems.push(warning(title, 'spec.match', 'sidecars also run it for the requests that their pods send; the waypoint runs it for those that the Service receives', 'Attach it to the Services that are called, if it is meant for them.'));
  }
  if (object.namespace !== world.namespace && object.spec['imagePullSecret'] !== undefined) {
    problems.push(critical(title, 'spec.imagePullSecret', `the copy lives in ${world.namespace}, where that Secret is not`, `Create the Secret in ${world.namespace} and a plugin of its own.`));
  }
  return problems;
}

function envoyFilterProblems(object: ConfigObject): readonly Problem[] {
  const patches = records(object.spec['configPatches']);
  const forGateways = patches.length > 0 && patches.every((patch) => record(patch['match'])['context'] === 'GATEWAY');
  return forGateways ? [] : [critical(titleOf(object), 'spec.configPatches', 'it patches sidecars; waypoints do not support EnvoyFilter', 'Replace it by a WasmPlugin, a Telemetry or an HTTPRoute filter, or keep this namespace on sidecars.')];
}
