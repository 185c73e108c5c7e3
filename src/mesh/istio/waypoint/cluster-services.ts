import { memoize } from '../../../base/memoize.ts';
import type { MeshState } from '../../adapter.ts';
import type { ServiceView } from '../../views.ts';
import { spend } from '../../../base/effort.ts';
import { serviceOfHost } from '../policy/translate/host-names.ts';
import { namesService } from '../policy/translate/route-hosts.ts';

/** The Services of the cluster by namespace and name. */
type ClusterServices = ReadonlyMap<string, ReadonlyMap<string, ServiceView>>;

/** Once for as long as no Service changes, whichever namespaces are looked at. */
const grouped = memoize(
  (services: readonly ServiceView[]): ClusterServices =>
    new Map(
      [...Map.groupBy(services, ({ namespace }) => namespace)].map(([namespace, all]) => [
        namespace,
        new Map(all.map((service) => [service.name, service])),
      ]),
    ),
);

/** The Services of the cluster by namespace and name. */
export function clusterServices(mesh: MeshState): ClusterServices {
  return grouped(mesh.services());
}

/** Whether Services of a namespace can end like a wildcard, or all do. */
function canEnd(ending: string, namespace: string): boolean {
  const rest = `.${namespace}.svc.cluster.local`;
  return rest.endsWith(ending) || ending.endsWith(rest);
}

/** The Services that a host of an object of `home` names; a step for each that is looked at. */
export function servicesAtHost(host: string, home: string, services: ClusterServices): readonly ServiceView[] {
  spend(1);
  if (!host.startsWith('*')) {
    const { namespace = '', name = '' } = serviceOfHost(host, home) ?? {};
    const service = services.get(namespace)?.get(name);
    return service === undefined ? [] : [service];
  }
  spend(services.size / 8);
  const reached = [...services]
    .filter(([namespace]) => canEnd(host.slice(1), namespace))
    .flatMap(([, all]) => [...all.values()]);
  spend(reached.length);
  return reached.filter((service) => namesService(host, home, service));
}
