import { spawn } from 'node:child_process';

/** Occurs when a program cannot be started, exits with another status than 0, or is ended by a signal. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** `ENOENT` when there is no such program. */
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Given to the program as its standard input. */
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/**
 * Runs a program to its end and returns what it printed; the message of a failure holds the end of its error output.
 */
export async function runCommand(file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  options.signal?.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    const errors: string[] = [];
    const stop = (): void => {
      child.kill('SIGTERM');
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
    child.on('error', (error: NodeJS.ErrnoException) => {
      reject(new CommandError(`${file}: ${error.message}`, error.code));
    });
    child.on('close', (status, signal) => {
      options.signal?.removeEventListener('abort', stop);
      if (status === 0) resolve(output.join(''));
      else if (options.signal?.aborted === true) reject(options.signal.reason as Error);
      else
        reject(
          new CommandError(
            `${file} ${args.slice(0, 3).join(' ')} ended with ${signal ?? `status ${String(status)}`}:\n${tail(errors.join(''))}`,
          ),
        );
    });
    options.signal?.addEventListener('abort', stop, { once: true });
    child.stdin.on('error', () => {
      /* The program ended without reading its input: its status tells. */
    });
    child.stdin.end(options.input ?? '');
  });
}

/** The last lines, which is where programs say what went wrong. */
export function tail(text: string, lines = 20): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
