import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Coverage, emptyIn, gatesMarkdownOf, markdownOf, type Tally } from './coverage.ts';
import { walkTheEngine } from './engine-walk.ts';
import { historyOf, isGated, openHistoryOf } from './history.ts';
import { judgeTheJudge, tableOf, type Caught } from './judge-judge.ts';
import { play, type Outcome } from './play.ts';
import { atOnce, Player, type Answer } from './player.ts';
import { intoDocument, outOfDocument } from './report.ts';
import { describe, promiseOf, shrink } from './shrink.ts';
import { isWrongAtGates, wrongNames } from './wrong/operators.ts';

/*
 * npm run campaign: plays seeded random histories and says where one breaks a promise.
 *   --histories N   how many (default 200)      --from SEED     the first one (default 1)
 *   --gated         only seeds whose world has waves, windows or approvals; with --judge operators that are wrong in these
 *   --minutes M     begin none after so long    --jobs N        threads (default: one for each core)
 *   --report FILE   writes tables of coverage, or of wrong operators, between their marks in a document
 *   --steps N       single steps of the engine besides (default 100000)
 *   --tally FILE    counts on from what is counted in a file
 *   --replay SEED   plays one alone, says what happened
 *   --open          with --replay: without waves, windows and approvals, as before there were any
 *   --trace         with --replay: each write   --shrink        with --replay: leaves out what is not needed
 *   --judge         plays wrong operators, each until one history catches it, or --most have not (default 300)
 *   --only TEXT     with --judge: those with this in their name
 */
const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    gated: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '600' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    report: { type: 'string' },
    tally: { type: 'string' },
    steps: { type: 'string', default: '100000' },
    judge: { type: 'boolean', default: false },
    most: { type: 'string', default: '300' },
    only: { type: 'string', default: '' },
    replay: { type: 'string' },
    trace: { type: 'boolean', default: false },
    open: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
  },
});

/** Hundreds of violations of one promise in one history are one fault. */
const mostLines = 4;

/** So often what is counted is written down. */
const storedEvery = 50;

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
  const history = values.open ? openHistoryOf(seed) : historyOf(seed);
  const outcome = await play(history, values.trace ? { trace: print } : {});
  print(describe(history));
  say(seed, outcome);
  const [first] = outcome.violations;
  if (values.shrink && first !== undefined)
    print(`\nThe shortest that breaks ${promiseOf(first)}:\n${describe(await shrink(history, promiseOf(first)))}`);
  return outcome.violations.length;
}

/** Seeds for as long as there is time. */
function* seeds(from: number, count: number, until: number): Generator<number> {
  let left = count;
  for (let seed = from; left > 0 && Date.now() < until; seed += 1) {
    if (values.gated && !isGated(seed)) continue;
    left -= 1;
    yield seed;
  }
}

async function playAll(hear: (answer: Answer) => void): Promise<void> {
  const until = Date.now() + Number(values.minutes) * 60_000;
  const left = seeds(Number(values.from), Number(values.histories), until);
  const players = Array.from({ length: Number(values.jobs) }, () => new Player());
  await atOnce(players.length, players, async (player) => {
    for (let next = left.next(); next.done !== true; next = left.next()) hear(await player.play(next.value));
    await player.end();
  });
}

function tallyIn(path: string | undefined): Tally | undefined {
  return path === undefined || !existsSync(path) ? undefined : (JSON.parse(readFileSync(path, 'utf8')) as Tally);
}

async function campaign(): Promise<number> {
  const coverage = new Coverage(tallyIn(values.tally));
  let [done, failed] = [0, 0];
  const store = (): void => {
    if (values.tally !== undefined) writeFileSync(values.tally, JSON.stringify(coverage.tally()));
  };
  await playAll((answer) => {
    done += 1;
    if ('error' in answer) {
      print(`history ${String(answer.seed)} threw ${answer.error}`);
      coverage.fell(answer.seed);
    } else {
      coverage.add(answer.seed, answer.outcome);
      say(answer.seed, answer.outcome);
    }
    if ('error' in answer || answer.outcome.violations.length > 0) failed += 1;
    if (done % storedEvery !== 0) return;
    print(`${String(done)} histories, ${String(failed)} with violations`);
    store();
  });
  failed += walk(coverage);
  store();
  const empty = emptyIn(coverage.tally());
  print(`${String(done)} histories, ${String(failed)} with violations; ${String(empty.length)} cells are empty`);
  if (values.report !== undefined && values.gated)
    intoDocument(values.report, 'gates', gatesMarkdownOf(coverage.tally()));
  else if (values.report !== undefined) intoDocument(values.report, 'coverage', markdownOf(coverage.tally()));
  return failed;
}

/** Single steps of the engine; returns how many were wrong. */
function walk(coverage: Coverage): number {
  const steps = Number(values.steps);
  const missteps = walkTheEngine(Number(values.from), steps).map(
    ({ seed, step, what }) => `walk ${String(seed)} step ${String(step)}: ${what}`,
  );
  coverage.walked(steps, missteps);
  for (const misstep of missteps.slice(0, mostLines)) print(misstep);
  print(`${String(steps)} single steps of the engine, ${String(missteps.length)} wrong`);
  return missteps.length;
}

async function judge(): Promise<number> {
  const known: Caught[] = [];
  const all = await judgeTheJudge({
    from: Number(values.from),
    most: Number(values.most),
    jobs: Number(values.jobs),
    chosen: wrongNames.filter((name) => name.includes(values.only) && (!values.gated || isWrongAtGates(name))),
    told: (caught) => {
      known.push(caught);
      print(`${String(caught.after ?? '-')}\t${caught.name}\t${caught.what}`);
      store(known);
    },
  });
  print(`\n${tableOf(all, '')}`);
  store(all);
  return all.filter(({ after }) => after === undefined).length;
}

/** What was not tried keeps what was found out before. */
function store(caught: readonly Caught[]): void {
  const { report } = values;
  if (report !== undefined)
    intoDocument(report, 'wrong operators', tableOf(caught, outOfDocument(report, 'wrong operators')));
}

async function chosen(): Promise<number> {
  if (values.judge) return await judge();
  return values.replay === undefined ? await campaign() : await replay(Number(values.replay));
}

const bad = await chosen();
process.exitCode = bad > 0 ? 1 : 0;
