#!/usr/bin/env node
import { meshes } from '../mesh/meshes.ts';
import { internalError, internalErrorCode, run } from './run.ts';

// Node.js ends with 1 by itself, which means findings here.
process.on('uncaughtException', (error) => {
  process.stderr.write(internalError(error));
  process.exit(internalErrorCode);
});

// A reader that has seen enough, such as head, closes the pipe: that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

// Not process.exit: it would cut off what a pipe has not taken yet.
process.exitCode = await run(process.argv.slice(2), process, meshes);
