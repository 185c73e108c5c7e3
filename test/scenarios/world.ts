import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import {
  meshMigrations,
  namespaceMigrations,
  type MeshMigration,
  type NamespaceMigration,
} from '../../src/api/resources.ts';
import { sleep, type Clock } from '../../src/base/clock.ts';
import type { Random } from '../../src/base/random.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { ConflictError, NotFoundError } from '../../src/kube/errors.ts';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import { projectPod } from '../../src/mesh/project.ts';
import { modeOf } from '../../src/mesh/istio/vocabulary/pod-mode.ts';
import { gatewayNameLabel } from '../../src/mesh/istio/vocabulary/gateway.ts';
import type { Mode } from '../../src/api/common.ts';
import type { TestCluster } from '../support/test-cluster.ts';
import { impersonating, operatorUser } from '../support/impersonation.ts';
import { describeRecords } from './describe-records.ts';
import { kinds } from './manifests.ts';
import { watchForPodsOutside, type OutsideWatch } from './outside-watch.ts';

/** How a scenario starts and kills the operator; on the real control plane it is a process of its own. */
export interface OperatorControl {
  start(): Promise<void>;
  kill(): Promise<void>; // At once, as SIGKILL does.
  sent?(): number; // Writes so far, where they are counted: one that changes nothing leaves no other trace.
}

/** Labels, annotations and templates that a rollback must restore exactly. */
export interface Snapshot {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<string, unknown>>;
  readonly templates: Readonly<Record<string, unknown>>;
}

const pollMs = 100;
/** Where eight scenarios share two cores with a whole control plane, one step can take half a minute. */
const patienceMs = 180_000;

/** What a scenario works with: the cluster as its user sees it, and the operator as a black box. */
export class World {
  readonly name: string;
  readonly cluster: TestCluster;
  readonly operator: OperatorControl;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Namespaces that are not watched yet. */
  readonly #homes: string[] = [];
  readonly #watches: OutsideWatch[] = [];
  readonly #forger: KubeClient; // In the name of the operator.

  constructor(options: {
    name: string;
    cluster: TestCluster;
    operator: OperatorControl;
    random: Random;
    signal: AbortSignal;
  }) {
    this.name = options.name;
    this.cluster = options.cluster;
    this.operator = options.operator;
    this.clock = options.cluster.clock;
    this.signal = options.signal;
    const {
      random,
      cluster: { admin, clock },
    } = options;
    this.client = new KubeClient({ transport: admin, clock, random, fieldManager: 'scenario', userAgent: 'scenario' });
    const transport = impersonating(admin, operatorUser);
    this.#forger = new KubeClient({ transport, clock, random, fieldManager: 'scenario', userAgent: 'scenario' });
  }

  /** A namespace of this scenario. */
  ns(suffix = ''): string {
    return suffix === '' ? this.name : `${this.name}-${suffix}`;
  }

  /** Creates the objects in order; every namespace of the scenario is watched from before its first MeshMigration. */
  async create(...objects: readonly KubeObject[]): Promise<void> {
    for (const object of objects) {
      if (object.kind === 'Namespace') this.#homes.push(object.metadata.name);
      if (object.kind === 'MeshMigration') await this.#watchHomes();
      await this.client.create(resourceOf(object), object, this.signal);
    }
  }

  /** Pods that were Ready outside the mesh at any instant since the first MeshMigration. Ends the watches. */
  async podsSeenOutside(): Promise<readonly string[]> {
    for (const watch of this.#watches) await watch.stop();
    return this.#watches.flatMap(({ violations }) => violations);
  }

  async #watchHomes(): Promise<void> {
    for (const home of this.#homes.splice(0)) {
      this.#watches.push(await watchForPodsOutside(this.client, this.clock, home, this.signal));
    }
  }

  /** Merge-patches an object as an administrator. */
  async patch(
    kind: keyof typeof kinds,
    namespace: string | undefined,
    name: string,
    patch: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.client.mergePatch(kinds[kind], namespace, name, patch, { signal: this.signal });
  }

  async delete(resource: Resource, namespace: string | undefined, name: string): Promise<void> {
    await this.client.delete(resource, namespace, name, { signal: this.signal });
  }

  async migration(name = this.name): Promise<MeshMigration> {
    return await this.client.get<MeshMigration>(meshMigrations, undefined, name, this.signal);
  }

  async child(namespace = this.ns(), name = this.name): Promise<NamespaceMigration> {
    return await this.client.get<NamespaceMigration>(namespaceMigrations, namespace, name, this.signal);
  }

  /** Changes the spec of the MeshMigration. */
  async edit(spec: Readonly<Record<string, unknown>>, name = this.name): Promise<void> {
    await this.client.mergePatch(meshMigrations, undefined, name, { spec }, { signal: this.signal });
  }

  /** `kubectl patch --subresource=status`, as an SRE would; with a namespace on its NamespaceMigration. */
  async command(phase: string, namespace?: string): Promise<void> {
    const resource = namespace === undefined ? meshMigrations : namespaceMigrations;
    await this.client.mergePatch(
      resource,
      namespace,
      this.name,
      { status: { phase } },
      { subresource: 'status', signal: this.signal },
    );
  }

  /**
   * Merge-patches the status of a record (without a namespace: of the MeshMigration), or with null takes all of it
   * away. Admission keeps everybody but the operator from that, so this is what an administrator can do who steps round
   * it, and anybody where the policy is not installed.
   */
  async forge(status: Readonly<Record<string, unknown>> | null, namespace?: string, name = this.name): Promise<void> {
    const resource = namespace === undefined ? meshMigrations : namespaceMigrations;
    await this.#forger.mergePatch(
      resource,
      namespace,
      name,
      { status },
      { subresource: 'status', signal: this.signal },
    );
  }

  /** Waits until `look` returns something other than undefined; says what it saw last when that takes too long. */
  async eventually<T>(what: string, look: () => Promise<T | undefined>, within = patienceMs): Promise<T> {
    const until = this.clock.monotonic() + within;
    let last = '';
    while (this.clock.monotonic() < until) {
      try {
        const seen = await look();
        if (seen !== undefined) return seen;
      } catch (error) {
        this.signal.throwIfAborted();
        last = error instanceof Error ? error.message : 'unknown error';
      }
      await sleep(this.clock, pollMs, this.signal);
    }
    throw new assert.AssertionError({
      message: `${this.name}: ${what} did not happen in ${within / 1000}s${last === '' ? '' : ` (${last})`}\n${await describeRecords(this.client, this.name, this.signal)}`,
    });
  }

  /** Lets time pass, to see that nothing happens. */
  async pause(ms: number): Promise<void> {
    await sleep(this.clock, ms, this.signal);
  }

  /** Waits for a phase that the operator (not a person) wrote. */
  async childPhase(phase: string, namespace = this.ns(), within = patienceMs): Promise<NamespaceMigration> {
    return await this.eventually(
      `NamespaceMigration ${namespace} ${phase}`,
      async () => {
        const child = await this.child(namespace);
        return child.status?.writtenPhase === phase && child.status.phase === phase ? child : undefined;
      },
      within,
    );
  }

  /** When a step of a namespace was completed, as its status has it; empty if it was not. */
  async completedAt(step: string, namespace = this.ns()): Promise<string> {
    return (await this.child(namespace)).status?.steps?.find(({ name }) => name === step)?.completedAt ?? '';
  }

  /** Waits for a phase of the MeshMigration, as the operator wrote it for the current generation. */
  async phase(phase: string, name = this.name): Promise<MeshMigration> {
    return await this.eventually(`MeshMigration ${name} ${phase}`, async () => {
      const migration = await this.migration(name);
      const current = migration.status?.observedGeneration === migration.metadata.generation;
      return current && migration.status?.writtenPhase === phase && migration.status.phase === phase
        ? migration
        : undefined;
    });
  }

  /** Pods that run and are not on their way out. */
  async pods(namespace = this.ns()): Promise<readonly KubeObject[]> {
    const { items } = await this.client.list(kinds.Pod, { namespace, signal: this.signal });
    return items.filter((pod) => pod.metadata.deletionTimestamp === undefined && !projectPod(pod).finished);
  }

  /** How many pods are in each mode. */
  async modes(namespace = this.ns()): Promise<Partial<Record<Mode, number>>> {
    const counts: Partial<Record<Mode, number>> = {};
    for (const pod of await this.pods(namespace)) {
      const view = projectPod(pod);
      if (view.labels[gatewayNameLabel] !== undefined) continue; // A waypoint is in no data plane itself.
      const mode = modeOf(view);
      counts[mode] = (counts[mode] ?? 0) + 1;
    }
    return counts;
  }

  /** Waits until exactly these pods are Ready, whatever their mode. */
  async podsReady(count: number, namespace = this.ns()): Promise<void> {
    await this.eventually(`${count} pods Ready in ${namespace}`, async () => {
      const pods = await this.pods(namespace);
      return pods.length === count && pods.every((pod) => projectPod(pod).ready) ? true : undefined;
    });
  }

  /** Waits until the modes are these and nothing is on its way out. */
  async modesAre(expected: Partial<Record<Mode, number>>, namespace = this.ns()): Promise<void> {
    await this.eventually(`pods of ${namespace} in modes ${JSON.stringify(expected)}`, async () =>
      isDeepStrictEqual(await this.modes(namespace), expected) ? true : undefined,
    );
  }

  async labels(namespace = this.ns()): Promise<Readonly<Record<string, string>>> {
    return (await this.client.get(kinds.Namespace, undefined, namespace, this.signal)).metadata.labels ?? {};
  }

  /** What has to be the same again after a rollback. */
  async snapshot(namespace = this.ns()): Promise<Snapshot> {
    const { metadata } = await this.client.get(kinds.Namespace, undefined, namespace, this.signal);
    const templates: Record<string, unknown> = {};
    for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet'] as const) {
      const { items } = await this.client.list(kinds[kind], { namespace, signal: this.signal });
      for (const item of items)
        templates[`${kind} ${item.metadata.name}`] = (item['spec'] as { template?: unknown }).template;
    }
    const { items } = await this.client.list(kinds.Service, { namespace, signal: this.signal });
    const services = Object.fromEntries(
      items.map((item) => [
        item.metadata.name,
        { labels: item.metadata.labels ?? {}, annotations: item.metadata.annotations ?? {} },
      ]),
    );
    return { labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {}, services, templates };
  }

  async restored(before: Snapshot, namespace = this.ns()): Promise<void> {
    assert.deepEqual(await this.snapshot(namespace), before, `${namespace} is not as it was`);
  }

  async gone(resource: Resource, namespace: string | undefined, name: string, within = 2 * patienceMs): Promise<void> {
    await this.eventually(
      `${resource.kind} ${name} gone`,
      async () => {
        try {
          await this.client.get(resource, namespace, name, this.signal);
          return undefined;
        } catch (error) {
          if (error instanceof NotFoundError) return true;
          throw error;
        }
      },
      within,
    );
  }

  /** Repeats a read-modify-write of an administrator until nobody came in between. */
  async retry(action: () => Promise<void>): Promise<void> {
    await this.eventually("an administrator's write", async () => {
      try {
        await action();
        return true;
      } catch (error) {
        if (error instanceof ConflictError) return undefined;
        throw error;
      }
    });
  }
}

function resourceOf(object: KubeObject): Resource {
  const own = [meshMigrations, namespaceMigrations].find(({ kind }) => kind === object.kind);
  const resource = own ?? (kinds as Readonly<Record<string, Resource>>)[object.kind ?? ''];
  if (resource === undefined) throw new RangeError(`scenarios know no kind ${String(object.kind)}`);
  return resource;
}
