import type { Random } from '../../../src/base/random.ts';

/** What may become of a request on the way to the API server, or of its answer. */
export type Fault =
  | { readonly kind: 'Cut' }
  | { readonly kind: 'LoseAnswer' }
  | { readonly kind: 'Delay'; readonly ms: number }
  | { readonly kind: 'NeverAnswer' }
  | { readonly kind: 'Refuse'; readonly status: 429 | 500 | 503; readonly retryAfterSeconds?: number }
  | { readonly kind: 'Expired'; readonly form: 'Status' | 'Event' }
  | { readonly kind: 'CutInMidLine' };

/**
 * What a request is, as far as faults are drawn by it: the Lease has so little time that it is counted apart, and only a
 * watch that goes on where another one ended may find that its past is gone.
 */
export type Sort = 'Write' | 'Read' | 'Watch' | 'Resumed' | 'Line' | 'Lease';

/** How often a fault is met by requests of some sorts; `Line` is a piece of the body of any watch. */
export interface Rule {
  readonly fault: Fault;
  readonly sorts: readonly Sort[];
  /** One in so many, on the average. */
  readonly every: number;
  /** No more than so many on each way. */
  readonly most?: number;
}

interface Counter {
  readonly rule: Rule;
  /** Requests until it is met next. */
  left: number;
  met: number;
}

/** Which request meets what: drawn from the seed, in the order in which the requests come. */
export class Plan {
  readonly #random: Random;
  #counters: readonly Counter[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** From now on by these rules; without any nothing happens to anybody. */
  follow(rules: readonly Rule[]): void {
    this.#counters = rules.map((rule) => ({ rule, left: this.#drawn(rule), met: 0 }));
  }

  /** What happens to the next one of a sort. */
  next(sort: Sort): Fault | undefined {
    const due = this.#counters.filter((counter) => this.#isDue(counter, sort));
    const [first] = due;
    if (first === undefined) return undefined;
    first.left = this.#drawn(first.rule);
    first.met += 1;
    return first.rule.fault;
  }

  /** How often each fault was met since the rules are these, by its name. */
  get met(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counters.map(({ rule, met }) => [nameOf(rule.fault), met]));
  }

  #isDue(counter: Counter, sort: Sort): boolean {
    const { rule, met } = counter;
    if (!rule.sorts.includes(sort) || met >= (rule.most ?? Infinity)) return false;
    counter.left -= 1;
    return counter.left <= 0;
  }

  /** At least one in twice as many, so that a short way meets each. */
  #drawn({ every }: Rule): number {
    return 1 + Math.floor(this.#random() * (2 * every - 1));
  }
}

/** A fault as tables name it. */
export function nameOf(fault: Fault): string {
  if (fault.kind === 'Refuse') return `Refuse ${String(fault.status)}`;
  return fault.kind === 'Expired' ? `Expired ${fault.form}` : fault.kind;
}
