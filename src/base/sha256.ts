import { createHash } from 'node:crypto';

/** A key for something to be remembered by, of the same size whatever it says: who writes a long text must not fill the memory of the process with it. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
