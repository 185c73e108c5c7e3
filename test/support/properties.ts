import fc from 'fast-check';

/**
 * The draws of a property come from a seed, so that a run tells of the change and not of the day: what a property counts
 * (how many of its draws were of the kind that it is about) is the same at each run. `PROPERTY_SEED=N npm test -- PATH`
 * draws others; `npm run fuzz` is where the tests look for what nobody has thought of.
 */
const seed = Number(process.env['PROPERTY_SEED'] ?? 1);

fc.configureGlobal({ seed });

export { fc };
