/**
 * Text that one side pushes and the other iterates once, as a response body. What piles up is handed over as one piece.
 */
export class TextStream implements AsyncIterable<string> {
  private readonly onClose: () => void;
  private waiting: string[] = [];
  private ended = false;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;

  /** `onClose` is called once, when either side is done. */
  constructor(onClose: () => void) {
    this.onClose = onClose;
  }

  get closed(): boolean {
    return this.ended;
  }

  push(text: string): void {
    if (this.ended) return;
    this.waiting.push(text);
    this.notify();
  }

  /** Ends the stream after what was pushed; with an error, at once and by throwing it. */
  end(failure?: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.failure = failure;
    this.onClose();
    this.notify();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    try {
      for (;;) {
        if (this.failure !== undefined) throw this.failure;
        if (this.waiting.length > 0) {
          const pieces = this.waiting;
          this.waiting = [];
          yield pieces.join('');
        } else if (this.ended) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
        }
      }
    } finally {
      this.end();
    }
  }

  private notify(): void {
    this.wake?.();
    this.wake = undefined;
  }
}

/** A body that is already complete. */
export async function* wholeText(text: string): AsyncGenerator<string> {
  await Promise.resolve();
  yield text;
}
