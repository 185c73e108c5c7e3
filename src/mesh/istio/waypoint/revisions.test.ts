import { describe, expect, it } from '@jest/globals';
import { config, root, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import { exitWorld } from '../../../../test/support/exit-world.ts';
import type { ConfigView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { translateToSidecars } from '../policy/translate/to-sidecar/translate.ts';
import { possible, translationOf } from './translation.ts';

const selector = { matchLabels: { app: 'web' } };
const rules = [{ to: [{ operation: { methods: ['DELETE'] } }] }];
const inForce = config('AuthorizationPolicy', { selector, rules }, { name: 'in-force', uid: 'in-force' });

const specs: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['AuthorizationPolicy', { selector, rules }],
  ['RequestAuthentication', { selector, jwtRules: [{ issuer: 'https://issuer.example.com', jwks: '{"keys":[]}' }] }],
  ['PeerAuthentication', { mtls: { mode: 'STRICT' } }],
  ['Telemetry', { accessLogging: [{ disabled: true }] }],
  ['WasmPlugin', { selector, url: 'oci://example.com/plugin:v1', match: [{ mode: 'SERVER' }] }],
  ['VirtualService', { hosts: ['web'], http: [{ timeout: '1s', route: [{ destination: { host: 'web' } }] }] }],
  [
    'HTTPRoute',
    {
      parentRefs: [{ group: '', kind: 'Service', name: 'web' }],
      rules: [{ backendRefs: [{ name: 'web', port: 80 }] }],
    },
  ],
  ['DestinationRule', { host: 'web', trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 } } } }],
];

function labelled(kind: string, spec: Readonly<Record<string, unknown>>, revision?: string): ConfigView {
  return config(kind, spec, {
    name: 'labelled',
    uid: 'labelled',
    labels: revision === undefined ? {} : { 'istio.io/rev': revision },
  });
}

function critical(...configs: readonly ConfigView[]): readonly string[] {
  return istio
    .findings(surroundings({ itinerary: 'L7' }, [inForce, ...configs]), 'UnderWay')
    .filter(({ severity, message }) => severity === 'Critical' && message.includes('istio.io/rev'))
    .map(({ id, object }) => `${id} ${object}`);
}

const another = config(
  'ConfigMap',
  { mesh: 'trustDomain: cluster.local\n' },
  { name: 'istio-canary', namespace: root },
);

describe.each(specs)('a %s that only one istiod reads', (kind, spec) => {
  it('is never carried over, nor taken for being in force', () => {
    expect(critical(labelled(kind, spec, 'canary'))).toEqual([`MM080 ${kind} shop/labelled`]);
  });

  it('is one that all read where there is no other', () => {
    expect(critical(labelled(kind, spec, 'default'))).toEqual([]);
    expect(critical(labelled(kind, spec))).toEqual([]);
  });

  it.each(['canary', 'default'])('may be that of any where there are several: %s', (revision) => {
    expect(critical(labelled(kind, spec, revision), another)).toEqual([`MM080 ${kind} shop/labelled`]);
  });
});

describe('a policy of another revision', () => {
  it('gets no copy on the way or at rest either, and keeps nobody else from having one', () => {
    const given = surroundings({ itinerary: 'L7' }, [
      inForce,
      labelled('AuthorizationPolicy', { selector, rules }, 'canary'),
    ]);
    expect(translationOf(given).manifests.map(({ role }) => role)).toContain('Copy');
    expect(possible(given, 'Copy').map(({ follows }) => follows)).toEqual(['AuthorizationPolicy shop/in-force']);
  });

  it("is nobody's matter where it selects other pods", () => {
    expect(
      critical(labelled('AuthorizationPolicy', { selector: { matchLabels: { app: 'other' } }, rules }, 'canary')),
    ).toEqual([]);
  });

  it('has no copy for sidecars', () => {
    const world = exitWorld({
      policies: [
        {
          name: 'no-delete',
          spec: { targetRefs: [{ group: '', kind: 'Service', name: 'cart' }], action: 'DENY', rules },
        },
      ],
    });
    const [original] = world.policies;
    const of = translateToSidecars({
      ...world,
      policies: [{ ...original!, object: { ...original!.object, labels: { 'istio.io/rev': 'canary' } } }],
    });
    expect(of.problems).toContainEqual(
      expect.objectContaining({
        severity: 'Critical',
        object: 'AuthorizationPolicy shop/no-delete',
        field: 'metadata.labels[istio.io/rev]',
      }),
    );
    expect(translateToSidecars(world).problems.filter(({ field }) => field.includes('istio.io/rev'))).toEqual([]);
  });
});
