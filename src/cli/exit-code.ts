/** How a command ends, for scripts: every command ends by one of these. */
export const exitCodes = {
  0: 'done',
  1: 'not done: a finding at or above --fail-on, a migration that failed or waits for a person, a command that is refused, or an API server that says no; of diff: a difference',
  2: 'wrong usage, or something could not be read; of diff: also what is refused',
  3: 'an internal error, which is no result',
  4: 'the time of --timeout was over before anything was decided',
  130: 'interrupted',
} as const;

/** One of them. */
export type ExitCode = keyof typeof exitCodes;
