import { readPolicy } from '../../network-policy/read.ts';
import type {
  DeclaredPort,
  Direction,
  NetworkPolicy,
  PolicyRule,
  UnreadablePolicy,
} from '../../network-policy/types.ts';
import { memoize } from '../../../base/memoize.ts';
import {
  asPod,
  selects,
  type ConfigView,
  type ContainerPortView,
  type OwnerView,
  type PodView,
  type SelectorView,
  type ServiceView,
  type TemplateView,
} from '../../views.ts';
import { comparisons, entriesOf } from '../../has-labels.ts';
import { dataplaneModeLabel, sidecarContainer } from '../vocabulary/labels.ts';
import { nextMode } from '../vocabulary/next-mode.ts';
import type { Surroundings } from '../../adapter.ts';
import { concerns, lacksHbone, modeOf } from '../vocabulary/pod-mode.ts';
import { spend } from '../../../base/effort.ts';
import { question, type There } from '../waypoint/calls/question.ts';
import { runs } from '../waypoint/callers.ts';
import { isInjectedGateway, isMadeGateway, makesGateway } from '../vocabulary/gateway-pods.ts';
import { isNeverTaken } from '../waypoint/never-taken.ts';

type Labels = Readonly<Record<string, string>>;

/** Both ends of every connection. */
export const directions = ['Ingress', 'Egress'] as const;

/** How pods take part in the mesh: a gateway is called from outside only, and a waypoint for others. */
export type Way = 'Ambient' | 'Sidecar' | 'OldSidecar' | 'Gateway' | 'Waypoint' | 'Outside';

/** Pods of a namespace that are alike in all that NetworkPolicies ask for. */
export interface End {
  readonly namespace: string;
  /** What makes them, or their own names. */
  readonly names: readonly string[];
  readonly way: Way;
  /** Those that are asked for. */
  readonly labels: Labels;
  readonly ports: readonly DeclaredPort[];
  /** TCP ports by which they are called, as far as pods and Services say it. */
  readonly called: readonly number[];
}

/** Ports of the proxies, which nobody calls who calls an application. */
const meshPorts: ReadonlySet<number> = new Set([15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090]);

/** Whether a port is one of the application's. */
export function isOfApplication(port: number): boolean {
  return !meshPorts.has(port);
}

/** The NetworkPolicies of a namespace; read once for as long as they stay as they are. */
export const policiesIn: (configs: readonly ConfigView[]) => readonly (NetworkPolicy | UnreadablePolicy)[] = memoize(
  (configs: readonly ConfigView[]) => configs.map(readPolicy),
);

function keysOf(selector: SelectorView = {}): readonly string[] {
  return [...Object.keys(selector.matchLabels ?? {}), ...(selector.matchExpressions ?? []).map(({ key }) => key)];
}

/** Those of which anybody can tell what they do. */
export const readableIn: (configs: readonly ConfigView[]) => readonly NetworkPolicy[] = memoize(
  (configs: readonly ConfigView[]) => policiesIn(configs).filter((policy) => policy.kind === 'NetworkPolicy'),
);

/** Rules of one direction, or of both. */
export function rulesOf(policy: NetworkPolicy, ...directions: readonly Direction[]): readonly PolicyRule[] {
  return directions.flatMap((direction) => policy.rules[direction] ?? []);
}

/** Labels that a policy asks pods for, wherever these are; by its rules of one direction alone, or by all that it says. */
const labelsAskedByOne: (config: ConfigView) => Readonly<Record<Direction | 'All', readonly string[]>> = memoize(
  (config: ConfigView) => {
    const policy = readPolicy(config);
    if (policy.kind === 'Unreadable') return { Ingress: [], Egress: [], All: [] };
    const [Ingress, Egress] = directions.map((direction) =>
      rulesOf(policy, direction).flatMap(({ peers }) =>
        peers.flatMap((peer) => (peer.kind === 'Pods' ? keysOf(peer.pods) : [])),
      ),
    ) as [string[], string[]];
    return { Ingress, Egress, All: [...keysOf(policy.selects), ...Ingress, ...Egress] };
  },
);

/** The same of all policies of a namespace, in order. */
export const labelsAskedBy: (configs: readonly ConfigView[]) => Readonly<Record<Direction | 'All', readonly string[]>> =
  memoize((configs: readonly ConfigView[]) => {
    const of = (what: Direction | 'All'): readonly string[] =>
      [...new Set(configs.flatMap((config) => labelsAskedByOne(config)[what]))].sort();
    return { Ingress: of('Ingress'), Egress: of('Egress'), All: of('All') };
  });

const namespaceLabelsAskedByOne = memoize((config: ConfigView): ReadonlySet<string> => {
  const policy = readPolicy(config);
  const rules = policy.kind === 'Unreadable' ? [] : rulesOf(policy, ...directions);
  return new Set(
    rules.flatMap(({ peers }) => peers.flatMap((peer) => (peer.kind === 'Pods' ? keysOf(peer.namespaces) : []))),
  );
});

/** Labels of namespaces that policies ask for. */
export const namespaceLabelsAskedBy: (configs: readonly ConfigView[]) => ReadonlySet<string> = memoize(
  (configs: readonly ConfigView[]) => new Set(configs.flatMap((config) => [...namespaceLabelsAskedByOne(config)])),
);

/** One pod, or those that are going to be made from one template. */
interface Member {
  readonly name: string;
  readonly way: Way;
  readonly labels: Labels;
  readonly ports: readonly ContainerPortView[];
}

/** Undefined of whom nobody asks about: pods on the network of their host, for example. */
function wayOf(pod: PodView): Way | undefined {
  if (isInjectedGateway(pod)) return 'Gateway';
  if (isMadeGateway(pod)) return pod.labels[dataplaneModeLabel] === 'none' ? 'Waypoint' : 'Gateway';
  if (!concerns(pod)) return undefined;
  const mode = modeOf(pod);
  if (mode === 'Sidecar') return lacksHbone(pod) ? 'OldSidecar' : 'Sidecar';
  return mode === 'Ambient' ? 'Ambient' : 'Outside';
}

function nextWayOf(template: TemplateView, there: There, namespaceLabels: Labels): Way | undefined {
  const next = asPod(template);
  if (isInjectedGateway(next)) return 'Gateway';
  if (makesGateway(template)) return next.labels[dataplaneModeLabel] === 'none' ? 'Waypoint' : 'Gateway';
  if (isNeverTaken(template)) return undefined;
  const mode = nextMode(there.mesh, namespaceLabels, next);
  return mode === 'Sidecar' || mode === 'Ambient' ? mode : 'Outside';
}

function keyOf({ kind, name }: OwnerView): string {
  return `${kind}/${name}`;
}

/** Pods that run, and templates of which none does. */
function membersOf(there: There): readonly Member[] {
  const { pods, workloads, otherTemplates, labels } = there.inhabitants();
  const templates = new Map([...otherTemplates, ...workloads].map((template) => [keyOf(template), template]));
  const owners = new Set(pods.map(({ owner }) => owner && keyOf(owner)));
  const idle = [...templates.values()].filter((template) => !owners.has(keyOf(template)));
  spend(pods.length + idle.length);
  const running = pods.filter(runs).flatMap((pod): readonly Member[] => {
    const way = wayOf(pod);
    if (way === undefined) return [];
    const declared = pod.containerPorts?.filter(({ container }) => container !== sidecarContainer);
    const ports = declared ?? (pod.owner && templates.get(keyOf(pod.owner))?.containerPorts) ?? [];
    return [{ name: pod.owner?.name ?? pod.name, way, labels: pod.labels, ports }];
  });
  const asleep = idle.flatMap((template): readonly Member[] => {
    const way = nextWayOf(template, there, labels);
    const { name, templateLabels, containerPorts } = template;
    return way === undefined ? [] : [{ name, way, labels: templateLabels, ports: containerPorts }];
  });
  return [...running, ...asleep];
}

/** Where Services send connections to pods. */
function targetsOf(
  services: readonly ServiceView[],
  { labels, ports }: Pick<Member, 'labels' | 'ports'>,
): readonly number[] {
  spend(services.reduce((sum, { selector }) => sum + 1 + comparisons(labels, selector), 0) / 8);
  const before = services.filter(
    ({ selector }) => entriesOf(selector).length > 0 && selects({ matchLabels: selector }, labels),
  );
  spend(before.reduce((sum, service) => sum + service.ports.length, 0) / 16);
  return before
    .flatMap((service) => service.ports.filter(({ protocol }) => protocol === 'TCP'))
    .flatMap(({ targetPort }) =>
      typeof targetPort === 'number'
        ? [targetPort]
        : ports.filter(({ name }) => name === targetPort).map(({ port }) => port),
    );
}

function endOf(members: readonly Member[], labels: Labels, there: There): readonly End[] {
  const [first] = members;
  if (first === undefined) return [];
  const { way, ports } = first;
  const called = [...ports.map(({ port }) => port), ...targetsOf(there.services(), { labels, ports })];
  return [
    {
      namespace: there.name,
      names: [...new Set(members.map(({ name }) => name))],
      way,
      labels,
      ports: ports.map(({ name, port }) => ({ ...(name !== undefined && { name }), port })),
      called: [...new Set(called)].filter(isOfApplication),
    },
  ];
}

const labelsHadBy = memoize(
  (all: readonly Pick<PodView, 'labels'>[]) =>
    new Set(all.flatMap(({ labels }) => entriesOf(labels).map(([key]) => key))),
);

const labelsGivenBy = memoize(
  (all: readonly TemplateView[]) =>
    new Set(all.flatMap(({ templateLabels }) => entriesOf(templateLabels).map(([key]) => key))),
);

/** Those of some labels that anything in a namespace has: the others tell nothing apart there. */
export function labelsThere(
  asked: readonly string[],
  { pods, workloads, otherTemplates }: Pick<Surroundings, 'pods' | 'workloads' | 'otherTemplates'>,
): readonly string[] {
  const had = [labelsHadBy(pods), labelsGivenBy(workloads), labelsGivenBy(otherTemplates)];
  return asked.filter((key) => had.some((keys) => keys.has(key)));
}

/**
 * The pods of a namespace, those to come among them, as policies tell them apart: a thousand that are alike are one.
 * `about`: labels that policies of another namespace ask for. Undefined where that takes more than a look may take.
 */
export const endsIn: ReturnType<typeof question<readonly End[] | undefined, readonly string[]>> = question<
  readonly End[] | undefined,
  readonly string[]
>({
  ask: (there, asked) => {
    const wanted = new Set([
      ...asked,
      ...labelsAskedBy(there.mesh.configs('NetworkPolicy', there.name)).All,
      ...there.services().flatMap(({ selector }) => entriesOf(selector).map(([key]) => key)),
    ]);
    spend(wanted.size / 8);
    const askedFor = (labels: Labels): Labels => {
      const entries = entriesOf(labels);
      spend(entries.length / 8);
      return Object.fromEntries(entries.filter(([key]) => wanted.has(key)).sort(([a], [b]) => (a < b ? -1 : 1)));
    };
    const seen = membersOf(there).map((member) => ({ ...member, labels: askedFor(member.labels) }));
    const groups = Map.groupBy(seen, ({ way, labels, ports }) => {
      spend(1 + ports.length / 8);
      return JSON.stringify([way, labels, ports.map(({ name, port }) => [name, port])]);
    });
    return [...groups.values()].flatMap((members) => endOf(members, members[0]?.labels ?? {}, there));
  },
  otherwise: () => undefined,
});
