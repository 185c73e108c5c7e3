import { writeFileSync } from 'node:fs';

/* Loaded into a process that the bench of a plan measures: what it has used in all, when it ends, into the file that SPENT_FILE names. */

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const spent = { seconds: (userCPUTime + systemCPUTime) / 1e6, megabytes: maxRSS / 1024 };
  writeFileSync(process.env['SPENT_FILE'] ?? '', JSON.stringify(spent));
});
