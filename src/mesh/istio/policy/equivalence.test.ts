import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { reading, request as anyRequest } from '../../../../test/policy/arbitraries.ts';
import { allowedOn, ambientDirect, ambientThroughWaypoint, askedOn, outside, sidecarToAmbient, sidecarToSidecar, verdictOn, type DataPath, type Destination } from './data-path.ts';
import { compare, compareSteps, describe as inWords } from './equivalence.ts';
import type { EffectiveMtls } from './peer-authentication.ts';
import type { Literal, Reading, Request } from './semantics.ts';
import { has } from './space.ts';

const cart: Literal = { anyOf: [{ of: 'identity', part: 'Principal', match: { kind: 'Exact', value: 'cluster.local/ns/shop/sa/cart' } }], negated: false };
const admin: Literal = { anyOf: [{ of: 'path', match: { kind: 'Prefix', value: '/admin' } }], negated: false };
const waypointIdentity = 'cluster.local/ns/shop/sa/waypoint';
const fromWaypoint: Literal = { anyOf: [{ of: 'identity', part: 'Principal', match: { kind: 'Exact', value: waypointIdentity } }], negated: false };

function policy(name: string, action: Reading['action'], ...clauses: readonly (readonly Literal[])[]): Reading {
  return { namespace: 'shop', name, action, rules: [clauses] };
}

const strict: EffectiveMtls = { mode: 'STRICT', ports: {} };
const sidecar = (...readings: readonly Reading[]): Destination => ({ plane: 'sidecar', readings });
const ztunnel = (...readings: readonly Reading[]): Destination => ({ plane: 'ztunnel', readings });
const waypoint = (...readings: readonly Reading[]) => ({ readings, identity: waypointIdentity, sourceIp: '10.9.9.9' });

describe('a data path', () => {
  const mtls: fc.Arbitrary<EffectiveMtls> = fc.record({ mode: fc.constantFrom('STRICT', 'PERMISSIVE', 'DISABLE'), ports: fc.constantFrom<EffectiveMtls['ports'][]>({}, { 80: 'STRICT', 8080: 'DISABLE' }, { 80: 'PERMISSIVE' }) });
  const destination: fc.Arbitrary<Destination> = fc.record({ plane: fc.constantFrom('sidecar' as const, 'ztunnel' as const), readings: fc.array(reading, { maxLength: 3 }), mtls });
  const path: fc.Arbitrary<DataPath> = fc.tuple(destination, fc.array(reading, { maxLength: 2 }), fc.constantFrom('Service' as const, 'Pod' as const), fc.nat(5)).map(([to, l7, address, way]) => [
    sidecarToSidecar(to, address), sidecarToAmbient(to, address), ambientThroughWaypoint(waypoint(...l7), to, address), ambientDirect(to, address), ambientDirect(to, address, false), outside(to, address),
  ][way]!);

  it('as a set agrees with its verdict on each request that can take it', () => {
    fc.assert(fc.property(path, anyRequest, (one, request) => {
      const canTake = (request.identity !== undefined) === (one.caller !== 'Outside') && (request.servicePort !== undefined) === (one.address === 'Service');
      const { allowed, asked } = verdictOn(one, request);
      expect(has(allowedOn(one), request)).toBe(canTake && allowed);
      expect(has(askedOn(one), request)).toBe(canTake && asked !== undefined);
    }), { numRuns: 1000 });
  });

  it('compared with another one is equal only if no request of a sample is decided otherwise', () => {
    fc.assert(fc.property(path, path, fc.array(anyRequest, { minLength: 50, maxLength: 50 }), (before, after, samples) => {
      const { moreAllowed, lessAllowed } = compare([before], [after]);
      if (before.caller !== after.caller || before.address !== after.address) return;
      const gained = (request: Request): boolean => has(allowedOn(after), request) && (!has(allowedOn(before), request) || (has(askedOn(before), request) && !has(askedOn(after), request)));
      const lost = (request: Request): boolean => has(allowedOn(before), request) && (!has(allowedOn(after), request) || (has(askedOn(after), request) && !has(askedOn(before), request)));
      expect(moreAllowed === undefined ? !samples.some(gained) : gained(moreAllowed.request)).toBe(true);
      expect(lessAllowed === undefined ? !samples.some(lost) : lost(lessAllowed.request)).toBe(true);
    }), { numRuns: 300 });
  });
});

describe('compare', () => {
  const deny = policy('no-admin', 'DENY', [admin]);
  const allow = policy('cart-only', 'ALLOW', [cart]);

  it('finds what a DENY that ztunnel cannot read lets through', () => {
    const { moreAllowed, lessAllowed } = compare([sidecarToSidecar(sidecar(deny), 'Service')], [sidecarToAmbient(ztunnel(), 'Service')]);
    expect(moreAllowed).toMatchObject({ caller: 'Sidecar', address: 'Service', before: { allowed: false, by: 'shop/no-admin', plane: 'sidecar' }, after: { allowed: true, plane: 'ztunnel' } });
    expect(moreAllowed?.request.http?.path).toMatch(/^\/admin/);
    expect(lessAllowed).toBeUndefined();
  });

  it('finds what is refused when the waypoint is not let in', () => {
    const before = [ambientDirect(sidecar(allow), 'Service')];
    expect(compare(before, [ambientThroughWaypoint(waypoint(allow), sidecar(allow))])).toMatchObject({ lessAllowed: { request: { identity: 'cluster.local/ns/shop/sa/cart' }, after: { allowed: false, plane: 'sidecar' } } });
  });

  it('finds nothing when copy and companion are there', () => {
    const companion = policy('let-the-waypoint-in', 'ALLOW', [fromWaypoint]);
    const before = [ambientDirect(sidecar(allow), 'Service')];
    expect(compare(before, [ambientThroughWaypoint(waypoint(allow), sidecar(allow, companion))])).toEqual({});
  });

  it('finds whom a waypoint without the copy lets through', () => {
    const companion = policy('let-the-waypoint-in', 'ALLOW', [fromWaypoint]);
    const { moreAllowed } = compare([ambientDirect(sidecar(allow), 'Service')], [ambientThroughWaypoint(waypoint(), sidecar(allow, companion))]);
    expect(moreAllowed?.after).toEqual({ allowed: true, by: 'shop/let-the-waypoint-in', plane: 'sidecar' });
    expect(moreAllowed?.request.identity).not.toBe('cluster.local/ns/shop/sa/cart');
  });

  it('counts a request that no authorizer is asked about any more as more allowed', () => {
    const ask = policy('ask', 'CUSTOM', [admin]);
    const { moreAllowed, lessAllowed } = compare([sidecarToSidecar(sidecar(ask), 'Service')], [sidecarToAmbient(ztunnel(), 'Service')]);
    expect(moreAllowed).toMatchObject({ before: { allowed: true, asked: 'shop/ask' }, after: { allowed: true } });
    expect(moreAllowed?.after.asked).toBeUndefined();
    expect(lessAllowed).toBeUndefined();
  });

  it('finds plaintext that STRICT no longer keeps out', () => {
    const before = [outside({ plane: 'sidecar', readings: [], mtls: strict }, 'Pod')];
    expect(compare(before, [outside(ztunnel(), 'Pod')]).moreAllowed?.request.identity).toBeUndefined();
    expect(compare(before, [outside(ztunnel(), 'Pod')]).moreAllowed).toBeDefined();
  });

  it('takes what a sidecar sends to a pod itself for plaintext', () => {
    expect(verdictOn(sidecarToSidecar({ plane: 'sidecar', readings: [], mtls: strict }, 'Pod'), inMesh).allowed).toBe(false);
    expect(verdictOn(sidecarToSidecar({ plane: 'sidecar', readings: [], mtls: strict }, 'Service'), inMesh).allowed).toBe(true);
  });

  it('knows no identity where mTLS is disabled', () => {
    const disabled: Destination = { plane: 'sidecar', readings: [allow], mtls: { mode: 'DISABLE', ports: { 9090: 'PERMISSIVE' } } };
    expect(verdictOn(sidecarToSidecar(disabled, 'Service'), inMesh).allowed).toBe(false);
    expect(has(allowedOn(sidecarToSidecar(disabled, 'Service')), inMesh)).toBe(false);
    expect(verdictOn(sidecarToSidecar(disabled, 'Service'), { ...inMesh, workloadPort: 9090 }).allowed).toBe(true);
  });

  it('of several pods expects the worst: any may let through more, any may refuse', () => {
    const open = sidecarToAmbient(ztunnel(), 'Service');
    const closed = sidecarToAmbient(ztunnel(policy('nobody', 'ALLOW')), 'Service');
    const before = [sidecarToSidecar(sidecar(allow), 'Service')];
    const mixed = compare(before, [...before, open, closed]);
    expect(mixed.moreAllowed?.after.allowed).toBe(true);
    expect(mixed.lessAllowed?.after.allowed).toBe(false);
  });

  it('takes a caller without a path for one that gets nothing', () => {
    const path = outside(ztunnel(), 'Pod');
    expect(compare([], [path]).moreAllowed).toBeDefined();
    expect(compare([path], []).lessAllowed).toBeDefined();
  });

  it('knows only the ports that Services have if they are given', () => {
    const service = policy('http', 'ALLOW', [{ anyOf: [{ of: 'port', side: 'Service', port: 80 }], negated: false }]);
    const workload = policy('http', 'ALLOW', [{ anyOf: [{ of: 'port', side: 'Workload', port: 8080 }], negated: false }]);
    const before = [ambientDirect(ztunnel(workload), 'Service')];
    const after = [{ ...before[0]!, stages: [{ plane: 'waypoint' as const, readings: [service] }] }];
    expect(compare(before, after, { servicePorts: [{ service: 80, workload: 8080 }] })).toEqual({});
    expect(compare(before, after, { servicePorts: [{ service: 80, workload: 8080 }, { service: 81, workload: 8080 }] }).lessAllowed?.request.servicePort).toBe(81);
    expect(compare(before, after)).toMatchObject({ moreAllowed: {}, lessAllowed: {} });
  });
});

describe('compareSteps', () => {
  const deny = policy('no-admin', 'DENY', [admin]);
  const before = { name: 'start', paths: [sidecarToSidecar(sidecar(deny), 'Service')] };
  const open = { name: 'flip', paths: [sidecarToAmbient(ztunnel(), 'Service')] };
  const closed = { name: 'guard', paths: [sidecarToAmbient(ztunnel(policy('nobody', 'ALLOW')), 'Service')] };

  it('names each step that is not as the beginning, even if a later one is again', () => {
    const changes = compareSteps([before, open, closed, before], { lessAllowed: 'Warning' });
    expect(changes.map(({ step, direction, severity }) => [step, direction, severity])).toEqual([['flip', 'MoreAllowed', 'Error'], ['guard', 'LessAllowed', 'Warning']]);
    expect(compareSteps([before, closed], { lessAllowed: 'Error' }).map(({ severity }) => severity)).toEqual(['Error']);
  });

  it('says in one sentence what happens to which request, and who decides', () => {
    expect(compareSteps([before, open], { lessAllowed: 'Warning' })[0]?.message).toBe(
      'flip: a request of a client with a sidecar to the Service (cluster.local/ns/other/sa/other, GET other.example.com/admin, Service port 8080, container port 8080) was refused by policy shop/no-admin at the sidecar and is allowed by the ztunnel',
    );
  });

  it('finds nothing to say about no steps', () => {
    expect(compareSteps([], { lessAllowed: 'Error' })).toEqual([]);
  });
});

const inMesh: Request = { identity: 'cluster.local/ns/shop/sa/cart', sourceIp: '10.0.0.1', remoteIp: '10.0.0.1', destinationIp: '10.0.0.2', workloadPort: 8080, servicePort: 80, metadata: {} };

describe('a request in words', () => {
  it('names caller, HTTP and token', () => {
    expect(inWords({ ...inMesh, http: { host: 'cart', method: 'POST', path: '/x', headers: { 'x-a': '1' }, token: { issuer: 'https://i', subject: 'me', claims: {} } } }))
      .toBe('cluster.local/ns/shop/sa/cart, POST cart/x, x-a: 1, token of me from https://i, Service port 80, container port 8080');
    const { identity: _, servicePort: __, ...anonymous } = inMesh;
    expect(inWords(anonymous)).toBe('plaintext from 10.0.0.1, port 8080');
  });
});
