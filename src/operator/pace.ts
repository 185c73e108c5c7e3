import type { Clock } from '../base/clock.ts';
import { counted } from '../base/counted.ts';
import { podsOf } from '../engine/rollout.ts';
import type { Write } from '../engine/situation.ts';
import type { Surroundings } from '../mesh/adapter.ts';

const minuteMs = 60_000;

const forgetMs = 60 * minuteMs;

/** For longer than this nobody waits for what one restart of another namespace costs. */
const longestForOthers = 10;

/** What is left of a pod by rounding. */
const nothing = 1e-6;

/** A restart that is paid for when it is sent. */
export interface Restart {
  readonly namespace: string;
  /** For messages. */
  readonly title: string;
  /** What podsPerMinute counts. */
  readonly pods: number;
  /** How many pods it is about at most by now: whoever scales down, or deletes the workload, owes no more. */
  readonly wanted: () => number;
}

/**
 * The restart that a write is; undefined if it makes no pod anew. It is about pods that are there: how many a workload
 * wants is a number of its owner's, and nothing says that they were ever made.
 */
export function restartOf(
  write: Write,
  { namespace: { name: namespace }, workloads, pods, mesh }: Surroundings,
): Restart | undefined {
  if (write.kind === 'Evict') return { namespace, title: `a pod of ${namespace}`, pods: 1, wanted: () => 1 };
  if (write.kind !== 'PatchTemplate') return undefined;
  const { kind, name } = write.workload;
  const found = workloads.find((workload) => workload.kind === kind && workload.name === name);
  const count = found === undefined ? 0 : Math.min(found.replicas, podsOf(found, pods).length);
  if (found === undefined || count === 0) return undefined;
  return {
    namespace,
    title: `${kind} ${name} of ${namespace} (${counted(count, 'pod')})`,
    pods: count,
    wanted: () => mesh.workloads(namespace).find(({ uid }) => uid === found.uid)?.replicas ?? 0,
  };
}

interface Debt {
  readonly restart: Restart;
  /** Pods that its own namespace still waits for. */
  own: number;
  /** As many of them as everybody waits for. */
  shared: number;
}

interface Ledger {
  /** Monotonic time up to which debts are paid off. */
  at: number;
  debts: readonly Debt[];
}

/** What keeps the next restart from being sent. */
export interface Owed {
  readonly ms: number;
  /** What is restarted that alone takes more than a minute; absent if nothing does. */
  readonly mostly?: string;
}

/** Pays debts off in their order, as far as these pods go; what is not wanted any more is paid. */
function payOff(debts: readonly Debt[], field: 'own' | 'shared', pods: number): void {
  let left = pods;
  for (const debt of debts) {
    const due = Math.min(debt[field], debt.restart.wanted());
    debt[field] = Math.max(0, due - left);
    left = Math.max(0, left - due);
  }
}

function sum(debts: readonly Debt[], field: 'own' | 'shared'): number {
  const pods = debts.reduce((all, debt) => all + debt[field], 0);
  return pods < nothing ? 0 : pods;
}

/**
 * What podsPerMinute still allows, by this process's own clock: a restart is paid for with its pods when it is sent.
 * Nothing is read from statuses, which others can write, and no clock but one's own counts.
 *
 * Pods are owed and not time, so that whoever raises podsPerMinute waits no longer for what was sent before. Whoever
 * owes more than a share waits for all of it himself, and the others for the share: how many pods a namespace has is
 * decided by who writes in it.
 */
export class Pace {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** By migration. One that nobody has asked about for an hour is forgotten when another one is opened. */
  readonly #ledgers = new Map<string, Ledger>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /**
   * When the next restart in the namespace may be sent. When the process has not paid yet, `recent` tells what others
   * may have restarted right before: the pods that are younger than a minute. At most a minute's worth, whatever it
   * says.
   */
  owed(migration: string, podsPerMinute: number, namespace: string, recent: () => number): Owed {
    const { debts } = this.#settled(migration, podsPerMinute, recent);
    const own = debts.filter(({ restart }) => restart.namespace === namespace);
    const [ofAll, ofOwn] = [sum(debts, 'shared'), sum(own, 'own')];
    const pods = Math.max(ofAll, ofOwn);
    if (pods === 0) return { ms: 0 };
    const large = (ofOwn > ofAll ? own : debts).filter(({ restart }) => restart.pods > podsPerMinute);
    const [most] = large.toSorted((a, b) => b.restart.pods - a.restart.pods);
    return {
      ms: Math.ceil((pods * minuteMs) / podsPerMinute - nothing),
      ...(most !== undefined && { mostly: most.restart.title }),
    };
  }

  /** Pays for a restart that is about to be sent; the answer takes it back, for one that was surely not carried out. */
  pay(migration: string, podsPerMinute: number, restart: Restart): () => void {
    const ledger = this.#settled(migration, podsPerMinute, () => 0);
    const debt = { restart, own: restart.pods, shared: Math.min(restart.pods, longestForOthers * podsPerMinute) };
    ledger.debts = [...ledger.debts, debt];
    return () => {
      ledger.debts = ledger.debts.filter((each) => each !== debt);
    };
  }

  #settled(migration: string, podsPerMinute: number, recent: () => number): Ledger {
    const now = this.#clock.monotonic();
    const ledger = this.#ledgers.get(migration) ?? this.#opened(migration, now, Math.min(podsPerMinute, recent()));
    const pods = ((now - ledger.at) * podsPerMinute) / minuteMs;
    ledger.at = now;
    payOff(ledger.debts, 'shared', pods);
    for (const own of Map.groupBy(ledger.debts, ({ restart }) => restart.namespace).values()) payOff(own, 'own', pods);
    ledger.debts = ledger.debts.filter(({ own, shared }) => Math.max(own, shared) >= nothing);
    return ledger;
  }

  #opened(migration: string, now: number, pods: number): Ledger {
    const restart = { namespace: '', title: '', pods, wanted: () => Infinity };
    const ledger: Ledger = { at: now, debts: [{ restart, own: 0, shared: pods }] };
    for (const [other, { at }] of this.#ledgers) if (at < now - forgetMs) this.#ledgers.delete(other);
    this.#ledgers.set(migration, ledger);
    return ledger;
  }
}
