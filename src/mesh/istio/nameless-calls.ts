import { memoize } from '../../base/memoize.ts';
import type { MeshState, Surroundings } from '../adapter.ts';
import { text } from '../json.ts';
import { selects, type ConfigView, type ContainerPortView, type PodView, type ServiceView } from '../views.ts';
import { admitsNameless, withoutIdentity } from './findings/identity-fields.ts';
import { asksWhoCalls } from './findings/policy-fields.ts';
import { asksForStrict, selectorOf, targetRefs } from './findings/rule.ts';
import { asleep, inhabitantsOf, type Inhabitants } from './asleep.ts';
import { guarded } from './guarded.ts';
import type { Because } from './inbound-ports.ts';
import { injects } from './injection.ts';
import { asksStrict, mayCall, mtlsAt } from './old-sidecars.ts';
import { leaves, leftAlone, type LeftAlone } from './outbound-ports.ts';
import { concerns, lacksHbone, modeOf } from './pod-mode.ts';
import { isSelected } from './policy/attachment.ts';
import { tlsModeLabel } from './policy/translate/selection.ts';
import { whyUntold } from './told-services.ts';
import { declaredCallers, isGateway } from './waypoint/callers.ts';
import { isExit } from './waypoint/exit/route.ts';
import { namespaceCallers } from './waypoint/namespace-callers.ts';
import { willBeProtected } from './waypoint/other-pods.ts';

/*
 * ztunnel sends every call with the identity of its caller. A sidecar does not: the address of a pod it calls in plaintext (PassthroughCluster), and so pods in
 * ambient behind a headless Service (istio/istio#54921), and what a template has it leave alone it never sees.
 */

/** A policy that decides by who calls, and what becomes of that for calls from the namespace that gets sidecars. */
export interface Nameless {
  readonly namespace: string;
  readonly policy: ConfigView;
  /** Whether something that it refuses may get through then; else it refuses what it lets through. */
  readonly effect: 'Opens' | 'Refuses';
  /** The pods, and workloads between two of theirs. */
  readonly pods: readonly string[];
  /** Why such calls come in plaintext. */
  readonly how: string;
  /** Whether it is over once the called have sidecars. */
  readonly passes: boolean;
  /** Whether it is by a headless Service, and because its pods are in ambient. */
  readonly headless: boolean;
  /** How it is known who calls there, or why nobody knows. */
  readonly called: string;
}

/** What may be called: a pod, or what a template would make. */
interface Target {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isAmbient: boolean;
  /** Whether it is asked about as a sidecar that callers in ambient reach in plaintext. */
  readonly isOld?: true;
  /** Of its containers. */
  readonly ports: readonly number[];
}

/** A namespace that may be called. */
interface There extends Inhabitants {
  readonly name: string;
  readonly services: readonly ServiceView[];
}

function thereOf(name: string, surroundings: Surroundings): There {
  const { mesh, namespace, services } = surroundings;
  return {
    ...inhabitantsOf(name, surroundings),
    name,
    services: name === namespace.name ? services : mesh.services(name),
  };
}

function serves(pod: PodView): boolean {
  return (
    concerns(pod) && !isGateway(pod) && (pod.ready || !pod.terminating) && ['Ambient', 'Sidecar'].includes(modeOf(pod))
  );
}

function portsIn(declared: readonly ContainerPortView[]): readonly number[] {
  return declared.map(({ port }) => port);
}

function targets(there: There, mesh: MeshState): readonly Target[] {
  const running = there.pods.filter(serves).map((pod) => ({
    name: pod.name,
    labels: pod.labels,
    isAmbient: modeOf(pod) === 'Ambient',
    ports: portsIn(pod.containerPorts ?? []),
  }));
  const sleeping = (['Ambient', 'Sidecar'] as const).flatMap((mode) =>
    asleep(there, mode, mesh).map(({ kind, name, templateLabels, containerPorts }) => ({
      name: `${kind} ${name}`,
      labels: templateLabels,
      isAmbient: mode === 'Ambient',
      ports: portsIn(containerPorts),
    })),
  );
  return [...running, ...sleeping];
}

function leadsTo({ labels }: Pick<Target, 'labels'>, { selector }: ServiceView): boolean {
  return Object.keys(selector).length > 0 && selects({ matchLabels: selector }, labels);
}

/** What the sidecars of the namespace would not take of its calls. */
const leftAloneBy = memoize(({ pods, workloads, otherTemplates, mesh }: Surroundings): readonly LeftAlone[] => {
  const templates = [...workloads, ...otherTemplates]
    .filter(willBeProtected)
    .map(({ templateAnnotations }) => templateAnnotations);
  const unowned = pods
    .filter((pod) => concerns(pod) && !isGateway(pod) && pod.owner === undefined)
    .map(({ annotations }) => annotations);
  const found = [...templates, ...unowned].flatMap((annotations) => leftAlone({ annotations }, mesh));
  return [...new Map(found.map((each) => [JSON.stringify(each), each])).values()];
});

function who({ annotation, mesh }: Because): string {
  return annotation ?? `${mesh?.object ?? ''}, ${mesh?.field ?? ''}`;
}

type Plaintext = Pick<Nameless, 'how' | 'passes' | 'headless'>;

/** However the called are connected. */
function always(how: string): Plaintext {
  return { how, passes: false, headless: false };
}

const byAddress = always('by the address of a pod');

/** Why calls that are meant to arrive would come in plaintext; undefined if they would not. */
function plaintextTo(target: Target, there: There, surroundings: Surroundings): Plaintext | undefined {
  if (target.isOld === true) return always('to sidecars from before ambient was enabled');
  const left = leftAloneBy(surroundings).find((each) => leaves(each, portsOf(target, there.services)));
  if (left !== undefined) return always(`by ${who(left.because)} sidecars here leave these calls alone`);
  const hidden = there.services
    .filter((each) => leadsTo(target, each))
    .map((each) => ({ each, why: whyUntold(each, surroundings) }))
    .find(({ why }) => why !== undefined);
  if (hidden !== undefined)
    return always(
      `by Service ${hidden.each.namespace}/${hidden.each.name}, of which ${hidden.why ?? ''} keeps sidecars here from being told`,
    );
  // Beside whom they call, workloads have their sidecars sooner or later than these for a while only.
  const isOver = there.name === surroundings.namespace.name && injects(there.labels);
  const service =
    target.isAmbient && !isOver ? there.services.find((each) => each.headless && leadsTo(target, each)) : undefined;
  return service === undefined
    ? undefined
    : {
        how: `by headless Service ${service.namespace}/${service.name}, while its pods are in ambient`,
        passes: true,
        headless: true,
      };
}

/** Every port by which it may be called: its own, and those of Services. */
function portsOf(target: Target, services: readonly ServiceView[]): readonly string[] {
  const offered = services
    .filter((service) => leadsTo(target, service))
    .flatMap(({ ports }) => ports.flatMap(({ port, targetPort }) => [port, targetPort]));
  return [...new Set([...target.ports, ...offered].map(String))];
}

/**
 * Whether proxies of pods ask a policy; read once for as long as it stays as it is, because every look asks about the
 * whole mesh.
 */
const isAsked = memoize(
  (policy: ConfigView): boolean =>
    targetRefs(policy).length === 0 && text(policy.annotations['istio.io/dry-run']) !== 'true',
);

/** The policies that may be asked about calls to a namespace, and those that ask for mutual TLS. */
function policiesOf(
  namespace: string,
  mesh: MeshState,
): { readonly deciding: readonly ConfigView[]; readonly peers: readonly ConfigView[] } {
  const homes = [...new Set([namespace, mesh.rootNamespace])];
  return {
    deciding: homes.flatMap((home) => mesh.configs('AuthorizationPolicy', home)).filter(isAsked),
    peers: homes.flatMap((home) => mesh.configs('PeerAuthentication', home)),
  };
}

type AtTarget = Omit<Nameless, 'called' | 'pods' | 'namespace'>;

/** What becomes of the policies of one target. */
function atTarget(target: Target, there: There, surroundings: Surroundings): readonly AtTarget[] {
  const {
    mesh,
    namespace: { name: home },
  } = surroundings;
  const { deciding, peers } = policiesOf(there.name, mesh);
  const labels = { ...target.labels, [tlsModeLabel]: 'istio' };
  const selecting = (policy: ConfigView): boolean => isSelected(selectorOf(policy), labels);
  const policies = deciding.filter(selecting);
  const mtls = mtlsAt({ namespace: there.name, labels: target.labels }, peers, mesh.rootNamespace);
  const refused = [mtls.mode, ...Object.values(mtls.ports)].every((mode) => mode === 'STRICT');
  const allows = policies.filter(({ spec }) => (text(spec['action']) ?? 'ALLOW') === 'ALLOW');
  const getsIn = !refused && (allows.length === 0 || allows.some(({ spec }) => admitsNameless(spec)));
  const plaintext = plaintextTo(target, there, surroundings);
  const decided = policies
    .filter(({ spec }) => asksWhoCalls(spec))
    .flatMap((policy): readonly AtTarget[] => {
      const effects = withoutIdentity(policy.spec, home, policy.namespace);
      // What its own pods get through to so is found by the comparison of what policies let through.
      if (effects.has('Opens') && getsIn && there.name !== home)
        return [{ policy, effect: 'Opens', ...(plaintext ?? byAddress), passes: false }];
      return effects.has('Refuses') && plaintext !== undefined ? [{ policy, effect: 'Refuses', ...plaintext }] : [];
    });
  const strict =
    plaintext !== undefined && asksStrict(mtls)
      ? peers.filter((peer) => asksForStrict(peer) && isSelected(selectorOf(peer), target.labels)).slice(0, 1)
      : [];
  return [
    ...decided,
    ...strict.flatMap((policy): readonly AtTarget[] =>
      plaintext === undefined ? [] : [{ policy, effect: 'Refuses', ...plaintext }],
    ),
  ];
}

/** Whether anything there can matter: every look asks about the whole mesh. */
function mayMatter(name: string, surroundings: Surroundings): boolean {
  const { deciding, peers } = policiesOf(name, surroundings.mesh);
  return peers.some(asksForStrict) || deciding.some(({ spec }) => asksWhoCalls(spec));
}

/** As what the called are looked at: as they are, or as they would be, or only those that are not reached otherwise. */
type As = (targets: readonly Target[], there: There) => readonly Target[];

const asTheyAre: As = (all) => all;
const inAmbient: As = (all) => all.map((each) => ({ ...each, isAmbient: true }));
const old: As = (all, { pods }) => {
  const names = new Set(pods.filter(isOld).map(({ name }) => name));
  return all.filter(({ name }) => names.has(name)).map((each) => ({ ...each, isOld: true }));
};

function namelessAt(name: string, surroundings: Surroundings, as: As): readonly Omit<Nameless, 'called'>[] {
  if (!mayMatter(name, surroundings)) return [];
  const there = thereOf(name, surroundings);
  const alike = Map.groupBy(as(targets(there, surroundings.mesh), there), ({ name: _name, ...rest }) =>
    JSON.stringify(rest),
  );
  const found = [...alike.values()].flatMap((same) =>
    same
      .slice(0, 1)
      .flatMap((first) =>
        atTarget(first, there, surroundings).map((each) => ({ ...each, pods: same.map((one) => one.name) })),
      ),
  );
  return [
    ...Map.groupBy(
      found,
      ({ policy, effect, how }) => `${policy.kind} ${policy.namespace}/${policy.name} ${effect} ${how}`,
    ).values(),
  ].flatMap((each) =>
    each.slice(0, 1).map((first) => ({ ...first, namespace: name, pods: each.flatMap(({ pods }) => pods) })),
  );
}

/**
 * How it is known that it may come to that: who is refused by name is not asked for, unless the user says that he does
 * not call.
 */
function calledSo({ effect, namespace }: Omit<Nameless, 'called'>, surroundings: Surroundings): string | undefined {
  const declared = declaredCallers(namespace, surroundings.spec.callers);
  if (effect === 'Opens' && declared === undefined) return 'spec.callers does not say who calls there';
  return mayCall(surroundings, namespaceCallers(namespace, surroundings));
}

/** What of one namespace, which this one may call, decides by an identity that its calls would not carry. */
function namelessOf(name: string, surroundings: Surroundings, as: As): readonly Nameless[] {
  return namelessAt(name, surroundings, as).flatMap((each) => {
    const called = calledSo(each, surroundings);
    return called === undefined ? [] : [{ ...each, called }];
  });
}

/** Of several namespaces. */
function namelessIn(names: Iterable<string>, surroundings: Surroundings, as: As): readonly Nameless[] {
  return [...new Set(names)].sort().flatMap((name) =>
    // What a look there stumbles over is an object of that namespace: nobody else is blocked by what it protects itself
    // with.
    guarded<readonly Nameless[]>(
      surroundings,
      `looking at namespace ${name}`,
      () => namelessOf(name, surroundings, as),
      () => [],
    ),
  );
}

/**
 * Everything that the namespace may call, itself among it, and that decides by an identity which its calls would not
 * carry once it has sidecars.
 */
export const namelessCalls: (surroundings: Surroundings) => readonly Nameless[] = memoize(
  (surroundings: Surroundings) => {
    const { mesh, namespace, route } = surroundings;
    return isExit(route) ? namelessIn([namespace.name, ...mesh.inhabitedNamespaces()], surroundings, asTheyAre) : [];
  },
);

/** What becomes of calls from sidecars here by headless Services of these namespaces, whose pods are in ambient. */
export function callsByHeadless(names: readonly string[], surroundings: Surroundings): readonly Nameless[] {
  const asked = names.filter((name) => surroundings.mesh.services(name).some((service) => service.headless));
  return namelessIn(asked, surroundings, asTheyAre).filter(({ headless }) => headless);
}

/** What of sidecars here becomes of calls by headless Services into a namespace, were that in ambient. */
export function callsInto(name: string, surroundings: Surroundings): readonly Nameless[] {
  return namelessOf(name, surroundings, inAmbient).filter(({ headless }) => headless);
}

function isOld(pod: PodView): boolean {
  return serves(pod) && lacksHbone(pod);
}

/** What becomes of calls from here, were these from ambient, to sidecars of these namespaces that take no HBONE. */
export function callsToOld(names: readonly string[], surroundings: Surroundings): readonly Nameless[] {
  const asked = names.filter((name) => surroundings.mesh.pods(name).some(isOld));
  return namelessIn(asked, surroundings, old);
}
