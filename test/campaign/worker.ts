import { parentPort } from 'node:worker_threads';
import { historyOf } from './history.ts';
import { play } from './play.ts';

/*
 * Plays histories in a thread of its own: it is sent seeds and answers with what came of each. An error is an answer too: the operator, the simulation
 * or the judge has thrown.
 */
parentPort?.on('message', (seed: number) => {
  play(historyOf(seed)).then(
    (outcome) => {
      parentPort?.postMessage({ seed, outcome });
    },
    (error: unknown) => {
      parentPort?.postMessage({ seed, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    },
  );
});
