import fc from 'fast-check';
import type { KubeObject } from '../../../src/api/object.ts';
import { arbitraryPolicy } from './arbitrary-policy.ts';
import { providersOfBatches } from './authorizers.ts';
import { surface } from './stage.ts';

/**
 * AuthorizationPolicies in batches; the same seed gives the same ones. Every second batch has the names of the one
 * before, and so is a batch of edits.
 */
export function generateBatches(seed: number, batches: number, size: number): readonly (readonly KubeObject[])[] {
  // A batch and its edits are in the cluster together: more providers than one spoil each other, which is not to be all
  // that is seen.
  const policies = Array.from({ length: batches }, (_, batch) => {
    const providers = providersOfBatches[Math.floor(batch / 2) % providersOfBatches.length] ?? [];
    return fc.sample(arbitraryPolicy({ ...surface, providers }), { seed: seed + batch, numRuns: size });
  }).flat();
  return Array.from({ length: batches }, (_, batch) =>
    policies.slice(batch * size, (batch + 1) * size).map(({ namespace, annotations, spec }, index) => {
      const before = batch % 2 === 1 ? policies[(batch - 1) * size + index] : undefined;
      return {
        metadata: { namespace: before?.namespace ?? namespace, name: `p-${batch - (batch % 2)}-${index}`, annotations },
        spec,
      };
    }),
  );
}
