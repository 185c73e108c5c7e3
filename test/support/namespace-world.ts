import { isDeepStrictEqual } from 'node:util';
import type { Returned } from '../../src/api/mesh-migration-status.ts';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import { NamespaceMigrationStatus } from '../../src/api/namespace-migration.ts';
import { journalAnnotation, restartAnnotation, type NamespaceMigration } from '../../src/api/resources.ts';
import { decide } from '../../src/engine/decide.ts';
import type { Decision, Situation, Wanted, Write } from '../../src/engine/situation.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import type { ConfigView, NamespaceView, PodView, WorkloadView } from '../../src/mesh/views.ts';
import { Stopwatch } from '../../src/operator/stopwatch.ts';
import { journalOn, type Journal } from '../../src/plan/journal.ts';
import { applyJsonPatch } from '../sim/apiserver/json-patch.ts';
import { captured, injected, installed, mesh, migrationSpec, namespace, pod, workload } from './mesh-fixtures.ts';

type Strings = Record<string, string>;

/** How long the node agent of this world may take to enrol a pod that is Ready. */
export const enrolmentMs = 3000;

interface ModelPod {
  readonly name: string;
  readonly owner: ModelWorkload;
  /** The restart annotation of the template that it was made from. */
  readonly revision: string | undefined;
  readonly sidecar: boolean;
  readonly hbone: boolean;
  readonly createdAt: number;
  capture: 'no' | 'pending' | 'enabled';
  ready: boolean;
  readyAt: number;
}

interface ModelWorkload {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job';
  readonly name: string;
  readonly uid: string;
  readonly replicas: number;
  readonly onDelete: boolean;
  generation: number;
  observed: number;
  annotations: Strings | undefined;
  /** Pods of a template with a restart of this migration never become ready. */
  breaks: boolean;
}

/** How a world begins. */
export interface WorldOptions {
  readonly automatic?: boolean;
  readonly hbone?: boolean;
  readonly labels?: Strings;
}

/**
 * A very small cluster around one namespace on its way from sidecars to ambient: workloads that replace their pods one
 * by one, an injector, a node agent that enrols later, and an operator that stores the status of `decide` before it
 * carries out the write, and may die in between.
 */
export class NamespaceWorld {
  now = Date.UTC(2030, 0, 1);
  labels: Strings;
  annotations: Strings | undefined;
  status: NamespaceMigrationStatus | undefined;
  wanted: Wanted = 'Migrate';
  inScope = true;
  returned: Returned | undefined;
  #remembered: Journal | undefined;
  policies: readonly ConfigView[] = [];
  readonly workloads: readonly ModelWorkload[];
  readonly #job: ModelWorkload;
  pods: ModelPod[] = [];
  readonly writes: { readonly write: Write; readonly status: NamespaceMigrationStatus; readonly applied: boolean }[] =
    [];
  statusWrites = 0;
  readonly options: WorldOptions;
  readonly #initial: Strings;
  readonly #spec: MeshMigrationSpec;
  readonly #stopwatch = new Stopwatch({ monotonic: () => this.now });
  #names = 0;

  constructor(options: WorldOptions = {}) {
    this.options = options;
    this.labels = { 'kubernetes.io/metadata.name': 'shop', ...(options.labels ?? { 'istio-injection': 'enabled' }) };
    this.#initial = { ...this.labels };
    this.#spec = migrationSpec({
      restart: { podsPerMinute: 6000, progressDeadline: '1m', enrolmentDeadline: '10s' },
      rollback: { automatic: options.automatic ?? true },
    });
    const base = { onDelete: false, generation: 1, observed: 1, annotations: undefined, breaks: false };
    this.workloads = [
      { ...base, kind: 'Deployment', name: 'web', uid: 'u-web', replicas: 2 },
      { ...base, kind: 'StatefulSet', name: 'db', uid: 'u-db', replicas: 1, annotations: { note: 'mine' } },
      { ...base, kind: 'DaemonSet', name: 'log', uid: 'u-log', replicas: 1, onDelete: true },
    ];
    this.#job = { ...base, kind: 'Job', name: 'once', uid: 'u-once', replicas: 1 };
    for (const owner of this.workloads)
      for (let n = 0; n < owner.replicas; n += 1) this.#create(owner, options.hbone !== false);
    for (const each of this.pods) {
      each.ready = true;
      each.readyAt = this.now;
    }
  }

  get injects(): boolean {
    return (
      this.labels['istio-injection'] === 'enabled' ||
      (this.labels['istio-injection'] === undefined && this.labels['istio.io/rev'] !== undefined)
    );
  }

  get captures(): boolean {
    return this.labels['istio.io/dataplane-mode'] === 'ambient';
  }

  get atStart(): boolean {
    return isDeepStrictEqual(this.labels, this.#initial);
  }

  get initial(): Readonly<Strings> {
    return this.#initial;
  }

  /** Ready pods in no mesh whose time to be enrolled is over, or that no agent will enrol. */
  naked(): readonly string[] {
    return this.pods
      .filter(
        ({ ready, sidecar, capture, readyAt }) =>
          ready && !sidecar && capture === 'no' && (!this.captures || this.now > readyAt + enrolmentMs),
      )
      .map(({ name }) => name);
  }

  /** Somebody takes the record of the original off the namespace. */
  loseAnnotation(): void {
    const { [journalAnnotation]: _original, ...others } = this.annotations ?? {};
    if (this.annotations !== undefined) this.annotations = others;
  }

  // What the cluster does.

  #create(owner: ModelWorkload, hbone = true): void {
    this.#names += 1;
    this.pods.push({
      name: `${owner.name}-${this.#names}`,
      owner,
      revision: owner.annotations?.[restartAnnotation],
      sidecar: this.injects,
      hbone,
      createdAt: this.now,
      capture: 'no',
      ready: false,
      readyAt: 0,
    });
  }

  /** One workload controller looks once: it notes the template, fills up, or replaces one pod. */
  reconcileWorkload(index: number): void {
    const owner = this.workloads[index % this.workloads.length];
    if (owner === undefined) return;
    owner.observed = owner.generation;
    const own = this.pods.filter((each) => each.owner === owner);
    if (own.length < owner.replicas) {
      this.#create(owner);
      return;
    }
    const stuck = own.some(({ ready }) => !ready);
    // A StatefulSet waits for a pod that is not ready, whatever its revision; so does a Deployment, unless the pod
    // itself is to go.
    if (owner.onDelete || (stuck && owner.kind === 'StatefulSet')) return;
    const old = own.find(
      ({ ready, revision }) => revision !== owner.annotations?.[restartAnnotation] && (!stuck || !ready),
    );
    if (old !== undefined) this.deletePod(this.pods.indexOf(old));
  }

  /** A Job starts a pod that nobody can restart. */
  startJob(): void {
    this.#create(this.#job);
  }

  /** The Jobs are done and their pods gone. */
  endJobs(): void {
    this.pods = this.pods.filter(({ owner }) => owner !== this.#job);
  }

  /** The kubelet and the node agent look at one pod once. */
  tendPod(index: number): void {
    const each = this.pods[index % Math.max(1, this.pods.length)];
    if (each === undefined) return;
    if (this.captures && !each.sidecar && each.capture !== 'enabled') {
      each.capture = each.capture === 'no' ? 'pending' : 'enabled';
      return;
    }
    const broken = each.owner.breaks && each.revision !== undefined;
    if (!each.ready && !broken) {
      each.ready = true;
      each.readyAt = this.now;
    }
  }

  deletePod(index: number): void {
    this.pods = this.pods.filter((_each, at) => at !== index);
  }

  setLabels(labels: Readonly<Record<string, string | null>>): void {
    this.labels = Object.fromEntries(
      Object.entries({ ...this.labels, ...labels }).filter((entry): entry is [string, string] => entry[1] !== null),
    );
    if (!this.captures) for (const each of this.pods) each.capture = 'no';
  }

  /** Lets time pass; whoever is Ready and to be captured is enrolled within `enrolmentMs`. */
  pass(ms: number): void {
    this.now += ms;
    for (const each of this.pods)
      if (this.captures && !each.sidecar && each.ready && this.now >= each.readyAt + enrolmentMs)
        each.capture = 'enabled';
  }

  // What the operator sees and does.

  #podView(each: ModelPod): PodView {
    const capture = { no: {}, pending: { 'ambient.istio.io/redirection': 'pending' }, enabled: captured.annotations }[
      each.capture
    ];
    return pod({
      name: each.name,
      uid: `uid-${each.name}`,
      owner: { kind: each.owner.kind, name: each.owner.name },
      ready: each.ready,
      createdAt: each.createdAt,
      labels: each.sidecar
        ? { ...injected.labels, app: each.owner.name, 'networking.istio.io/tunnel': each.hbone ? 'http' : 'none' }
        : { app: each.owner.name },
      annotations: each.sidecar ? injected.annotations : capture,
      containers: each.sidecar ? injected.containers : ['app'],
      revision: each.revision ?? 'first',
    });
  }

  #workloadView(owner: ModelWorkload & { readonly kind: WorkloadView['kind'] }): WorkloadView {
    const own = this.pods.filter((each) => each.owner.uid === owner.uid);
    const revision = owner.annotations?.[restartAnnotation];
    return workload({
      kind: owner.kind,
      name: owner.name,
      uid: owner.uid,
      replicas: owner.replicas,
      generation: owner.generation,
      observedGeneration: owner.observed,
      current: own.length,
      available: own.filter(({ ready }) => ready).length,
      updated: own.filter((each) => each.revision === revision).length,
      strategy: owner.onDelete ? 'OnDelete' : 'RollingUpdate',
      templateLabels: { app: owner.name },
      templateAnnotations: owner.annotations ?? {},
      hasTemplateAnnotations: owner.annotations !== undefined,
      updateRevision: revision ?? 'first',
    });
  }

  get object(): NamespaceMigration {
    return {
      metadata: { name: 'mm', namespace: 'shop', uid: 'nsm-uid-1', generation: 1 },
      spec: { migration: 'mm', from: 'IstioSidecar', to: 'IstioAmbient' },
      ...(this.status && { status: JSON.parse(JSON.stringify(this.status)) as NamespaceMigrationStatus }),
    };
  }

  #namespaceView(): NamespaceView {
    return namespace({
      labels: { ...this.labels },
      annotations: { ...this.annotations },
      hasAnnotations: this.annotations !== undefined,
    });
  }

  situation(): Situation {
    this.#remembered = journalOn(this.#namespaceView()) ?? this.#remembered;
    const spec = { ...this.#spec, action: this.wanted === 'DeleteLeave' ? ('Migrate' as const) : this.wanted };
    const object = this.object;
    return {
      migrationUid: 'migration-uid',
      now: this.now,
      adapter: istio,
      object,
      spec,
      wanted: this.wanted,
      blockers: [],
      notAdmitted: undefined,
      nextRestartAt: this.now,
      waited: this.#stopwatch.read('shop'),
      refusals: new Map(),
      swept: true,
      sweptLate: true,
      quietMs: 0,
      inScope: this.inScope,
      returned: this.returned,
      remembered: this.#remembered,
      surroundings: {
        route: { from: 'IstioSidecar', to: 'IstioAmbient' },
        spec,
        namespace: this.#namespaceView(),
        pods: this.pods.map((each) => this.#podView(each)),
        workloads: this.workloads.flatMap((each) =>
          each.kind === 'Job' ? [] : [this.#workloadView({ ...each, kind: each.kind })],
        ),
        otherTemplates: [],
        budgets: [],
        services: [],
        mesh: mesh([...installed, ...this.policies]),
      },
    };
  }

  /** What the MeshMigration notes of the journal, as its own reconciler does. */
  #note(): void {
    const journal = journalOn(this.#namespaceView());
    const asked = journal === undefined && this.status?.command?.action === 'Migrate';
    const starts = journal?.direction === 'Forward' && journal.attempt > (this.returned?.attempt ?? 0);
    if (asked || starts) this.returned = undefined;
    if (journal?.direction !== 'Backward' || (journal.by ?? journal.failure) === undefined) return;
    const { attempt, failure, by, arrived: over } = journal;
    const at = by?.at ?? failure?.at ?? '';
    this.returned = {
      namespace: 'shop',
      uid: 'shop-uid',
      attempt,
      reason: failure?.reason ?? 'Command',
      at,
      ...(by && { by: by.name }),
      ...(over && { over }),
    };
  }

  /** One look of the operator. With `dies` it is killed after the status was stored or before the write was sent. */
  operate(dies = false): 'Stored' | 'Wrote' | 'Nothing' {
    this.#note();
    const decision: Decision = decide(this.situation());
    this.#stopwatch.looked('shop', decision.waits, decision.kept);
    const status = JSON.parse(JSON.stringify(decision.status)) as NamespaceMigrationStatus;
    if (dies) this.#remembered = undefined;
    if (decision.next.kind === 'Journal') {
      this.writes.push({ write: decision.next.write, status, applied: this.#apply(decision.next.write) });
      if (dies) return 'Wrote';
    }
    if (!isDeepStrictEqual(status, this.status)) {
      this.status = NamespaceMigrationStatus.strict().parse(status); // What the API server would refuse is a failure here.
      this.statusWrites += 1;
      return 'Stored';
    }
    if (decision.next.kind !== 'Write') return 'Nothing';
    if (
      decision.next.write.kind === 'PatchNamespace' &&
      decision.next.write.operations.some(({ op }) => op === 'remove')
    )
      this.#remembered = undefined;
    if (!dies) this.writes.push({ write: decision.next.write, status, applied: this.#apply(decision.next.write) });
    return 'Wrote';
  }

  #apply(write: Write): boolean {
    try {
      switch (write.kind) {
        case 'PatchNamespace': {
          const before = {
            metadata: {
              uid: 'shop-uid',
              labels: this.labels,
              ...(this.annotations && { annotations: this.annotations }),
            },
          };
          const after = applyJsonPatch(before, write.operations) as typeof before;
          this.setLabels(
            Object.fromEntries([
              ...Object.keys(this.labels).map((key) => [key, null] as const),
              ...Object.entries(after.metadata.labels),
            ]),
          );
          this.annotations = after.metadata.annotations;
          return true;
        }
        case 'PatchTemplate': {
          const owner = this.workloads.find(
            ({ kind, name }) => kind === write.workload.kind && name === write.workload.name,
          );
          if (owner === undefined) return false;
          const before = {
            metadata: { uid: owner.uid },
            spec: { template: { metadata: { ...(owner.annotations && { annotations: owner.annotations }) } } },
          };
          const after = applyJsonPatch(before, write.operations) as {
            spec: { template: { metadata: { annotations?: Strings } } };
          };
          owner.annotations = after.spec.template.metadata.annotations;
          owner.generation += 1;
          return true;
        }
        case 'PatchService':
        case 'Scale':
          throw new Error('this world has no waypoints');
        case 'Apply':
          throw new Error('this world has no waypoints');
        case 'Remove':
          throw new Error('this world has no waypoints');
        case 'Evict': {
          const at = this.pods.findIndex(({ name }) => name === write.pod);
          this.deletePod(at);
          return at >= 0;
        }
      }
    } catch {
      return false;
    }
  }

  /** Everyone works once, without faults, and a second passes. */
  round(): 'Stored' | 'Wrote' | 'Nothing' {
    for (let index = 0; index < this.workloads.length; index += 1) this.reconcileWorkload(index);
    for (let index = 0; index < this.pods.length; index += 1) this.tendPod(index);
    const done = this.operate();
    this.pass(1000);
    return done;
  }

  /** Rounds until the operator has had nothing to say for longer than every deadline. Throws if that never comes. */
  settle(): void {
    for (let quiet = 0, rounds = 0; quiet < 20; rounds += 1) {
      if (rounds > 600)
        throw new Error(
          `does not come to rest: ${JSON.stringify({ status: this.status, labels: this.labels, pods: this.pods.map(({ owner, ...each }) => ({ ...each, owner: owner.name })) })}`,
        );
      quiet = this.round() === 'Nothing' ? quiet + 1 : 0;
      if (quiet > 5) this.pass(5000);
    }
  }

  /** What the annotation on the namespace, or else the status, says the labels were. */
  recordedOriginal(): Strings | undefined {
    const raw = this.annotations?.[journalAnnotation];
    const labels: Record<string, string | null> | undefined =
      raw === undefined
        ? this.status?.original &&
          Object.fromEntries(this.status.original.labels.map(({ key, value }) => [key, value ?? null]))
        : (JSON.parse(raw) as { labels: Record<string, string | null> }).labels;
    return (
      labels &&
      Object.fromEntries(Object.entries(labels).filter((entry): entry is [string, string] => entry[1] !== null))
    );
  }
}
