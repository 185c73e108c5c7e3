import type { Clock } from '../../src/base/clock.ts';
import { sleep } from '../../src/base/clock.ts';
import type { Logger } from '../../src/base/log.ts';
import type { Random } from '../../src/base/random.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { ConflictError, NotFoundError } from '../../src/kube/errors.ts';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { atOrAfter } from '../../src/kube/resource-version.ts';
import { Store, type Stored } from '../../src/kube/store.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { networkPatch, redirection } from './pod-network.ts';
import { kinds } from './resources.ts';

const retryPauseMs = 500;
/** Somebody else wrote the pod first: its event is under way. */
const conflictPauseMs = 20;

interface Known extends Stored {
  readonly object: KubeObject;
}

/** What the node agent works with. */
export interface NodeAgentOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Whether Istio's agent is installed; without it pods get their network and are never captured. */
  readonly ambient: boolean;
}

/**
 * Plays what sets up the network of pods on all nodes at once: the CNI plugins, and with them Istio's node agent.
 * Nothing is captured, but the annotation by which the agent says so is set and removed as istio
 * `cni/pkg/nodeagent/informers.go` does, live on label changes too. A new pod is annotated before its containers start,
 * because the CNI plugin holds it back until then (istio `architecture/ambient/ztunnel-cni-lifecycle.md`).
 */
export class NodeAgent {
  readonly #options: NodeAgentOptions;
  readonly #client: KubeClient;
  readonly #pods: Store<Known>;
  readonly #namespaces: Store<Known>;
  /** Uids of pods that are being written: one write at a time for each. */
  readonly #busy = new Set<string>();

  constructor(options: NodeAgentOptions) {
    this.#options = options;
    this.#client = new KubeClient({ ...options, userAgent: 'install-cni', fieldManager: 'install-cni' });
    this.#pods = new Store(options.log);
    this.#namespaces = new Store(options.log);
  }

  /** Works until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    this.#pods.onChange(({ current }) => {
      if (current !== undefined) this.#attend(current, signal);
    });
    this.#namespaces.onChange(({ name }) => {
      for (const pod of this.#pods.list(name)) this.#attend(pod, signal);
    });
    const namespaces = this.#reflect(kinds.namespace, this.#namespaces, signal);
    await this.#namespaces.whenSynced(signal).catch(() => undefined);
    await Promise.all([namespaces, this.#reflect(kinds.pod, this.#pods, signal)]);
  }

  async #reflect(resource: Resource, store: Store<Known>, signal: AbortSignal): Promise<void> {
    await new Reflector<Known>({ ...this.#options, client: this.#client, resource, store, project: known }).run(signal);
  }

  /** Starts a write when the pod is not as it should be; a running one looks again when it is done. */
  #attend({ object: pod, uid }: Known, signal: AbortSignal): void {
    const namespace = this.#namespaces.get(undefined, pod.metadata.namespace ?? '')?.object;
    if (namespace === undefined || this.#busy.has(uid)) return;
    const patch = networkPatch(pod, namespace.metadata.labels ?? {}, this.#options);
    if (patch === undefined) return;
    this.#busy.add(uid);
    void this.#write(pod, patch, signal).finally(() => {
      this.#busy.delete(uid);
      const now = this.#pods.get(pod.metadata.namespace, pod.metadata.name);
      if (now !== undefined && !signal.aborted) this.#attend(now, signal);
    });
  }

  /** Through the status, as the real agent does: that needs fewer rights than changing the pod. */
  async #write(pod: KubeObject, patch: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
    const { namespace, name } = pod.metadata;
    try {
      const stored = await this.#client.mergePatch(kinds.pod, namespace, name, patch, {
        subresource: 'status',
        signal,
      });
      this.#options.log.info(
        { namespace, pod: name, redirection: stored.metadata.annotations?.[redirection] ?? 'none' },
        'network set up',
      );
      await this.#seen(stored, signal);
    } catch (error) {
      if (signal.aborted || error instanceof NotFoundError) return;
      if (!(error instanceof ConflictError))
        this.#options.log.warn({ namespace, pod: name, err: error }, 'cannot set up the network');
      const pause = error instanceof ConflictError ? conflictPauseMs : retryPauseMs;
      await sleep(this.#options.clock, pause, signal).catch(() => undefined);
    }
  }

  /** Waits for the event of our own change rather than write the same again; a later event ends the waiting too. */
  async #seen({ metadata }: KubeObject, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const now = this.#pods.get(metadata.namespace, metadata.name);
      if (now?.uid !== metadata.uid || atOrAfter(now?.resourceVersion ?? '', metadata.resourceVersion ?? '') === true)
        return;
      await sleep(this.#options.clock, 10, signal);
    }
  }
}

function known(object: KubeObject): Known {
  const { namespace, name, uid = '', resourceVersion = '' } = object.metadata;
  return { namespace, name, uid, resourceVersion, object };
}
