import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import { text } from '../../../json.ts';
import type { ServiceView } from '../../../views.ts';
import { hasAny, nameOf } from '../../vocabulary/objects.ts';
import { askedOfAll, describeInbound, inboundOf, type Restricted } from '../../settings/inbound-ports.ts';
import { useWaypointCanaryLabel, useWaypointLabel, waypointForLabel } from '../../vocabulary/labels.ts';
import { concerns } from '../../vocabulary/pod-mode.ts';
import { isOfExit } from '../../policy/translate/names.ts';
import { critical, type Problem } from '../../policy/translate/problem.ts';
import type { Served } from '../../policy/translate/to-sidecar/served.ts';
import { serviceTitle } from '../../policy/translate/world.ts';
import { boundWaypoint } from '../bound.ts';
import { waypointClass } from '../../vocabulary/gateway.ts';
import { trafficOf } from '../traffic.ts';
import { notThroughWaypoint } from './gates.ts';
import { isLeaving } from './leaving.ts';
import { podProblems } from './pod-problems.ts';
import { servedServices } from './served.ts';

/**
 * Names of the Services that have been taken from their waypoint. Safe: E, every pod has the sidecar that enforces the
 * copies, and istiod sends nobody through it, so whatever becomes of it lets nobody through. Dying before or after:
 * nothing is remembered, the next look finds the same.
 */
function leftBehind(surroundings: Surroundings): ReadonlySet<string> {
  const left = (service: ServiceView): boolean =>
    service.labels[useWaypointLabel] === 'none' && boundWaypoint(service) === undefined;
  return new Set(isLeaving(surroundings) ? [] : surroundings.services.filter(left).map(({ name }) => name));
}

/** Why a waypoint is none that can be left. */
function waypointProblems({ service, waypoint }: Served, surroundings: Surroundings): readonly Problem[] {
  const { namespace, mesh, itinerary } = surroundings;
  const title = serviceTitle(service);
  const name = `${waypoint.namespace}/${waypoint.name}`;
  if (waypoint.namespace !== namespace.name) {
    return [
      critical(
        title,
        'metadata.labels',
        `its waypoint ${name} is in another namespace, whose policies for it are not looked at here`,
        'Give the namespace a waypoint of its own with the same policies first, or keep it in ambient.',
      ),
    ];
  }
  const gateway = mesh.configs('Gateway', namespace.name).find((candidate) => candidate.name === waypoint.name);
  if (gateway === undefined)
    return [
      critical(
        title,
        'metadata.labels',
        `its waypoint ${name} is not there, so that nobody can tell what it enforces and as whom`,
        // From the start on the label is what protects, or the operator's own.
        itinerary === undefined
          ? 'Create the Gateway, or take the label off.'
          : 'Create the Gateway again. It may go when every pod has its sidecar and no Service is bound to it any more.',
      ),
    ];
  if (text(gateway.spec['gatewayClassName']) !== waypointClass)
    return [
      critical(
        nameOf(gateway),
        'spec.gatewayClassName',
        `it is no waypoint of class ${waypointClass}`,
        'Use a waypoint that Istio runs, or keep the namespace in ambient.',
      ),
    ];
  const traffic = trafficOf(gateway, surroundings);
  return traffic === 'service'
    ? []
    : [
        critical(
          nameOf(gateway),
          `metadata.labels[${waypointForLabel}]`,
          `it serves ${traffic} traffic: callers of a pod's own address come through it too, which copies cannot tell from others`,
          `Use a waypoint with ${waypointForLabel}: service.`,
        ),
      ];
}

function canaries({ namespace, services }: Surroundings): readonly Problem[] {
  return [{ ...namespace, kind: 'Namespace' }, ...services.map((service) => ({ ...service, kind: 'Service' }))]
    .filter(({ labels }) => labels[useWaypointCanaryLabel] !== undefined)
    .map((holder) =>
      critical(
        nameOf(holder),
        `metadata.labels[${useWaypointCanaryLabel}]`,
        'it sends a part of the callers through a second waypoint',
        'End the canary first.',
      ),
    );
}

const deciding = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'];

/** What is said of a holder whose sidecars would not take all connections. */
function unseen(holder: string, field: string, inbound: Restricted): Problem {
  const { annotation, mesh } = inbound.because;
  const message = `${describeInbound(inbound)}, and ztunnel decides about all of them today`;
  return annotation === undefined && mesh !== undefined
    ? critical(
        mesh.object,
        mesh.field,
        message,
        'Let sidecars take all ports again (includeInboundPorts "*", excludeInboundPorts "", no interceptionMode NONE), or keep the namespace in ambient.',
      )
    : critical(
        holder,
        `${field}[${annotation ?? ''}]`,
        message,
        'Remove the annotation from the template; ambient ignores it.',
      );
}

/**
 * Ports that ztunnel sees and the sidecar would not: what selects the pods would not be enforced there. Of a pod that
 * no workload owns its own annotations tell it.
 */
export function unseenPorts(surroundings: Surroundings): readonly Problem[] {
  const { workloads, otherTemplates, pods, mesh, namespace } = surroundings;
  if (!hasAny(deciding, surroundings)) return [];
  const owners = new Set(workloads.map(({ kind, name }) => `${kind} ${name}`));
  const others = pods.filter(
    ({ owner, ...pod }) =>
      concerns(pod) && !pod.terminating && !owners.has(`${owner?.kind ?? ''} ${owner?.name ?? ''}`),
  );
  const holders = [
    ...[...workloads, ...otherTemplates].map((template) => ({
      holder: nameOf(template),
      field: 'spec.template.metadata.annotations',
      annotations: template.templateAnnotations,
    })),
    ...others.map((pod) => ({ holder: nameOf(pod), field: 'metadata.annotations', annotations: pod.annotations })),
  ];
  const problems = askedOfAll<readonly Problem[]>(
    () =>
      holders.flatMap(({ holder, field, annotations }) => {
        const inbound = inboundOf({ annotations }, mesh);
        return inbound.kind === 'All' ? [] : [unseen(holder, field, inbound)];
      }),
    (why) => [
      critical(
        `Namespace ${namespace.name}`,
        'metadata.annotations',
        why,
        'Remove the annotation from the templates where ambient is all they need, or say the same in all of them.',
      ),
    ],
  );
  return [...new Map(problems.map((problem) => [`${problem.object} ${problem.field}`, problem])).values()];
}

/** What an earlier migration to sidecars left would be taken for what this one made. */
function leftovers({ mesh, namespace, itinerary }: Surroundings): readonly Problem[] {
  if (itinerary !== undefined) return [];
  return ['AuthorizationPolicy', 'RequestAuthentication']
    .flatMap((kind) => mesh.configs(kind, namespace.name))
    .filter((config) => isOfExit(config))
    .map((config) =>
      critical(
        nameOf(config),
        'metadata.labels',
        'an earlier migration to sidecars made it, and this one would replace it',
        'Delete it (ztunnel does not read it), or keep it as yours without its labels of meshmigration.dev.',
      ),
    );
}

/** What keeps a namespace behind waypoints from being moved to sidecars, besides its policies. */
export const exitObstacles = memoize((surroundings: Surroundings): readonly Problem[] => {
  const served = servedServices(surroundings);
  const left = leftBehind(surroundings);
  const found = [
    ...served.filter(({ service }) => !left.has(service.name)).flatMap((one) => waypointProblems(one, surroundings)),
    ...podProblems(served, surroundings),
    ...canaries(surroundings),
    ...leftovers(surroundings),
  ];
  // On the way Services are unbound on purpose.
  const unbound =
    surroundings.itinerary === undefined && found.length === 0 ? notThroughWaypoint(surroundings) : undefined;
  return [
    ...found,
    ...(unbound === undefined
      ? []
      : [
          critical(
            `Namespace ${surroundings.namespace.name}`,
            'status.conditions',
            unbound,
            'Wait until istiod has bound it, or take the label off: what is enforced now has to be known.',
          ),
        ]),
  ];
});
