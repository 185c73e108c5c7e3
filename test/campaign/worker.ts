import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { History } from './history.ts';
import { patchedFiles } from './wrong/patching.ts';
import { copies } from './wrong/copies.ts';

/*
 * Plays histories in a thread of its own, with the operator as it is or with one that is wrong on purpose: it is sent seeds, or histories, and answers with what came of
 * each. An error is an answer too: the operator, the simulation or the judge has thrown.
 */
const { wrong: name } = (workerData ?? {}) as { readonly wrong?: string };

const files = patchedFiles(copies.find((each) => each.name === name)?.edits ?? []);
registerHooks({
  load(url, context, nextLoad) {
    const text = files.get(url);
    return text === undefined
      ? nextLoad(url, context)
      : { format: 'module-typescript', source: text, shortCircuit: true };
  },
});

// Loaded after that, so that each file is found as it is to be.
const { historyOf } = await import('./history.ts');
const { play } = await import('./play.ts');
const { wrongAtSeams } = await import('./wrong/seams.ts');
const wrong = wrongAtSeams.find((each) => each.name === name);

parentPort?.on('message', (asked: number | History) => {
  const history = typeof asked === 'number' ? historyOf(asked) : asked;
  const { seed } = history;
  play(history, wrong === undefined ? {} : { wrong }).then(
    (outcome) => {
      parentPort?.postMessage({ seed, outcome });
    },
    (error: unknown) => {
      parentPort?.postMessage({ seed, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    },
  );
});
