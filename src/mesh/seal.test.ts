import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { appliedAnnotation, managedBy, managedByLabel } from '../api/resources.ts';
import { charactersOfBody, isMeaningful, isSealed, sealOf, type Sealed } from './seal.ts';

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

/** Another account of the same: all of it as one text. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

describe('sealOf', () => {
  const specs = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 });

  it('is the digest of all that an object says as one text, so that what earlier versions applied is known', () => {
    fc.assert(
      fc.property(specs, (written) => {
        const { listeners: _defaults, ...spec } = written;
        const said = [...['WasmPlugin', 'shop', 'it'].map((part) => JSON.stringify(part)), '{}', '{}', textOf(spec)];
        const digest = createHash('sha256').update(`[${said.join()}]`).digest('hex').slice(0, 32);
        expect(sealOf({ kind: 'WasmPlugin', namespace: 'shop', name: 'it', spec })).toBe(digest);
        expect(charactersOfBody(spec)).toBe(textOf(spec).length);
      }),
    );
  });

  it('is another one for another object of the same spec, whichever was asked about before', () => {
    const spec = { rules: [{}] };
    const [a, b] = ['a', 'b'].map((name) => ({ kind: 'AuthorizationPolicy', namespace: 'shop', name, spec }));
    const seals = [a, b, a, b].map((each) => each && sealOf(each));
    expect(new Set(seals).size).toBe(2);
    expect(seals.slice(0, 2)).toEqual(seals.slice(2));
  });
});
