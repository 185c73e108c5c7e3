import { Recent } from '../base/recent.ts';
import type { Change } from '../kube/store.ts';
import type { PodView } from '../mesh/views.ts';

/** Accounts whose last telling is remembered: whoever makes ever new ones is told of no more often than his namespace. */
const mostTold = 10_000;

/**
 * Who has come to have a sidecar, by namespace and service account: whoever rests and has a way back behind a waypoint
 * has to say of him that he would go around it. A rollout changes nothing of that, and who comes and goes is told of once
 * in a while: everybody at rest is looked at again by then anyway.
 */
export class NewSidecars {
  readonly #hasSidecar: (pod: PodView) => boolean;
  readonly #now: () => number;
  readonly #againAfterMs: number;
  readonly #counts = new Map<string, number>();
  readonly #told = new Recent<number>(mostTold);

  constructor(hasSidecar: (pod: PodView) => boolean, now: () => number, againAfterMs: number) {
    this.#hasSidecar = hasSidecar;
    this.#now = now;
    this.#againAfterMs = againAfterMs;
  }

  /** Notes a change of a pod: whether it is the first with a sidecar of its account, which is to be told. */
  isNews({ previous, current }: Change<PodView>): boolean {
    const [before, after] = [previous, current].map((pod) => (pod === undefined ? undefined : this.#accountOf(pod)));
    if (before === after) return false;
    if (before !== undefined) this.#count(before, -1);
    return after !== undefined && this.#count(after, 1) === 1 && this.#isDue(after);
  }

  /** The account of a pod that has a sidecar. */
  #accountOf(pod: PodView): string | undefined {
    return !pod.finished && this.#hasSidecar(pod) ? `${pod.namespace}/${pod.serviceAccount}` : undefined;
  }

  #count(account: string, by: number): number {
    const count = (this.#counts.get(account) ?? 0) + by;
    if (count > 0) this.#counts.set(account, count);
    else this.#counts.delete(account);
    return count;
  }

  #isDue(account: string): boolean {
    const now = this.#now();
    const told = this.#told.get(account);
    if (told !== undefined && now < told + this.#againAfterMs) return false;
    this.#told.set(account, now);
    return true;
  }
}
