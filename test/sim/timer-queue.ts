import type { Random } from '../../src/base/random.ts';

/** One set timer. */
export interface Timer {
  readonly due: number;
  readonly order: number;
  readonly sequence: number;
  readonly callback: () => void;
  /** Where it was set, for messages. */
  readonly origin: string;
  cancelled: boolean;
}

/** A binary heap of timers by due time, then by the seeded order, then by insertion. */
export class TimerQueue {
  private readonly random: Random | undefined;
  private readonly heap: Timer[] = [];
  private sequence = 0;
  private live = 0;

  constructor(random: Random | undefined) {
    this.random = random;
  }

  /** Timers that are neither fired nor cancelled. */
  get size(): number {
    return this.live;
  }

  add(due: number, callback: () => void, origin: string): Timer {
    this.sequence += 1;
    this.live += 1;
    const timer = { due, order: this.random?.() ?? 0, sequence: this.sequence, callback, origin, cancelled: false };
    this.heap.push(timer);
    this.siftUp(this.heap.length - 1);
    return timer;
  }

  /** Takes the timer out; a second call does nothing. */
  cancel(timer: Timer): void {
    if (timer.cancelled) return;
    timer.cancelled = true;
    this.live -= 1;
  }

  /** The next timer to fire, left in the queue. */
  peek(): Timer | undefined {
    while (this.heap[0]?.cancelled === true) this.removeFirst();
    return this.heap[0];
  }

  /** In the order they will fire. */
  list(): readonly Timer[] {
    return this.heap.filter((timer) => !timer.cancelled).sort((a, b) => (before(a, b) ? -1 : 1));
  }

  private removeFirst(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.siftDown(0);
  }

  private siftUp(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  private siftDown(start: number): void {
    let index = start;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const leftTimer = this.heap[left];
      const rightTimer = this.heap[right];
      if (leftTimer === undefined) return;
      const child = rightTimer !== undefined && before(rightTimer, leftTimer) ? right : left;
      if (!this.swapIfBefore(child, index)) return;
      index = child;
    }
  }

  private swapIfBefore(index: number, other: number): boolean {
    const a = this.heap[index];
    const b = this.heap[other];
    if (a === undefined || b === undefined || !before(a, b)) return false;
    this.heap[index] = b;
    this.heap[other] = a;
    return true;
  }
}

function before(a: Timer, b: Timer): boolean {
  if (a.due !== b.due) return a.due < b.due;
  if (a.order !== b.order) return a.order < b.order;
  return a.sequence < b.sequence;
}
