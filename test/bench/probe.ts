import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/*
 * Loaded into the operator's process by the bench of a fleet, and into nothing else: on SIGUSR2 it writes what the process has used since the last time into
 * the file that PROBE_FILE names.
 */

const file = process.env['PROBE_FILE'] ?? '';
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let before = process.cpuUsage();

process.on('SIGUSR2', () => {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  const used = {
    cpuSeconds: (user + system) / 1e6,
    longestMs: delay.max / 1e6,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
  delay.reset();
  writeFileSync(file, JSON.stringify(used));
});
