import { describe, expect, it } from '@jest/globals';
import { appliedAnnotation, managedBy, managedByLabel } from '../api/resources.ts';
import { isMeaningful, isSealed, sealOf, type Sealed } from './seal.ts';

const made = {
  kind: 'Gateway',
  namespace: 'shop',
  name: 'waypoint',
  labels: { [managedByLabel]: managedBy, 'istio.io/waypoint-for': 'service' },
  spec: { gatewayClassName: 'istio-waypoint' },
} as const;

function sealed(
  labels: Readonly<Record<string, string>> = {},
  annotations: Readonly<Record<string, string>> = {},
): Sealed {
  return {
    ...made,
    labels: { ...made.labels, ...labels },
    annotations: { [appliedAnnotation]: sealOf(made), ...annotations },
  };
}

describe('isSealed', () => {
  it('knows what the operator has made', () => {
    expect(isSealed(sealed())).toBe(true);
    expect(isSealed({ ...sealed(), annotations: {} })).toBe(false);
  });

  // istiod reads these of a Gateway, and gives what else stands on one to the Service and the pods of the waypoint.
  it.each([
    'networking.istio.io/service-type',
    'networking.istio.io/exportTo',
    'gateway.istio.io/name-override',
    'gateway.istio.io/service-account',
    'proxy.istio.io/config',
    'sidecar.istio.io/logLevel',
    'ambient.istio.io/waypoint-inbound-binding',
    'istio.io/dry-run',
  ])('sees that somebody has set %s', (key) => {
    expect(isSealed(sealed({}, { [key]: 'x' }))).toBe(false);
    expect(isSealed(sealed({ [key]: 'x' }))).toBe(false);
    expect(isMeaningful(key)).toBe(true);
  });

  // The first is istiod's own: its controller notes itself on every Gateway that it looks after.
  it.each([
    'gateway.istio.io/controller-version',
    'kubectl.kubernetes.io/last-applied-configuration',
    'argocd.argoproj.io/tracking-id',
    'notistio.io/rev',
    'istio.io.example/rev',
  ])('does not mind %s', (key) => {
    expect(isSealed(sealed({}, { [key]: '5' }))).toBe(true);
    expect(isMeaningful(key)).toBe(false);
  });
});
