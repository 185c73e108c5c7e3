import { describe, expect, it } from '@jest/globals';
import { peerAuthentication, type Placement } from '../../../../test/policy/written.ts';
import { counting } from '../../../../test/support/counting.ts';
import { effectOf } from './classify-effect.ts';
import { asPeerReading, effectiveMtls, modeOfPort } from './peer-authentication.ts';
import {
  attachedPeerAuthentications,
  convertedPeerAuthentications,
  convertPeerAuthentication,
  parentPolicies,
  ztunnelPeerReadings,
} from './peer-authentication-ztunnel.ts';
import type { Effect } from '../../../requests/semantics.ts';
import type { MtlsMode, PeerAuthentication } from './types.ts';

const root = 'istio-system';
const workload = { namespace: 'shop', labels: { app: 'web' } };

const mesh = (mode: string, placement: Placement = {}) =>
  peerAuthentication(`{mtls: {mode: ${mode}}}`, { namespace: root, name: 'mesh', ...placement });
const wide = (mode: string, placement: Placement = {}) =>
  peerAuthentication(`{mtls: {mode: ${mode}}}`, { name: 'wide', ...placement });
const own = (mode: string, ports: Readonly<Record<number, string>> = {}, placement: Placement = {}) =>
  peerAuthentication(
    JSON.stringify({
      selector: { matchLabels: { app: 'web' } },
      mtls: { mode },
      ...(Object.keys(ports).length > 0 && {
        portLevelMtls: Object.fromEntries(Object.entries(ports).map(([port, of]) => [port, { mode: of }])),
      }),
    }),
    { name: 'own', ...placement },
  );

const noIdentity = { notPrincipals: [{ presence: {} }] };
const strictRule = { matches: [noIdentity] };
const exceptFor = (port: number) => ({ matches: [{ notDestinationPorts: [port] }] });

function groups(policies: readonly PeerAuthentication[]) {
  return convertedPeerAuthentications(policies, root).find(({ name }) => name === 'converted_peer_authentication_own')
    ?.groups;
}

function attached(...policies: readonly PeerAuthentication[]) {
  return attachedPeerAuthentications(policies, workload, root);
}

function ztunnelEffect(policies: readonly PeerAuthentication[]): Effect {
  const enforced = ztunnelPeerReadings(
    convertedPeerAuthentications(policies, root),
    attachedPeerAuthentications(policies, workload, root),
  );
  const intended = asPeerReading(effectiveMtls(policies, workload, root), 'shop');
  return effectOf(
    'DENY',
    enforced.flatMap(({ rules }) => rules.flat()),
    intended?.rules.flat() ?? [],
  );
}

describe('sidecars', () => {
  it('inherit from the workload to the mesh', () => {
    expect(effectiveMtls([], workload, root)).toEqual({ mode: 'PERMISSIVE', ports: {} });
    expect(effectiveMtls([mesh('STRICT')], workload, root).mode).toBe('STRICT');
    expect(effectiveMtls([mesh('STRICT'), wide('UNSET')], workload, root).mode).toBe('STRICT');
    expect(effectiveMtls([mesh('STRICT'), wide('DISABLE')], workload, root).mode).toBe('DISABLE');
    const mtls = effectiveMtls(
      [mesh('STRICT'), wide('PERMISSIVE'), own('UNSET', { 80: 'STRICT', 81: 'UNSET' })],
      workload,
      root,
    );
    expect([80, 81, 82].map((port) => modeOfPort(mtls, port))).toEqual(['STRICT', 'PERMISSIVE', 'PERMISSIVE']);
  });

  it('take the oldest of a scope, and of one second the first by name', () => {
    expect(
      effectiveMtls(
        [wide('STRICT', { createdAt: 2 }), wide('DISABLE', { name: 'older', createdAt: 1 })],
        workload,
        root,
      ).mode,
    ).toBe('DISABLE');
    expect(
      effectiveMtls(
        [wide('STRICT', { name: 'b', createdAt: 1 }), wide('DISABLE', { name: 'a', createdAt: 1 })],
        workload,
        root,
      ).mode,
    ).toBe('DISABLE');
  });

  it('do not read selectors of the root namespace, nor policies elsewhere', () => {
    expect(
      effectiveMtls([own('STRICT', {}, { namespace: root }), wide('STRICT', { namespace: 'other' })], workload, root)
        .mode,
    ).toBe('PERMISSIVE');
  });

  it('refuse plaintext where they are STRICT', () => {
    const strict = asPeerReading({ mode: 'STRICT', ports: { 80: 'PERMISSIVE', 81: 'STRICT' } }, 'shop');
    const port = asPeerReading({ mode: 'PERMISSIVE', ports: { 81: 'STRICT' } }, 'shop');
    expect(strict?.rules[0]?.[0]).toMatchObject([{ negated: true }, { negated: true, anyOf: [{ port: 80 }] }]);
    expect(port?.rules[0]?.[0]).toMatchObject([{ negated: true }, { negated: false, anyOf: [{ port: 81 }] }]);
    expect(asPeerReading({ mode: 'DISABLE', ports: { 81: 'PERMISSIVE' } }, 'shop')).toBeUndefined();
  });
});

describe('what istiod sends to ztunnel', () => {
  it('is the static policy as soon as there is any', () => {
    expect(convertedPeerAuthentications([], root)).toEqual([]);
    expect(convertedPeerAuthentications([wide('PERMISSIVE')], root)).toEqual([
      {
        name: 'istio_converted_static_strict',
        namespace: root,
        scope: 'WORKLOAD_SELECTOR',
        action: 'DENY',
        groups: [{ rules: [strictRule] }],
        dryRun: false,
      },
    ]);
  });

  it.each<[string, readonly PeerAuthentication[], unknown]>([
    [
      'a STRICT workload with a PERMISSIVE port',
      [own('STRICT', { 80: 'PERMISSIVE' })],
      [{ rules: [strictRule, exceptFor(80)] }],
    ],
    [
      'the same below a STRICT mesh',
      [mesh('STRICT'), own('STRICT', { 80: 'PERMISSIVE' })],
      [{ rules: [strictRule, exceptFor(80), strictRule] }],
    ],
    ['a STRICT workload with STRICT ports', [own('STRICT', { 80: 'STRICT' })], undefined],
    [
      'a PERMISSIVE workload with STRICT ports',
      [own('PERMISSIVE', { 81: 'STRICT', 80: 'STRICT' })],
      [80, 81].map((port) => ({ rules: [{ matches: [{ ...noIdentity, destinationPorts: [port] }] }] })),
    ],
    ['the same below a STRICT mesh: nothing', [mesh('STRICT'), own('PERMISSIVE', { 80: 'STRICT' })], undefined],
    [
      'the same below a STRICT namespace',
      [wide('STRICT'), own('PERMISSIVE', { 80: 'STRICT' })],
      [{ rules: [{ matches: [{ ...noIdentity, destinationPorts: [80] }] }] }],
    ],
    [
      'a workload without a mode below a STRICT namespace',
      [wide('STRICT'), own('UNSET', { 80: 'DISABLE' })],
      [{ rules: [exceptFor(80), strictRule] }],
    ],
    ['ports without a mode', [own('STRICT', { 80: 'UNSET' })], undefined],
    ['a selector in the root namespace', [own('STRICT', { 80: 'PERMISSIVE' }, { namespace: root })], undefined],
  ])('is right for %s', (_name, policies, expected) => {
    expect(groups(policies)).toEqual(expected);
  });

  it.each<[string, (placement: Placement) => PeerAuthentication]>([
    ['with a selector', (placement) => own('STRICT', { 80: 'DISABLE' }, placement)],
    ['without one', (placement) => wide('STRICT', placement)],
  ])('reads each policy as often however many there are: %s', (_, made) => {
    const readsOfEach = (count: number): number => {
      let reads = 0;
      const counted = counting(() => {
        reads += 1;
      });
      const policies = Array.from({ length: count }, (_each, at) => counted(made({ name: `p${at}` })));
      convertedPeerAuthentications(policies, root);
      return reads / count;
    };

    expect(readsOfEach(200)).toBeLessThan(2 * readsOfEach(20));
  });

  it('takes no parent with a selector, even without labels', () => {
    const emptySelector = peerAuthentication('{selector: {}, mtls: {mode: STRICT}}', { name: 'wide' });
    expect(parentPolicies([emptySelector, mesh('STRICT')], own('STRICT').namespace, root)).toEqual({
      mesh: mesh('STRICT'),
    });
    expect(ztunnelEffect([emptySelector, own('UNSET', { 80: 'PERMISSIVE' })])).toBe('FailsOpen');
    expect(ztunnelEffect([wide('STRICT'), own('UNSET', { 80: 'PERMISSIVE' })])).toBe('Exact');
  });

  it('keeps the parents of the last conversion: a later STRICT is lost', () => {
    const policy = own('UNSET', { 80: 'PERMISSIVE' });
    const before = [wide('PERMISSIVE'), policy];
    const after = [wide('STRICT'), policy];
    expect(convertPeerAuthentication(policy, parentPolicies(before, policy.namespace, root), root)).toBeUndefined();
    const sent = convertedPeerAuthentications(before, root);
    expect(ztunnelPeerReadings(sent, attachedPeerAuthentications(after, workload, root))).toEqual([]);
    expect(asPeerReading(effectiveMtls(after, workload, root), 'shop')).toBeDefined();
  });
});

describe('what a workload refers to', () => {
  const strict = [`${root}/istio_converted_static_strict`];
  const converted = ['shop/converted_peer_authentication_own'];

  it.each<[string, readonly PeerAuthentication[], readonly string[]]>([
    ['nothing', [], []],
    ['a STRICT mesh', [mesh('STRICT')], strict],
    ['a PERMISSIVE namespace below it', [mesh('STRICT'), wide('PERMISSIVE')], []],
    ['a namespace without a mode below it', [mesh('STRICT'), wide('UNSET')], strict],
    ['a STRICT workload with STRICT ports', [own('STRICT', { 80: 'STRICT' })], strict],
    ['a STRICT workload with a DISABLE port', [own('STRICT', { 80: 'DISABLE' })], converted],
    ['a workload without a mode with a DISABLE port', [mesh('STRICT'), own('UNSET', { 80: 'DISABLE' })], strict],
    ['a PERMISSIVE workload with a STRICT port', [mesh('STRICT'), own('PERMISSIVE', { 80: 'STRICT' })], converted],
    ['another workload', [own('STRICT', {}, { namespace: 'other' })], []],
    [
      'a policy of the mesh with an empty selector',
      [peerAuthentication('{selector: {}, mtls: {mode: STRICT}}', { namespace: root })],
      [],
    ],
  ])('%s', (_name, policies, expected) => {
    expect(attached(...policies)).toEqual(expected);
  });
});

const modes: readonly MtlsMode[] = ['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT'];
const maybe = [undefined, ...modes];

/** Where ztunnel differs from sidecars, as docs/policies.md says it. */
function expectedEffect(
  ofMesh: MtlsMode | undefined,
  ofNamespace: MtlsMode | undefined,
  mode: MtlsMode,
  ports: readonly MtlsMode[],
): Effect {
  const silentNamespace = ofNamespace === undefined || ofNamespace === 'UNSET';
  const strictAbove = ofNamespace === 'STRICT' || (silentNamespace && ofMesh === 'STRICT');
  if (
    (mode === 'PERMISSIVE' || mode === 'DISABLE') &&
    silentNamespace &&
    ofMesh === 'STRICT' &&
    ports.includes('STRICT')
  )
    return 'FailsOpen';
  if (mode === 'UNSET' && ofNamespace === 'UNSET' && ofMesh === 'STRICT' && ports.includes('PERMISSIVE'))
    return 'FailsOpen';
  return mode === 'UNSET' && strictAbove && ports.includes('DISABLE') && !ports.includes('PERMISSIVE')
    ? 'FailsClosed'
    : 'Exact';
}

it('differs between sidecars and ztunnel exactly where it is known to', () => {
  const wrong = maybe.flatMap((ofMesh) =>
    maybe.flatMap((ofNamespace) =>
      modes.flatMap((mode) =>
        maybe.flatMap((first) =>
          maybe.flatMap((second) => {
            const ports = [first, second].filter((port) => port !== undefined);
            const policies = [
              ...(ofMesh ? [mesh(ofMesh)] : []),
              ...(ofNamespace ? [wide(ofNamespace)] : []),
              own(mode, Object.fromEntries(ports.map((port, index) => [80 + index, port]))),
            ];
            const [effect, expected] = [ztunnelEffect(policies), expectedEffect(ofMesh, ofNamespace, mode, ports)];
            return effect === expected ? [] : [{ ofMesh, ofNamespace, mode, ports, effect, expected }];
          }),
        ),
      ),
    ),
  );
  expect(wrong).toEqual([]);
});
