import type { Surroundings } from '../../adapter.ts';
import { record, records } from '../../json.ts';
import type { ConfigView, ServiceView } from '../../views.ts';
import { originalLabelsAnnotation } from '../../../api/resources.ts';
import { configuredSo, isRegistryOnly } from '../mesh-settings.ts';
import { isServable } from '../policy/translate/world.ts';
import { redirects } from '../waypoint/bound.ts';
import { isReported } from '../waypoint/carried-over.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { chosenWaypoint, namesChosen } from '../waypoint/chosen.ts';
import { isExit } from '../waypoint/exit/route.ts';
import { useWaypointCanaryLabel, useWaypointLabel } from '../labels.ts';
import { applicable, asleepIn, nameOf, type Evidence, type Rule } from './rule.ts';

/** Behind a waypoint copies go on with it; what is lost there is MM080. */
function withoutWaypoint(
  find: (surroundings: Surroundings) => readonly Evidence[],
): (surroundings: Surroundings) => readonly Evidence[] {
  return (surroundings) => (getsWaypoint(surroundings) ? [] : find(surroundings));
}

function each(kind: string, message: string): (surroundings: Surroundings) => readonly Evidence[] {
  return (surroundings) => applicable(kind, surroundings).map((config) => ({ object: nameOf(config), message }));
}

/** A filter whose every patch is for gateways leaves sidecars alone. */
function isForGateways(filter: ConfigView): boolean {
  const patches = records(filter.spec['configPatches']);
  return patches.length > 0 && patches.every((patch) => record(patch['match'])['context'] === 'GATEWAY');
}

const ignored = each('Sidecar', 'ambient ignores Sidecar resources');

/** On the way to sidecars it begins to count. */
function followedAgain(surroundings: Surroundings): readonly Evidence[] {
  return applicable('Sidecar', surroundings).map((config) => ({
    object: nameOf(config),
    message:
      'ambient ignores Sidecar resources, sidecars follow them: what its egress hosts leave out is called in plaintext from then on (MM136)',
    fix: 'Let its egress hosts have every Service that workloads here call, or remove it before the migration.',
  }));
}

function registryOnly(surroundings: Surroundings): readonly Evidence[] {
  const evidence = applicable('Sidecar', surroundings)
    .filter((config) => isRegistryOnly(config.spec['outboundTrafficPolicy']) === true)
    .map((config) => ({
      object: nameOf(config),
      message: 'sidecars refuse calls to unknown hosts (REGISTRY_ONLY); ztunnel lets them out',
    }));
  const mesh = configuredSo(surroundings.mesh, (settings) => settings.registryOnly).map((object) => ({
    object,
    message: 'the mesh refuses calls to unknown hosts (REGISTRY_ONLY); ztunnel lets them out',
  }));
  return [...evidence, ...mesh];
}

/**
 * On the way from waypoints to sidecars Services may use one; a pod that does is reached through it by its own address
 * too.
 */
function podsBehindWaypoint({ pods, workloads, otherTemplates }: Surroundings): readonly Evidence[] {
  const holders = [
    ...pods.map((pod) => ({ ...pod, kind: 'Pod' })),
    ...[...workloads, ...otherTemplates].map((template) => ({ ...template, labels: template.templateLabels })),
  ];
  return holders
    .filter(({ labels }) => labels[useWaypointLabel] !== undefined && labels[useWaypointLabel] !== 'none')
    .map((holder) => ({
      object: nameOf(holder),
      message: `label ${useWaypointLabel}=${String(holder.labels[useWaypointLabel])} sends callers of its own address through a waypoint, which only works for Services here`,
    }));
}

/**
 * Labels that would lead elsewhere whoever goes through the waypoint. What Services are bound by stands on these, so
 * once the namespace is on the way its own label of this kind takes it nowhere; but for a canary, of which nobody has
 * written that.
 */
function redirecting(surroundings: Surroundings): readonly Evidence[] {
  if (!getsWaypoint(surroundings)) return [];
  const {
    namespace: { name: home, labels },
    services,
    itinerary,
  } = surroundings;
  const counts = (key: string): boolean => itinerary === undefined || key === useWaypointCanaryLabel;
  const own = redirects(labels, home)
    .filter(counts)
    .map((key) => ({ key, labels, object: `Namespace ${home}`, where: `namespace ${home}` }));
  const ofServices = services.filter(isServable).flatMap((service) =>
    redirects(service.labels, home).map((key) => ({
      key,
      labels: service.labels,
      object: nameOf({ ...service, kind: 'Service' }),
      where: `service ${service.name} -n ${home}`,
    })),
  );
  return [...own, ...ofServices].map((found) => ({
    object: found.object,
    message: `label ${found.key}=${String(found.labels[found.key])} leads ambient callers to another waypoint, beside ${useWaypointLabel}, which is going to be set: that has none of the policies, and the pods would see its identity`,
    fix: `Remove it: kubectl label ${found.where} ${found.key}-. Or keep this namespace out of the migration.`,
  }));
}

function waypointInUse(surroundings: Surroundings): readonly Evidence[] {
  if (isExit(surroundings.route)) return podsBehindWaypoint(surroundings);
  return [...redirecting(surroundings), ...namingWaypoint(surroundings)];
}

function namingWaypoint(surroundings: Surroundings): readonly Evidence[] {
  const { namespace, services, pods, itinerary } = surroundings;
  const chosen = chosenWaypoint(surroundings);
  // On the way of the L7 itinerary Services that keep their labels of before were labelled by the operator; one that
  // names the waypoint of the namespace gets its copies. So does, from the start, one that names a waypoint which is to
  // be used; but for those that get none, and what comes through them would be let in.
  const isOwn = (service: ServiceView): boolean => {
    if (itinerary === 'L7' && service.annotations[originalLabelsAnnotation] !== undefined) return true;
    return namesChosen(service.labels, chosen) && (!chosen.adopted || isServable(service));
  };
  const foreign = itinerary === 'L7' || chosen.adopted ? services.filter((service) => !isOwn(service)) : services;
  const holders = [
    { ...namespace, kind: 'Namespace' },
    ...foreign.map((service) => ({ ...service, kind: 'Service' })),
    ...pods.map((pod) => ({ ...pod, kind: 'Pod' })),
    ...asleepIn(surroundings).map((template) => ({ ...template, labels: template.templateLabels })),
  ];
  const optedOut = getsWaypoint(surroundings)
    ? services.filter(({ labels }) => labels[useWaypointLabel] === 'none')
    : [];
  const refusing = optedOut.map((service) => ({
    object: nameOf({ ...service, kind: 'Service' }),
    message: `label ${useWaypointLabel}=none keeps it from the waypoint that its namespace needs`,
  }));
  return [
    ...refusing,
    ...holders
      .filter(({ labels }) => labels[useWaypointLabel] !== undefined && labels[useWaypointLabel] !== 'none')
      .map((holder) => ({
        object: holder.kind === 'Namespace' ? `Namespace ${holder.name}` : nameOf(holder),
        message: `label ${useWaypointLabel}=${String(holder.labels[useWaypointLabel])} sends ambient callers through a waypoint: policies would see the waypoint's identity instead of theirs`,
      })),
  ];
}

/** Proxy extensions, egress control and workloads that only exist with sidecars. */
export const extensionRules: readonly Rule[] = [
  {
    id: 'MM040',
    severity: 'Critical',
    when: 'Always',
    back: 'AskedToAmbient',
    title: 'EnvoyFilter',
    fix: 'Remove the EnvoyFilter or its selection of these pods, or keep this namespace on sidecars.',
    find: (surroundings) =>
      applicable('EnvoyFilter', surroundings)
        .filter((filter) => !isForGateways(filter) && !isReported(surroundings, filter))
        .map((filter) => ({
          object: nameOf(filter),
          message: 'it patches the sidecars of this namespace; nothing does that without them',
        })),
  },
  {
    id: 'MM041',
    severity: 'Critical',
    when: 'Always',
    back: 'AskedToAmbient',
    title: 'WasmPlugin or TrafficExtension',
    fix: 'Put a Service with a cluster address before the pods, so that a waypoint can run it; or remove it or its selection of these pods, or keep this namespace on sidecars.',
    find: withoutWaypoint((surroundings) =>
      ['WasmPlugin', 'TrafficExtension'].flatMap((kind) =>
        each(kind, 'it runs in the sidecars of this namespace; ztunnel runs no plugins')(surroundings),
      ),
    ),
  },
  {
    id: 'MM042',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'nobody is let in or refused by it' },
    title: 'Telemetry of the namespace',
    fix: 'Put a Service with a cluster address before the pods, so that a waypoint can apply it; or remove the Telemetry, or keep this namespace on sidecars: HTTP metrics, traces and access logs end with them.',
    find: withoutWaypoint((surroundings) =>
      applicable('Telemetry', surroundings)
        .filter((config) => config.namespace === surroundings.namespace.name)
        .map((config) => ({
          object: nameOf(config),
          message: 'it configures the sidecars of this namespace; ztunnel reports connections only',
        })),
    ),
  },
  {
    id: 'MM043',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'HTTP telemetry ends',
    fix: 'Check dashboards and alerts that read istio_requests_total of this namespace.',
    find: (surroundings) =>
      surroundings.route.from !== 'IstioSidecar'
        ? []
        : [
            {
              object: `Namespace ${surroundings.namespace.name}`,
              message: getsWaypoint(surroundings)
                ? 'sidecars report HTTP requests; from now on the waypoint reports those to the Services behind it, with reporter="waypoint", and all else is TCP connections of ztunnel'
                : 'sidecars report HTTP requests; ztunnel reports TCP connections only',
            },
          ],
  },
  {
    id: 'MM044',
    severity: 'Critical',
    when: 'Always',
    back: 'AskedToAmbient',
    title: 'Egress control by REGISTRY_ONLY',
    fix: 'Replace it by a NetworkPolicy (or an egress waypoint) before the migration, then allow any.',
    find: registryOnly,
  },
  {
    id: 'MM045',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'its waypoint has steps of its own on the way back' },
    title: 'Waypoint in use',
    fix: `Remove the label ${useWaypointLabel}, or keep this namespace out of the migration.`,
    find: waypointInUse,
  },
  {
    id: 'MM046',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'virtual machines stay what they are' },
    title: 'Virtual machine workloads',
    fix: 'Keep this namespace on sidecars: virtual machines cannot join ambient.',
    find: (surroundings) =>
      ['WorkloadEntry', 'WorkloadGroup']
        .flatMap((kind) => surroundings.mesh.configs(kind, surroundings.namespace.name))
        .map((config) => ({
          object: nameOf(config),
          message: 'it stands for a virtual machine, which cannot join ambient',
        })),
  },
  {
    id: 'MM047',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'Sidecar resource',
    fix: 'Remove it once the namespace is migrated; ambient ignores it.',
    find: (surroundings) =>
      surroundings.route.to === 'IstioSidecar' ? followedAgain(surroundings) : ignored(surroundings),
  },
  {
    id: 'MM048',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'where sidecars listen they do again as before' },
    title: 'Sidecar with ingress listeners',
    fix: 'Let the application itself listen on the ports of its Service on all addresses, and remove spec.ingress.',
    find: (surroundings) =>
      applicable('Sidecar', surroundings)
        .filter((config) => records(config.spec['ingress']).length > 0)
        .map((config) => ({
          object: nameOf(config),
          message:
            'sidecars take connections on these ports and pass them to another port or address of the application; without them nothing listens there',
        })),
  },
];
