import { describe, expect, it } from '@jest/globals';
import { config, service, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import { bindingMissing, stillBound } from './gates.ts';

const policy = config('AuthorizationPolicy', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });

/** What is missing when istiod says this of the only Service, which stands in `shop`. */
function missing(message: string): string | undefined {
  return bindingMissing(surroundings({ services: [service({ conditions: { 'istio.io/WaypointBound': { status: 'True', reason: 'WaypointAccepted', message } } })] }, [policy]));
}

describe('the gate of BindWaypoint', () => {
  it.each(['Successfully attached to waypoint shop/waypoint', 'Successfully attached to waypoint shop/waypoint. Ingress traffic will traverse the waypoint'])('is passed: %s', (message) => {
    expect(missing(message)).toBeUndefined();
  });

  it.each([
    ['of a namespace whose name ends like that of ours', 'Successfully attached to waypoint eshop/waypoint. Ingress traffic will traverse the waypoint'],
    ['whose name begins like that of ours', 'Successfully attached to waypoint shop/waypoint-blue'],
    ['beside a canary that is ours', 'Successfully attached to waypoint infra/waypoint. Canary waypoint not attached: shop/waypoint is not ready'],
  ])('is not passed by another waypoint, %s', (_title, message) => {
    expect(missing(message)).toMatch(/is bound to another waypoint than waypoint shop\/waypoint/);
  });
});

describe('the gate of UnbindWaypoint', () => {
  const said = (message: string, status = 'True'): string | undefined =>
    stillBound(surroundings({ services: [service({ conditions: { 'istio.io/WaypointBound': { status, reason: 'WaypointAccepted', message } } })] }));

  it('waits for a Service that is still bound to our waypoint', () => {
    expect(said('Successfully attached to waypoint shop/waypoint. Ingress traffic will traverse the waypoint')).toBe('Service shop/web still goes through its waypoint');
  });

  it.each([
    ['whose name begins like that of ours', 'Successfully attached to waypoint shop/waypoint-ingress'],
    ['of a namespace whose name ends like that of ours', 'Successfully attached to waypoint eshop/waypoint'],
  ])('does not wait for one that the user has bound to another waypoint, %s', (_title, message) => {
    expect(said(message)).toBeUndefined();
  });

  it('does not wait for one that is not bound, whatever its condition speaks of', () => {
    expect(said('waypoint shop/waypoint is not ready', 'False')).toBeUndefined();
  });
});
