import type { KubeObject } from '../../../src/api/object.ts';
import type { Mode, Stage } from '../stage.ts';
import { Gates } from './gates.ts';
import { at, items, text } from './json.ts';
import { Openings } from './openings.ts';
import { Records } from './records.ts';
import { Scopes } from './scope.ts';
import { States, type Commits, type Committed, type Writer } from './states.ts';
import { Theirs } from './theirs.ts';
import { isServing, isUnenrolled, isWaypoint, planeOf, type Before, type Plane } from './traffic.ts';
import { Wanted } from './wanted.ts';
import { overreach } from './writes.ts';

/** Something that a promise of docs/safety.md excludes. */
export interface Violation {
  readonly at: number;
  /** Begins with the promise: A to F, H, Outage, Scope, Others, Status, Turned, Hurry, Load, Gate, End. */
  readonly what: string;
}

/** What the judge is told beside the states. */
export interface Circumstances {
  /** Virtual milliseconds since the MeshMigration was created. */
  readonly now: () => number;
  /** Virtual milliseconds in which operator, API server and istiod could work. */
  readonly uptime: () => number;
  /** Whether something keeps the operator from working. */
  readonly isTroubled: () => boolean;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
  /** When the operator was started last. */
  readonly startedAt: () => number;
}

/** What becomes of pods in a mode. */
const planes: Readonly<Record<Mode, Plane>> = { IstioSidecar: 'Sidecar', IstioAmbient: 'Ambient', None: 'None' };

/**
 * Reads the committed states in their order and says where they break a promise. It knows no itinerary and none of the
 * operator's parsers: labels, annotations and policies are read by the documentation of Kubernetes and Istio, phases by
 * what the user guide says of them.
 */
export class Judge {
  readonly #states: States;
  readonly #stage: Stage;
  readonly #circumstances: Circumstances;
  readonly #openings: Openings;
  readonly #theirs: Theirs;
  readonly #violations: Violation[] = [];
  readonly #seen = new Set<string>();
  readonly #wanted: Wanted;
  readonly #scopes: Scopes;
  readonly #records: Records;
  readonly #gates: Gates;
  /** Namespaces whose data plane a person has changed: what becomes of pods there is his. */
  readonly #touched = new Set<string>();
  #started = false;
  #looking = false;
  #writes = 0;

  constructor(commits: Commits, stage: Stage, circumstances: Circumstances) {
    this.#stage = stage;
    this.#circumstances = circumstances;
    const names = [...stage.homes.map(({ name }) => name), 'young'];
    this.#states = new States(commits, {
      committed: (change) => {
        this.#committed(change);
      },
      written: (change, by) => {
        this.#written(change, by);
      },
    });
    this.#scopes = new Scopes(this.#states, circumstances);
    this.#wanted = new Wanted(this.#states, this.#scopes);
    this.#records = new Records(this.#states, circumstances);
    const before: Before = {
      plane: (name) => planes[stage.homes.find((each) => each.name === name)?.mode ?? stage.from],
      gateway: (namespace, service) =>
        this.#wanted.get('Service', `${namespace}/${service}`)?.metadata.labels?.['istio.io/use-waypoint'],
    };
    this.#theirs = new Theirs(this.#states, before);
    this.#openings = new Openings(this.#states, {
      namespaces: () => names.filter((name) => !this.#touched.has(name)),
      uptime: circumstances.uptime,
      before,
      theirs: this.#theirs,
    });
    this.#gates = new Gates(this.#states, circumstances, (object) => this.#openings.isOperators(object));
  }

  /** From here on the operator is judged. */
  start(): void {
    this.#started = true;
    this.#wanted.start();
    this.#theirs.start(this.#stage.homes.map(({ name }) => name));
    this.#openings.start();
    this.#gates.start();
  }

  get violations(): readonly Violation[] {
    return this.#violations;
  }

  /** Writes of the operator to judged objects so far. */
  get writes(): number {
    return this.#writes;
  }

  /** Namespaces that were begun, of which was judged whether they might be. */
  get starts(): number {
    return this.#gates.starts;
  }

  /** A person moves a namespace by hand. */
  touched(name: string): void {
    this.#touched.add(name);
  }

  /** Nothing is written any more, although something may be under way. */
  rest(): void {
    for (const what of this.#records.silent()) this.#violate(what);
  }

  /** The most statuses that were written of one record. */
  get mostStatuses(): number {
    return this.#records.most;
  }

  /** Time has passed. */
  look(): void {
    this.#lookNow();
    for (const what of this.#gates.look()) this.#violate(what);
  }

  #lookNow(): void {
    for (const what of this.#openings.look()) this.#violate(what);
  }

  /** Nothing goes on any more; `end` says what the last command was. */
  end(phase: 'RolledBack' | 'Finalized' | 'Gone'): void {
    this.look();
    for (const record of this.#states.all('NamespaceMigration')) {
      if (phase === 'Gone') this.#violate(`End: NamespaceMigration ${record.metadata.namespace ?? ''} is left`);
    }
    if (phase === 'Finalized') return;
    for (const what of this.#wanted.notBack((namespace) => this.#touched.has(namespace))) this.#violate(`F: ${what}`);
    for (const kind of ['AuthorizationPolicy', 'Gateway'] as const) {
      for (const object of this.#states.all(kind)) {
        const { metadata } = object;
        // Whoever took the journal away while nobody put it back brings the namespace back himself (docs/runbook.md).
        if (this.#openings.isOperators(object) && !this.#touched.has(metadata.namespace ?? ''))
          this.#violate(`F: ${kind} ${metadata.namespace ?? ''}/${metadata.name} of the operator is left`);
      }
    }
  }

  /** A violation that whoever plays the history has found. */
  report(what: string): void {
    this.#violate(what);
  }

  stop(): void {
    this.#states.stop();
  }

  /** For messages: the phases and what stalls. */
  describe(): string {
    return this.#states
      .all('MeshMigration')
      .concat(this.#states.all('NamespaceMigration'))
      .map(({ metadata, status }: KubeObject & { status?: unknown }) => {
        const stalled = items(at(status, 'conditions')).find(
          ({ type, status: holds }) => type === 'Stalled' && holds === 'True',
        );
        return `${metadata.namespace ?? metadata.name} ${text(at(status, 'phase'))} ${text(at(status, 'step'))}: ${text(stalled?.['message'] ?? at(status, 'message'))}`;
      })
      .join('\n');
  }

  #committed(change: Committed): void {
    if (!this.#started) return;
    const { kind, after } = change;
    this.#theirs.committed(change);
    this.#gates.committed(change);
    if (kind === 'MeshMigration' || kind === 'Namespace') this.#scopes.note();
    if (kind === 'MeshMigration') this.#openings.declare();
    if (kind === 'Pod' && after !== undefined) this.#judgePod(after);
    if (kind === 'Namespace' && after === undefined) this.#wanted.forget(change.key);
    this.#lookSoon();
  }

  /** When it is known who wrote it, and before anything else happens. */
  #lookSoon(): void {
    if (this.#looking) return;
    this.#looking = true;
    queueMicrotask(() => {
      this.#looking = false;
      this.#lookNow();
    });
  }

  #written(change: Committed, by: Writer): void {
    if (!this.#started) return;
    if (by === 'Person') {
      this.#openings.edited(change);
      this.#theirs.edited(change);
      this.#scopes.edited(change);
      this.#wanted.edited(change);
      this.#gates.edited(change);
      return;
    }
    this.#writes += 1;
    this.#theirs.written(change);
    this.#wanted.written(change);
    for (const what of overreach(change, (object) => this.#openings.isOperators(object)))
      this.#violate(`Others: ${what}`);
    for (const what of this.#scopes.written(change)) this.#violate(what);
    for (const what of this.#gates.written(change)) this.#violate(what);
    if (change.kind === 'NamespaceMigration') for (const what of this.#records.written(change)) this.#violate(what);
    if (change.kind === 'Namespace') this.#judgeLabels(change);
    if (change.kind === 'NamespaceMigration') this.#judgeStatus(change);
  }

  /** A and C, at each write of the operator. */
  #judgeLabels({ key, before, after }: Committed): void {
    if (before === undefined || after === undefined) return;
    const [was, is] = [before, after].map(({ metadata }) => asksForMesh(metadata.labels ?? {}));
    if (this.#isInMeshThroughout && was === true && is === false)
      this.#violate(`A: the labels of ${key} ask for no data plane`);
    const wanted = this.#wanted.get('Namespace', key);
    const differs =
      wanted !== undefined &&
      ['istio-injection', 'istio.io/dataplane-mode'].some(
        (label) => wanted.metadata.labels?.[label] !== after.metadata.labels?.[label],
      );
    const changes = ['istio-injection', 'istio.io/dataplane-mode'].some(
      (label) => before.metadata.labels?.[label] !== after.metadata.labels?.[label],
    );
    if (differs && changes && after.metadata.annotations?.['meshmigration.dev/journal'] === undefined)
      this.#violate(`C: ${key} differs from what it was and has no journal`);
  }

  /** B: a pod that serves is in a mesh. */
  #judgePod(pod: KubeObject): void {
    const {
      metadata: { namespace = '', name, uid },
    } = pod;
    if (!this.#isInMeshThroughout) return;
    if (!this.#scopes.has(namespace) || this.#touched.has(namespace)) return;
    if (isWaypoint(pod) || !isServing(pod) || planeOf(pod) !== 'None') return;
    if (isUnenrolled(pod) || this.#theirs.isStray(pod)) return;
    this.#violate(`B: pod ${namespace}/${name} is Ready and in no mesh`, uid);
  }

  /** What a phase says has to be true at the moment it is written. */
  #judgeStatus({ key, before, after }: Committed): void {
    const [namespace = ''] = key.split('/');
    const phase = at(after?.['status'], 'phase');
    if (phase === at(before?.['status'], 'phase') || this.#touched.has(namespace)) return;
    // It stays where it is, and was only restarted there.
    if (at(after?.['status'], 'itinerary') === 'Hbone') return;
    if (phase === 'Migrated') this.#judgeArrival(namespace, key);
    const { from, to } = this.#stage;
    const serving = this.#states
      .all('Pod', namespace)
      .filter((pod) => !isWaypoint(pod) && isServing(pod) && !isUnenrolled(pod));
    const has = (mode: Mode, pods: readonly KubeObject[]): boolean => pods.some((pod) => planeOf(pod) === planes[mode]);
    if (phase === 'Migrated' && has(from, serving))
      this.#violate(`Status: ${key} is Migrated and has pods as before (${planes[from]})`);
    // What nothing can restart stays as it is, and was perhaps so before.
    const owned = serving.filter(({ metadata }) => items(metadata.ownerReferences).length > 0);
    const isSaid = text(at(after?.['status'], 'message')).includes('Not as it was');
    if (phase === 'RolledBack' && !isSaid && has(to, owned))
      this.#violate(`Status: ${key} is RolledBack and has pods that are not back (${planes[to]})`);
  }

  /** Who has arrived is whole there: the last pods of before have ended, and those that replace them serve. */
  #judgeArrival(namespace: string, key: string): void {
    const { from } = this.#stage;
    if (from === 'None' || this.#circumstances.isTroubled() || !this.#openings.isSettled(namespace)) return;
    const pods = this.#states.all('Pod', namespace);
    for (const kind of ['StatefulSet', 'DaemonSet'] as const) {
      for (const { metadata, ...workload } of this.#states.all(kind, namespace)) {
        const own = pods.filter((pod) => items(pod.metadata.ownerReferences).some(({ uid }) => uid === metadata.uid));
        const wanted = Number(
          at(workload, 'spec', 'replicas') ?? at(workload, 'status', 'desiredNumberScheduled') ?? 0,
        );
        const leaving = own.filter((pod) => pod.metadata.deletionTimestamp !== undefined && isHeldByNobody(pod));
        const serving = own.filter(isServing).length;
        if (leaving.some((pod) => planeOf(pod) === planes[from]))
          this.#violate(`Status: ${key} is Migrated while a pod of ${kind} ${metadata.name} is still to end`);
        else if (serving < wanted && leaving.length + serving >= wanted)
          this.#violate(
            `Status: ${key} is Migrated while ${String(serving)} of ${String(wanted)} pods of ${kind} ${metadata.name} serve`,
          );
      }
    }
  }

  /** Whether the way leads from a mesh to a mesh, so that nobody may be outside of it on the way. */
  get #isInMeshThroughout(): boolean {
    return this.#stage.from !== 'None' && this.#stage.to !== 'None';
  }

  #violate(what: string, once = what): void {
    if (this.#seen.has(once)) return;
    this.#seen.add(once);
    this.#violations.push({ at: this.#circumstances.now(), what });
  }
}

function isHeldByNobody({ metadata }: KubeObject): boolean {
  return (metadata.finalizers ?? []).length === 0;
}

function asksForMesh(of: Readonly<Record<string, string>>): boolean {
  if (of['istio.io/dataplane-mode'] === 'ambient' || of['istio-injection'] === 'enabled') return true;
  return of['istio-injection'] === undefined && of['istio.io/rev'] !== undefined;
}
