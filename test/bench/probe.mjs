import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/*
 * Loaded into the operator's process by the bench, and into nothing else: on SIGUSR2 it writes what the process has used since the last time.
 */

const file = process.env['PROBE_FILE'];
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let before = process.cpuUsage();
process.on('SIGUSR2', () => {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  const rss = process.resourceUsage().maxRSS / 1024;
  writeFileSync(file, JSON.stringify({ cpuSeconds: (user + system) / 1e6, longestMs: delay.max / 1e6, peakMegabytes: rss }));
  delay.reset();
});
