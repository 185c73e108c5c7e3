import fc from 'fast-check';
import type { KubeObject } from '../../../src/api/object.ts';
import { arbitraryPolicy } from './arbitrary-policy.ts';
import { surface } from './stage.ts';

/**
 * AuthorizationPolicies in batches; the same seed gives the same ones. Every second batch has the names of the one before, and so
 * is a batch of edits.
 */
export function generateBatches(seed: number, batches: number, size: number): readonly (readonly KubeObject[])[] {
  const policies = fc.sample(arbitraryPolicy(surface), { seed, numRuns: batches * size });
  return Array.from({ length: batches }, (_, batch) => policies.slice(batch * size, (batch + 1) * size).map(({ namespace, annotations, spec }, index) => {
    const before = batch % 2 === 1 ? policies[(batch - 1) * size + index] : undefined;
    return { metadata: { namespace: before?.namespace ?? namespace, name: `p-${batch - (batch % 2)}-${index}`, annotations }, spec };
  }));
}
