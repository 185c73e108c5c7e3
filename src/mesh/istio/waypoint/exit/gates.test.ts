import { describe, expect, it } from '@jest/globals';
import { config, service, surroundings, workload } from '../../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../../adapter.ts';
import type { ConditionView } from '../../../views.ts';
import { notServed } from './gates.ts';
import { waypointLacksNow } from './serving.ts';

const made = Date.parse('2030-01-01T00:00:00Z');
const route = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const attached: ConditionView = {
  status: 'True',
  reason: 'WaypointAccepted',
  message: 'Successfully attached to waypoint shop/waypoint. Ingress traffic is not sent through it.',
};

function gateway(observedGeneration = 1): ReturnType<typeof config> {
  const conditions = ['Accepted', 'Programmed'].map((type) => ({ type, status: 'True', observedGeneration }));
  return config(
    'Gateway',
    { gatewayClassName: 'istio-waypoint' },
    {
      name: 'waypoint',
      createdAt: made,
      generation: 1,
      status: { conditions, addresses: [{ value: 'waypoint.shop.svc.cluster.local' }] },
    },
  );
}

function policy(reason: string, observedGeneration: string): ReturnType<typeof config> {
  const conditions = [{ type: 'WaypointAccepted', status: 'True', reason, observedGeneration }];
  return config(
    'AuthorizationPolicy',
    { targetRefs: [{ group: '', kind: 'Service', name: 'api' }], action: 'DENY', rules: [{}] },
    { name: 'no', generation: 2, status: { conditions } },
  );
}

/** The namespace with a Service of which istiod says this, and a waypoint with so many pods. */
function picture(said: ConditionView, configs: readonly ReturnType<typeof config>[], pods = 1): Surroundings {
  const conditions = { 'istio.io/WaypointBound': said };
  const bound = service({ name: 'api', labels: { 'istio.io/use-waypoint': 'waypoint' }, conditions });
  const templateLabels = {
    'gateway.networking.k8s.io/gateway-name': 'waypoint',
    'istio.io/dataplane-mode': 'none',
  };
  const serving = workload({ name: 'waypoint', templateLabels, replicas: pods, available: pods });
  return surroundings({ route, services: [bound], workloads: [serving] }, configs);
}

function lacking(said: ConditionView, ...configs: readonly ReturnType<typeof config>[]): ReturnType<typeof notServed> {
  return notServed(picture(said, configs));
}

describe('what the way back out of sidecars relies on', () => {
  it('is there with its Gateway, and what istiod says of it since', () => {
    expect(lacking({ ...attached, at: made }, gateway(), policy('Accepted', '2'))).toBeUndefined();
    expect(lacking(attached, gateway())).toBeUndefined();
  });

  it('is not, without the Gateway, whatever the Service says', () => {
    expect(lacking({ ...attached, at: made })?.message).toContain('Gateway shop/waypoint is not there');
  });

  it('is not, while istiod says nothing of the Gateway as it is now', () => {
    expect(lacking({ ...attached, at: made }, gateway(0))?.message).toContain('is not Accepted');
  });

  it('is waited for, while istiod has said nothing since the Gateway was made', () => {
    expect(lacking({ ...attached, at: made - 1000 }, gateway())).toEqual({
      message: 'istiod has said nothing of Service shop/api since Gateway shop/waypoint was made',
      passes: true,
    });
  });

  it.each([
    ['of before', policy('Accepted', '1')],
    ['of a Service that is not bound', policy('AncestorNotBound', '2')],
  ])('is waited for, while istiod speaks of a policy %s', (_what, read) => {
    expect(lacking({ ...attached, at: made }, gateway(), read)?.passes).toBe(true);
  });

  it('is as it was without pods, where there were none at the start, unless callers go past it by now', () => {
    const asleep = picture(attached, [gateway()], 0);
    expect(notServed(asleep)?.message).toContain('0 of 1 pods available');
    const heldBefore = new Set(waypointLacksNow(asleep));
    expect(notServed({ ...asleep, heldBefore })).toBeUndefined();
    const passed = picture({ status: 'False', reason: 'WaypointIsNotReady', message: 'not ready' }, [gateway()], 0);
    expect(notServed({ ...passed, heldBefore })?.message).toContain('kubectl scale deployment waypoint');
  });
});
