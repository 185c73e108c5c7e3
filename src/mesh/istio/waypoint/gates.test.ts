import { describe, expect, it } from '@jest/globals';
import { config, service, surroundings, workload } from '../../../../test/support/mesh-fixtures.ts';
import { bindingMissing, copiesMissing, stillBound, waypointMissing } from './gates.ts';
import { translationOf } from './translation.ts';

const policy = config('AuthorizationPolicy', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });

/** What is missing when istiod says this of the only Service, which stands in `shop`. */
function missing(message: string): string | undefined {
  return bindingMissing(
    surroundings(
      {
        services: [
          service({
            conditions: { 'istio.io/WaypointBound': { status: 'True', reason: 'WaypointAccepted', message } },
          }),
        ],
      },
      [policy],
    ),
  );
}

describe('the gate of EnsureWaypoint', () => {
  const conditions = ['Accepted', 'Programmed'].map((type) => ({ type, status: 'True', observedGeneration: 1 }));
  const gateway = config(
    'Gateway',
    {},
    { name: 'waypoint', status: { conditions, addresses: [{ value: 'waypoint.shop.svc.cluster.local' }] } },
  );
  const gate = (templateLabels: Readonly<Record<string, string>>): string | undefined =>
    waypointMissing(surroundings({ workloads: [workload({ name: 'waypoint', templateLabels })] }, [policy, gateway]));

  it('is passed by the pods of the waypoint', () => {
    expect(gate({ 'gateway.networking.k8s.io/gateway-name': 'waypoint' })).toBeUndefined();
  });

  it("is not passed by the pods of somebody else's Deployment, and names it", () => {
    expect(gate({ app: 'waypoint' })).toMatch(/^Deployment shop\/waypoint is there already and is not the waypoint's/);
  });
});

describe('the gate of CopyPolicies', () => {
  const tried = (action: string, dryRun: string): ReturnType<typeof config> =>
    config(
      'AuthorizationPolicy',
      { action, rules: [{}], ...(action === 'CUSTOM' && { provider: { name: 'ext' } }) },
      { name: 'trial', uid: 'trial', annotations: { 'istio.io/dry-run': dryRun } },
    );
  const said = (type: string): readonly unknown[] => [
    { type, status: type === 'WaypointAccepted' ? 'True' : 'False', reason: 'Accepted', observedGeneration: '1' },
  ];
  /** What is missing when istiod has said nothing of the copy of that policy but this. */
  function gate(action: string, dryRun: string, conditions: readonly unknown[]): string | undefined {
    const originals = [policy, tried(action, dryRun)];
    const copies = translationOf(surroundings({}, originals))
      .manifests.filter(({ role }) => role === 'Copy')
      .map(({ object: { kind, metadata, spec } }) =>
        config(kind, spec, {
          ...metadata,
          annotations: metadata.annotations ?? {},
          uid: metadata.name,
          status: { conditions: metadata.name.startsWith('trial') ? conditions : said('WaypointAccepted') },
        }),
      );
    expect(copies).toHaveLength(2);
    return copiesMissing(surroundings({}, [...originals, ...copies]), true);
  }

  it.each([
    ['ALLOW', []],
    ['DENY', []],
    ['AUDIT', []],
    ['ALLOW', said('ZtunnelAccepted')],
    ['CUSTOM', said('ZtunnelAccepted')],
    ['CUSTOM', said('WaypointAccepted')],
  ] as const)('does not wait for what istiod does not keep of a dry run: %s %j', (action, conditions) => {
    expect(gate(action, 'true', conditions)).toBeUndefined();
  });

  it.each([
    ['ALLOW', 'false', []],
    ['ALLOW', 'false', said('ZtunnelAccepted')],
    ['CUSTOM', 'true', []],
  ] as const)('waits for what decides: %s with dry-run %s, %j', (action, dryRun, conditions) => {
    expect(gate(action, dryRun, conditions)).toMatch(/^istiod has not looked at AuthorizationPolicy shop\/trial-/);
  });
});

describe('the gate of BindWaypoint', () => {
  it.each([
    'Successfully attached to waypoint shop/waypoint',
    'Successfully attached to waypoint shop/waypoint. Ingress traffic will traverse the waypoint',
  ])('is passed: %s', (message) => {
    expect(missing(message)).toBeUndefined();
  });

  it.each([
    [
      'of a namespace whose name ends like that of ours',
      'Successfully attached to waypoint eshop/waypoint. Ingress traffic will traverse the waypoint',
    ],
    ['whose name begins like that of ours', 'Successfully attached to waypoint shop/waypoint-blue'],
    [
      'beside a canary that is ours',
      'Successfully attached to waypoint infra/waypoint. Canary waypoint not attached: shop/waypoint is not ready',
    ],
  ])('is not passed by another waypoint, %s', (_title, message) => {
    expect(missing(message)).toMatch(/is bound to another waypoint than waypoint shop\/waypoint/);
  });
});

describe('the gate of UnbindWaypoint', () => {
  const said = (message: string, status = 'True'): string | undefined =>
    stillBound(
      surroundings({
        services: [
          service({ conditions: { 'istio.io/WaypointBound': { status, reason: 'WaypointAccepted', message } } }),
        ],
      }),
    );

  it('waits for a Service that is still bound to our waypoint', () => {
    expect(said('Successfully attached to waypoint shop/waypoint. Ingress traffic will traverse the waypoint')).toBe(
      'Service shop/web still goes through its waypoint',
    );
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

describe('an adopted waypoint', () => {
  const attached = {
    'istio.io/WaypointBound': {
      status: 'True',
      reason: 'WaypointAccepted',
      message: 'Successfully attached to waypoint shop/mine',
    },
  };
  const labelled = service({ labels: { 'istio.io/use-waypoint': 'mine' }, conditions: attached });
  const adopted = { itinerary: 'L7', adopted: 'mine' } as const;

  it('holds nothing up on the way back through which its owner has a Service go', () => {
    expect(
      stillBound(
        surroundings({
          ...adopted,
          services: [labelled],
          records: { web: { 'istio.io/use-waypoint': 'mine', 'istio.io/ingress-use-waypoint': null } },
        }),
      ),
    ).toBeUndefined();
  });

  it.each([
    ['the journal does not know', labelled, {}],
    ['the journal knows to have been free before', labelled, { web: { 'istio.io/use-waypoint': null } }],
    [
      'istiod has not taken from it yet',
      service({ conditions: attached }),
      { web: { 'istio.io/use-waypoint': 'mine' } },
    ],
  ])('still serves one that %s', (_what, bound, records) => {
    expect(stillBound(surroundings({ ...adopted, services: [bound], records }))).toMatch(
      /^Service shop\/web still goes through its waypoint/,
    );
  });

  it('is waited for by its name, and never taken for another', () => {
    expect(
      waypointMissing(surroundings({ ...adopted }, [policy, config('Gateway', {}, { name: 'waypoint' })])),
    ).toMatch(/^Gateway shop\/mine is not there: it is yours/);
    expect(
      waypointMissing(
        surroundings({ ...adopted }, [policy, config('Gateway', {}, { name: 'mine', terminating: true })]),
      ),
    ).toMatch(/^Gateway shop\/mine is being deleted: it is yours/);
  });
});
