import { wrongAtGates } from './gates.ts';
import { patchedOperators, type Patched } from './patches.ts';

/** All operators that are copies with other sentences. */
export const copies: readonly Patched[] = [...patchedOperators, ...wrongAtGates];
