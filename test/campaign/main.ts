import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Coverage } from './coverage.ts';
import { historyOf } from './history.ts';
import { play, type Outcome } from './play.ts';
import { describe, promiseOf, shrink } from './shrink.ts';
import { wrongOperators, type Wrong } from './wrong.ts';

/*
 * npm run campaign: plays seeded random histories and says where one breaks a promise.
 *   --histories N   how many (default 200)      --from SEED     the first one (default 1)
 *   --minutes M     begin none after so long    --jobs N        threads (default: one for each core)
 *   --report FILE   writes tables of coverage   --replay SEED   plays one alone, says what happened
 *   --judge         plays wrong operators, each until one history catches it
 *   --trace         with --replay: each write   --shrink        with --replay: leaves out what is not needed
 */
const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '600' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    report: { type: 'string' },
    judge: { type: 'boolean', default: false },
    replay: { type: 'string' },
    trace: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
  },
});

/** Hundreds of violations of one promise in one history are one fault. */
const mostLines = 4;

type Answer = { readonly seed: number; readonly outcome: Outcome } | { readonly seed: number; readonly error: string };

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function say(seed: number, { violations }: Outcome): void {
  for (const promise of new Set(violations.map(promiseOf))) {
    const of = violations.filter((each) => promiseOf(each) === promise);
    for (const { at, what } of of.slice(0, mostLines)) print(`history ${String(seed)} +${String(at / 1000)} s ${what}`);
    if (of.length > mostLines) print(`history ${String(seed)} and ${String(of.length - mostLines)} more of ${promise}`);
  }
}

async function replay(seed: number): Promise<number> {
  const history = historyOf(seed);
  const outcome = await play(
    history,
    values.trace
      ? {
          trace: (line) => {
            print(line);
          },
        }
      : {},
  );
  print(describe(history));
  say(seed, outcome);
  const [first] = outcome.violations;
  if (values.shrink && first !== undefined)
    print(`\nThe shortest that breaks ${promiseOf(first)}:\n${describe(await shrink(history, promiseOf(first)))}`);
  return outcome.violations.length;
}

async function campaign(): Promise<number> {
  const [from, count, until] = [
    Number(values.from),
    Number(values.histories),
    Date.now() + Number(values.minutes) * 60_000,
  ];
  const coverage = new Coverage();
  let [next, done, failed] = [from, 0, 0];
  const hear = (answer: Answer): void => {
    done += 1;
    if ('error' in answer) print(`history ${String(answer.seed)} threw ${answer.error}`);
    else {
      coverage.add(answer.outcome);
      say(answer.seed, answer.outcome);
    }
    if ('error' in answer || answer.outcome.violations.length > 0) failed += 1;
    if (done % 50 === 0) print(`${String(done)} histories, ${String(failed)} with violations`);
  };
  await Promise.all(
    Array.from(
      { length: Number(values.jobs) },
      () =>
        new Promise<void>((resolve, reject) => {
          const worker = new Worker(new URL('./worker.ts', import.meta.url));
          const another = (): void => {
            if (next >= from + count || Date.now() > until) {
              void worker.terminate().then(() => {
                resolve();
              });
              return;
            }
            worker.postMessage(next);
            next += 1;
          };
          worker.on('message', (answer: Answer) => {
            hear(answer);
            another();
          });
          worker.on('error', reject);
          another();
        }),
    ),
  );
  print(
    `${String(done)} histories, ${String(failed)} with violations${coverage.empty.length > 0 ? `; never: ${coverage.empty.join(', ')}` : ''}`,
  );
  if (values.report !== undefined) await writeFile(values.report, `${coverage.markdown()}\n`);
  return failed;
}

/** How many histories a wrong operator may get through. */
const mostChances = 60;

async function judgeTheJudge(): Promise<number> {
  let missed = 0;
  print('| Wrong operator | Caught after | By |\n|---|---|---|');
  for (const wrong of wrongOperators) {
    const caught = await firstCaught(wrong);
    if (caught === undefined) missed += 1;
    print(
      caught === undefined
        ? `| ${wrong.name} | not in ${String(mostChances)} | |`
        : `| ${wrong.name} | ${String(caught.after)} | ${caught.what} |`,
    );
  }
  return missed;
}

async function firstCaught(wrong: Wrong): Promise<{ readonly after: number; readonly what: string } | undefined> {
  for (let after = 1; after <= mostChances; after += 1) {
    const {
      violations: [first],
    } = await play(historyOf(Number(values.from) + after - 1), { wrong });
    if (first !== undefined) return { after, what: first.what.split('\n')[0] ?? '' };
  }
  return undefined;
}

async function chosen(): Promise<number> {
  if (values.judge) return await judgeTheJudge();
  return values.replay === undefined ? await campaign() : await replay(Number(values.replay));
}

const bad = await chosen();
process.exitCode = bad > 0 ? 1 : 0;
