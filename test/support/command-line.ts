import { Readable } from 'node:stream';
import type { Clock } from '../../src/base/clock.ts';
import { run } from '../../src/cli/run.ts';
import type { Host } from '../../src/cli/host.ts';
import type { HttpTransport } from '../../src/kube/http-transport.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { impersonating } from './impersonation.ts';

/** What a command printed and how it ended. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where commands are typed. */
export interface Keyboard {
  /** Types one line, after the name of the program. */
  type(line: string): Promise<Ran>;
  /** What was printed so far by the line that is being carried out. */
  printed(): string;
}

function closing(transport: Transport): HttpTransport {
  return { server: transport.server, send: (request) => transport.send(request), close: () => Promise.resolve() };
}

/** The program in this process, with a cluster behind every context. */
export function keyboardAt(transport: Transport, clock: Clock, given: Partial<Host> = {}): Keyboard {
  let stdout = '';
  return {
    printed: () => stdout,
    async type(line) {
      stdout = '';
      let stderr = '';
      const exitCode = await run(line.split(' '), {
        stdin: given.stdin ?? Readable.from([]),
        stdout: { ...given.stdout, write: (text: string) => (stdout += text) },
        stderr: { write: (text: string) => (stderr += text) },
        clock,
        random: () => 0,
        connect:
          given.connect ??
          (({ as }) => Promise.resolve(closing(as === undefined ? transport : impersonating(transport, as)))),
        ...(given.signal && { signal: given.signal }),
        ...(given.env && { env: given.env }),
        ...(given.program !== undefined && { program: given.program }),
      });
      return { exitCode, stdout, stderr };
    },
  };
}
