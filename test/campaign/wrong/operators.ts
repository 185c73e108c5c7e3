import { patchedOperators } from './patches.ts';
import { wrongAtSeams } from './seams.ts';

/** The names of all operators that are wrong on purpose. */
export const wrongNames: readonly string[] = [...wrongAtSeams, ...patchedOperators].map(({ name }) => name);
