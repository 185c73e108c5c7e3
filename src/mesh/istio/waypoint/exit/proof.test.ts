import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../../../test/support/properties.ts';
import { refusals } from '../../../../../test/support/refusals.ts';
import { exitMoments, exitWorld, someRequests, wrongFor } from '../../../../../test/support/exit-world.ts';
import { service, type PolicySpec, type WorldSpec } from '../../../../../test/support/translation-world.ts';
import type { Manifest } from '../../policy/translate/manifest.ts';
import { translateToSidecars, type ExitTranslation } from '../../policy/translate/to-sidecar/translate.ts';
import type { PeerAuthentication } from '../../policy/types.ts';
import type { Change } from '../change.ts';
import { exitChanges } from './proof.ts';

const web = 'cluster.local/ns/shop/sa/web';
const waypoint = 'cluster.local/ns/shop/sa/waypoint';
const strict: PeerAuthentication = {
  kind: 'PeerAuthentication',
  namespace: 'shop',
  name: 'strict',
  annotations: {},
  targetRefs: [],
  mode: 'STRICT',
  ports: {},
};

function to(...names: readonly string[]): object {
  return { targetRefs: names.map((name) => ({ group: '', kind: 'Service', name })) };
}

function selecting(name: string, spec: object): PolicySpec {
  return { name, spec: { selector: { matchLabels: { app: 'cart' } }, ...spec } };
}

const readers: PolicySpec = {
  name: 'readers',
  spec: {
    ...to('cart'),
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: [web] } }], to: [{ operation: { methods: ['GET'] } }] }],
  },
};
const noDelete: PolicySpec = {
  name: 'no-delete',
  spec: { ...to('cart'), action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] },
};
const notWaypoint = { notPrincipals: [waypoint] };
const byZtunnelOnly = { ...notWaypoint, remoteIpBlocks: ['255.255.255.255/32'] };

function changes(
  spec: WorldSpec & { readonly bound?: readonly string[] },
  peers: readonly PeerAuthentication[] = [strict],
  change: (right: ExitTranslation) => ExitTranslation = (right) => right,
): readonly Change[] {
  const facts = exitWorld({ bound: ['cart', 'basket'], ...spec });
  return exitChanges(facts, peers, change(translateToSidecars(facts))).filter(({ kind }) => kind !== 'Ends');
}

function each(change: (made: Manifest) => Manifest | undefined): (right: ExitTranslation) => ExitTranslation {
  return (right) => ({ ...right, manifests: right.manifests.flatMap((made) => change(made) ?? []) });
}

function without(role: Manifest['role']): (right: ExitTranslation) => ExitTranslation {
  return each((made) => (made.role === role ? undefined : made));
}

function text(role: Manifest['role'], change: (spec: string) => string): (right: ExitTranslation) => ExitTranslation {
  return each((made) =>
    made.role === role
      ? {
          ...made,
          object: {
            ...made.object,
            spec: JSON.parse(change(JSON.stringify(made.object.spec))) as Manifest['object']['spec'],
          },
        }
      : made,
  );
}

describe('the proof of the way to sidecars', () => {
  it.each<[string, readonly PolicySpec[], readonly PeerAuthentication[]]>([
    ['an ALLOW and a DENY', [readers, noDelete], []],
    ['an ALLOW and a DENY under STRICT', [readers, noDelete], [strict]],
    [
      'a rule that lets in the waypoint only',
      [noDelete, selecting('only', { rules: [{ from: [{ source: { principals: [waypoint] } }] }] })],
      [strict],
    ],
    [
      'a guard that only ztunnel enforces',
      [noDelete, selecting('guard', { action: 'DENY', rules: [{ from: [{ source: byZtunnelOnly }] }] })],
      [strict],
    ],
    [
      'what a migration to ambient has left: originals, what admits the waypoint, copies, guard',
      [
        selecting('original', {
          rules: [{ from: [{ source: { principals: [web] } }], to: [{ operation: { methods: ['GET'] } }] }],
        }),
        readers,
        selecting('allow-waypoint', { rules: [{ from: [{ source: { principals: [waypoint] } }] }] }),
        selecting('waypoint-only', { action: 'DENY', rules: [{ from: [{ source: byZtunnelOnly }] }] }),
      ],
      [strict],
    ],
  ])('finds no change with %s', (_name, policies, peers) => {
    expect(changes({ policies }, peers)).toEqual([]);
  });

  it.each<[string, readonly PolicySpec[], (right: ExitTranslation) => ExitTranslation, RegExp]>([
    ['no copies', [noDelete], without('SidecarCopy'), /^Opens at RestartWorkloads .* would get through/],
    [
      'no guard',
      [noDelete],
      without('SidecarGuard'),
      /^Opens at RestartWorkloads a workload of this namespace that has its sidecar would get through.*DELETE/,
    ],
    [
      'nothing that admits the waypoint',
      [readers],
      without('SidecarAllow'),
      /^Refuses at RestartWorkloads a caller in ambient would be refused/,
    ],
    [
      'copies that ztunnel reads',
      [readers],
      text('SidecarCopy', (spec) => spec.replace(',"security.istio.io/tlsMode":"istio"', '')),
      /^Refuses at CopyForSidecars a caller in ambient would be refused/,
    ],
    [
      'a guard that sidecars enforce',
      [readers],
      text('SidecarGuard', (spec) => spec.replace(',"remoteIpBlocks":["255.255.255.255/32"]', '')),
      /^Refuses at UnbindWaypoint .*no-detour-cart-.* refuses it/,
    ],
    [
      'a companion for everybody',
      [readers],
      text('SidecarAllow', (spec) => spec.replace(/"from":\[[^\]]*\]\}\}\],/, '')),
      /^Opens .* would get through/,
    ],
    [
      'copies that refuse the waypoint',
      [
        {
          name: 'only-web',
          spec: { ...to('cart'), action: 'DENY', rules: [{ from: [{ source: { notPrincipals: [web] } }] }] },
        },
      ],
      text('SidecarCopy', (spec) => spec.replace(/,"when":\[[^\]]*\]\}\]/, '')),
      /^Refuses at RestartWorkloads a caller in ambient would be refused/,
    ],
    [
      'an authorizer that is not asked',
      [
        {
          name: 'ask',
          spec: {
            ...to('cart'),
            action: 'CUSTOM',
            provider: { name: 'ext' },
            rules: [{ to: [{ operation: { paths: ['/pay'] } }] }],
          },
        },
      ],
      without('SidecarCopy'),
      /^Opens at .*\/pay/,
    ],
  ])('finds what changes with %s, and names a request', (_name, policies, change, message) => {
    expect(changes({ policies }, [strict], change).map((found) => `${found.kind} ${found.message}`)).toContainEqual(
      expect.stringMatching(message),
    );
  });

  it.each<[string, WorldSpec, readonly PeerAuthentication[], RegExp]>([
    [
      'Services of the same pods have different policies',
      {
        services: [
          service('cart', [{ port: 80, targetPort: 8080 }]),
          service('basket', [{ port: 80, targetPort: 8080 }], { selector: { app: 'cart' } }),
        ],
        policies: [
          readers,
          { name: 'writers', spec: { ...to('basket'), rules: [{ to: [{ operation: { methods: ['POST'] } }] }] } },
        ],
      },
      [strict],
      /^Opens .*POST/,
    ],
    [
      'direct callers are let in whom the waypoint refuses',
      {
        policies: [
          readers,
          selecting('direct', {
            rules: [{ from: [{ source: { principals: [waypoint, 'cluster.local/ns/other/sa/x'] } }] }],
          }),
        ],
      },
      [strict],
      /^Opens .*ns\/other\/sa\/x/,
    ],
    [
      'two ports of the Service lead to one of the container, and one is open',
      { policies: [{ name: 'p', spec: { ...to('cart'), rules: [{ to: [{ operation: { ports: ['80'] } }] }] } }] },
      [strict],
      /^Opens .*Service port 81/,
    ],
    [
      'only plaintext keeps an identity out',
      {
        policies: [
          noDelete,
          selecting('no-web', { action: 'DENY', rules: [{ from: [{ source: { principals: [web] } }] }] }),
        ],
      },
      [],
      /^Opens .*addresses the pod/,
    ],
    [
      'a guard refuses everybody but the waypoint',
      { policies: [readers, selecting('guard', { action: 'DENY', rules: [{ from: [{ source: notWaypoint }] }] })] },
      [strict],
      /^Refuses at UnbindWaypoint .*shop\/guard refuses it/,
    ],
    [
      'a rule of the pods needs HTTP and denies what the waypoint lets through',
      {
        policies: [
          readers,
          selecting('no-gets', { action: 'DENY', rules: [{ to: [{ operation: { methods: ['GET'] } }] }] }),
        ],
      },
      [strict],
      /^Refuses .*shop\/no-gets refuses it/,
    ],
  ])('blocks when %s', (_name, spec, peers, message) => {
    expect(changes(spec, peers).map((found) => `${found.kind} ${found.message}`)).toContainEqual(
      expect.stringMatching(message),
    );
  });

  it('knows what ends for those who went around the waypoint', () => {
    const facts = exitWorld({ bound: ['cart'], policies: [readers] });
    expect(
      exitChanges(facts, [], translateToSidecars(facts)).map(({ kind, message }) => `${kind} ${message}`),
    ).toContainEqual(expect.stringMatching(/^Ends .*outside the mesh/));
  });
});

const some = <T>(value: fc.Arbitrary<T>) => fc.uniqueArray(value, { minLength: 1, maxLength: 2 });
const identity = fc.constantFrom(web, 'cluster.local/ns/shop/sa/cart', 'cluster.local/ns/other/sa/*', waypoint, '*');
const source = fc.oneof(
  fc.record({ principals: some(identity) }),
  fc.record({ notPrincipals: some(identity) }),
  fc.record({ namespaces: some(fc.constantFrom('shop', 'other')) }),
  fc.record({ serviceAccounts: some(fc.constantFrom('web', 'other/x')) }),
  fc.record({ requestPrincipals: some(fc.constantFrom('*', 'https://a.example/joe')) }),
);
const port = fc.constantFrom('80', '8080', '9090', '81', '7777');
const operation = fc
  .record(
    {
      methods: some(fc.constantFrom('GET', 'POST')),
      notMethods: some(fc.constantFrom('DELETE')),
      paths: some(fc.constantFrom('/a', '/b*', '/pay*')),
      ports: some(port),
      notPorts: some(port),
    },
    { requiredKeys: [] },
  )
  .filter((fields) => Object.keys(fields).length > 0);
const when = fc.oneof(
  fc.record({ key: fc.constant('destination.port'), notValues: some(port) }),
  fc.record({ key: fc.constant('request.headers[x-team]'), values: some(fc.constantFrom('blue', 'r*')) }),
);
const rule = fc.record(
  {
    from: some(source.map((fields) => ({ source: fields }))),
    to: some(operation.map((fields) => ({ operation: fields }))),
    when: some(when),
  },
  { requiredKeys: [] },
);
const attached = fc.constantFrom(
  to('cart'),
  to('cart'),
  to('web'),
  { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }] },
  { selector: { matchLabels: { app: 'cart' } } },
  {},
);
const policy = fc
  .record({
    action: fc.constantFrom('ALLOW', 'ALLOW', 'DENY', 'CUSTOM'),
    attachment: attached,
    rules: fc.array(rule, { minLength: 1, maxLength: 2 }),
  })
  .map(({ action, attachment, rules }) => ({
    spec: { ...attachment, action, ...(action === 'CUSTOM' && { provider: { name: 'ext' } }), rules },
  }));
const services = fc.constantFrom(
  [
    service('cart', [
      { port: 80, targetPort: 8080 },
      { name: 'http-m', port: 9090, targetPort: 'metrics' },
    ]),
    service('web', [{ port: 8080, targetPort: 9090 }]),
  ],
  [
    service('cart', [
      { port: 8080, targetPort: 80 },
      { port: 80, targetPort: 8080 },
    ]),
    service('web', [{ name: 'tcp', port: 8080, targetPort: 9090 }]),
  ],
  [
    service('cart', [{ port: 80, targetPort: 8080 }]),
    service('cart-b', [{ port: 81, targetPort: 9090 }], { selector: { app: 'cart' } }),
    service('web', [{ port: 80, targetPort: 9090 }]),
  ],
);

describe('translated to sidecars, then evaluated', () => {
  it('single requests are decided as before at every step, unless a problem or the proof blocks it', () => {
    let proven = 0;
    let blocked = 0;
    const requests = someRequests([80, 81, 8080, 9090]).filter((_request, index) => index % 3 === 0);
    fc.assert(
      fc.property(fc.array(policy, { minLength: 1, maxLength: 3 }), services, (specs, list) => {
        const facts = exitWorld({
          services: list,
          policies: specs.map(({ spec }, index) => ({ name: `p${index}`, spec })),
        });
        const translation = translateToSidecars(facts);
        if (translation.problems.some(({ severity }) => severity === 'Critical') || translation.manifests.length === 0)
          return;
        if (exitChanges(facts, [], translation).some(({ kind }) => kind !== 'Ends')) {
          blocked++;
          return;
        }
        proven++;
        expect(translation.manifests.flatMap(({ object }) => refusals(object))).toEqual([]);
        const course = exitMoments(translation);
        expect(
          requests.map((request) => wrongFor(facts, course, request)).find((found) => found !== undefined),
        ).toBeUndefined();
      }),
      { numRuns: 40, seed: 7 },
    );
    // Otherwise the property would hold for want of anything to look at.
    expect(proven).toBeGreaterThan(10);
    expect(blocked).toBeGreaterThan(3);
  }, 120_000);
});
