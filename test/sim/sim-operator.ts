import type { Clock } from '../../src/base/clock.ts';
import type { Logger } from '../../src/base/log.ts';
import { silentLogger } from '../../src/base/log.ts';
import type { Random } from '../../src/base/random.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../src/kube/transport.ts';
import type { Observer } from '../../src/operator/metrics/observer.ts';
import { createOperator, type Operator, type PrometheusOptions } from '../../src/operator/operator.ts';
import type { MeshAdapter } from '../../src/mesh/adapter.ts';
import { meshes } from '../../src/mesh/meshes.ts';
import { meshesOf } from '../../src/mesh/registry.ts';
import type { OperatorControl } from '../scenarios/world.ts';

/** What one incarnation of the operator is given. */
export interface SimOperatorOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Logger;
  /** Default: nobody is asked who calls. */
  readonly prometheus?: PrometheusOptions;
  /** Default: Istio as it is. */
  readonly adapter?: MeshAdapter;
  /** By what it is known to others of its kind, with a number for each incarnation. Default: `sim`. */
  readonly name?: string;
  /** How many namespaces of one migration may be under way at once. Default: that of the operator. */
  readonly slots?: number;
  /** Default: nobody measures. */
  readonly observer?: Observer;
}

/** How long the kubelet takes to start a process again that has ended. */
const restartMs = 1000;

/** Requests that change something besides the operator's own Lease and events. */
export function isCountedWrite({ method, path }: HttpRequest): boolean {
  return method !== 'GET' && !path.includes('/leases') && !path.includes('/events');
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => {
    /* a dead process waits for nothing */
  });
}

/**
 * One operator in this process that can be killed as a process is: from that instant none of its requests is sent or
 * answered and none of its timers fires, wherever it was.
 */
class Incarnation {
  #dead = false;
  readonly #deaths = new Set<() => void>();

  get isDead(): boolean {
    return this.#dead;
  }

  kill(): void {
    this.#dead = true;
    for (const die of this.#deaths) die();
  }

  clock(clock: Clock, aheadMs: () => number): Clock {
    return {
      now: () => clock.now() + aheadMs(),
      monotonic: () => clock.monotonic(),
      timer: (ms, callback) => {
        if (this.#dead)
          return () => {
            /* nothing was set */
          };
        const cancel = clock.timer(ms, () => {
          this.#deaths.delete(cancel);
          callback();
        });
        this.#deaths.add(cancel);
        return () => {
          this.#deaths.delete(cancel);
          cancel();
        };
      },
    };
  }

  transport(
    inner: Transport,
    beforeSend: (request: HttpRequest) => void,
    afterCommit: (request: HttpRequest) => void,
  ): Transport {
    const connections = new AbortController();
    const isDead = (): boolean => this.#dead;
    this.#deaths.add(() => {
      connections.abort(new Error('the process died'));
    });
    return {
      server: inner.server,
      send: async (request): Promise<HttpResponse> => {
        if (!isDead()) beforeSend(request);
        if (isDead()) return await never();
        const response = await inner
          .send({ ...request, signal: AbortSignal.any([request.signal, connections.signal]) })
          .catch((error: unknown) => {
            if (isDead()) return undefined;
            throw error;
          });
        if (!isDead()) afterCommit(request);
        return isDead() || response === undefined ? await never() : response;
      },
    };
  }
}

/** When an operator is to be killed: around its n-th write, counted from 1 over all incarnations. */
export interface KillPoint {
  readonly write: number;
  readonly when: 'before' | 'after';
}

/** Operators on a simulated cluster, one after the other. */
export class SimOperator implements OperatorControl {
  readonly #options: SimOperatorOptions;
  #incarnation: Incarnation | undefined;
  #operator: Operator | undefined;
  #number = 0;
  #writes = 0;
  #ended = 0;
  readonly #memory = new AbortController();
  #killPoints: readonly KillPoint[] = [];
  /** How far the wall clock of the operator's machine is ahead of everybody else's. */
  aheadMs = 0;
  /** Called when a kill point was reached. */
  onKilled: () => void = () => {
    /* nobody minds */
  };

  constructor(options: SimOperatorOptions) {
    this.#options = options;
  }

  /** The clock of everybody. */
  get clock(): Clock {
    return this.#options.clock;
  }

  /** The one that was started last, as whoever measures it sees it. */
  get source(): Operator {
    if (this.#operator === undefined) throw new RangeError('no operator was started yet');
    return this.#operator;
  }

  /** Writes sent so far, Lease and events aside. */
  get writes(): number {
    return this.#writes;
  }

  sent(): number {
    return this.#writes;
  }

  /** How often an operator ended by itself, as it does when it has lost its Lease; it is then started again. */
  get ended(): number {
    return this.#ended;
  }

  killAt(points: readonly KillPoint[]): void {
    this.#killPoints = points;
  }

  start(): Promise<void> {
    const incarnation = new Incarnation();
    this.#incarnation = incarnation;
    this.#number += 1;
    const { clock, random, log = silentLogger, prometheus, adapter, slots, observer, name = 'sim' } = this.#options;
    const transport = incarnation.transport(
      this.#options.transport,
      (request) => {
        if (!isCountedWrite(request)) return;
        this.#writes += 1;
        this.#maybeKill('before');
      },
      (request) => {
        if (isCountedWrite(request)) this.#maybeKill('after');
      },
    );
    const operator = createOperator({
      transport,
      clock: incarnation.clock(clock, () => this.aheadMs),
      random,
      log,
      identity: `${name}-${this.#number}`,
      namespace: 'mesh-migration-system',
      ...(prometheus && { prometheus }),
      meshes: adapter === undefined ? meshes : meshesOf(adapter),
      ...(slots !== undefined && { maxConcurrentNamespaces: slots }),
      ...(observer && { observer }),
    });
    this.#operator = operator;
    operator.run(this.#memory.signal).catch((error: unknown) => {
      if (incarnation.isDead) return;
      log.error({ err: error }, 'The operator ended by itself');
      this.#ended += 1;
      incarnation.kill();
      clock.timer(restartMs, () => {
        void this.start();
      });
    });
    return Promise.resolve();
  }

  kill(): Promise<void> {
    this.#incarnation?.kill();
    this.#incarnation = undefined;
    return Promise.resolve();
  }

  /**
   * Gives back what dead incarnations hold; to be called when nothing runs any more. A killed one sleeps for ever, and
   * Node.js keeps a composed signal that somebody listens to, and with it the whole cluster, until it is aborted.
   */
  forget(): void {
    this.#memory.abort(new Error('the simulation is over'));
  }

  #maybeKill(when: KillPoint['when']): void {
    if (!this.#killPoints.some((point) => point.write === this.#writes && point.when === when)) return;
    this.#incarnation?.kill();
    this.#incarnation = undefined;
    this.onKilled();
  }
}
