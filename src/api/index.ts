/**
 * The types of our kinds and the schemas they come from; the generator of the CustomResourceDefinitions is apart
 * (`crd.ts`).
 */
export * from './common.ts';
export * from './mesh-migration.ts';
export * from './namespace-migration.ts';
export * from './resources.ts';
