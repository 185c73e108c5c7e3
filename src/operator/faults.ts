import type { Logger } from '../base/log.ts';

/** Faults that are remembered; then all are told anew. */
const most = 1000;

/**
 * Tells the log of faults of the operator itself, each once: a namespace that is blocked by one is looked at again and
 * again.
 */
export class Faults {
  readonly #log: Logger;
  readonly #told = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** With its stack, which never gets into a status. */
  note(namespace: string, where: string, error: unknown): void {
    // Where it was thrown, not all the way there: the same fault is met on several.
    const key = `${namespace} ${where} ${error instanceof Error ? (error.stack ?? error.message).split('\n', 2).join() : String(error)}`;
    if (this.#told.has(key)) return;
    if (this.#told.size >= most) this.#told.clear();
    this.#told.add(key);
    this.#log.error({ namespace, where, err: error }, 'Internal error');
  }
}
