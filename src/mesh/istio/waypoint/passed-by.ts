import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { text } from '../../json.ts';
import { stoodBefore } from '../../made-since.ts';
import { carriesMarks } from '../../seal.ts';
import type { ConfigView, ServiceView } from '../../views.ts';
import { labelSets, nameOf, targetRefs } from '../vocabulary/objects.ts';
import { markOfPolicy } from './calls/mark.ts';
import type { WaypointName } from '../policy/attachment.ts';
import { namedWaypoint } from './bound.ts';
import { goesPast } from './callers.ts';
import { waypointClass } from '../vocabulary/gateway.ts';

/*
 * What a rollback to sidecars goes past. Sidecars use no waypoint, and read no policy that is attached to one, to a
 * Service or to a ServiceEntry (ShouldAttachPolicy in pilot/pkg/model/policyattachment.go). What the operator made for
 * its waypoint stands for policies that sidecars read. What people have attached since the start stands for nothing: it
 * would be in force no more.
 */

/** Kinds by which a waypoint refuses requests. */
const refusing = ['AuthorizationPolicy', 'RequestAuthentication', 'WasmPlugin', 'TrafficExtension'];

interface Holder extends Pick<ServiceView, 'name' | 'namespace' | 'labels'> {
  readonly kind: 'Service' | 'ServiceEntry';
}

/** What goes through a waypoint now, and through which. */
interface Served {
  readonly holder: Holder;
  readonly waypoint: WaypointName;
}

/** By its own label, else by that of the namespace. */
function servedNow({ namespace, services, mesh }: Surroundings): readonly Served[] {
  const inherited = namedWaypoint(namespace.labels, namespace.name);
  const holders: readonly Holder[] = [
    ...services.map((service): Holder => ({ ...service, kind: 'Service' })),
    ...mesh.configs('ServiceEntry', namespace.name).map((entry): Holder => ({ ...entry, kind: 'ServiceEntry' })),
  ];
  return holders.flatMap((holder) => {
    const waypoint = namedWaypoint(holder.labels, namespace.name) ?? inherited;
    return waypoint === undefined || waypoint === 'none' ? [] : [{ holder, waypoint }];
  });
}

/** Waypoints that pods, or those that templates would make, name by a label of their own. */
function namedByPods(surroundings: Surroundings): readonly WaypointName[] {
  const { name } = surroundings.namespace;
  return labelSets(surroundings).flatMap((labels) => {
    const waypoint = namedWaypoint(labels, name);
    return waypoint === undefined || waypoint === 'none' ? [] : [waypoint];
  });
}

/** Whether a policy is attached to one of these, by kind, namespace and name, or to waypoints as such. */
function isAttached(policy: ConfigView, targets: ReadonlySet<string>): boolean {
  return targetRefs(policy).some((ref) => {
    const [kind, name] = [text(ref['kind']) ?? '', text(ref['name']) ?? ''];
    return kind === 'GatewayClass' ? name === waypointClass : targets.has(`${kind} ${policy.namespace}/${name}`);
  });
}

/** A CUSTOM one decides in a dry run too: istiod puts it among the rules that Envoy enforces. */
function decides({ kind, spec: { action }, annotations }: ConfigView): boolean {
  if (kind !== 'AuthorizationPolicy' || action === 'CUSTOM') return true;
  return action !== 'AUDIT' && annotations['istio.io/dry-run'] !== 'true';
}

/** The waypoints that something here goes through. */
function gatewaysOf(served: readonly Served[], surroundings: Surroundings): readonly WaypointName[] {
  return [...served.map(({ waypoint }) => waypoint), ...namedByPods(surroundings)];
}

/** Everything by which waypoints refuse, where it can be attached to one of these or to what is here. */
function refusingBeside(gateways: readonly WaypointName[], { mesh, namespace }: Surroundings): readonly ConfigView[] {
  const homes = new Set([namespace.name, mesh.rootNamespace, ...gateways.map((waypoint) => waypoint.namespace)]);
  return [...homes].flatMap((home) => refusing.flatMap((kind) => mesh.configs(kind, home)));
}

/** What people have attached to the waypoints of now, before the start or since. */
function attachedTo(surroundings: Surroundings): readonly ConfigView[] {
  const served = servedNow(surroundings);
  const gateways = gatewaysOf(served, surroundings);
  if (gateways.length === 0) return [];
  const targets = new Set([
    ...served.map(({ holder }) => `${holder.kind} ${holder.namespace}/${holder.name}`),
    ...gateways.map((waypoint) => `Gateway ${waypoint.namespace}/${waypoint.name}`),
  ]);
  return refusingBeside(gateways, surroundings).filter(
    (policy) => policy.terminating !== true && decides(policy) && isAttached(policy, targets),
  );
}

/** Under this id it is told, and remembered. */
const toldBy = 'MM124';

/** Marks of what is attached at the start, to waypoints that are there or to come: sidecars did not read it. */
export function attachedNow(surroundings: Surroundings): readonly string[] {
  if (!goesPast(surroundings)) return [];
  return refusingBeside(gatewaysOf(servedNow(surroundings), surroundings), surroundings)
    .filter((policy) => targetRefs(policy).length > 0)
    .map((policy) => markOfPolicy(toldBy, policy));
}

/**
 * What is attached as it was at the start; its age says nothing, because people edit what they have. Only where nobody
 * has noted that, it has to.
 */
function wasAttached(policy: ConfigView, surroundings: Surroundings): boolean {
  const before = surroundings.heldBefore;
  return before === undefined ? stoodBefore(policy.createdAt, surroundings) : before.has(markOfPolicy(toldBy, policy));
}

/**
 * What people have attached to waypoints since the start, that no sidecar will read. What carries any mark of the
 * operator is the migration's, whatever somebody has made of the mark: it goes with the rollback, or is named.
 */
export const passedBy = memoize((surroundings: Surroundings): readonly ConfigView[] =>
  goesPast(surroundings)
    ? attachedTo(surroundings).filter((policy) => !carriesMarks(policy) && !wasAttached(policy, surroundings))
    : [],
);

/** How to keep what such a policy does, or to do without. */
export const passedByFix =
  'Write it with a selector instead of targetRefs, which sidecars read (with the paths and ports of the pods), or delete it if nobody needs it after a rollback.';

/** What is said of one. */
export function passesBy(policy: ConfigView): string {
  return `a waypoint enforces ${nameOf(policy)}, which was attached since the start, and sidecars go past waypoints: after a rollback nothing enforces it`;
}
