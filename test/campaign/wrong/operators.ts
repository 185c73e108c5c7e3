import { copies } from './copies.ts';
import { wrongAtGates } from './gates.ts';
import { wrongAtSeams } from './seams.ts';

/** The names of all operators that are wrong on purpose. */
export const wrongNames: readonly string[] = [...wrongAtSeams, ...copies].map(({ name }) => name);

/** Whether one is wrong about waves, windows or approvals, which only some worlds have. */
export function isWrongAtGates(name: string): boolean {
  return wrongAtGates.some((each) => each.name === name);
}
