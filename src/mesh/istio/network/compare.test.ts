import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../../test/support/properties.ts';
import { ambientUi, besideDash, networkPolicy, ui } from '../../../../test/support/network-policy-examples.ts';
import { captured, namespace, plainPod, pod, workload } from '../../../../test/support/mesh-fixtures.ts';
import { bounded, stepsTaken } from '../../../base/effort.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView, PodView } from '../../views.ts';
import { cutsOf } from './cuts.ts';
import { limitedBetween, lostBetween, type Limited, type Lost } from './lost.ts';
import { placesIn } from './places.ts';
import { comparing, suppositions } from './sides.ts';

const value = fc.constantFrom('a', 'b');
const key = fc.constantFrom('app', 'tier');
const labels = fc.dictionary(key, value, { maxKeys: 2 });
const selector = fc.oneof(
  labels.map((matchLabels): object => ({ matchLabels })),
  fc
    .record({ key, operator: fc.constantFrom('In', 'NotIn'), values: fc.array(value, { minLength: 1 }) })
    .map((each): object => ({ matchExpressions: [each] })),
  key.map((each): object => ({ matchExpressions: [{ key: each, operator: 'Exists' }] })),
);
const namespaces = fc.constantFrom<object>(
  {},
  { matchLabels: { 'kubernetes.io/metadata.name': 'dash' } },
  { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
  { matchLabels: { 'istio-injection': 'enabled' } },
);
const peer = fc.oneof(
  selector.map((podSelector): object => ({ podSelector })),
  fc.record({ namespaceSelector: namespaces, podSelector: selector }),
  namespaces.map((namespaceSelector): object => ({ namespaceSelector })),
  fc.constantFrom('10.1.0.0/16', '10.0.0.0/8', '203.0.113.0/24').map((cidr): object => ({ ipBlock: { cidr } })),
);
const port = fc.constantFrom<object>({ port: 8080 }, { port: 3000 }, { port: 15008 }, { port: 'http' }, {});

function rules(side: 'from' | 'to'): fc.Arbitrary<readonly object[]> {
  const some = fc.record({ peers: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) });
  return fc.array(
    some.map(({ peers, ports }) => ({ [side]: peers, ports })),
    { maxLength: 2 },
  );
}

const spec = fc.oneof(
  fc.record({ podSelector: selector, ingress: rules('from') }),
  fc.record({ podSelector: selector, policyTypes: fc.constant(['Egress']), egress: rules('to') }),
);
const policy = fc.record({ home: fc.constantFrom('shop', 'dash'), spec });

/** One pod of each. */
function shapes(base: PodView, all: readonly PodView['labels'][]): readonly PodView[] {
  return all.map((each, index) => ({
    ...base,
    name: `p${index}`,
    uid: `${base.namespace}-${index}`,
    owner: { kind: 'Deployment', name: `p${index}` },
    labels: { ...base.labels, ...each },
  }));
}

function told(lost: readonly Lost[], limited: readonly Limited[]): readonly string[] {
  const names = ({ callers, called, policy: { namespace: home, name } }: Lost | Limited): readonly string[] =>
    callers.flatMap((caller) =>
      called.map((each) => [home, name, caller.end.names.join(), each.end.names.join()].join(' ')),
    );
  return [
    ...lost.flatMap((each) =>
      names(each).map((pair) => `lost ${pair} ${each.direction} ${each.rule} ${each.port} ${each.isSingledOut}`),
    ),
    ...limited.flatMap((each) =>
      names(each).map((pair) => `limited ${pair} ${each.open.join()} ${each.closed.join()}`),
    ),
  ].sort();
}

/** Every pair of pods by itself. */
function oneByOne(given: Surroundings): readonly string[] {
  const own = placesIn('shop', 'dash', given) ?? [];
  const theirs = placesIn('dash', 'shop', given) ?? [];
  const within = placesIn('shop', 'shop', given) ?? [];
  const pairs = [
    ...within.flatMap((caller) => within.map((called) => ({ caller, called }))),
    ...own.flatMap((one) =>
      theirs.flatMap((other) => [
        { caller: one, called: other },
        { caller: other, called: one },
      ]),
    ),
  ];
  return told(
    pairs.flatMap(({ caller, called }) => lostBetween(caller, called)),
    pairs.flatMap(({ caller, called }) => limitedBetween(caller, called)),
  );
}

const ways: Readonly<Record<string, Partial<Surroundings>>> = {
  'into ambient': {},
  'out of it': {
    route: { from: 'IstioAmbient', to: 'IstioSidecar' },
    namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
  },
};

describe('pods that are alike', () => {
  it.each(Object.entries(ways))('are cut off like each of them: %s', (_, more) => {
    let found = 0;
    const base = more.route === undefined ? pod() : plainPod(captured);
    const workloads = [workload({ containerPorts: [{ name: 'http', port: 8080 }, { port: 9090 }] })];
    fc.assert(
      fc.property(
        fc.array(policy, { minLength: 1, maxLength: 4 }),
        fc.array(labels, { minLength: 1, maxLength: 4 }),
        fc.array(labels, { minLength: 1, maxLength: 4 }),
        (policies, ours, theirs) => {
          const configs = policies.map((each, index): ConfigView =>
            networkPolicy(each.spec, { name: `n${index}`, uid: `n${index}`, namespace: each.home }),
          );
          const given = besideDash(
            configs,
            { pods: [...shapes(ui, theirs), ambientUi] },
            { ...more, pods: shapes(base, ours), workloads },
          );
          const { lost, limited } = cutsOf(given);
          const expected = oneByOne(given);
          found += expected.length;

          expect(told(lost, limited)).toEqual(expected);
          expect(cutsOf({ ...given })).toEqual(cutsOf(given));
        },
      ),
      { numRuns: 400 },
    );

    expect(found).toBeGreaterThan(100);
  });
});

describe('a pair of pods of which all is known', () => {
  it('counts for what it takes to look that up', () => {
    const policies = networkPolicy(
      { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] },
      { namespace: 'shop' },
    );
    const [place] = placesIn('shop', 'shop', besideDash([policies], { pods: [ambientUi] })) ?? [];
    const asked = (): number => {
      const before = stepsTaken();
      if (place !== undefined) suppositions(place, place);
      return stepsTaken() - before;
    };
    const again = bounded(1000, () => comparing(() => [asked(), asked()][1]));

    expect(again).toMatchObject({ kind: 'Done', value: 2 });
  });
});
