/** A body between server and client whose text can be held back, and which can be broken. */
export class HeldBody implements AsyncIterable<string> {
  private readonly source: AsyncIterable<string>;
  private readonly onEnd: () => void;
  private held: boolean;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;
  private pending: Promise<undefined> | undefined;

  constructor(source: AsyncIterable<string>, held: boolean, onEnd: () => void) {
    this.source = source;
    this.held = held;
    this.onEnd = onEnd;
  }

  /** Holds back what comes from now on, or lets all of it go. */
  hold(held: boolean): void {
    this.held = held;
    this.notify();
  }

  /** The client's next read fails; what was held back is lost. */
  cut(failure: Error): void {
    this.failure = failure;
    this.notify();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    const iterator = this.source[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.unlessCut(iterator.next());
        while (this.held && this.failure === undefined) await this.change();
        if (this.failure !== undefined) throw this.failure;
        if (next?.done !== false) return;
        yield next.value;
      }
    } finally {
      this.onEnd();
      // The source may be waiting for its next event, so its end is not awaited.
      iterator.return?.().catch(() => undefined);
    }
  }

  private async unlessCut<T>(next: Promise<T>): Promise<T | undefined> {
    next.catch(() => undefined);
    for (;;) {
      if (this.failure !== undefined) return undefined;
      const settled = await Promise.race([next.then((value) => ({ value })), this.change()]);
      if (settled !== undefined) return settled.value;
    }
  }

  /** The next call of `hold` or `cut`; one promise serves all who wait. */
  private change(): Promise<undefined> {
    this.pending ??= new Promise((resolve) => {
      this.wake = () => {
        resolve(undefined);
      };
    });
    return this.pending;
  }

  private notify(): void {
    this.pending = undefined;
    this.wake?.();
  }
}
