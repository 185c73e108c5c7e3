import { Worker } from 'node:worker_threads';
import type { History } from './history.ts';
import type { Outcome } from './play.ts';

/** What came of a history; an error when the operator, the simulation or the judge has thrown. */
export type Answer =
  { readonly seed: number; readonly outcome: Outcome } | { readonly seed: number; readonly error: string };

/** A thread that plays one history after the other, with the operator as it is or with one that is wrong on purpose. */
export class Player {
  readonly #worker: Worker;

  constructor(wrong?: string) {
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: wrong === undefined ? {} : { wrong },
    });
  }

  /** By its seed, or one that somebody has made. */
  async play(history: number | History): Promise<Answer> {
    const heard = new Promise<Answer>((resolve, reject) => {
      this.#worker.once('message', resolve);
      this.#worker.once('error', reject);
    });
    this.#worker.postMessage(history);
    const answer = await heard;
    this.#worker.removeAllListeners('error');
    return answer;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Does the tasks in their order, so many at the same time. */
export async function atOnce<T>(jobs: number, tasks: Iterable<T>, work: (task: T) => Promise<void>): Promise<void> {
  const left = tasks[Symbol.iterator]();
  const one = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: jobs }, one));
}
