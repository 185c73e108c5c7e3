import { describe, expect, it } from '@jest/globals';
import {
  captured,
  config,
  namespace,
  plainPod,
  service,
  surroundings,
} from '../../../../test/support/mesh-fixtures.ts';
import type { DataPlane } from '../../../api/common.ts';
import type { Surroundings } from '../../adapter.ts';
import { istio } from '../adapter.ts';

const noDelete = config('AuthorizationPolicy', {
  action: 'DENY',
  rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
});
const tokens = config('RequestAuthentication', { jwtRules: [{ issuer: 'a' }] });
const byIdentity = config('AuthorizationPolicy', { rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] });

/** A namespace whose pods are in ambient, with these policies. */
function there(policies: readonly ReturnType<typeof config>[], more: Partial<Surroundings> = {}): Surroundings {
  const labels = { 'istio.io/dataplane-mode': 'ambient' };
  return surroundings({ namespace: namespace({ labels }), pods: [plainPod(captured)], ...more }, policies);
}

function told(given: Surroundings): readonly string[] {
  return istio.unenforcedThere(given).map(({ id, severity }) => `${id} ${severity}`);
}

describe('what is not enforced where somebody has led a namespace to ambient', () => {
  it('is each policy that ztunnel does not read as sidecars do, as a Warning', () => {
    expect(told(there([noDelete, tokens, byIdentity]))).toEqual(['MM020 Warning', 'MM024 Warning']);
    expect(told(there([byIdentity]))).toEqual([]);
  });

  it('is for the owner to say where a Service goes through a waypoint', () => {
    const services = [service({ labels: { 'istio.io/use-waypoint': 'gate' } })];
    expect(told(there([noDelete], { services }))).toEqual([]);
  });

  it.each<readonly [DataPlane, DataPlane]>([
    ['None', 'IstioAmbient'],
    ['IstioSidecar', 'None'],
    ['IstioAmbient', 'IstioSidecar'],
  ])('is nothing on another way: from %s to %s', (from, to) => {
    expect(told(there([noDelete], { route: { from, to } }))).toEqual([]);
  });
});
