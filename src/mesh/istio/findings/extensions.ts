import type { DataPlane } from '../../../api/common.ts';
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
import { fateOf, ofSidecars, toldOf } from './of-sidecars.ts';
import { applicable, asleepIn, nameOf, type Evidence, type Rule } from './rule.ts';

/** Behind a waypoint copies go on with it; what is lost there is MM080. */
function withoutWaypoint(
  find: (surroundings: Surroundings) => readonly Evidence[],
): (surroundings: Surroundings) => readonly Evidence[] {
  return (surroundings) => (getsWaypoint(surroundings) ? [] : find(surroundings));
}

/** A filter whose every patch is for gateways leaves sidecars alone. */
function isForGateways(filter: ConfigView): boolean {
  const patches = records(filter.spec['configPatches']);
  return patches.length > 0 && patches.every((patch) => record(patch['match'])['context'] === 'GATEWAY');
}

/** What becomes of Sidecar resources. */
const ofSidecarResources: Readonly<Record<DataPlane, Pick<Evidence, 'message' | 'fix'>>> = {
  IstioAmbient: { message: 'ambient ignores Sidecar resources' },
  IstioSidecar: {
    message:
      'ambient ignores Sidecar resources, sidecars follow them: what its egress hosts leave out is called in plaintext from then on (MM136)',
    fix: 'Let its egress hosts have every Service that workloads here call, or remove it before the migration.',
  },
  None: { message: 'outside the mesh nothing follows Sidecar resources' },
};

function registryOnly(surroundings: Surroundings): readonly Evidence[] {
  const lost = '; ztunnel lets them out';
  const refusing = applicable('Sidecar', surroundings).filter(
    (config) => isRegistryOnly(config.spec['outboundTrafficPolicy']) === true,
  );
  const does = 'sidecars refuse calls to unknown hosts (REGISTRY_ONLY)';
  const own = ofSidecars(refusing, surroundings, { does, lost });
  const told = toldOf(surroundings, { does: `by the settings of the mesh ${does}`, lost });
  if (told === undefined || fateOf(surroundings) === 'Never') return own;
  const objects = configuredSo(surroundings.mesh, (settings) => settings.registryOnly);
  return [...own, ...objects.map((object) => ({ object, ...told }))];
}

/** Whoever has left the mesh goes through no waypoint any more, and none decides about him. */
function hasLeft({ route, itinerary }: Surroundings): boolean {
  return route.to === 'None' && itinerary !== undefined;
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
  if (hasLeft(surroundings)) return [];
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

/** Who reports requests once the sidecars are gone. */
function reportedThen(surroundings: Surroundings): string {
  if (surroundings.route.to === 'None') return 'outside the mesh nothing reports any';
  return getsWaypoint(surroundings)
    ? 'from now on the waypoint reports those to the Services behind it, with reporter="waypoint", and all else is TCP connections of ztunnel'
    : 'ztunnel reports TCP connections only';
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
      ofSidecars(
        applicable('EnvoyFilter', surroundings).filter(
          (filter) => !isForGateways(filter) && !isReported(surroundings, filter),
        ),
        surroundings,
        { does: 'it patches the sidecars of this namespace', lost: '; nothing does that without them' },
      ),
  },
  {
    id: 'MM041',
    severity: 'Critical',
    when: 'Always',
    back: 'AskedToAmbient',
    title: 'WasmPlugin or TrafficExtension',
    fix: 'Put a Service with a cluster address before the pods, so that a waypoint can run it; or remove it or its selection of these pods, or keep this namespace on sidecars.',
    find: withoutWaypoint((surroundings) =>
      ofSidecars(
        ['WasmPlugin', 'TrafficExtension'].flatMap((kind) => applicable(kind, surroundings)),
        surroundings,
        { does: 'it runs in the sidecars of this namespace', lost: '; ztunnel runs no plugins' },
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
      ofSidecars(
        applicable('Telemetry', surroundings).filter(({ namespace }) => namespace === surroundings.namespace.name),
        surroundings,
        { does: 'it configures the sidecars of this namespace', lost: '; ztunnel reports connections only' },
      ),
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
              message: `sidecars report HTTP requests; ${reportedThen(surroundings)}`,
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
      (surroundings.route.to === 'IstioAmbient' ? ['WorkloadEntry', 'WorkloadGroup'] : [])
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
      applicable('Sidecar', surroundings).map((config) => ({
        object: nameOf(config),
        ...ofSidecarResources[surroundings.route.to],
      })),
  },
  {
    id: 'MM048',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'where sidecars listen they do again as before' },
    title: 'Sidecar with ingress listeners',
    fix: 'Let the application itself listen on the ports of its Service on all addresses, and remove spec.ingress.',
    find: (surroundings) =>
      ofSidecars(
        applicable('Sidecar', surroundings).filter((config) => records(config.spec['ingress']).length > 0),
        surroundings,
        {
          does: 'sidecars take connections on these ports and pass them to another port or address of the application',
          lost: '; without them nothing listens there',
        },
      ),
  },
];
