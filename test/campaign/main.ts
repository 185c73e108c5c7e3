import { parseArgs } from 'node:util';
import { historyOf } from './history.ts';
import { play } from './play.ts';

const { values } = parseArgs({ options: { from: { type: 'string', default: '1' }, count: { type: 'string', default: '10' }, trace: { type: 'boolean', default: false }, show: { type: 'boolean', default: false } } });
const from = Number(values.from);
for (let seed = from; seed < from + Number(values.count); seed += 1) {
  const started = process.cpuUsage();
  try {
    const { violations, writes, done, steps } = await play(historyOf(seed), values.trace ? (line) => { console.log(line); } : undefined);
    const { user } = process.cpuUsage(started);
    console.log(`history ${seed} ${historyOf(seed).ending}: ${writes} writes, ${done.length} moves, ${steps.length} steps, ${(user / 1e6).toFixed(1)} s`);
    if (values.show) for (const { at, name, dice } of historyOf(seed).moves) console.log(`  @${at / 1000} s ${name} (${dice})${done.some((each) => each.at === at && each.name === name) ? '' : ' - refused'}`);
    for (const { at, what } of violations) console.log(`  +${at / 1000} s ${what}`);
  } catch (error) {
    console.log(`history ${seed} ${historyOf(seed).ending}: threw ${error instanceof Error ? error.stack : String(error)}`);
  }
}
