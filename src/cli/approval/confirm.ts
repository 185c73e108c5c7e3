import { createInterface } from 'node:readline';
import type { Host } from '../host.ts';
import { painted } from '../terminal/line.ts';

/** Whether somebody sits there who can be asked. */
export function isAttended({ stdin, stdout }: Host): boolean {
  return stdin.isTTY === true && stdout.isTTY === true;
}

/**
 * Asks, beside the output, and waits for one line: only `y` and `yes` are a yes, and the end of the input is a no.
 * Throws when somebody has had enough.
 */
export async function confirmed(question: string, { stdin, stderr, signal }: Host): Promise<boolean> {
  stderr.write(`${painted([{ text: question }], false)} [y/N] `);
  const lines = createInterface({ input: stdin, terminal: false });
  const answer = await new Promise<string>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(''));
    signal.addEventListener('abort', () => resolve(''), { once: true });
  });
  lines.close();
  signal.throwIfAborted();
  return /^\s*y(?:es)?\s*$/i.test(answer);
}
