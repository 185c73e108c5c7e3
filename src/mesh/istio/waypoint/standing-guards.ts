import { memoize, memoizeLast } from '../../../base/memoize.ts';
import { sha256 } from '../../../base/sha256.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView, PodView, ServiceView, TemplateView, WorkloadView } from '../../views.ts';
import { asleep, inhabitantsOf } from './calls/asleep.ts';
import { labelSets } from '../vocabulary/objects.ts';
import { dataplaneModeLabel } from '../vocabulary/labels.ts';
import { concerns, modeOf } from '../vocabulary/pod-mode.ts';
import { policyOptionsOf } from '../settings/policy-options.ts';
import { bounded, spend } from '../../../base/effort.ts';
import { callerSteps } from '../../effort-limits.ts';
import { parsed } from '../policy/parsed.ts';
import { selectedBy, selecting } from '../policy/selecting.ts';
import { isOurs, roleOf, targetOf } from '../policy/translate/names.ts';
import { isServable, type ServiceFacts, type World } from '../policy/translate/world.ts';
import type { AuthorizationPolicy, Source, TargetRef } from '../policy/types.ts';
import {
  callersOf,
  callsFrom,
  certainOf,
  declaredCallers,
  isGateway,
  namedBy,
  runs,
  toldCallers,
  type Callers,
} from './callers.ts';
import { rememberedIn } from './remembered-callers.ts';
import { worldOf } from './world.ts';

/*
 * Whom the guards of a namespace refuse that are there, whatever would be made of its policies today: a migration that let go, or lost its journal,
 * leaves them to the owner of the namespace, and they go on refusing when the policies for which they were made have changed or are gone.
 */

type Labels = Readonly<Record<string, string>>;

function selectorOf(guard: ConfigView): Labels {
  return parsed(guard)?.selector ?? {};
}

/** A list of a source, gone through once for as long as the policy stays as it is: everybody asks, of each account. */
interface Listed {
  readonly names: ReadonlySet<string>;
  /** Of which namespaces it names identities. */
  readonly namespaces: ReadonlySet<string>;
  /** Whether a pattern in it may be anybody. */
  readonly isOpen: boolean;
}

const listedIn = memoize((patterns: readonly string[]): Listed => {
  spend(patterns.length / 16);
  const homes = patterns.map((pattern) => ({ pattern, home: /^[^*]*\/ns\/([^/*]+)\/sa\//.exec(pattern)?.[1] }));
  return {
    names: new Set(patterns),
    namespaces: new Set(homes.flatMap(({ home }) => home ?? [])),
    isOpen: homes.some(({ pattern, home }) => home === undefined && pattern.includes('*')),
  };
});

const hasWildcard = memoize((patterns: readonly string[]): boolean => patterns.some((each) => each.includes('*')));

/** Who may call from a namespace, and what was found of some guards: whether they refuse one of them. */
interface Asking {
  readonly namespace: string;
  readonly accounts: readonly string[];
  readonly found: WeakMap<ConfigView, { readonly trustDomain: string; readonly refuses: boolean }>;
}

/** Of the ServiceAccounts of what runs in it or comes, once for as long as these stay as they are. */
const askingFrom = memoizeLast(
  (
    pods: readonly PodView[],
    workloads: readonly WorkloadView[],
    otherTemplates: readonly TemplateView[],
    namespace: string,
  ): Asking => {
    const all = [...pods.filter((pod) => runs(pod)), ...workloads, ...otherTemplates];
    const accounts = new Set(all.map(({ serviceAccount }) => serviceAccount));
    return { namespace, accounts: accounts.size === 0 ? ['*'] : [...accounts], found: new WeakMap() };
  },
);

/** Whether a source takes out all that call from a namespace. */
function leavesOutAll({ notPrincipals, notNamespaces }: Source, namespace: string): boolean {
  const namespaces = listedIn(notNamespaces).names;
  return namespaces.has(namespace) || namespaces.has('*') || listedIn(notPrincipals).names.has('*');
}

/**
 * Whether a source is about somebody of a namespace. Who is taken out by his name is not, and with others that are left
 * it still refuses somebody: so of the accounts no more are asked than it names. An identity of another trust domain is
 * somebody else.
 */
function matchesSome(source: Source, { namespace, accounts }: Asking, trustDomain: string): boolean {
  const { principals, namespaces } = source;
  const isIn =
    (principals.length === 0 || listedIn(principals).isOpen || listedIn(principals).namespaces.has(namespace)) &&
    (namespaces.length === 0 || hasWildcard(namespaces) || listedIn(namespaces).names.has(namespace));
  if (!isIn || leavesOutAll(source, namespace)) return false;
  const leftOut = listedIn(source.notPrincipals).names;
  return accounts.some((account) => !leftOut.has(`${trustDomain}/ns/${namespace}/sa/${account}`));
}

/** What tells of each guard whether it refuses calls of a namespace. */
function refusing(namespace: string, { mesh }: Surroundings): (config: ConfigView) => boolean {
  const { trustDomain } = policyOptionsOf(mesh);
  const asking = askingFrom(mesh.pods(namespace), mesh.workloads(namespace), mesh.otherTemplates(namespace), namespace);
  return (config) => refuses(config, asking, trustDomain);
}

/**
 * Anybody can work out the name of a guard: what is none by what it says, or lets all through that run there or come,
 * refuses nobody as one.
 */
function refuses(config: ConfigView, asking: Asking, trustDomain: string): boolean {
  const policy = parsed(config);
  if (policy?.kind !== 'AuthorizationPolicy' || policy.action !== 'DENY' || policy.dryRun) return false;
  const before = asking.found.get(config);
  if (before?.trustDomain === trustDomain) return before.refuses;
  const isRefusing = policy.rules.some(({ from }) => {
    spend(1 + from.length / 8);
    return from.length === 0 || from.some((source) => matchesSome(source, asking, trustDomain));
  });
  asking.found.set(config, { trustDomain, refuses: isRefusing });
  return isRefusing;
}

/** What looks like a guard, once for as long as the list stays the same: each namespace asks about each other. */
const guardsAmong = memoize((policies: readonly ConfigView[]): readonly ConfigView[] =>
  policies.filter((config) => roleOf(config) === 'Guard' && isOurs(config, true)),
);

/** The guards of a namespace that refuse calls of another. */
function guardsIn(name: string, caller: string, surroundings: Surroundings): readonly ConfigView[] {
  return guardsAmong(surroundings.mesh.configs('AuthorizationPolicy', name)).filter(refusing(caller, surroundings));
}

/** Only pods in ambient read guards, and those that it is going to take: outside the mesh nothing does. */
function readsGuards({ mesh }: Surroundings): (pod: PodView) => boolean {
  const isTaken = ({ namespace, labels }: PodView): boolean =>
    (labels[dataplaneModeLabel] ?? mesh.labelsOf?.(namespace)?.[dataplaneModeLabel]) === 'ambient';
  const reads = (pod: PodView): boolean => modeOf(pod) !== 'Sidecar' && (modeOf(pod) !== 'None' || isTaken(pod));
  return (pod) => concerns(pod) && runs(pod) && !isGateway(pod) && reads(pod);
}

/** Labels of the pods of a namespace that read guards, and of those that will when they wake. */
function readersIn(name: string, surroundings: Surroundings): readonly Labels[] {
  const { mesh } = surroundings;
  return [
    ...mesh
      .pods(name)
      .filter(readsGuards(surroundings))
      .map(({ labels }) => labels),
    ...asleep(inhabitantsOf(name, surroundings), 'Ambient', mesh).map(({ templateLabels }) => templateLabels),
  ];
}

/** Whether guards of a namespace can refuse calls of another: some are there, and so is who reads them. */
export function isGuarding(name: string, caller: string, surroundings: Surroundings): boolean {
  return guardsIn(name, caller, surroundings).length > 0 && readersIn(name, surroundings).length > 0;
}

/** Those that do: they select such a pod. */
function standingGuards(surroundings: Surroundings, guards: readonly ConfigView[]): readonly ConfigView[] {
  const select = selecting(readersIn(surroundings.namespace.name, surroundings), spend);
  return guards.filter((guard) => select(selectorOf(guard)).length > 0);
}

/**
 * The Service that it was made for, with the pods that it selects: also where that selects others by now, or is gone.
 */
function guarded(guard: ConfigView, services: ReadonlyMap<string, ServiceView>): ServiceFacts {
  const { namespace } = guard;
  const name = targetOf(guard)?.name ?? guard.name;
  const found = services.get(name);
  return {
    ...(found ?? { namespace, name, labels: {}, headless: false, externalName: false, ports: [] }),
    selector: selectorOf(guard),
  };
}

function selectorIn({ selector }: ServiceFacts): Labels {
  return selector;
}

/**
 * The Services that lead to pods which the guards select: those that they were made for, and others of the same pods.
 */
function servicesAt(guards: readonly ConfigView[], surroundings: Surroundings): readonly ServiceFacts[] {
  const byName = new Map(surroundings.services.map((service) => [service.name, service]));
  const own = guards.map((guard) => guarded(guard, byName));
  const names = new Set(own.map(({ name }) => name));
  const others = surroundings.services.filter((service) => !names.has(service.name) && isServable(service));
  if (others.length === 0) return own;
  const isOwn = selectedBy(own.map(selectorIn), spend);
  const labels = labelSets(surroundings).filter((each) => isOwn(each).length > 0);
  const select = selecting(labels, spend);
  return [...own, ...others.filter(({ selector }) => select(selector).length > 0)];
}

function isFor({ kind, name }: TargetRef, service: ServiceFacts): boolean {
  return kind === 'Gateway' || (kind === 'Service' && name === service.name);
}

/**
 * What the waypoint decides by about a Service, copied or written for it: the originals may say something else by now.
 */
function atWaypoint(service: ServiceFacts, { mesh }: Surroundings): readonly AuthorizationPolicy[] {
  const all = mesh.configs('AuthorizationPolicy', service.namespace);
  spend(all.length / 8);
  return all.flatMap((config) => {
    const policy = parsed(config);
    return policy?.kind === 'AuthorizationPolicy' && policy.targetRefs.some((ref) => isFor(ref, service))
      ? [policy]
      : [];
  });
}

/**
 * Who calls a Service: whom the user declares, else whom policies name at the pods or at the waypoint, else whom
 * metrics saw.
 */
function callersAt(service: ServiceFacts, world: World, surroundings: Surroundings): readonly Callers[] {
  const declared = declaredCallers(service.namespace, surroundings.spec.callers);
  if (declared !== undefined) return [declared];
  const told = [toldCallers(service, world, []), namedBy(atWaypoint(service, surroundings))];
  const known = told.flatMap(certainOf);
  return told.some(({ kind }) => kind === 'Known') ? known : [...known, callersOf(service, world, surroundings)];
}

/**
 * What these guards of the namespace protect, with who calls it; each of them is refused when it goes past the
 * waypoint.
 */
function guardedCalls(
  guards: readonly ConfigView[],
  surroundings: Surroundings,
): readonly { readonly service: ServiceFacts; readonly callers: readonly Callers[] }[] {
  const standing = standingGuards(surroundings, guards);
  if (standing.length === 0) return [];
  const world = worldOf(surroundings);
  return servicesAt(standing, surroundings).map((service) => ({
    service,
    callers: callersAt(service, world, surroundings),
  }));
}

/**
 * Pods that guards of the namespace let refuse those beside them who go past the waypoint, of those that are `asked`
 * about, with who calls them.
 */
export function refusingPods(
  surroundings: Surroundings,
  asked: (pod: PodView) => boolean,
): readonly { readonly pods: readonly PodView[]; readonly callers: readonly Callers[] }[] {
  const {
    namespace: { name },
  } = surroundings;
  const reads = readsGuards(surroundings);
  const guards = guardsIn(name, name, surroundings);
  const isSelected = selectedBy(guards.map(selectorOf), spend);
  const pods = surroundings.pods.filter((pod) => asked(pod) && reads(pod) && isSelected(pod.labels).length > 0);
  if (pods.length === 0) return [];
  const select = selecting(
    pods.map(({ labels }) => labels),
    spend,
  );
  return guardedCalls(guards, surroundings).map(({ service, callers }) => ({
    callers,
    pods: select(service.selector).flatMap((place) => pods[place] ?? []),
  }));
}

/**
 * Who calls what guards of the namespace protect, by the names of these; worked out once for a picture, whoever asks,
 * within the steps that it may take at its own start. Where that takes more, whoever called at its start does.
 */
const callersBehind = memoize((surroundings: Surroundings) => {
  const known = new Map<string, readonly Callers[]>();
  return (key: string, guards: readonly ConfigView[]): readonly Callers[] => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const told = bounded(callerSteps, () => guardedCalls(guards, surroundings).flatMap(({ callers }) => callers));
    const callers = told.kind === 'Done' ? told.value : rememberedIn(surroundings.namespace.name, surroundings);
    known.set(key, callers);
    return callers;
  };
});

/** Guards that refuse the same callers: all that are made for one namespace do, and are asked once. */
const alikeAmong = memoize((guards: readonly ConfigView[]): readonly (readonly ConfigView[])[] => [
  ...Map.groupBy(guards, (guard) => {
    const policy = parsed(guard);
    const decides = policy?.kind === 'AuthorizationPolicy' ? [policy.action, policy.dryRun] : [];
    return sha256(JSON.stringify([decides, guard.spec['rules']]));
  }).values(),
]);

/** What it takes to ask whether a guard is about a namespace. */
const stepsOfGuard = 4;

/**
 * By which of the guards of the namespace are refused whom: names of those that are refused alike. Whoever writes there
 * decides how many guards differ, so that is counted.
 */
function refusedAlike(names: readonly string[], surroundings: Surroundings): ReadonlyMap<string, readonly string[]> {
  const here = surroundings.namespace.name;
  const alike = alikeAmong(guardsAmong(surroundings.mesh.configs('AuthorizationPolicy', here)));
  return Map.groupBy(names, (name) => {
    spend(alike.length * stepsOfGuard);
    const refusesName = refusing(name, surroundings);
    return alike.flatMap(([first], place) => (first !== undefined && refusesName(first) ? [place] : [])).join(' ');
  });
}

/**
 * Those of some other namespaces whose calls the guards of this one refuse as soon as they come from sidecars. Where
 * that takes too long to tell nobody waits for it.
 */
export function refusedByGuards(names: readonly string[], surroundings: Surroundings): readonly string[] {
  const here = surroundings.namespace.name;
  const told = bounded(callerSteps, () => refusedAlike(names, surroundings));
  if (told.kind === 'TooLarge') return [];
  const refused = new Set(
    [...told.value].flatMap(([key, those]) => {
      const callers = callersBehind(surroundings)(key, guardsIn(here, those[0] ?? '', surroundings));
      return those.filter((name) => callers.some((each) => callsFrom(name, each, surroundings)));
    }),
  );
  return names.filter((name) => refused.has(name));
}

/** Those of `names` whose calls the namespace refuses as soon as they come from sidecars. */
export function refusedHere(surroundings: Surroundings, names: readonly string[]): readonly string[] {
  const others = names.filter((name) => name !== surroundings.namespace.name);
  if (others.length === 0 || surroundings.spec.policies.bypass !== 'CallersFirst') return [];
  return refusedByGuards(others, surroundings);
}
