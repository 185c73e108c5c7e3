import { memoize } from '../../../base/memoize.ts';
import { listed } from '../../../base/counted.ts';
import type { Severity } from '../../../api/common.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Direction } from '../../network-policy/types.ts';
import { arrived } from '../itinerary.ts';
import type { Cuts } from '../network/compare.ts';
import { cutsOf } from '../network/cuts.ts';
import type { End } from '../network/ends.ts';
import { hbonePort, keyOfEnd, type Calling, type Lost } from '../network/lost.ts';
import { standingOf, type Standing } from '../network/standing.ts';
import type { Calls, Leg, LostLeg } from '../network/waypoint-paths.ts';
import { gatewayNameLabel } from '../vocabulary/gateway.ts';

/** A part of what a policy cuts off, and what to do about that part. */
export interface Part {
  readonly policy: { readonly namespace: string; readonly name: string };
  readonly message: string;
  readonly fix: string;
  readonly severity: Severity;
  /** Of a policy of the namespace itself: how the calls count. */
  readonly standing: Standing;
}

const tunnel = `{protocol: TCP, port: ${hbonePort}}`;

/** `shop/web`. */
export function named({ namespace, names }: End): string {
  return `${namespace}/${listed(names, 2)}`;
}

/** Calls of which each is said once; how many more there are is counted. */
const mostSaid = 1000;

/** A list of calls for a sentence. */
export function listedCalls<T extends Calling>(
  all: readonly T[],
  say: (of: T, caller: string, called: string) => string,
): string {
  const said = new Set<string>();
  let more = 0;
  for (const each of all) {
    const called = each.called.map(({ end }) => named(end));
    for (const { end } of each.callers) {
      if (said.size > mostSaid) more += called.length;
      else for (const other of called) said.add(say(each, named(end), other));
    }
  }
  return listed([...said], 5, more);
}

function sectionOf(direction: Direction): string {
  return direction === 'Ingress' ? 'spec.ingress' : 'spec.egress';
}

/** Each of some words once. */
export function unique(all: readonly string[]): readonly string[] {
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

/** What calls that a policy of the namespace itself cuts off are to it; those of a policy of others are their owner's. */
function standing(policy: Part['policy'], calls: Calls, surroundings: Surroundings): Standing {
  return policy.namespace === surroundings.namespace.name ? standingOf(calls, surroundings) : 'Likely';
}

function callsOf({ callers: [caller], called: [called], isSingledOut }: Lost): Calls {
  return { from: caller?.end.namespace ?? '', to: called?.end.namespace ?? '', isSingledOut };
}

/** Of what is only possible nobody says whether it is called at all. */
function wordsOf(calls: string, counts: Standing, isThere: boolean): string {
  if (counts !== 'Possible') return `${calls} ${isThere ? 'are' : 'would be'} cut off`;
  return `whoever has the labels that its rules ask for may call, and ${isThere ? 'is' : 'would be'} cut off, if they do: ${calls}`;
}

/** The way out where a call is none. */
function unlessNobody(of: Standing, receivers: readonly string[]): string {
  if (of === 'Own') return '';
  const said = `say in spec.callers who calls ${listed(receivers)}`;
  return of === 'Possible'
    ? ` Or, whether these calls are made or not, ${said}.`
    : ` Or, if nobody makes these calls, ${said}.`;
}

const keptEnds = memoize(
  ({ kept }: Cuts): ReadonlySet<string> =>
    new Set(
      kept.flatMap(({ callers, called }) => [
        ...callers.map((each) => keyOfEnd('Egress', each)),
        ...called.map((each) => keyOfEnd('Ingress', each)),
      ]),
    ),
);

/** Who opens the port of HBONE to everybody, as Istio advises, has not said that all of these call. */
function isWhole(all: readonly Lost[], direction: Direction, surroundings: Surroundings): boolean {
  const kept = keptEnds(cutsOf(surroundings));
  return all.some(({ callers, called }) =>
    (direction === 'Ingress' ? called : callers).some((each) => !kept.has(keyOfEnd(direction, each))),
  );
}

function partOfLost(all: readonly Lost[], surroundings: Surroundings): readonly Part[] {
  const [first] = all;
  if (first === undefined) return [];
  const { policy, direction } = first;
  const isThere = arrived(surroundings.route, surroundings.namespace.labels);
  const counts = standing(policy, callsOf(first), surroundings);
  const cause = causeOf(first);
  const calls = listedCalls(
    all,
    ({ port }, caller, called) => `${caller} to ${called}${cause === 'Application' ? '' : ` (by ${port} today)`}`,
  );
  const receivers = unique(all.flatMap(({ called: [called] }) => called?.end.namespace ?? []));
  const rules = unique(all.flatMap(({ rule }) => (rule === undefined ? [] : [`${sectionOf(direction)}[${rule}]`])));
  const ports = unique(all.flatMap(({ needed }) => needed.map(String))).map(Number);
  return [
    {
      policy,
      standing: counts,
      severity:
        counts === 'Possible' || (cause === 'Application' && !isWhole(all, direction, surroundings))
          ? 'Warning'
          : 'Critical',
      message: `${causes[cause]}: ${wordsOf(calls, counts, isThere)}`,
      fix: `${remedies[cause](listed(rules), ports.slice(0, 5), direction === 'Ingress')}${unlessNobody(counts, receivers)}`,
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
  const counts = standing(first.policy, first.calls, surroundings);
  const others = listed(unique(all.flatMap(({ others: ends = [] }) => ends.map(({ end }) => named(end)))));
  return [
    {
      policy: first.policy,
      standing: counts,
      severity: counts === 'Possible' ? 'Warning' : 'Critical',
      message: `${legs[first.leg](`waypoint ${named(first.waypoint)}`, others)}${counts === 'Possible' ? ', if they call' : ''}`,
      fix: remedyOfLeg(first, surroundings),
    },
  ];
}

/** Things by what they have in common. */
export function grouped<T>(all: readonly T[], keyOf: (each: T) => string): readonly (readonly T[])[] {
  return [...Map.groupBy(all, keyOf).values()];
}

/** `shop/ports`. */
export function keyOf({ namespace, name }: Part['policy']): string {
  return `${namespace}/${name}`;
}

/** All that is cut off, by policy, by what is to be done about it, and by how the calls count. */
export function partsOf(surroundings: Surroundings): readonly Part[] {
  const { lost, legs: lostLegs } = cutsOf(surroundings);
  return [
    ...grouped(
      lost,
      (each) =>
        `${keyOf(each.policy)} ${each.direction} ${causeOf(each)} ${standing(each.policy, callsOf(each), surroundings)}`,
    ).flatMap((all) => partOfLost(all, surroundings)),
    ...grouped(
      lostLegs,
      ({ policy, leg, direction, waypoint, calls }) =>
        `${keyOf(policy)} ${leg} ${direction} ${named(waypoint)} ${standing(policy, calls, surroundings)}`,
    ).flatMap((all) => partOfLegs(all, surroundings)),
  ];
}
