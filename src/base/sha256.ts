import { createHash } from 'node:crypto';
import { memoize } from './memoize.ts';

/**
 * A key for something to be remembered by, of the same size whatever it says: who writes a long text must not fill the
 * memory of the process with it.
 */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

/** The same of what an object says as JSON, worked out once for as long as the object lives; it must never change. */
export const digestOf: (object: object) => string = memoize((object: object) => sha256(JSON.stringify(object)));

/** The same in 64 hexadecimal digits, for people and for files. */
export function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
