import { memoize } from '../../../base/memoize.ts';
import type { MeshMigrationSpec } from '../../../api/mesh-migration-spec.ts';
import type { Surroundings } from '../../adapter.ts';
import type { PodView } from '../../views.ts';
import { injects } from '../vocabulary/injection.ts';
import { modeOf } from '../vocabulary/pod-mode.ts';
import { bounded, costed, recount, spend, type Costed } from '../../../base/effort.ts';
import { callerSteps } from '../../effort-limits.ts';
import { coverage } from '../policy/translate/selection.ts';
import type { ServiceFacts, World } from '../policy/translate/world.ts';
import type { AuthorizationPolicy } from '../policy/types.ts';
import { anyAccount, byAccount, podsAmong } from './by-account.ts';
import { accountsBack } from './coming-callers.ts';
import { isInjectedGateway, isMadeGateway } from '../vocabulary/gateway-pods.ts';
import { namedInRule, ofRule } from './named-callers.ts';
import { fromMetrics } from './observed.ts';
import { besides, isRemembered, rememberedIn } from './remembered-callers.ts';
import { translationOf } from './translation.ts';
import { policyWorldOf } from './world.ts';

/** Somebody who may call; without serviceAccount everybody in the namespace. */
export interface Caller {
  readonly namespace: string;
  readonly serviceAccount?: string;
  /** Known only of callers that metrics saw in the namespace that they call. */
  readonly workload?: string;
}

/** Who calls a Service; `Unknown` says why nobody can tell, and then everybody counts as having a sidecar. */
export type Callers =
  /**
   * `seen`: they did call, and are not only those who may. `declared`: it is the user who says so, of whoever it is.
   * `beside`: who calls besides, however few of them were seen now.
   */
  | {
      readonly kind: 'Known';
      readonly callers: readonly Caller[];
      readonly from: string;
      readonly seen?: true;
      readonly declared?: true;
      readonly beside?: readonly KnownCallers[];
    }
  | UnknownCallers;

interface UnknownCallers {
  readonly kind: 'Unknown';
  readonly why: string;
  /** It takes more steps to tell than one look may take, which is MM119. */
  readonly untold?: true;
  /** Those who call, whoever else does: named beside what is open, or known at the start. */
  readonly certain?: readonly KnownCallers[];
  /** Somebody is being asked, and answers before long. */
  readonly passing?: true;
  /** It was known at the start who calls: these are all, as far as anybody knew. */
  readonly settled?: true;
}

/** Callers of whom somebody knows. */
export type KnownCallers = Extract<Callers, { kind: 'Known' }>;

/** What of a namespace says who calls its Services. */
export type PolicyWorld = Pick<World, 'policies' | 'workloads'>;

/**
 * What the ALLOW policies of a Service say about its callers: nobody else gets through, so nobody else calls with
 * success. Those that select only some of its pods leave open who calls the others.
 */
export function fromPolicies(service: ServiceFacts, world: PolicyWorld): Callers {
  spend(1 + world.policies.length / 16);
  const selected = world.policies.map(({ policy }) => coverage(policy, service, world.workloads));
  const placesOf = (which: 'All' | 'Some'): readonly number[] =>
    selected.flatMap((each, place) => (each === which ? [place] : []));
  const [all, some] = [placesOf('All'), placesOf('Some')];
  const told = toldBy(world.policies);
  const key = `${all.join(' ')}/${some.join(' ')}`;
  const at = (places: readonly number[]): readonly AuthorizationPolicy[] =>
    places.flatMap((place) => world.policies[place]?.policy ?? []);
  const known = told.get(key) ?? costed(() => namedBy(at(all), at(some)));
  told.set(key, known);
  return recount(known);
}

/** By the places of policies among all: what is said of the callers of many Services is one answer. */
const toldBy = memoize((_policies: PolicyWorld['policies']) => new Map<string, Costed<Callers>>());

/**
 * Those who call for certain: all of them, or whoever is named beside what leaves open who else does, or was known at
 * the start. The one way to ask it, in every direction: nobody is nobody for want of an answer, or because an answer
 * knows others.
 */
export function certainOf(callers: Callers): readonly KnownCallers[] {
  return callers.kind === 'Known' ? [callers, ...(callers.beside ?? [])] : (callers.certain ?? []);
}

/** Whom policies name, and which of their rules is the first that leaves open who else calls. */
function namesIn(policies: readonly AuthorizationPolicy[]): {
  readonly callers: readonly Caller[];
  readonly open?: string;
} {
  const callers: Caller[] = [];
  let open: string | undefined;
  for (const policy of policies) {
    for (const [index, rule] of policy.rules.entries()) {
      const all = ofRule(rule, policy.namespace);
      const found = all ?? namedInRule(rule, policy.namespace);
      spend(1 + found.length);
      for (const caller of found) callers.push(caller);
      if (all !== undefined) continue;
      open ??= `rule ${index} of AuthorizationPolicy ${policy.namespace}/${policy.name} does not name its callers`;
    }
  }
  return { callers, ...(open !== undefined && { open }) };
}

function lets({ action, dryRun }: AuthorizationPolicy): boolean {
  return action === 'ALLOW' && !dryRun;
}

/** What policies say of the callers of all that they decide about; `some` decide about a part of it. */
export function namedBy(policies: readonly AuthorizationPolicy[], some: readonly AuthorizationPolicy[] = []): Callers {
  const allows = policies.filter(lets);
  const { callers, open } = namesIn(allows);
  if (allows.length > 0 && open === undefined) return { kind: 'Known', callers, from: 'its ALLOW policies' };
  const why = open ?? 'no ALLOW policy selects all its pods';
  const named = [...callers, ...namesIn(some.filter(lets)).callers];
  return {
    kind: 'Unknown',
    why,
    ...(named.length > 0 && { certain: [{ kind: 'Known', callers: named, from: 'its ALLOW policies' }] }),
  };
}

/** What the user declared about a namespace: it counts instead of everything else. */
export function declaredCallers(namespace: string, declared: MeshMigrationSpec['callers']): KnownCallers | undefined {
  return byCalled(declared).get(namespace);
}

/** One answer for all Services of a namespace. */
const byCalled = memoize(
  (declared: MeshMigrationSpec['callers']) =>
    new Map(
      declared.toReversed().map(({ namespace, from }): readonly [string, KnownCallers] => [
        namespace,
        {
          kind: 'Known',
          from: 'spec.callers',
          declared: true,
          callers: from.map((caller) => ({
            namespace: caller.namespace,
            ...(caller.serviceAccount !== undefined && { serviceAccount: caller.serviceAccount }),
          })),
        },
      ]),
    ),
);

/** Who calls a Service by what the user declared, else by what its policies tell. */
export function toldCallers(
  service: ServiceFacts,
  world: PolicyWorld,
  declared: MeshMigrationSpec['callers'],
): Callers {
  return declaredCallers(service.namespace, declared) ?? fromPolicies(service, world);
}

/** What is Unknown now, with whom the journal remembers. */
function remembering(told: UnknownCallers, service: ServiceFacts, surroundings: Surroundings): UnknownCallers {
  const certain = [...certainOf(told), ...rememberedIn(service.namespace, surroundings)];
  return { ...told, certain, ...(isRemembered(service, surroundings) && { settled: true }) };
}

/**
 * The same, else by what metrics saw, else by what was known at the start. Metrics say who has called of late: whom
 * policies name calls besides, and so does who was known at the start, though both have not called in this window.
 */
export function callersOf(service: ServiceFacts, world: PolicyWorld, surroundings: Surroundings): Callers {
  const told = toldCallers(service, world, surroundings.spec.callers);
  if (told.kind === 'Known') return told;
  const seen = fromMetrics(service, surroundings);
  if (seen?.kind === 'Known') {
    const beside = besides([...certainOf(told), ...rememberedIn(service.namespace, surroundings)], service.namespace);
    return beside.length === 0 ? seen : { ...seen, beside };
  }
  const why = seen === undefined ? told.why : `${told.why}; ${seen.why}`;
  const isPassing = seen?.passing === true;
  return remembering({ ...told, why, ...(isPassing && { passing: true }) }, service, surroundings);
}

/** Whether a pod, or a workload's next one, has the identity of a caller. */
export function isOf(
  caller: Caller,
  pod: Pick<PodView, 'namespace' | 'serviceAccount'> & { readonly workload?: string },
): boolean {
  return (
    pod.namespace === caller.namespace &&
    (caller.serviceAccount === undefined || pod.serviceAccount === caller.serviceAccount) &&
    (caller.workload === undefined || pod.workload === undefined || pod.workload === caller.workload)
  );
}

/** The same of many callers. */
export function anyOf(callers: readonly Caller[]): (pod: Parameters<typeof isOf>[1]) => boolean {
  const known = byAccount(callers);
  return (pod) => {
    const there = known.get(pod.namespace);
    return (
      there !== undefined &&
      [pod.serviceAccount, anyAccount].some(
        (account) => there.get(account)?.some((caller) => isOf(caller, pod)) === true,
      )
    );
  };
}

/** Gateways go through the waypoint by `istio.io/ingress-use-waypoint`, although they look like sidecars. */
export function isGateway(pod: PodView): boolean {
  return isMadeGateway(pod) || isInjectedGateway(pod);
}

/** Only who leaves ambient for sidecars, on the way back, goes past waypoints then. */
export function goesPast({ route: { from, to } }: Surroundings): boolean {
  return from === 'IstioSidecar' && to === 'IstioAmbient';
}

/** Whether a pod runs, and is not on its way out. */
export function runs({ terminating, finished }: PodView): boolean {
  return !terminating && !finished;
}

/**
 * Whether a pod goes on calling: for as long as it serves, on its way out too (a worker that ends what it has begun).
 * No longer than its grace period: then its containers have ended, whatever keeps the object, and it is not Ready.
 */
function calls({ ready, terminating, finished }: PodView): boolean {
  return !finished && (ready || !terminating);
}

/** Those pods of a list that are asked for again and again, whoever calls: as long as the list stays as it is. */
const running = memoize((pods: readonly PodView[]) => pods.filter(runs));
const calling = memoize((pods: readonly PodView[]) => running(pods).filter((pod) => !isGateway(pod)));
const withSidecar = memoize((pods: readonly PodView[]) =>
  pods.filter((pod) => calls(pod) && !isGateway(pod) && modeOf(pod) === 'Sidecar'),
);
const outsideMesh = memoize((pods: readonly PodView[]) =>
  running(pods).filter((pod) => modeOf(pod) === 'None' && pod.ready),
);

const accountsOf = memoize(
  (pods: readonly PodView[]): ReadonlySet<string> => new Set(pods.map(({ serviceAccount }) => serviceAccount)),
);

/** Whether some of the pods of its namespace is the caller. */
function isAmong(pods: readonly PodView[], serviceAccount = anyAccount): boolean {
  return serviceAccount === anyAccount ? pods.length > 0 : accountsOf(pods).has(serviceAccount);
}

/**
 * Whether some of the callers are in a namespace: with pods that run, or come (a CronJob between two runs, a workload at
 * zero), or seen before, by metrics, whatever makes their pods.
 */
export function callsFrom(name: string, callers: Callers, surroundings: Surroundings): boolean {
  const isThere = (account: string): boolean =>
    isAmong(calling(surroundings.mesh.pods(name)), account) || comes(account, accountsBack(surroundings)(name));
  return certainOf(callers).some(({ callers: known, seen }) => {
    const here = byAccount(known).get(name);
    return here !== undefined && (seen === true || [...here.keys()].some(isThere));
  });
}

function comes(account: string, accounts: ReadonlySet<string>): boolean {
  return account === anyAccount ? accounts.size > 0 : accounts.has(account);
}

/** Pods of one kind that are among some callers: asked once in a look for all Services that the same call. */
function podsOf(kind: (pods: readonly PodView[]) => readonly PodView[]): typeof sidecarCallers {
  const known = memoize(({ mesh }: Surroundings) =>
    memoize((callers: readonly Caller[]): readonly PodView[] =>
      [...byAccount(callers)].flatMap(([namespace, there]) => {
        const found = podsAmong(kind(mesh.pods(namespace)), there);
        spend((there.size + found.length) / 8);
        return found;
      }),
    ),
  );
  return (callers, surroundings) => known(surroundings)(callers);
}

/** Callers with sidecars, also on their way out: they would go past the waypoint and be refused. */
export const sidecarCallers: (callers: readonly Caller[], surroundings: Surroundings) => readonly PodView[] =
  podsOf(withSidecar);

/** Callers outside the mesh: they never use a waypoint, so that pods behind one refuse them for good. */
export const outsideCallers: typeof sidecarCallers = podsOf(outsideMesh);

/**
 * Callers none of whose pods runs now (a CronJob between two runs, for example), and which would get sidecars when they
 * do.
 */
export function sleepingCallers(callers: readonly Caller[], { mesh }: Surroundings): readonly Caller[] {
  return callers.filter(
    ({ namespace, serviceAccount }) =>
      injects(mesh.labelsOf?.(namespace) ?? {}) && !isAmong(running(mesh.pods(namespace)), serviceAccount),
  );
}

/** Whether a caller would go past the waypoint: it has a sidecar now, or it is not running and nobody can tell. */
export function wouldBeRefused({ namespace, serviceAccount }: Caller, { mesh }: Surroundings): boolean {
  const pods = mesh.pods(namespace);
  return !isAmong(running(pods), serviceAccount) || isAmong(withSidecar(pods), serviceAccount);
}

/** A Service that refuses whoever goes past the waypoint, with who calls it. */
interface Guarded {
  readonly service: ServiceFacts;
  readonly callers: Callers;
}

const untold: UnknownCallers = {
  kind: 'Unknown',
  why: 'who calls it takes more steps to work out than one look may take',
  untold: true,
};

/**
 * The Services of the namespace that refuse whoever goes past the waypoint, with who calls them; worked out once,
 * within steps of its own.
 */
export const guardedServices: (surroundings: Surroundings) => readonly Guarded[] = memoize(
  (surroundings: Surroundings) => {
    const services = translationOf(surroundings)
      .needs.filter(({ servable, reasons }) => servable && reasons.some(({ enforces }) => enforces))
      .map(({ service }) => service);
    const { callers: declared } = surroundings.spec;
    const told = bounded(callerSteps, () => {
      const world = policyWorldOf(surroundings);
      return services.map((service) => ({ service, callers: callersOf(service, world, surroundings) }));
    });
    return told.kind === 'Done'
      ? told.value
      : services.map((service) => ({
          service,
          callers: declaredCallers(service.namespace, declared) ?? remembering(untold, service, surroundings),
        }));
  },
);
