import { counted, listed } from '../../../base/counted.ts';
import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ServicePortView, ServiceView, WorkloadView } from '../../views.ts';
import { useWaypointLabel } from '../vocabulary/labels.ts';
import { readerIn } from '../settings/metric-readers.ts';
import { spend } from '../../../base/effort.ts';
import { parseIstioVersion } from '../policy/istio-version.ts';
import { selecting, type Selecting } from '../policy/selecting.ts';
import { isHttp2 } from '../policy/translate/ports.ts';
import { protocolsOf } from '../policy/translate/reach.ts';
import { isServable, serviceTitle } from '../policy/translate/world.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { translationOf } from '../waypoint/translation.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';
import { losesSidecar, takesOutsidersIn } from './templates.ts';
import { warned } from './warned.ts';

/*
 * What sidecars do with requests for a Service that gets no waypoint. The proxy of the caller does it (pilot/pkg/networking/core/route in Istio): ztunnel takes a
 * connection to one pod, and knows nothing of what is in it (src/proxy/outbound.rs).
 */

function goesThrough({ labels }: Pick<ServiceView, 'labels'>): boolean {
  const named = labels[useWaypointLabel];
  return named !== undefined && named !== 'none';
}

/** Services before which a waypoint could stand, and none does or will. */
function leftWithout(surroundings: Surroundings): readonly ServiceView[] {
  const { services, namespace } = surroundings;
  if (goesThrough(namespace)) return [];
  const bound = getsWaypoint(surroundings) ? translationOf(surroundings).bound.map(({ name }) => name) : [];
  const behind = new Set(bound);
  return services.filter((service) => isServable(service) && !goesThrough(service) && !behind.has(service.name));
}

const autoscalers = ['HorizontalPodAutoscaler', 'ScaledObject'];

/** What an autoscaler may give more pods than there are now, `KIND/NAME`. */
function scaledIn({ mesh, namespace }: Surroundings): ReadonlySet<string | undefined> {
  const all = autoscalers.flatMap((kind) => mesh.configs(kind, namespace.name));
  return new Set(all.map(({ spec }) => readerIn(spec).target));
}

/** Pods of a workload, as far as it matters; of a DaemonSet that has not run yet nobody knows how many. */
function podsOf({ kind, name, replicas }: WorkloadView, scaled: ReadonlySet<string | undefined>): number {
  const many = scaled.has(`${kind}/${name}`) || (kind === 'DaemonSet' && replicas === 0);
  return many ? Math.max(2, replicas) : replicas;
}

/** How many pods are behind a selector. */
function countingPods(surroundings: Surroundings): (selector: ServiceView['selector']) => number {
  const { workloads, pods } = surroundings;
  const own = workloads.filter(losesSidecar);
  const known = new Set(workloads.map(({ kind, name }) => `${kind}/${name}`));
  const others = pods.filter(({ owner, finished }) => !finished && !known.has(`${owner?.kind}/${owner?.name}`));
  const scaled = scaledIn(surroundings);
  const counts = own.map((workload) => podsOf(workload, scaled));
  const byTemplate: Selecting = selecting(
    own.map(({ templateLabels }) => templateLabels),
    spend,
  );
  const byPod: Selecting = selecting(
    others.map(({ labels }) => labels),
    spend,
  );
  return (selector) => {
    const [templates, running] = [byTemplate(selector), byPod(selector)];
    spend(1 + templates.length / 8);
    return running.length + templates.reduce((all, place) => all + (counts[place] ?? 0), 0);
  };
}

function portName({ port, name, appProtocol }: ServicePortView): string {
  const said = appProtocol ?? name;
  return said === undefined ? String(port) : `${port} (${shown(said)})`;
}

/** What is settled at the start counts from the next one on. Manifests that are audited have no pods and no start. */
function how({ namespace, name }: ServiceView, { itinerary, pods }: Surroundings): string {
  const entry = `add ${namespace}/${name} to spec.waypoint.services`;
  const isStarted = itinerary !== undefined && pods.length > 0;
  return isStarted ? `${entry}, roll the namespace back and start it again` : `${entry} before the start`;
}

function sticking(surroundings: Surroundings): readonly Evidence[] {
  if (!takesOutsidersIn(surroundings.route)) return [];
  const left = leftWithout(surroundings).filter(({ ports }) => ports.some(isHttp2));
  if (left.length === 0) return [];
  return warned(surroundings, 'Services with what is behind them', () => {
    const podsBehind = countingPods(surroundings);
    return left.flatMap((service): readonly Evidence[] => {
      const pods = podsBehind(service.selector);
      if (pods < 2) return [];
      const ports = listed(service.ports.filter(isHttp2).map(portName));
      return [
        {
          object: serviceTitle(service),
          message: `port ${ports} is HTTP/2, and ${counted(pods, 'pod')} or more are behind it: sidecars of callers send each request to another pod; once callers are in ambient, ztunnel takes a connection to one of them, and all its requests stay there`,
          fix: `Have a waypoint balance the requests: ${how(service, surroundings)}. Or have clients balance by themselves, or the server close connections after some time (max connection age of gRPC).`,
        },
      ];
    });
  });
}

/** What a waypoint of this version does about requests that fail. */
function retriesOf(version: string | undefined): string {
  const known = parseIstioVersion(version ?? '');
  const { major, minor } = known ?? { major: 1, minor: 0 };
  if (known !== undefined && (major > 1 || minor > 30)) return 'a waypoint does that too';
  return known !== undefined && minor < 30
    ? 'a waypoint of this version does that only where a route leads to the Service'
    : 'a waypoint of Istio before 1.30.3 does that only where a route leads to the Service';
}

function ends(surroundings: Surroundings): readonly Evidence[] {
  const { route, services, namespace, mesh } = surroundings;
  if (!takesOutsidersIn(route)) return [];
  const speaksHttp = (service: ServiceView): boolean => protocolsOf(service).includes('http');
  const left = leftWithout(surroundings).filter(speaksHttp);
  if (left.length === 0 && !services.some(speaksHttp)) return [];
  const retried =
    'sidecars of callers try an HTTP request twice more that found no pod, or that a pod did not take on (connect-failure, refused-stream, unavailable, cancelled)';
  const message =
    left.length === 0
      ? `${retried}: ${retriesOf(mesh.version)}`
      : `${retried}, send each request to another pod, and write what is logged of HTTP; before ${listed(left.map(({ name }) => `Service ${name}`))} nobody does after the migration`;
  return [{ object: nameOf({ kind: 'Namespace', name: namespace.name }), message }];
}

/** What nobody does with requests any more. */
export const withoutRequestRules: readonly Rule[] = [
  {
    id: 'MM147',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'All requests of a connection stay with one pod',
    fix: 'Add the Service to spec.waypoint.services before the start, or have clients balance by themselves.',
    find: sticking,
  },
  {
    id: 'MM149',
    severity: 'Info',
    when: 'Start',
    title: 'What sidecars do by themselves ends',
    fix: 'Have clients try again by themselves, or add the Services to spec.waypoint.services: a waypoint stands before them then.',
    find: ends,
  },
];
