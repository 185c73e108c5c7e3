import { extend } from '../../../base/lists.ts';
import type { WorkloadView } from '../../views.ts';
import { spend } from '../../../base/effort.ts';
import { byKey, grouped, keyOf, type Follower, type Groups, type Lead, type Wait } from './waits.ts';

/** What of some groups is left, while workloads are put in order one after the other. */
class Left {
  readonly #leading: ReadonlyMap<string, readonly Lead[]>;
  readonly #waiting: ReadonlyMap<string, readonly Follower[]>;
  readonly #isLeft: (key: string) => boolean;
  /** How many of a group have no place yet. */
  readonly #left: Map<Lead, number>;
  /** For how many groups another one still waits, */
  readonly #open: Map<Follower, number>;
  /** and of how many of these nobody is left but one of those that wait. */
  readonly #alone: ReadonlyMap<Follower, Map<string, number>>;

  constructor({ leads, followers }: Groups, isLeft: (key: string) => boolean) {
    this.#isLeft = isLeft;
    this.#leading = byKey(leads);
    this.#waiting = byKey(followers);
    this.#left = new Map(leads.map((lead) => [lead, [...lead.keys].filter(isLeft).length]));
    this.#open = new Map(followers.map((follower) => [follower, follower.leads]));
    this.#alone = new Map(followers.map((follower) => [follower, new Map()]));
    this.#settle(leads);
  }

  isFree(key: string): boolean {
    return (this.#waiting.get(key) ?? []).every(
      (each) => (this.#open.get(each) ?? 0) === (this.#alone.get(each)?.get(key) ?? 0),
    );
  }

  /** Some have got their places: those that may be free by it. */
  without(keys: readonly string[]): ReadonlySet<string> {
    const touched = new Set<Lead>();
    for (const lead of keys.flatMap((key) => this.#leading.get(key) ?? [])) {
      this.#left.set(lead, (this.#left.get(lead) ?? 0) - 1);
      touched.add(lead);
    }
    return this.#settle(touched);
  }

  #settle(leads: Iterable<Lead>): ReadonlySet<string> {
    const maybe = new Set<string>();
    for (const lead of leads) {
      const left = this.#left.get(lead) ?? 0;
      if (left > 1) continue;
      const last = left === 0 ? undefined : [...lead.keys].find(this.#isLeft);
      for (const follower of lead.followers) {
        if (last === undefined) this.#close(follower, maybe);
        else if (follower.keys.has(last)) this.#leaveAlone(follower, last, maybe);
      }
    }
    return maybe;
  }

  #close(follower: Follower, maybe: Set<string>): void {
    const open = (this.#open.get(follower) ?? 0) - 1;
    this.#open.set(follower, open);
    const keys = open === 0 ? follower.keys : new Set(this.#alone.get(follower)?.keys());
    spend(keys.size / 8);
    for (const key of keys) maybe.add(key);
  }

  /** Nobody waits for himself. */
  #leaveAlone(follower: Follower, last: string, maybe: Set<string>): void {
    const alone = this.#alone.get(follower);
    alone?.set(last, (alone.get(last) ?? 0) + 1);
    maybe.add(last);
  }
}

/** The workloads, each after those that it waits for; what is in a circle comes last, in the order of its names. */
export function inOrder(
  workloads: readonly WorkloadView[],
  waits: readonly Wait[],
): { readonly workloads: readonly WorkloadView[]; readonly circle: readonly WorkloadView[] } {
  const places = new Map(workloads.map((workload, place) => [keyOf(workload), place]));
  const isLeft = (key: string): boolean => places.has(key);
  const left = new Left(grouped(waits), isLeft);
  const sorted: WorkloadView[] = [];
  let free = [...places.keys()].filter((key) => left.isFree(key));
  while (free.length > 0) {
    const turn = free.map((key) => places.get(key) ?? 0).sort((a, b) => a - b);
    extend(
      sorted,
      turn.flatMap((place) => workloads[place] ?? []),
    );
    for (const key of free) places.delete(key);
    free = [...left.without(free)].filter((key) => isLeft(key) && left.isFree(key));
  }
  const circle = [...places.values()].flatMap((place) => workloads[place] ?? []);
  return { workloads: [...sorted, ...circle], circle };
}
