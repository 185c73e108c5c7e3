import { describe, expect, it } from '@jest/globals';
import { config, installed, mesh, service, surroundings, workload } from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import { translationOf } from './translation.ts';

const policies = [
  config('RequestAuthentication', { jwtRules: [{ issuer: 'issuer', jwks: '{}' }] }),
  config('AuthorizationPolicy', { action: 'DENY', rules: [{ from: [{ source: { notRequestPrincipals: ['*'] } }] }] }),
];

describe('a namespace whose pods are away for a moment', () => {
  it('has the same copies: its next pods have sidecars, which ask what those before them asked', () => {
    const own = surroundings({ services: [service()], workloads: [workload({ replicas: 0 })] });
    const shop: Surroundings = { ...own, mesh: { ...own.mesh, ...mesh([...installed, ...policies]) } };

    expect(translationOf({ ...shop, pods: [] }).manifests).toEqual(translationOf(shop).manifests);
  });
});
