import { record, text } from '../../json.ts';
import { holds, podsBehind } from '../policy/translate/selection.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { guardedServices } from '../waypoint/callers.ts';
import { worldOf } from '../waypoint/world.ts';
import { nameOf, type Rule } from './rule.ts';

/**
 * Another way to the same pods. A ServiceEntry with a workloadSelector gives pods of its own namespace, and of no
 * other, a second host name (pilot/pkg/serviceregistry/serviceentry/controller.go), as migrations from virtual machines
 * leave it. It has no waypoint, so whoever calls that host comes to the pods directly, where the guard refuses
 * everybody but the waypoint.
 */
export const entryRules: readonly Rule[] = [
  {
    id: 'MM120',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'its waypoint has steps of its own on the way back' },
    title: 'Pods behind a waypoint that a ServiceEntry names',
    fix: 'Let callers use the Service instead, then delete the ServiceEntry or let its workloadSelector select other pods.',
    find: (surroundings) => {
      const { mesh, namespace, route } = surroundings;
      const entries = mesh.configs('ServiceEntry', namespace.name).flatMap((entry) => {
        const selected = Object.entries(record(record(entry.spec['workloadSelector'])['labels']));
        const labels = Object.fromEntries(selected.map(([key, value]) => [key, text(value) ?? '']));
        return selected.length === 0 ? [] : [{ entry, labels }];
      });
      if (entries.length === 0 || route.to !== 'IstioAmbient' || !getsWaypoint(surroundings)) return [];
      const { workloads } = worldOf(surroundings);
      const guarded = guardedServices(surroundings).map(({ service }) => ({
        service,
        pods: podsBehind(service, workloads),
      }));
      return entries.flatMap(({ entry, labels }) => {
        const found = guarded.find(({ pods }) => pods.some((each) => holds(labels, each.labels)));
        if (found === undefined) return [];
        const message = `it names pods behind Service ${found.service.name}, which only the waypoint may call: whoever calls them by the hosts of the ServiceEntry would be refused`;
        return [{ object: nameOf(entry), message }];
      });
    },
  },
];
