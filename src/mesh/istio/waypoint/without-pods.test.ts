import { describe, expect, it } from '@jest/globals';
import {
  config,
  installed,
  mesh,
  namespace,
  service,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import { enterWaypoint } from './steps.ts';
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

  it('gets its guard when callers have had time to learn of the waypoint: its next pods are in ambient', () => {
    const guard = enterWaypoint().find(({ name }) => name === 'GuardBypass');
    const away = { pods: [], workloads: [workload({ replicas: 0 })] };
    const isSettled = (labels: Readonly<Record<string, string>>): unknown =>
      typeof guard?.settled === 'function' &&
      guard.settled(surroundings({ ...away, namespace: namespace({ labels }) }));

    expect(isSettled({ 'istio.io/dataplane-mode': 'ambient' })).toBe(true);
    expect(isSettled({ 'istio-injection': 'enabled' })).toBe(false);
  });
});
