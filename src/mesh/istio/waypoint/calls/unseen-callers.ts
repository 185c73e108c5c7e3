import { listed } from '../../../../base/counted.ts';
import { memoize } from '../../../../base/memoize.ts';
import type { NamespaceCallers, Surroundings } from '../../../adapter.ts';
import { text } from '../../../json.ts';
import { whyNotRestartable } from '../../../restartable.ts';
import { isPod, owns, type ConfigView, type PodView, type TemplateView, type WorkloadView } from '../../../views.ts';
import { anybody, eachFamily, withFamilies, type Family } from './family.ts';
import { withoutConnection, type Asked } from '../../policy/policy-fields.ts';
import { selectorOf, targetRefs } from '../../vocabulary/objects.ts';
import { asleep, isThere, serves } from './asleep.ts';
import { injectionAsked } from '../../vocabulary/injection.ts';
import { lacksHbone, modeOf } from '../../vocabulary/pod-mode.ts';
import { bounded, spend } from '../../../../base/effort.ts';
import { selecting } from '../../policy/selecting.ts';
import { tlsModeLabel } from '../../policy/translate/selection.ts';
import { everywhere, ofEach, question, type There } from './question.ts';
import { namespaceCallers } from '../namespace-callers.ts';
import { willBeProtected } from '../other-pods.ts';

/*
 * A sidecar decides about HBONE in an internal listener, whose peer has no address (buildInboundHBONEListeners in istio/istio
 * pilot/pkg/networking/core/listener_inbound.go), and ztunnel sends to it by HBONE. So it never learns from which address a caller in ambient
 * comes. ztunnel does, and so does a sidecar of a caller that has one itself. Nor does it see a certificate there, or what the sidecar of a caller
 * wrote into headers: of callers that had one and leave it.
 */

/**
 * A policy that decides by the connection of the caller, which sidecars of a namespace do not see of callers in
 * ambient.
 */
export interface Unseen {
  readonly namespace: string;
  readonly policy: ConfigView;
  /** Whether what it refuses may get through then; else it refuses what it allows. */
  readonly effect: 'Opens' | 'Refuses';
  readonly asked: Asked;
  /** The pods, and workloads between two of theirs. */
  readonly pods: readonly string[];
  /** Whose these are. */
  readonly families: readonly Family[];
}

/** The same, with how it is known who calls there, or why nobody knows. */
export interface Called extends Unseen {
  readonly called: string;
  /** Whether it is known that the namespace does. */
  readonly known: boolean;
}

/** What stands for a pod here. */
interface Proxied {
  readonly name: string;
  readonly family: Family;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * What becomes of a policy that decides by the connection; read once for as long as it stays as it is, because every
 * look asks about the whole mesh.
 */
const effectOf = memoize((policy: ConfigView): Readonly<Partial<Record<Asked, Unseen['effect']>>> => {
  const isAsked = targetRefs(policy).length === 0 && text(policy.annotations['istio.io/dry-run']) !== 'true';
  if (!isAsked) return {};
  const [seen, all] = (['Connection', 'ConnectionOrHeaders'] as const).map((asked) =>
    withoutConnection(policy.spec, asked),
  );
  return { ...(seen && { Connection: seen }), ...(all && { ConnectionOrHeaders: all }) };
});

type Effective = Pick<Unseen, 'policy' | 'effect' | 'asked'>;

const effectsOf = memoize((policies: readonly ConfigView[]): Readonly<Record<Asked, readonly Effective[]>> => {
  const all = (asked: Asked): readonly Effective[] =>
    policies.flatMap((policy) => {
      const { Connection: seen, [asked]: effect } = effectOf(policy);
      if (effect === undefined) return [];
      return [{ policy, effect, asked: effect === seen ? 'Connection' : asked }];
    });
  return { Connection: all('Connection'), ConnectionOrHeaders: all('ConnectionOrHeaders') };
});

/** The policies for a namespace that decide by the connection. */
function policiesOf(namespace: string, { mesh }: Surroundings): readonly Effective[] {
  return [...new Set([namespace, mesh.rootNamespace])].flatMap(
    (home) => effectsOf(mesh.configs('AuthorizationPolicy', home)).Connection,
  );
}

/** Pods, and what pods of templates would be. */
function proxiedOf(all: readonly (PodView | TemplateView)[], templates: readonly TemplateView[]): readonly Proxied[] {
  return withFamilies(all, templates).map(([each, family]) => ({
    name: isPod(each) ? each.name : `${each.kind} ${each.name}`,
    labels: isPod(each) ? each.labels : each.templateLabels,
    family,
  }));
}

/** Of the policies and pods of the namespace itself. */
const steps = 200_000;

const untold = 'of which it takes more steps to tell than one look may take';

function familiesIn(all: readonly Proxied[]): readonly Family[] {
  return eachFamily(all.map(({ family }) => family));
}

/** Those of the policies that select something of it as it is, or would be, with a sidecar. */
function selectedOf(policies: readonly Effective[], all: readonly Proxied[], namespace: string): readonly Unseen[] {
  const names = all.map(({ name }) => name);
  const everybody = familiesIn(all);
  const select = selecting(
    all.map(({ labels }) => ({ ...labels, [tlsModeLabel]: 'istio' })),
    spend,
  );
  return policies.flatMap((effective): readonly Unseen[] => {
    const places = select(selectorOf(effective.policy));
    spend(places.length / 8);
    if (places.length === 0) return [];
    if (places.length === names.length) return [{ ...effective, namespace, pods: names, families: everybody }];
    const selected = places.flatMap((place) => all[place] ?? []);
    return [{ ...effective, namespace, pods: selected.map(({ name }) => name), families: familiesIn(selected) }];
  });
}

/** Where that takes too long to tell, each of them may. */
function anyOf(policies: readonly Effective[], all: readonly Proxied[], namespace: string): readonly Unseen[] {
  return policies.map((effective) => ({
    ...effective,
    namespace,
    pods: [`${all.length} pods and workloads, ${untold}`],
    families: [anybody],
  }));
}

/** The same of something of the namespace itself. */
function unseenAt(
  namespace: string,
  proxied: () => readonly (PodView | TemplateView)[],
  surroundings: Surroundings,
): readonly Unseen[] {
  const policies = policiesOf(namespace, surroundings);
  if (policies.length === 0) return [];
  const all = proxiedOf(proxied(), [...surroundings.workloads, ...surroundings.otherTemplates]);
  const found = bounded(steps, () => selectedOf(policies, all, namespace));
  return found.kind === 'Done' ? found.value : anyOf(policies, all, namespace);
}

function isSidecar(pod: PodView): boolean {
  return serves(pod) && modeOf(pod) === 'Sidecar';
}

/** Everything of a namespace that has a sidecar, or is going to have one. */
function proxiedAt(there: There): readonly Proxied[] {
  return proxiedOf(
    [...there.pods().filter(isSidecar), ...asleep(there.inhabitants(), 'Sidecar', there.mesh)],
    [...there.workloads(), ...there.otherTemplates()],
  );
}

/** What the sidecars of another namespace cannot tell of callers in ambient. */
const atSidecarsOf = question<readonly Unseen[], Asked>({
  ask: (there, asked) => {
    const policies = effectsOf(there.configs('AuthorizationPolicy'))[asked];
    return policies.length === 0 ? [] : selectedOf(policies, proxiedAt(there), there.name);
  },
  otherwise: (there, asked) =>
    anyOf(effectsOf(there.configs('AuthorizationPolicy'))[asked], proxiedAt(there), there.name),
});

/** How it is known of each namespace that it calls one, or why nobody knows; undefined of one that does not. */
function callersOf(called: string, surroundings: Surroundings): (caller: string) => string | undefined {
  return howCalled(namespaceCallers(called, surroundings));
}

function howCalled(callers: NamespaceCallers): (caller: string) => string | undefined {
  if (callers.kind === 'Unknown') return () => `nobody knows who calls them: ${callers.why}`;
  const names = new Set(callers.namespaces);
  return (caller) => (names.has(caller) ? `${callers.from} say that ${caller} calls them` : undefined);
}

/**
 * Everything with sidecars that the namespace may call, itself among it, and that decides by what cannot be seen of it
 * once it is in ambient. Headers that come with a sidecar count of who has one; in the namespace itself nothing that
 * asks for them can move (MM020, MM080).
 */
export function unseenBy(surroundings: Surroundings): readonly Called[] {
  const home = surroundings.namespace.name;
  const asked = surroundings.route.from === 'IstioSidecar' ? 'ConnectionOrHeaders' : 'Connection';
  return ofEach(everywhere(surroundings), surroundings, (there): readonly Called[] => {
    const { name } = there.namespace;
    const unseen =
      name === home
        ? // What sleeps in the namespace that moves wakes without a sidecar.
          unseenAt(home, () => surroundings.pods.filter(isSidecar), surroundings)
        : atSidecarsOf(there, asked);
    if (unseen.length === 0) return [];
    const callers = namespaceCallers(name, surroundings);
    const called = howCalled(callers)(home);
    return called === undefined ? [] : unseen.map((each) => ({ ...each, called, known: callers.kind === 'Known' }));
  });
}

/**
 * What the pods of the namespace that are in ambient could not tell any more of callers in ambient, once they have
 * sidecars. Some never have any.
 */
export function unseenHere(surroundings: Surroundings): readonly Unseen[] {
  const {
    namespace: { name },
    pods,
    workloads,
    otherTemplates,
  } = surroundings;
  return unseenAt(
    name,
    () => [
      ...pods.filter((pod) => serves(pod) && modeOf(pod) !== 'Sidecar' && injectionAsked(pod) !== 'No'),
      ...[...workloads.filter(({ replicas }) => replicas === 0), ...otherTemplates].filter(willBeProtected),
    ],
    surroundings,
  );
}

/** The same before the start, of the pods that have sidecars. */
export function unseenBeforeStart(surroundings: Surroundings): readonly Unseen[] {
  const { namespace, pods, workloads, otherTemplates } = surroundings;
  const templates = [...workloads, ...otherTemplates].filter(willBeProtected);
  return unseenAt(namespace.name, () => [...pods.filter(isSidecar), ...templates], surroundings);
}

/** Where sidecars of the namespace that take no HBONE decide by what they see of callers in ambient. */
export function unseenOfOld(surroundings: Surroundings): readonly Unseen[] {
  return unseenAt(
    surroundings.namespace.name,
    () => surroundings.pods.filter((pod) => serves(pod) && lacksHbone(pod)),
    surroundings,
  );
}

/**
 * What sidecars of the namespace tell of callers in ambient for as long as these reach them in plaintext, and not any
 * more once they are restarted.
 */
export function unseenOnceRestarted(surroundings: Surroundings): readonly Unseen[] {
  const {
    namespace: { name },
    pods,
    workloads,
  } = surroundings;
  return unseenAt(
    name,
    () => pods.filter((pod) => serves(pod) && lacksHbone(pod) && whyNotRestartable(pod, workloads) === undefined),
    surroundings,
  );
}

/** Namespaces that may call this one from ambient, now or when they wake, itself left out, and how that is known. */
export function callersInAmbient(surroundings: Surroundings): ReadonlyMap<string, string> {
  const home = surroundings.namespace.name;
  const isCaller = callersOf(home, surroundings);
  return new Map(
    ofEach(everywhere(surroundings), surroundings, (there): readonly (readonly [string, string])[] => {
      const { name } = there.namespace;
      const how = name !== home && isThere(there, 'Ambient') ? isCaller(name) : undefined;
      return how === undefined ? [] : [[name, how]];
    }),
  );
}

/** How it is known that workloads of the namespace call each other, or why nobody knows; undefined if they do not. */
export function callsItself(surroundings: Surroundings): string | undefined {
  return callersOf(surroundings.namespace.name, surroundings)(surroundings.namespace.name);
}

/** What a restart of one workload makes of policies of the namespace, with what would not be seen, and of whom. */
export interface UnseenThen {
  readonly unseen: readonly Unseen[];
  readonly callers: string;
}

/** With this workload in ambient: what sidecars beside it would not see of its calls. */
export function unseenFromAmbient(surroundings: Surroundings, workload: WorkloadView): UnseenThen | undefined {
  const isOwn = (pod: PodView): boolean => owns(workload, pod);
  const unseen = unseenAt(
    surroundings.namespace.name,
    () => surroundings.pods.filter((pod) => isSidecar(pod) && !isOwn(pod)),
    surroundings,
  );
  const how = unseen.length === 0 ? undefined : callsItself(surroundings);
  return how === undefined ? undefined : { unseen, callers: `${workload.kind} ${workload.name}; ${how}` };
}

/** With sidecars in this workload: what these would not see of pods beside it that are in ambient. */
export function unseenAtSidecars(surroundings: Surroundings, workload: WorkloadView): UnseenThen | undefined {
  const unseen = unseenAt(surroundings.namespace.name, () => [workload], surroundings);
  const isOwn = (pod: PodView): boolean => owns(workload, pod);
  const beside =
    unseen.length === 0
      ? []
      : surroundings.pods.filter((pod) => serves(pod) && modeOf(pod) === 'Ambient' && !isOwn(pod));
  const how = beside.length === 0 ? undefined : callsItself(surroundings);
  return how === undefined ? undefined : { unseen, callers: `${listed(beside.map(({ name }) => name))}; ${how}` };
}

/** Whether calls are missed so already, because the namespace is half-way: then it is closed soonest by going on. */
export function isMissedAlready(surroundings: Surroundings): boolean {
  const {
    namespace: { name: home },
    pods,
  } = surroundings;
  const opens = unseenAt(home, () => pods.filter(isSidecar), surroundings).some(({ effect }) => effect === 'Opens');
  return (
    opens && pods.some((pod) => serves(pod) && modeOf(pod) === 'Ambient') && callsItself(surroundings) !== undefined
  );
}

/**
 * The workloads in an order in which, into ambient, those that decide by what sidecars do not see come before those
 * that may call them. Out of it the other way round.
 */
export function decidingFirst(surroundings: Surroundings): readonly WorkloadView[] {
  const {
    namespace: { name: home },
    workloads,
  } = surroundings;
  const decides = (workload: WorkloadView): boolean => unseenAt(home, () => [workload], surroundings).length > 0;
  const { first = [], later = [] } = Object.groupBy(workloads, (workload) => (decides(workload) ? 'first' : 'later'));
  return [...first, ...later];
}
