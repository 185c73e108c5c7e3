import type { KubeObject } from '../../../src/api/object.ts';
import { at, fields, items, labels } from './json.ts';
import type { Committed, States } from './states.ts';
import type { Theirs } from './theirs.ts';
import {
  asSidecarsDo,
  callsBetween,
  isInForce,
  meant,
  passes,
  peersOf,
  requests,
  servicesOf,
  type Before,
  type Call,
  type Peer,
} from './traffic.ts';

/** How long a change of a tenant may take to be in force everywhere, while the operator and istiod can work. */
const graceMs = 90_000;

const decisive = new Set([
  'AuthorizationPolicy',
  'PeerAuthentication',
  'Service',
  'Namespace',
  'Pod',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Gateway',
]);

/** What calls are judged by. */
export interface Court {
  readonly namespaces: () => readonly string[];
  readonly uptime: () => number;
  readonly before: Before;
  readonly theirs: Theirs;
}

/**
 * E: nothing that was refused is let through. A call counts as refused when the policies that people wrote refuse it;
 * what they wrote less than a minute and a half of undisturbed time ago may still be on its way.
 */
export class Openings {
  readonly #states: States;
  readonly #namespaces: () => readonly string[];
  readonly #uptime: () => number;
  readonly #before: Before;
  readonly #theirs: Theirs;
  /** By namespace: undisturbed time at the last edit of what decides there. */
  readonly #edited = new Map<string, number>();
  /** Pods that came after the first, by namespace and the label of their app. */
  readonly #lateApps = new Set<string>();
  /** Policies that people made, by uid: whatever their labels say. */
  readonly #peoples = new Set<string>();
  /** Policies that came after the first, by namespace and name. */
  readonly #late = new Set<string>();
  /** By called namespace: the lists of callers that were declared, each at some time. */
  readonly #declared = new Map<string, readonly (readonly string[])[]>();
  #isCareful = true;
  #last = '';
  #started = false;

  constructor(states: States, { namespaces, uptime, before, theirs }: Court) {
    this.#states = states;
    this.#theirs = theirs;
    this.#namespaces = namespaces;
    this.#uptime = uptime;
    this.#before = before;
  }

  /** What is there now was there before the migration. */
  start(): void {
    this.#started = true;
  }

  /** A person has written something. */
  edited({ kind, key, after, before }: Committed): void {
    if (!this.#started || !decisive.has(kind)) return;
    const namespace = kind === 'Namespace' ? key : (key.split('/')[0] ?? '');
    this.#edited.set(namespace, this.#uptime());
    if (before === undefined) this.#peoples.add(after?.metadata.uid ?? '');
    if (kind === 'AuthorizationPolicy' && !this.isOperators(after ?? before)) this.#late.add(key);
    if (before === undefined && after !== undefined) this.#lateApps.add(`${namespace} ${appOf(after)}`);
  }

  /** Whether nobody has changed anything there for a while. */
  isSettled(namespace: string): boolean {
    return this.#uptime() - (this.#edited.get(namespace) ?? -Infinity) > graceMs;
  }

  /** Whether the operator has made it: a label is copied with an object. */
  isOperators(object: KubeObject | undefined): boolean {
    return (
      object?.metadata.labels?.['meshmigration.dev/managed-by'] !== undefined &&
      !this.#peoples.has(object.metadata.uid ?? '')
    );
  }

  /** Calls that get through and must not. */
  look(): readonly string[] {
    const policies = this.#states.all('AuthorizationPolicy');
    const namespaces = this.#namespaces();
    const peers = peersOf(this.#states, namespaces, (pod) => this.#theirs.isStray(pod));
    const services = namespaces.flatMap((each) => this.#states.all('Service', each));
    const state = JSON.stringify([peers, policies.map(versionOf), services.map(versionOf)]);
    if (state === this.#last) return [];
    const inForce = policies.filter(isInForce);
    const originals = policies.filter((each) => !this.isOperators(each));
    const early = originals.filter(({ metadata }) => !this.#late.has(`${metadata.namespace ?? ''}/${metadata.name}`));
    const settled = peers.filter(({ namespace }) => this.isSettled(namespace));
    if (settled.length === peers.length) this.#last = state;
    return callsBetween(this.#states, peers, settled)
      .filter((call) => this.#mayBe(call))
      .flatMap((call) => {
        const [should, does] = [this.#meant(originals, call), passes(this.#states, inForce, call)];
        if (should === does) return [];
        if (should)
          return this.#isOutage(call, settled) && !this.#isRefusedByOwners(early, originals, call)
            ? [`Outage: ${describe(call)} is refused`]
            : [];
        if (this.#goesAround(originals, call) || this.#isTheirs(originals, call)) return [];
        if (this.#isReachedAnyway(originals, call)) return [];
        const isLate = this.#lateApps.has(`${call.to.namespace} ${call.to.labels['app'] ?? ''}`);
        if (!isLate && !this.#meant(early, call) && !this.#isOpened(early, originals, call))
          return [`E: ${describe(call)} gets through`];
        // Who writes a policy when pods have sidecars already means what sidecars make of it.
        const isMeantSo = meant(this.#states, originals, call, asSidecarsDo);
        return isMeantSo || this.#isNamed(call.to.namespace)
          ? []
          : [`E: ${describe(call)} gets through, refused by a late policy, and nothing says so`];
      });
  }

  /**
   * Whoever brings one namespace back alone has its waypoint gone around by those that stay, and is told so. And of a
   * waypoint whose ALLOW policies let nobody of a namespace in, nobody there counts as a caller (MM092).
   */
  #goesAround(originals: readonly KubeObject[], call: Call): boolean {
    const { from, to, service } = call;
    if (from.plane !== 'Sidecar' || to.plane !== 'Ambient' || service === undefined) return false;
    if (this.#before.gateway(to.namespace, service) === undefined) return false;
    const allows = originals.filter(({ spec }: KubeObject & { spec?: unknown }) => at(spec, 'action') === 'ALLOW');
    const isCaller = requests.some(([method, path]) => this.#meant(allows, { ...call, method, path }));
    return !isCaller || this.#isSaid(from.namespace) || this.#isSaid(to.namespace);
  }

  /**
   * Whether the same request of a caller who is known would get to the same pod through its waypoint, as its owner has
   * it. A sidecar does not see by which of the two ways it came, and docs/safety.md (The proof of the way to sidecars)
   * says that this counts as the same.
   */
  #isReachedAnyway(originals: readonly KubeObject[], call: Call): boolean {
    const { from, to } = call;
    if (from.plane === 'None' || to.plane !== 'Sidecar' || this.#before.plane(to.namespace) !== 'Ambient') return false;
    const inAmbient: Before = { ...this.#before, plane: () => 'Ambient' };
    return servicesOf(this.#states, to).some(
      (service) =>
        this.#before.gateway(to.namespace, service) !== undefined &&
        meant(this.#states, originals, { ...call, service }, inAmbient),
    );
  }

  /** Whether nobody but people has let it through. */
  #isTheirs(originals: readonly KubeObject[], call: Call): boolean {
    if (this.#theirs.isMovedByHand(call.to)) return true;
    const unbound: Before = { ...this.#before, gateway: () => undefined };
    return this.#theirs.isWithoutWaypoint(call) && meant(this.#states, originals, call, unbound);
  }

  /** Whether somebody lets through what was refused before, by a policy of which he sees what sidecars make. */
  #isOpened(early: readonly KubeObject[], originals: readonly KubeObject[], call: Call): boolean {
    const denials = early.filter(({ spec }: KubeObject & { spec?: unknown }) => at(spec, 'action') === 'DENY');
    return (
      early.length < originals.length &&
      this.#meant(denials, call) &&
      meant(this.#states, originals, call, asSidecarsDo)
    );
  }

  #meant(policies: readonly KubeObject[], call: Call): boolean {
    return meant(this.#states, policies, call, this.#before);
  }

  /**
   * Whether nobody was told that a call would be refused. With the defaults of spec.policies no namespace of which that
   * is known is started, and callers go first. Past the waypoint, by the address of a pod, is what a guard is there to
   * refuse; and who goes back, or is stuck, is told whom he refuses.
   */
  #isOutage({ from, to, service }: Call, settled: readonly Peer[]): boolean {
    // What begins to be in force with the mesh is what somebody wants of it.
    if (this.#before.plane(to.namespace) === 'None') return false;
    // Nor can the old pods of a workload reach its new ones, while it calls itself.
    if (from.namespace === to.namespace && from.labels['app'] === to.labels['app']) return false;
    if (service === undefined || from.plane === 'None' || !this.#isCareful || !settled.includes(from)) return false;
    if ([from, to].some((each) => this.#theirs.isMovedByHand(each))) return false;
    return !this.#isSaid(from.namespace) && !this.#isSaid(to.namespace);
  }

  /**
   * Whether pods with sidecars refuse what their owners refuse: by a policy that somebody wrote since, and of which he
   * sees what sidecars make; or because who goes around a waypoint comes under its rules with the sidecars of the
   * called, which has to be told of the Service (MM093).
   */
  #isRefusedByOwners(early: readonly KubeObject[], originals: readonly KubeObject[], call: Call): boolean {
    if (call.to.plane !== 'Sidecar') return false;
    const asRead = (policies: readonly KubeObject[], before: Before): boolean =>
      meant(this.#states, policies, call, before);
    if (asRead(early, asSidecarsDo) && !asRead(originals, asSidecarsDo)) return true;
    const throughWaypoints: Before = { ...this.#before, plane: () => 'Ambient' };
    return this.#isToldOf(call) && !asRead(originals, throughWaypoints);
  }

  #isToldOf({ to: { namespace }, service = '' }: Call): boolean {
    return this.#states
      .all('NamespaceMigration', namespace)
      .flatMap((record) => items(at(record['status'], 'findings')))
      .some(({ id, object }) => id === 'MM093' && object === `Service ${namespace}/${service}`);
  }

  /**
   * Notes what is said in the spec: who calls whom, a call that nobody makes being nobody's, and whether refusals are
   * accepted.
   */
  declare(): void {
    for (const migration of this.#states.all('MeshMigration')) {
      const { bypass, refusals } = fields(at(migration['spec'], 'policies'));
      if (bypass !== 'CallersFirst' || refusals !== 'Block') this.#isCareful = false;
    }
    this.#declareCallers();
  }

  #declareCallers(): void {
    for (const migration of this.#states.all('MeshMigration')) {
      for (const { namespace, from } of items(at(migration['spec'], 'callers'))) {
        const callers = this.#declared.get(String(namespace)) ?? [];
        this.#declared.set(String(namespace), [...callers, items(from).map((each) => String(each['namespace']))]);
      }
    }
  }

  #mayBe({ from, to }: Call): boolean {
    return (this.#declared.get(to.namespace) ?? []).every((callers) => callers.includes(from.namespace));
  }

  /**
   * A policy that comes when the pods have moved may need what nobody has; then the record has to name it, or has to go
   * back.
   */
  #isNamed(namespace: string): boolean {
    const late = [...this.#late].filter((key) => key.startsWith(`${namespace}/`) || key.startsWith('istio-system/'));
    return this.#states.all('NamespaceMigration', namespace).some((record) => {
      const { phase, ...said } = fields(record['status']);
      if (['RollingBack', 'Failed', 'Blocked'].includes(String(phase))) return true;
      const critical = items(said['findings']).filter(({ severity }) => severity === 'Critical');
      const text = JSON.stringify([critical, said['message'], said['conditions']]);
      return late.some((key) => text.includes(key));
    });
  }

  /** Whether something holds it up, or it goes back. */
  #isSaid(namespace: string): boolean {
    return this.#states.all('NamespaceMigration', namespace).some((record) => {
      const { status } = record as KubeObject & {
        readonly status?: {
          readonly phase?: string;
          readonly findings?: readonly { readonly severity?: string }[];
          readonly conditions?: readonly { readonly type: string; readonly status: string }[];
        };
      };
      const holds = status?.conditions?.some((each) => each.type === 'Stalled' && each.status === 'True') ?? false;
      return holds || ['RollingBack', 'Failed', 'Blocked'].includes(status?.phase ?? '');
    });
  }
}

/** Of a pod, or of the pods of a workload. */
function appOf(object: KubeObject): string {
  const template = labels(at(object['spec'], 'template', 'metadata', 'labels'));
  return template['app'] ?? object.metadata.labels?.['app'] ?? '';
}

function versionOf({ metadata: { namespace, name, resourceVersion } }: KubeObject): string {
  return `${namespace ?? ''}/${name}/${resourceVersion ?? ''}`;
}

function describe({ from, to, service, method, path }: Call): string {
  const address = service === undefined ? 'the address of' : `Service ${service},`;
  return `${method} ${path} from ${from.plane} ${from.namespace}/${from.account} to ${address} ${to.plane} ${to.namespace}/${to.labels['app'] ?? ''}`;
}
