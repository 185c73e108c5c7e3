import type { CoordinationV1Api } from '@kubernetes/client-node';
import type { Clock } from '../base/clock.ts';
import { V1Lease, V1LeaseSpec, V1MicroTime, V1ObjectMeta, coordinationApi } from './client-node.ts';
import { AlreadyExistsError, ConflictError, NotFoundError } from './errors.ts';
import { heldByAnother, observe } from './lease-record.ts';
import type { LeaseObservation } from './lease-record.ts';
import type { Transport } from './transport.ts';

/** Which Lease is held, by whom and for how long. */
export interface LeaseLockOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly namespace: string;
  readonly name: string;
  /** Different for each process, also after a restart in the same pod. */
  readonly identity: string;
  readonly leaseDurationMs: number;
  /** For one request. */
  readonly requestTimeoutMs: number;
}

/**
 * One Lease object used as a lock. Writes are PUTs with a resourceVersion, so of two candidates one gets a 409. (And
 * PUT is what the leader-election flow schema of API Priority and Fairness covers; PATCH is not.)
 */
export class LeaseLock {
  readonly #options: LeaseLockOptions;
  readonly #api: CoordinationV1Api;
  #observed: LeaseObservation | undefined;

  constructor(options: LeaseLockOptions) {
    this.#options = options;
    this.#api = coordinationApi(options.transport, { clock: options.clock, deadlineMs: options.requestTimeoutMs });
  }

  /** Who holds it as far as this process has seen; '' for nobody. */
  get holder(): string {
    return this.#observed?.lease.spec?.holderIdentity ?? '';
  }

  /** One try to get or to renew the lease; false when another holds it. Throws when that could not be found out. */
  async acquireOrRenew(): Promise<boolean> {
    try {
      // The holder knows the last version: it renews without reading, and reads only when that turns out to be stale.
      if (this.holder !== this.#options.identity) await this.#look();
      return await this.#take();
    } catch (error) {
      if (!(error instanceof ConflictError) && !(error instanceof NotFoundError)) throw error;
      await this.#look();
      return await this.#take();
    }
  }

  /** Gives the lease back, so that the next candidate need not wait for its expiry. */
  async release(): Promise<void> {
    const lease = this.#observed?.lease;
    if (lease === undefined || this.holder !== this.#options.identity) return;
    const now = this.#now();
    await this.#replace(lease, { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now });
  }

  async #look(): Promise<void> {
    const { name, namespace, clock } = this.#options;
    try {
      this.#observed = observe(
        this.#observed,
        await this.#api.readNamespacedLease({ name, namespace }),
        clock.monotonic(),
      );
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      this.#observed = undefined;
    }
  }

  async #take(): Promise<boolean> {
    const { identity, clock } = this.#options;
    const observed = this.#observed;
    if (observed === undefined) return await this.#create();
    if (heldByAnother(observed, identity, clock.monotonic())) return false;
    const { spec } = observed.lease;
    const takeOver = { acquireTime: this.#now(), leaseTransitions: (spec?.leaseTransitions ?? 0) + 1 };
    await this.#replace(observed.lease, { ...this.#claim(), ...(spec?.holderIdentity === identity ? {} : takeOver) });
    return true;
  }

  async #create(): Promise<boolean> {
    const { name, namespace, clock } = this.#options;
    const body = Object.assign(new V1Lease(), {
      metadata: Object.assign(new V1ObjectMeta(), { name, namespace }),
      spec: Object.assign(new V1LeaseSpec(), { ...this.#claim(), acquireTime: this.#now(), leaseTransitions: 0 }),
    });
    try {
      this.#observed = observe(
        undefined,
        await this.#api.createNamespacedLease({ namespace, body }),
        clock.monotonic(),
      );
      return true;
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
      await this.#look();
      return false;
    }
  }

  /** Stores the lease with other values; its labels and whatever else it carries stay. */
  async #replace(lease: V1Lease, changes: Partial<V1LeaseSpec>): Promise<void> {
    const { name, namespace, clock } = this.#options;
    const body = Object.assign(new V1Lease(), lease, { spec: Object.assign(new V1LeaseSpec(), lease.spec, changes) });
    this.#observed = observe(
      this.#observed,
      await this.#api.replaceNamespacedLease({ name, namespace, body }),
      clock.monotonic(),
    );
  }

  #claim(): {
    readonly holderIdentity: string;
    readonly leaseDurationSeconds: number;
    readonly renewTime: V1MicroTime;
  } {
    const { identity, leaseDurationMs } = this.#options;
    return { holderIdentity: identity, leaseDurationSeconds: leaseDurationMs / 1000, renewTime: this.#now() };
  }

  /** metav1.MicroTime: the API server accepts exactly six digits of a second. */
  #now(): V1MicroTime {
    return new V1MicroTime(this.#options.clock.now());
  }
}
