import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../../test/support/properties.ts';
import { reading, request as anyRequest } from '../../../../test/policy/arbitraries.ts';
import {
  allowedOn,
  ambientDirect,
  ambientThroughWaypoint,
  askedOn,
  outside,
  sidecarToAmbient,
  sidecarToSidecar,
  verdictOn,
  type DataPath,
  type Destination,
} from './data-path.ts';
import { describe as inWords } from '../../../requests/describe.ts';
import { gained, outcome } from './equivalence.ts';
import type { EffectiveMtls } from './peer-authentication.ts';
import type { Literal, Reading, Request } from '../../../requests/semantics.ts';
import { complement, has, union, type Space } from '../../../requests/space.ts';

const cart: Literal = {
  anyOf: [{ of: 'identity', part: 'Principal', match: { kind: 'Exact', value: 'cluster.local/ns/shop/sa/cart' } }],
  negated: false,
};
const admin: Literal = { anyOf: [{ of: 'path', match: { kind: 'Prefix', value: '/admin' } }], negated: false };
const waypointIdentity = 'cluster.local/ns/shop/sa/waypoint';
const fromWaypoint: Literal = {
  anyOf: [{ of: 'identity', part: 'Principal', match: { kind: 'Exact', value: waypointIdentity } }],
  negated: false,
};

function policy(name: string, action: Reading['action'], ...clauses: readonly (readonly Literal[])[]): Reading {
  return { namespace: 'shop', name, action, rules: [clauses] };
}

const strict: EffectiveMtls = { mode: 'STRICT', ports: {} };
const sidecar = (...readings: readonly Reading[]): Destination => ({ plane: 'sidecar', readings });
const ztunnel = (...readings: readonly Reading[]): Destination => ({ plane: 'ztunnel', readings });
const waypoint = (...readings: readonly Reading[]) => ({ readings, identity: waypointIdentity, sourceIp: '10.9.9.9' });

interface Compared {
  readonly moreAllowed?: Request | undefined;
  readonly lessAllowed?: Request | undefined;
}

/** Over all requests, what gets through afterwards and did not before, and the other way round. */
function compare(before: DataPath, after: DataPath, space: Space = {}): Compared {
  const everything = complement(union());
  return {
    moreAllowed: gained(outcome(after), outcome(before), everything, space),
    lessAllowed: gained(outcome(before), outcome(after), everything, space),
  };
}

describe('a data path', () => {
  const mtls: fc.Arbitrary<EffectiveMtls> = fc.record({
    mode: fc.constantFrom('STRICT', 'PERMISSIVE', 'DISABLE'),
    ports: fc.constantFrom<EffectiveMtls['ports'][]>({}, { 80: 'STRICT', 8080: 'DISABLE' }, { 80: 'PERMISSIVE' }),
  });
  const destination: fc.Arbitrary<Destination> = fc.record({
    plane: fc.constantFrom('sidecar' as const, 'ztunnel' as const),
    readings: fc.array(reading, { maxLength: 3 }),
    mtls,
  });
  const path: fc.Arbitrary<DataPath> = fc
    .tuple(
      destination,
      fc.array(reading, { maxLength: 2 }),
      fc.constantFrom('Service' as const, 'Pod' as const),
      fc.nat(5),
    )
    .map(
      ([to, l7, address, way]) =>
        [
          sidecarToSidecar(to, address),
          sidecarToAmbient(to, address),
          ambientThroughWaypoint(waypoint(...l7), to, address),
          ambientDirect(to, address),
          ambientDirect(to, address, false),
          outside(to, address),
        ][way]!,
    );

  it('as a set agrees with its verdict on each request that can take it', () => {
    fc.assert(
      fc.property(path, anyRequest, (one, request) => {
        const canTake =
          (request.identity !== undefined) === (one.caller !== 'Outside') &&
          (request.servicePort !== undefined) === (one.address === 'Service');
        const { allowed, asked } = verdictOn(one, request);
        expect(has(allowedOn(one), request)).toBe(canTake && allowed);
        expect(has(askedOn(one), request)).toBe(canTake && asked !== undefined);
      }),
      { numRuns: 1000 },
    );
  });

  it('compared with another one is equal only if no request of a sample is decided otherwise', () => {
    fc.assert(
      fc.property(path, path, fc.array(anyRequest, { minLength: 50, maxLength: 50 }), (before, after, samples) => {
        const { moreAllowed, lessAllowed } = compare(before, after);
        if (before.caller !== after.caller || before.address !== after.address) return;
        const isGained = (request: Request): boolean =>
          has(allowedOn(after), request) &&
          (!has(allowedOn(before), request) || (has(askedOn(before), request) && !has(askedOn(after), request)));
        const isLost = (request: Request): boolean =>
          has(allowedOn(before), request) &&
          (!has(allowedOn(after), request) || (has(askedOn(after), request) && !has(askedOn(before), request)));
        expect(moreAllowed === undefined ? !samples.some(isGained) : isGained(moreAllowed)).toBe(true);
        expect(lessAllowed === undefined ? !samples.some(isLost) : isLost(lessAllowed)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('two ways compared', () => {
  const deny = policy('no-admin', 'DENY', [admin]);
  const allow = policy('cart-only', 'ALLOW', [cart]);
  const companion = policy('let-the-waypoint-in', 'ALLOW', [fromWaypoint]);
  const direct = ambientDirect(sidecar(allow), 'Service');

  it.each(['sourceIp', 'remoteIp'] as const)(
    'differ by a DENY of addresses, which a sidecar does not see of callers in ambient: %s',
    (of) => {
      const blocked = policy('no-addresses', 'DENY', [{ anyOf: [{ of, block: '10.0.0.0/8' }], negated: false }]);
      const { moreAllowed, lessAllowed } = compare(
        sidecarToSidecar(sidecar(blocked), 'Service'),
        ambientDirect(sidecar(blocked), 'Service'),
      );
      expect(moreAllowed?.[of]).toMatch(/^10\./);
      expect(lessAllowed).toBeUndefined();
      expect(
        compare(sidecarToSidecar(sidecar(blocked), 'Service'), ambientDirect(ztunnel(blocked), 'Service')),
      ).toEqual({});
      expect(
        compare(sidecarToSidecar(sidecar(blocked), 'Service'), ambientDirect(sidecar(blocked), 'Service', false)),
      ).toEqual({});
    },
  );

  it('differ by what a DENY that ztunnel cannot read lets through', () => {
    const { moreAllowed, lessAllowed } = compare(
      sidecarToSidecar(sidecar(deny), 'Service'),
      sidecarToAmbient(ztunnel(), 'Service'),
    );
    expect(moreAllowed?.http?.path).toMatch(/^\/admin/);
    expect(lessAllowed).toBeUndefined();
  });

  it('differ by what is refused when the waypoint is not let in', () => {
    const after = ambientThroughWaypoint(waypoint(allow), sidecar(allow));
    const { moreAllowed, lessAllowed } = compare(direct, after);
    expect(moreAllowed).toBeUndefined();
    expect(lessAllowed).toMatchObject({ identity: 'cluster.local/ns/shop/sa/cart' });
    expect(verdictOn(after, lessAllowed!)).toMatchObject({ allowed: false, plane: 'sidecar' });
  });

  it('are the same when copy and companion are there', () => {
    expect(compare(direct, ambientThroughWaypoint(waypoint(allow), sidecar(allow, companion)))).toEqual({});
  });

  it('differ by whom a waypoint without the copy lets through', () => {
    const after = ambientThroughWaypoint(waypoint(), sidecar(allow, companion));
    const { moreAllowed } = compare(direct, after);
    expect(verdictOn(after, moreAllowed!)).toEqual({ allowed: true, by: 'shop/let-the-waypoint-in', plane: 'sidecar' });
    expect(moreAllowed?.identity).not.toBe('cluster.local/ns/shop/sa/cart');
  });

  it('differ by a request that no authorizer is asked about any more', () => {
    const before = sidecarToSidecar(sidecar(policy('ask', 'CUSTOM', [admin])), 'Service');
    const { moreAllowed, lessAllowed } = compare(before, sidecarToAmbient(ztunnel(), 'Service'));
    expect(verdictOn(before, moreAllowed!)).toMatchObject({ allowed: true, asked: 'shop/ask' });
    expect(lessAllowed).toBeUndefined();
  });

  it('differ by plaintext that STRICT no longer keeps out', () => {
    const { moreAllowed } = compare(
      outside({ plane: 'sidecar', readings: [], mtls: strict }, 'Pod'),
      outside(ztunnel(), 'Pod'),
    );
    expect(moreAllowed).toBeDefined();
    expect(moreAllowed?.identity).toBeUndefined();
  });

  it('know only the ports that Services have if they are given', () => {
    const service = policy('http', 'ALLOW', [{ anyOf: [{ of: 'port', side: 'Service', port: 80 }], negated: false }]);
    const workload = policy('http', 'ALLOW', [
      { anyOf: [{ of: 'port', side: 'Workload', port: 8080 }], negated: false },
    ]);
    const before = ambientDirect(ztunnel(workload), 'Service');
    const after = { ...before, stages: [{ plane: 'waypoint' as const, readings: [service] }] };
    expect(compare(before, after, { servicePorts: [{ service: 80, workload: 8080 }] })).toEqual({});
    expect(
      compare(before, after, {
        servicePorts: [
          { service: 80, workload: 8080 },
          { service: 81, workload: 8080 },
        ],
      }).lessAllowed?.servicePort,
    ).toBe(81);
    expect(compare(before, after)).toMatchObject({ moreAllowed: {}, lessAllowed: {} });
  });
});

describe('a sidecar', () => {
  it('sends plaintext to a pod itself', () => {
    expect(verdictOn(sidecarToSidecar({ plane: 'sidecar', readings: [], mtls: strict }, 'Pod'), inMesh).allowed).toBe(
      false,
    );
    expect(
      verdictOn(sidecarToSidecar({ plane: 'sidecar', readings: [], mtls: strict }, 'Service'), inMesh).allowed,
    ).toBe(true);
  });

  it('knows no identity where mTLS is disabled', () => {
    const disabled: Destination = {
      plane: 'sidecar',
      readings: [policy('cart-only', 'ALLOW', [cart])],
      mtls: { mode: 'DISABLE', ports: { 9090: 'PERMISSIVE' } },
    };
    expect(verdictOn(sidecarToSidecar(disabled, 'Service'), inMesh).allowed).toBe(false);
    expect(has(allowedOn(sidecarToSidecar(disabled, 'Service')), inMesh)).toBe(false);
    expect(verdictOn(sidecarToSidecar(disabled, 'Service'), { ...inMesh, workloadPort: 9090 }).allowed).toBe(true);
  });
});

const inMesh: Request = {
  identity: 'cluster.local/ns/shop/sa/cart',
  sourceIp: '10.0.0.1',
  remoteIp: '10.0.0.1',
  destinationIp: '10.0.0.2',
  workloadPort: 8080,
  servicePort: 80,
  metadata: {},
};

describe('a request in words', () => {
  it('names caller, HTTP and token', () => {
    expect(
      inWords({
        ...inMesh,
        http: {
          host: 'cart',
          method: 'POST',
          path: '/x',
          headers: { 'x-a': '1' },
          token: { issuer: 'https://i', subject: 'me', claims: {} },
        },
      }),
    ).toBe(
      'cluster.local/ns/shop/sa/cart, POST cart/x, x-a: …, token of me from https://i, Service port 80, container port 8080',
    );
    const { identity: _, servicePort: __, ...anonymous } = inMesh;
    expect(inWords(anonymous)).toBe('plaintext from 10.0.0.1, port 8080');
  });
});
