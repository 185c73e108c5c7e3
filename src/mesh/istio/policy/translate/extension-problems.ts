import { listedOf } from '../../../../base/counted.ts';
import { memoize } from '../../../../base/memoize.ts';
import { deepest, isTooDeep } from '../../../depth.ts';
import { list, record, records, text, type Json } from '../../../json.ts';
import { attachmentOf, canRefuse, extensionKinds, isExtendedBy, patchesSidecars } from './extensions.ts';
import { unservedPods } from './needs.ts';
import { critical, warning, type Problem } from './problem.ts';
import { protocolsOf } from './reach.ts';
import { coverage, sidecarSelector } from './selection.ts';
import { serviceTitle, titleOf, type ConfigObject, type ServiceFacts, type World } from './world.ts';

/** Something of a plugin or script that a waypoint does not do as sidecars did. */
interface Check {
  readonly severity: typeof critical;
  readonly field: string;
  readonly message: string;
  readonly fix: string;
  readonly holds: (object: ConfigObject, world: World) => boolean;
}

/** Where the fields of the plugin itself are: a TrafficExtension has them one level down. */
function pluginOf({ kind, spec }: ConfigObject): Json {
  return kind === 'TrafficExtension' ? record(spec['wasm']) : spec;
}

function modes({ spec }: ConfigObject): readonly unknown[] {
  return records(spec['match']).map(({ mode }) => mode);
}

const onCalled = 'Attach it to the Services that are called';

const checks: readonly Check[] = [
  {
    severity: critical,
    field: 'spec',
    holds: ({ spec }) => isTooDeep(spec),
    message: `it is nested deeper than ${deepest} levels, which is not read: a copy would say something else`,
    fix: 'Nest it less, or keep this namespace on sidecars.',
  },
  {
    severity: critical,
    field: 'spec.match',
    holds: ({ spec }) => records(spec['match']).some(({ ports }) => list(ports).length > 0),
    message: 'it is limited to ports, and a waypoint chain has none to compare: it would not run',
    fix: 'Remove match.ports, or keep this namespace on sidecars.',
  },
  {
    severity: critical,
    field: 'spec.match',
    holds: (object) => modes(object).includes('CLIENT'),
    message: 'it runs in the proxies of the callers; a waypoint runs it for what the Service receives',
    fix: `${onCalled}.`,
  },
  {
    severity: warning,
    field: 'spec.match',
    holds: (object) => !modes(object).includes('CLIENT') && !modes(object).includes('SERVER'),
    message:
      'sidecars also run it for the requests that their pods send; the waypoint runs it for those that the Service receives',
    fix: `${onCalled}, if it is meant for them.`,
  },
  {
    severity: warning,
    field: 'spec',
    holds: (_object, { sidecars }) => sidecars,
    message:
      'until no pod has a sidecar any more, requests of callers in ambient pass it twice, at the waypoint and in the sidecar',
    fix: 'Check that it bears what it does itself: tokens that it removes, headers that it adds, requests that it counts.',
  },
  {
    // At HTTP ports a waypoint has no network filters but its own (buildWaypointInboundHTTPFilters), sidecars do
    // (buildInboundNetworkFiltersForHTTP).
    severity: critical,
    field: 'spec.type',
    message: 'it is a network filter, and a waypoint runs none at HTTP ports',
    fix: 'Make it an HTTP plugin, or keep this namespace on sidecars.',
    holds: (object, world) =>
      pluginOf(object)['type'] === 'NETWORK' &&
      world.services.some((service) => isExtendedBy(service, object, world) && protocolsOf(service).includes('http')),
  },
  {
    severity: critical,
    field: 'spec.url',
    holds: (object) => text(pluginOf(object)['url'])?.startsWith('file:') === true,
    message: 'the plugin is a file in the containers of the sidecars, and the pods of the waypoint do not have it',
    fix: 'Publish it in a registry or on a web server.',
  },
  {
    severity: warning,
    field: 'spec.vmConfig.env',
    holds: (object) =>
      records(record(pluginOf(object)['vmConfig'])['env']).some(({ valueFrom }) => valueFrom === 'HOST'),
    message: 'it reads environment variables of the sidecars; those of the waypoint are others',
    fix: 'Give the values inline.',
  },
  {
    severity: critical,
    field: 'spec.imagePullSecret',
    holds: (object, world) => object.namespace !== world.namespace && pluginOf(object)['imagePullSecret'] !== undefined,
    message: 'the copy lives in another namespace, where that Secret is not',
    fix: 'Create the Secret in the namespace and a plugin of its own.',
  },
];

/** Fields of a plugin as they stand in the object. */
function fieldOf({ kind }: ConfigObject, field: string): string {
  return kind === 'TrafficExtension' && field !== 'spec.match' ? field.replace('spec.', 'spec.wasm.') : field;
}

/** What of an extension would not be carried over. */
export function extensionProblems(object: ConfigObject, world: World): readonly Problem[] {
  if (object.kind === 'EnvoyFilter') return envoyFilterProblems(object);
  if (object.kind === 'Telemetry') return telemetryProblems(object, world);
  return checks
    .filter((check) => check.holds(object, world))
    .map(({ severity, field, message, fix }) => severity(titleOf(object), fieldOf(object, field), message, fix));
}

function telemetryProblems(object: ConfigObject, world: World): readonly Problem[] {
  if (!world.services.some((service) => isExtendedBy(service, object, world))) return [];
  return [
    warning(
      titleOf(object),
      'spec',
      'sidecars also apply it to the requests that their pods send; the waypoint applies it to those that its Services receive',
      'Check the metrics, traces and logs that you need of the callers.',
    ),
  ];
}

function envoyFilterProblems(object: ConfigObject): readonly Problem[] {
  return !patchesSidecars(object)
    ? []
    : [
        critical(
          titleOf(object),
          'spec.configPatches',
          'it patches sidecars; waypoints do not support EnvoyFilter',
          'Replace it by a WasmPlugin, a Telemetry or an HTTPRoute filter, or keep this namespace on sidecars.',
        ),
      ];
}

/** Pods whose requests a plugin may refuse, and that no waypoint can stand before. */
export function unservedByExtension(object: ConfigObject, world: World): readonly Problem[] {
  const attachment = attachmentOf(object);
  const selector = sidecarSelector(attachment);
  if (!canRefuse(object) || attachment.targetRefs.length > 0 || selector === undefined) return [];
  const [pods] = unservedPods(selector, world);
  return pods === undefined
    ? []
    : [
        critical(
          titleOf(object),
          'spec.selector',
          `it runs for ${pods.kind} ${pods.name}, which is behind no Service that a waypoint can stand before; requests that it refuses would pass`,
          'Create a Service with a cluster address for these pods, or keep them on sidecars.',
        ),
      ];
}

/** Extensions with the same rank run, or override each other, in the order of their creation; each Service asks. */
const rankOf = memoize(({ kind, spec }: ConfigObject): string =>
  kind === 'Telemetry' ? kind : JSON.stringify([spec['phase'] ?? '', spec['priority'] ?? '']),
);

/**
 * Extensions of one Service whose order among each other is that of their creation (sortByPriority in push_context.go,
 * applicableTelemetries): their copies are all created at once.
 */
export function unordered(service: ServiceFacts, world: World): readonly Problem[] {
  const copied = world.extensions.filter((object) => isExtendedBy(service, object, world) && isCopied(object));
  return [...Map.groupBy(copied, rankOf).values()]
    .filter((equal) => equal.length > 1)
    .map((equal) => {
      const [first, ...others] = equal;
      const message = `at ${serviceTitle(service)} the order between it and ${listedOf(others, titleOf)} is that of their creation, and their copies may come in another`;
      const title = first === undefined ? '' : titleOf(first);
      return equal.some(canRefuse)
        ? critical(title, 'spec.priority', message, 'Give each another spec.priority.')
        : warning(title, 'spec', message, 'Merge them, or give each another spec.priority.');
    });
}

/** Whether a waypoint needs a copy to read it. */
export function isCopied(object: ConfigObject): boolean {
  const kind = extensionKinds[object.kind];
  const { selector, targetRefs } = attachmentOf(object);
  return kind !== undefined && targetRefs.length === 0 && !(kind.wideIsRead && selector === undefined);
}

/** Whether an extension selects pods behind a Service at all. */
export function concernsServices(object: ConfigObject, world: World): boolean {
  return world.services.some((service) => coverage(attachmentOf(object), service, world.workloads) !== 'None');
}
