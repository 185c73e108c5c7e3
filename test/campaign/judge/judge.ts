import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../src/api/object.ts';
import type { SimCluster } from '../../sim/sim-cluster.ts';
import type { Mode, Stage } from '../stage.ts';
import { at, fields, hasLabels, items, labels, strings, text } from './json.ts';
import { Openings } from './openings.ts';
import { States, type Committed, type Writer } from './states.ts';
import { isServing, isUnenrolled, isWaypoint, planeOf, type Plane } from './traffic.ts';
import { differences, essence, overreach } from './writes.ts';

/** Something that a promise of docs/safety.md excludes. */
export interface Violation {
  readonly at: number;
  /** Begins with the promise: A to F, H, Scope, Others, Status, End. */
  readonly what: string;
}

/** What the judge is told beside the states. */
export interface Circumstances {
  /** Virtual milliseconds since the MeshMigration was created. */
  readonly now: () => number;
  /** Virtual milliseconds in which operator, API server and istiod could work. */
  readonly uptime: () => number;
}

/** What becomes of pods in a mode. */
const planes: Readonly<Record<Mode, Plane>> = { IstioSidecar: 'Sidecar', IstioAmbient: 'Ambient', None: 'None' };

const restored = ['Namespace', 'Service', 'Deployment', 'StatefulSet', 'DaemonSet'] as const;

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
  readonly #violations: Violation[] = [];
  readonly #seen = new Set<string>();
  /** By kind and key: the object as people want it. */
  readonly #wanted = new Map<string, KubeObject>();
  /** Namespaces that were ever in scope since they exist, by uid. */
  readonly #scoped = new Set<string>();
  /** Namespaces whose data plane a person has changed: what becomes of pods there is his. */
  readonly #touched = new Set<string>();
  #started = false;
  #looking = false;
  #writes = 0;

  constructor(cluster: SimCluster, stage: Stage, circumstances: Circumstances) {
    this.#stage = stage;
    this.#circumstances = circumstances;
    const names = [...stage.homes.map(({ name }) => name), 'young'];
    this.#states = new States(cluster, {
      committed: (change) => {
        this.#committed(change);
      },
      written: (change, by) => {
        this.#written(change, by);
      },
    });
    this.#openings = new Openings(
      this.#states,
      () => names.filter((name) => !this.#touched.has(name)),
      circumstances.uptime,
      (name) => planes[stage.homes.find((each) => each.name === name)?.mode ?? stage.from],
    );
  }

  /** From here on the operator is judged. */
  start(): void {
    this.#started = true;
    for (const kind of restored)
      for (const object of this.#states.all(kind)) this.#wanted.set(keyOf(kind, object), object);
    this.#openings.start();
  }

  get violations(): readonly Violation[] {
    return this.#violations;
  }

  /** Writes of the operator to judged objects so far. */
  get writes(): number {
    return this.#writes;
  }

  /** A person moves a namespace by hand. */
  touched(name: string): void {
    this.#touched.add(name);
  }

  /** Time has passed. */
  look(): void {
    for (const what of this.#openings.look()) this.#violate(what);
  }

  /** Nothing goes on any more; `end` says what the last command was. */
  end(phase: 'RolledBack' | 'Finalized' | 'Gone'): void {
    this.look();
    for (const record of this.#states.all('NamespaceMigration')) {
      if (phase === 'Gone') this.#violate(`End: NamespaceMigration ${record.metadata.namespace ?? ''} is left`);
    }
    if (phase === 'Finalized') return;
    for (const [key, wanted] of this.#wanted) this.#isBack(key, wanted);
    for (const kind of ['AuthorizationPolicy', 'Gateway'] as const) {
      for (const { metadata } of this.#states.all(kind)) {
        if (metadata.labels?.['meshmigration.dev/managed-by'] !== undefined)
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

  #isBack(key: string, wanted: KubeObject): void {
    const [kind = '', where = ''] = key.split(' ');
    const [namespace, name] = where.includes('/') ? (where.split('/') as [string, string]) : [undefined, where];
    if (this.#touched.has(namespace ?? name)) return;
    const found = this.#states.get(kind as (typeof restored)[number], namespace, name);
    if (found === undefined) return;
    const bad = differences(essence(found), essence(wanted));
    if (bad.length > 0) this.#violate(`F: ${key} is not as it was: ${bad.join('; ')}`);
  }

  #committed(change: Committed): void {
    if (!this.#started) return;
    const { kind, after } = change;
    if (kind === 'MeshMigration' || kind === 'Namespace') this.#noteScope();
    if (kind === 'MeshMigration') this.#openings.declare();
    if (kind === 'Pod' && after !== undefined) this.#judgePod(after);
    if (kind === 'Namespace' && after === undefined) this.#forget(change.key);
    this.#lookSoon();
  }

  /** When it is known who wrote it, and before anything else happens. */
  #lookSoon(): void {
    if (this.#looking) return;
    this.#looking = true;
    queueMicrotask(() => {
      this.#looking = false;
      this.look();
    });
  }

  #written(change: Committed, by: Writer): void {
    if (!this.#started) return;
    if (by === 'Person') {
      this.#openings.edited(change);
      this.#want(change);
      return;
    }
    this.#writes += 1;
    for (const what of overreach(change)) this.#violate(`Others: ${what}`);
    this.#judgeScope(change);
    if (change.kind === 'Namespace') this.#judgeLabels(change);
    if (change.kind === 'NamespaceMigration') this.#judgeStatus(change);
  }

  /** What a person writes is what he wants, from then on. */
  #want({ kind, key, before, after }: Committed): void {
    if (!restored.some((each) => each === kind)) return;
    const id = `${kind} ${key}`;
    const wanted = this.#wanted.get(id);
    if (after === undefined || before === undefined || wanted === undefined) {
      if (after === undefined) this.#wanted.delete(id);
      else this.#wanted.set(id, after);
      return;
    }
    this.#wanted.set(id, merged(wanted, before, after));
  }

  #forget(namespace: string): void {
    for (const key of [...this.#wanted.keys()])
      if (key === `Namespace ${namespace}` || key.includes(` ${namespace}/`)) this.#wanted.delete(key);
  }

  #noteScope(): void {
    for (const { spec } of this.#states.all('MeshMigration') as readonly (KubeObject & { spec?: unknown })[]) {
      const { names, selector, exclude } = fields(at(spec, 'namespaces'));
      for (const { metadata } of this.#states.all('Namespace')) {
        const named = strings(names).includes(metadata.name);
        const wanted = labels(at(selector, 'matchLabels'));
        const matched = Object.keys(wanted).length > 0 && hasLabels(metadata.labels ?? {}, wanted);
        if ((named || matched) && !strings(exclude).includes(metadata.name)) this.#scoped.add(metadata.uid ?? '');
      }
    }
  }

  #judgeScope({ kind, key }: Committed): void {
    if (kind === 'MeshMigration') return;
    const name = kind === 'Namespace' ? key : (key.split('/')[0] ?? '');
    const namespace = this.#states.get('Namespace', undefined, name);
    if (namespace === undefined || this.#scoped.has(namespace.metadata.uid ?? '') || name === 'mesh-migration-system')
      return;
    this.#violate(`Scope: the operator wrote ${kind} ${key}, which was never in scope`);
  }

  /** A and C, at each write of the operator. */
  #judgeLabels({ key, before, after }: Committed): void {
    if (before === undefined || after === undefined) return;
    const [was, is] = [before, after].map(({ metadata }) => asksForMesh(metadata.labels ?? {}));
    if (this.#isInMeshThroughout && was === true && is === false)
      this.#violate(`A: the labels of ${key} ask for no data plane`);
    const wanted = this.#wanted.get(`Namespace ${key}`);
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
    const home = this.#states.get('Namespace', undefined, namespace);
    if (!this.#isInMeshThroughout) return;
    if (!this.#scoped.has(home?.metadata.uid ?? '') || this.#touched.has(namespace)) return;
    if (isWaypoint(pod) || !isServing(pod) || planeOf(pod) !== 'None') return;
    if (isUnenrolled(pod)) return;
    this.#violate(`B: pod ${namespace}/${name} is Ready and in no mesh`, uid);
  }

  /** What a phase says has to be true at the moment it is written. */
  #judgeStatus({ key, before, after }: Committed): void {
    const [namespace = ''] = key.split('/');
    const phase = at(after?.['status'], 'phase');
    if (phase === at(before?.['status'], 'phase') || this.#touched.has(namespace)) return;
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

function keyOf(kind: string, { metadata: { namespace, name } }: KubeObject): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

function asksForMesh(of: Readonly<Record<string, string>>): boolean {
  if (of['istio.io/dataplane-mode'] === 'ambient' || of['istio-injection'] === 'enabled') return true;
  return of['istio-injection'] === undefined && of['istio.io/rev'] !== undefined;
}

/** What was wanted, with what a person changed between two states. */
function merged(wanted: KubeObject, before: KubeObject, after: KubeObject): KubeObject {
  return mergedJson(wanted, before, after) as KubeObject;
}

function mergedJson(wanted: unknown, before: unknown, after: unknown): unknown {
  if (isDeepStrictEqual(before, after)) return wanted;
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(after) || !isObject(before)) return after;
  const [was, is, have] = [fields(before), fields(after), fields(wanted)];
  const keys = new Set([...Object.keys(was), ...Object.keys(is), ...Object.keys(have)]);
  const entries = [...keys].map((key) => [key, mergedJson(have[key], was[key], is[key])] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
