import { listed } from '../../../base/counted.ts';
import { shown } from '../../../base/shown.ts';
import type { Severity } from '../../../api/common.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Direction, NetworkPolicy } from '../../network-policy/types.ts';
import type { ConfigView } from '../../views.ts';
import { arrived } from '../itinerary.ts';
import { cutsOf } from '../network/cuts.ts';
import type { End } from '../network/ends.ts';
import { hbonePort, keyOfEnd, type Limited, type Lost } from '../network/lost.ts';
import type { Leg, LostLeg } from '../network/waypoint-paths.ts';
import { gatewayNameLabel } from '../waypoint/gateway.ts';
import { seenOf } from './accepted.ts';
import { nameOf, type Evidence, type Rule } from './rule.ts';

/** A part of what a policy cuts off, and what to do about that part. */
interface Part {
  readonly policy: { readonly namespace: string; readonly name: string };
  readonly message: string;
  readonly fix: string;
  readonly severity: Severity;
}

const tunnel = `{protocol: TCP, port: ${hbonePort}}`;

function named({ namespace, names }: End): string {
  return `${namespace}/${listed(names, 2)}`;
}

function sectionOf(direction: Direction): string {
  return direction === 'Ingress' ? 'spec.ingress' : 'spec.egress';
}

function unique(all: readonly string[]): readonly string[] {
  return [...new Set(all)];
}

/** How a policy comes to cut calls off. */
type Cause = 'Tunnel' | 'Application' | 'Labels';

function causeOf({ byLabels, port }: Lost): Cause {
  if (byLabels === true) return 'Labels';
  return port === hbonePort ? 'Application' : 'Tunnel';
}

const causes: Readonly<Record<Cause, string>> = {
  Tunnel: `it does not open TCP ${hbonePort}, by which pods in ambient call and are called`,
  Application: `it opens TCP ${hbonePort} and no port of the application, by which all call who are not in ambient`,
  Labels: 'it selects by labels of the namespace that go with its data plane',
};

/** `rules`: the places that let the calls through today. */
const remedies: Readonly<Record<Cause, (rules: string, ports: readonly number[], isIngress: boolean) => string>> = {
  Tunnel: (rules, _, isIngress) =>
    `Add to the ports of ${rules}: "- ${tunnel}".${isIngress ? ' What limits ports then is MM140.' : ''}`,
  Application: (rules, ports) =>
    `Add to the ports of ${rules}: ${ports.map((port) => `"- {protocol: TCP, port: ${port}}"`).join(' ')}.`,
  Labels: (rules) => `Let ${rules} select the namespace by kubernetes.io/metadata.name.`,
};

function partOfLost(all: readonly Lost[], surroundings: Surroundings): readonly Part[] {
  const [first] = all;
  if (first === undefined) return [];
  const { policy, direction } = first;
  const isThere = arrived(surroundings.route, surroundings.namespace.labels);
  const isOwn = policy.namespace === surroundings.namespace.name;
  const cause = causeOf(first);
  const calls = all.map(
    ({ caller, called, port }) =>
      `${named(caller.end)} to ${named(called.end)}${cause === 'Application' ? '' : ` (by ${port} today)`}`,
  );
  // Who opens the port of HBONE to everybody, as Istio advises, has not said that all of these call.
  const kept = new Set(cutsOf(surroundings).kept);
  const isWhole = all.some(
    ({ caller, called }) => !kept.has(keyOfEnd(direction, direction === 'Ingress' ? called : caller)),
  );
  const receivers = unique(all.map(({ called }) => called.end.namespace));
  const rules = unique(all.flatMap(({ rule }) => (rule === undefined ? [] : [`${sectionOf(direction)}[${rule}]`])));
  const ports = unique(all.flatMap(({ needed }) => needed.map(String))).map(Number);
  return [
    {
      policy,
      severity: cause === 'Application' && !isWhole ? 'Warning' : 'Critical',
      message: `${causes[cause]}: ${listed(unique(calls))} ${isThere ? 'are' : 'would be'} cut off`,
      fix: `${remedies[cause](listed(rules), ports.slice(0, 5), direction === 'Ingress')}${isOwn ? '' : ` Or, if nobody makes these calls, say in spec.callers who calls ${listed(receivers)}.`}`,
    },
  ];
}

const legs: Readonly<Record<Leg, (waypoint: string, others: string) => string>> = {
  ToWaypoint: (waypoint, others) => `it does not let ${others} call ${waypoint} (TCP ${hbonePort})`,
  FromWaypoint: (waypoint, others) => `it does not let ${waypoint} call ${others} (TCP ${hbonePort})`,
  ControlPlane: (waypoint) => `it does not let ${waypoint} call istiod (TCP 15012)`,
  Names: (waypoint) => `it does not let ${waypoint} ask the DNS (UDP 53)`,
};

/** A policy for the waypoint itself, or a rule in the policy of the pods at its other end. */
function remedyOfLeg({ leg, direction, policy, waypoint }: LostLeg, { mesh }: Surroundings): string {
  const {
    namespace,
    names: [name = ''],
  } = waypoint;
  const pods = `podSelector: {matchLabels: {${gatewayNameLabel}: ${name}}}`;
  const isOther = (leg === 'ToWaypoint') === (direction === 'Egress') && leg !== 'ControlPlane' && leg !== 'Names';
  // Of its own direction only: what nothing isolates today goes on as it is.
  if (!isOther && direction === 'Ingress')
    return `Add a NetworkPolicy in ${namespace}: "spec: {${pods}, policyTypes: [Ingress], ingress: [{ports: [${tunnel}]}]}".`;
  if (!isOther) {
    const istiod = `{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${mesh.controlPlaneNamespace}}}}], ports: [{protocol: TCP, port: 15012}]}`;
    const names = '{ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]}';
    return `Add a NetworkPolicy in ${namespace}: "spec: {${pods}, policyTypes: [Egress], egress: [{ports: [${tunnel}]}, ${istiod}, ${names}]}".`;
  }
  const home =
    policy.namespace === namespace
      ? ''
      : `namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${namespace}}}, `;
  const side = direction === 'Ingress' ? 'from' : 'to';
  return `Add to ${sectionOf(direction)}: "- {${side}: [{${home}${pods}}], ports: [${tunnel}]}".`;
}

function partOfLegs(all: readonly LostLeg[], surroundings: Surroundings): readonly Part[] {
  const [first] = all;
  if (first === undefined) return [];
  const others = listed(unique(all.flatMap(({ other }) => (other === undefined ? [] : [named(other)]))));
  return [
    {
      policy: first.policy,
      severity: 'Critical',
      message: legs[first.leg](`waypoint ${named(first.waypoint)}`, others),
      fix: remedyOfLeg(first, surroundings),
    },
  ];
}

function grouped<T>(all: readonly T[], keyOf: (each: T) => string): readonly (readonly T[])[] {
  return [...Map.groupBy(all, keyOf).values()];
}

function keyOf({ namespace, name }: Part['policy']): string {
  return `${namespace}/${name}`;
}

/** Of a policy that stands in another namespace it is its owner's to say, and the platform team's to accept. */
function evidenceAbout(
  policy: Part['policy'],
  surroundings: Surroundings,
): Pick<Evidence, 'object' | 'others' | 'seen'> {
  const { mesh, namespace } = surroundings;
  const object = nameOf({ ...policy, kind: 'NetworkPolicy' });
  if (policy.namespace === namespace.name) return { object };
  const view: ConfigView | undefined = mesh
    .configs('NetworkPolicy', policy.namespace)
    .find(({ name }) => name === policy.name);
  return { object, others: 'Holds', ...(view && { seen: seenOf(view, surroundings) }) };
}

/** One finding for each policy, whatever it cuts off. */
export function cutOff(surroundings: Surroundings): readonly Evidence[] {
  const { lost, legs: lostLegs } = cutsOf(surroundings);
  const parts = [
    ...grouped(lost, (each) => `${keyOf(each.policy)} ${each.direction} ${causeOf(each)}`).flatMap((all) =>
      partOfLost(all, surroundings),
    ),
    ...grouped(
      lostLegs,
      ({ policy, leg, direction, waypoint }) => `${keyOf(policy)} ${leg} ${direction} ${named(waypoint)}`,
    ).flatMap((all) => partOfLegs(all, surroundings)),
  ];
  return grouped(parts, ({ policy }) => keyOf(policy)).flatMap((all): readonly Evidence[] => {
    const [first] = all;
    if (first === undefined) return [];
    return [
      {
        ...evidenceAbout(first.policy, surroundings),
        severity: all.some(({ severity }) => severity === 'Critical') ? 'Critical' : 'Warning',
        message: unique(all.map(({ message }) => message)).join('; '),
        fix: unique(all.map(({ fix }) => fix)).join(' '),
      },
    ];
  });
}

/** What of others cannot be told is said, and holds nobody: it is they who are not called, or do not call, any more. */
function untold(surroundings: Surroundings): readonly Evidence[] {
  const { unreadable, untold: namespaces } = cutsOf(surroundings);
  const {
    route,
    namespace: { name: home },
  } = surroundings;
  return [
    ...unreadable.map(({ namespace, name, field }): Evidence => ({
      object: nameOf({ kind: 'NetworkPolicy', namespace, name }),
      message: `nobody can tell from its ${shown(field)} whom it lets through`,
      fix: 'Write it as the API of networking.k8s.io/v1 has it.',
      ...((namespace !== home || route.to !== 'IstioAmbient') && { severity: 'Warning' as const }),
    })),
    ...namespaces.map((name): Evidence => ({
      object: nameOf({ kind: 'Namespace', name }),
      severity: 'Warning',
      message: `which calls to and from it NetworkPolicies would cut off takes more steps to tell than one look may take`,
      fix: 'Look yourself whether the NetworkPolicies of both namespaces let TCP 15008 through, or select pods by fewer labels.',
    })),
  ];
}

/** The pods that a policy selects, where labels alone say it and can stand in YAML as they are. */
function selectorOf({ selects: { matchLabels = {}, matchExpressions = [] } }: NetworkPolicy): string {
  const entries = Object.entries(matchLabels);
  if (entries.length === 0 && matchExpressions.length === 0) return '';
  const isPlain = matchExpressions.length === 0 && entries.every((entry) => entry.every((each) => plain.test(each)));
  const labels = isPlain ? entries.map(([key, value]) => `${key}: "${value}"`).join(', ') : '…';
  return `selector: {matchLabels: {${labels}}}, `;
}

const plain = /^[-\w./]*$/;

/** Denies by the identity of each namespace the ports that it may not call, so that nobody else is refused. */
function denying(policy: NetworkPolicy, all: readonly Limited[]): string {
  const byNamespace = Map.groupBy(all, ({ caller }) => caller.end.namespace);
  const byPorts = Map.groupBy(byNamespace.keys(), (name) =>
    unique((byNamespace.get(name) ?? []).flatMap(({ open }) => open.map((port) => `"${port}"`)))
      .toSorted()
      .slice(0, 10)
      .join(', '),
  );
  const rules = [...byPorts]
    .slice(0, 3)
    .map(
      ([ports, names]) =>
        `{from: [{source: {namespaces: [${names.slice(0, 5).join(', ')}]}}], to: [{operation: {notPorts: [${ports}]}}]}`,
    );
  return `"spec: {${selectorOf(policy)}action: DENY, rules: [${rules.join(', ')}]}"`;
}

/** One for each policy that tells ports apart. */
function limitsNoMore(surroundings: Surroundings): readonly Evidence[] {
  return grouped(cutsOf(surroundings).limited, ({ policy }) => keyOf(policy)).flatMap((all): readonly Evidence[] => {
    const [first] = all;
    if (first === undefined) return [];
    const calls = all.map(
      ({ caller, called, open, closed }) =>
        `${named(caller.end)} calls ${named(called.end)} by ${listed(open.map(String))} and not by ${listed(closed.map(String))}`,
    );
    return [
      {
        object: nameOf({ ...first.policy, kind: 'NetworkPolicy' }),
        message: `by it ${listed(unique(calls))}. Calls by HBONE all arrive on TCP ${hbonePort}: whoever may use that may use every port`,
        fix: `Say it by an AuthorizationPolicy in ${first.policy.namespace} too, unless one does: ${denying(first.policy, all)}.`,
      },
    ];
  });
}

/** What packet filters below the mesh make of calls that go another way than before. */
export const networkPolicyRules: readonly Rule[] = [
  {
    id: 'MM139',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'to stay half-way would cut off more; MM124 tells at rest what a rollback would meet' },
    title: 'A NetworkPolicy would cut calls off',
    fix: `Let the NetworkPolicy open TCP ${hbonePort} wherever it opens a port of the application.`,
    find: (surroundings) => [...cutOff(surroundings), ...untold(surroundings)],
  },
  {
    id: 'MM140',
    severity: 'Warning',
    when: 'Start',
    title: 'A NetworkPolicy no longer tells ports apart',
    fix: 'Say by an AuthorizationPolicy which ports may be called.',
    find: limitsNoMore,
  },
];
