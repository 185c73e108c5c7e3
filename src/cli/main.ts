#!/usr/bin/env node
import { internalError } from './failures.ts';
import { programFrom } from './host.ts';
import { run } from './run.ts';

// Node.js ends with 1 by itself, which means something else here.
process.on('uncaughtException', (error) => {
  const { text, exitCode } = internalError(error);
  process.stderr.write(text);
  process.exit(exitCode);
});

const stopping = new AbortController();

// A reader that has seen enough, such as head, closes the pipe: that is no error of ours, and nobody looks any more.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  stopping.abort(error);
});

// Not process.exit: it would cut off what a pipe has not taken yet.
process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: stopping.signal,
  program: programFrom(process.argv[1] ?? ''),
});
