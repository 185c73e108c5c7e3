import type { Surroundings } from '../../adapter.ts';
import { record, text } from '../../json.ts';
import type { PodView } from '../../views.ts';
import { spend } from '../../../base/effort.ts';
import { selecting } from '../policy/selecting.ts';
import { podsBehind } from '../policy/translate/selection.ts';
import type { ServiceFacts, WorkloadFacts } from '../policy/translate/world.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { guardedServices } from '../waypoint/callers.ts';
import { worldOf } from '../waypoint/world.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Rule } from './rule.ts';

/**
 * Tells of labels the first guarded Service with pods that have them. The pods are put in the order of their Services, so
 * the first of them that is found tells it, however many there are.
 */
function firstGuarded(surroundings: Surroundings): (labels: PodView['labels']) => ServiceFacts | undefined {
  const { workloads } = worldOf(surroundings);
  const bySelector = Map.groupBy(guardedServices(surroundings), ({ service }) => JSON.stringify(service.selector));
  const behind = new Map<WorkloadFacts, ServiceFacts>();
  for (const [first] of bySelector.values()) {
    const pods = first === undefined ? [] : podsBehind(first.service, workloads);
    spend(1 + pods.length / 8);
    for (const each of pods) if (first !== undefined && !behind.has(each)) behind.set(each, first.service);
  }
  const services = [...behind.values()];
  const select = selecting(
    [...behind.keys()].map(({ labels }) => labels),
    spend,
  );
  return (labels) => {
    const [place] = select(labels);
    return place === undefined ? undefined : services[place];
  };
}

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
      const firstBehind = firstGuarded(surroundings);
      return entries.flatMap(({ entry, labels }) => {
        const service = firstBehind(labels);
        if (service === undefined) return [];
        const message = `it names pods behind Service ${service.name}, which only the waypoint may call: whoever calls them by the hosts of the ServiceEntry would be refused`;
        return [{ object: nameOf(entry), message }];
      });
    },
  },
];
