import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../../../test/support/properties.ts';
import { refusals } from '../../../../../test/support/refusals.ts';
import { times } from '../../../../../test/support/sample.ts';
import {
  changes,
  configObject,
  moments,
  service,
  world,
  type PolicySpec,
  type WorldSpec,
} from '../../../../../test/support/translation-world.ts';
import { translate } from './translate.ts';

const identity = fc.constantFrom(
  'cluster.local/ns/shop/sa/web',
  'cluster.local/ns/shop/sa/cart',
  'cluster.local/ns/other/sa/*',
  '*/sa/web',
  'cluster.local/ns/shop/sa/waypoint',
  '*',
);
const some = <T>(value: fc.Arbitrary<T>) => fc.uniqueArray(value, { minLength: 1, maxLength: 2 });
const source = fc.oneof(
  fc.record({ principals: some(identity) }),
  fc.record({ notPrincipals: some(identity) }),
  fc.record({ namespaces: some(fc.constantFrom('shop', 'other', 'sh*')) }),
  fc.record({ notNamespaces: some(fc.constantFrom('shop', 'other')) }),
  fc.record({ serviceAccounts: some(fc.constantFrom('web', 'shop/cart', 'other/x')) }),
  fc.record({ requestPrincipals: some(fc.constantFrom('*', 'https://a.example/joe')) }),
  fc.record({ trustDomains: some(fc.constantFrom('cluster.local', 'old.example')) }),
);
const port = fc.constantFrom('80', '8080', '9090', '81', '7777');
const operation = fc
  .record(
    {
      methods: some(fc.constantFrom('GET', 'POST')),
      notMethods: some(fc.constantFrom('DELETE', 'GET')),
      paths: some(fc.constantFrom('/a', '/b*', '*')),
      hosts: some(fc.constantFrom('cart.shop', '*.example.com')),
      ports: some(port),
      notPorts: some(port),
    },
    { requiredKeys: [] },
  )
  .filter((fields) => Object.keys(fields).length > 0);
const when = fc.oneof(
  fc.record({ key: fc.constant('destination.port'), values: some(port) }),
  fc.record({ key: fc.constant('destination.port'), notValues: some(port) }),
  fc.record({ key: fc.constant('request.headers[x-team]'), values: some(fc.constantFrom('blue', 'r*')) }),
  fc.record({ key: fc.constant('source.serviceAccount'), notValues: some(fc.constantFrom('web', 'other/x')) }),
);
const rule = fc.record(
  {
    from: some(source.map((fields) => ({ source: fields }))),
    to: some(operation.map((fields) => ({ operation: fields }))),
    when: some(when),
  },
  { requiredKeys: [] },
);
const selector = fc.constantFrom(
  {},
  { selector: { matchLabels: { app: 'cart' } } },
  { selector: { matchLabels: { app: 'web' } } },
  { selector: { matchLabels: { tier: 'back' } } },
  { selector: { matchLabels: { app: 'cart', 'security.istio.io/tlsMode': 'istio' } } },
  { selector: {} },
  { selector: { matchLabels: {} } },
);
const policy = fc
  .record({
    namespace: fc.constantFrom('shop', 'shop', 'istio-system'),
    annotations: fc.constantFrom({}, {}, {}, { 'istio.io/dry-run': 'true' }),
    action: fc.constantFrom('ALLOW', 'ALLOW', 'DENY', 'CUSTOM', 'AUDIT'),
    selector,
    rules: fc.array(rule, { maxLength: 2 }),
  })
  .map(({ namespace, annotations, action, selector: attached, rules }): Omit<PolicySpec, 'name'> => ({
    namespace,
    annotations,
    spec: {
      ...attached,
      action,
      ...(action === 'CUSTOM' && { provider: { name: 'ext' } }),
      ...(rules.length > 0 && { rules }),
    },
  }));
const services = fc.constantFrom(
  undefined,
  [
    service('cart', [
      { port: 8080, targetPort: 80 },
      { port: 80, targetPort: 8080 },
    ]),
    service('web', [{ name: 'tcp', port: 8080, targetPort: 9090 }]),
  ],
  [
    service('cart', [
      { name: 'x', port: 80, targetPort: 'web' },
      { port: 81, targetPort: 'metrics' },
    ]),
    service('cart-b', [{ name: 'tcp-m', port: 7000, targetPort: 9090 }], { selector: { tier: 'back' } }),
    service('web', [{ port: 80, targetPort: 9090 }]),
  ],
);
const worlds = fc
  .record({
    policies: fc.array(policy, { minLength: 1, maxLength: 3 }),
    services,
    routes: fc.constantFrom(
      [],
      [
        configObject('HTTPRoute', {
          name: 'r',
          spec: {
            parentRefs: [{ group: '', kind: 'Service', name: 'cart' }],
            rules: [{ backendRefs: [{ name: 'cart', port: 80 }] }],
          },
        }),
      ],
    ),
  })
  .map(({ policies, services: list, ...rest }): WorldSpec => ({
    ...rest,
    ...(list && { services: list }),
    policies: policies.map((spec, index) => ({ ...spec, name: `p${index}` })),
  }));

describe('translate, then evaluate', () => {
  it('equals evaluate at every moment of the itinerary, for every request, unless a problem blocks it', () => {
    let translated = 0;
    fc.assert(
      fc.property(worlds, (spec) => {
        const facts = world(spec);
        const translation = translate(facts);
        if (translation.problems.some(({ severity }) => severity === 'Critical') || translation.manifests.length === 0)
          return;
        translated++;
        expect(translation.manifests.flatMap(({ object }) => refusals(object))).toEqual([]);
        expect(changes(facts, moments(facts, translation))).toEqual([]);
      }),
      { numRuns: times(3, 150) },
    );
    // Otherwise the property would hold for want of anything to look at.
    expect(translated).toBeGreaterThan(15);
  });

  it('is the same whatever the order of policies and Services', () => {
    fc.assert(
      fc.property(worlds, (spec) => {
        const facts = world(spec);
        const reversed = { ...facts, policies: facts.policies.toReversed(), services: facts.services.toReversed() };
        const names = (found: typeof facts) =>
          translate(found)
            .manifests.map(({ object }) => JSON.stringify(object))
            .toSorted();
        expect(names(reversed)).toEqual(names(facts));
      }),
      { numRuns: times(3, 50) },
    );
  });
});
