import type { DataPlane } from '../../../api/common.ts';
import type { Surroundings } from '../../adapter.ts';
import { record, records } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { configuredSo, isRegistryOnly } from '../settings/mesh-settings.ts';
import { isReported } from '../waypoint/carried-over.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { useWaypointLabel } from '../vocabulary/labels.ts';
import { patchesSidecars } from '../policy/translate/extensions.ts';
import { isExit } from '../waypoint/exit/route.ts';
import { fateOf, ofSidecars, toldOf } from './of-sidecars.ts';
import { applicable } from './applicable.ts';
import type { Evidence, Rule } from './rule.ts';
import { nameOf, selectorOf, targetRefs } from '../vocabulary/objects.ts';
import { waypointInUse } from './waypoint-in-use.ts';

/** Behind a waypoint copies go on with it; what is lost there is MM080. */
function withoutWaypoint(
  find: (surroundings: Surroundings) => readonly Evidence[],
): (surroundings: Surroundings) => readonly Evidence[] {
  return (surroundings) => (getsWaypoint(surroundings) ? [] : find(surroundings));
}

/** On the way from behind a waypoint what stands there counts too. */
function isOfSidecars(filter: ConfigView, { route }: Surroundings): boolean {
  return patchesSidecars(filter) || (isExit(route) && targetRefs(filter).length > 0);
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

/** Whether Sidecars say of every pod here what it may call, so that the setting of the mesh is for none. */
function isSetHere({ mesh, namespace }: Surroundings): boolean {
  const isWide = (config: ConfigView): boolean => selectorOf(config) === undefined;
  const own = mesh.configs('Sidecar', namespace.name);
  const wide = own.find(isWide) ?? mesh.configs('Sidecar', mesh.rootNamespace).find(isWide);
  return wide !== undefined && [...own, wide].every(({ spec }) => Object.hasOwn(record(spec), 'outboundTrafficPolicy'));
}

function registryOnly(surroundings: Surroundings): readonly Evidence[] {
  const lost = '; ztunnel lets them out';
  const refusing = applicable('Sidecar', surroundings).filter(
    (config) => isRegistryOnly(config.spec['outboundTrafficPolicy']) === true,
  );
  const does = 'sidecars refuse calls to unknown hosts (REGISTRY_ONLY)';
  const own = ofSidecars(refusing, surroundings, { does, lost });
  const told = toldOf(surroundings, { does: `by the settings of the mesh ${does}`, lost });
  if (told === undefined || fateOf(surroundings) === 'Never' || isSetHere(surroundings)) return own;
  const objects = configuredSo(surroundings.mesh, (settings) => settings.registryOnly);
  return [...own, ...objects.map((object) => ({ object, ...told }))];
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
          (filter) => isOfSidecars(filter, surroundings) && !isReported(surroundings, filter),
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
    isAcknowledgeable: true,
    when: 'Always',
    back: { notAsked: 'nobody is let in or refused by it' },
    title: 'Telemetry of the namespace',
    fix: 'Put a Service with a cluster address before the pods, so that a waypoint can apply it; or remove the Telemetry, or keep this namespace on sidecars: HTTP metrics, traces and access logs end with them.',
    find: withoutWaypoint((surroundings) =>
      ofSidecars(
        applicable('Telemetry', surroundings).filter(
          ({ namespace }) => namespace === surroundings.namespace.name && namespace !== surroundings.mesh.rootNamespace,
        ),
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
    fix: 'Have a NetworkPolicy refuse what is to be refused, then set outboundTrafficPolicy to ALLOW_ANY in each Sidecar for pods of the namespace; where the setting of the mesh is the other one, one of them has to be for all its pods. Or keep this namespace on sidecars.',
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
    stays:
      'a virtual machine stays on its sidecar, and so does a namespace that has to keep it: there is no ztunnel on its machine.',
    fix: 'Keep this namespace on sidecars, or move the object to a namespace that stays: virtual machines cannot join ambient.',
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
