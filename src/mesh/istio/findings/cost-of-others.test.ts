import { describe, expect, it } from '@jest/globals';
import {
  config,
  installed,
  mesh,
  namespace,
  pod,
  service,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView, ServiceView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { bounded } from '../../../base/effort.ts';
import { counting } from '../../../../test/support/counting.ts';

/** What somebody has in a namespace that nobody migrates. */
interface Written {
  readonly configs: readonly ConfigView[];
  readonly services?: readonly ServiceView[];
}

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function mallory(
  kind: string,
  name: string,
  spec: Readonly<Record<string, unknown>>,
  labels: Readonly<Record<string, string>> = {},
): ConfigView {
  return config(kind, spec, { name, namespace: 'mallory', uid: `${kind}-${name}`, labels });
}

const api = (index: number): ServiceView =>
  service({ namespace: 'mallory', name: `s${index}`, uid: `s${index}`, selector: { app: `s${index}` } });
const virtual = (name: string, hosts: readonly string[], more: Readonly<Record<string, unknown>> = {}): ConfigView =>
  mallory('VirtualService', name, { hosts, http: [{ timeout: '1s' }], ...more });
const entry = (index: number): ConfigView =>
  mallory('ServiceEntry', `e${index}`, { hosts: [`e${index}.example.com`] }, { 'istio.io/use-waypoint': 'w' });
const forEntry = (index: number, name: string): ConfigView =>
  mallory('AuthorizationPolicy', `p${index}`, {
    targetRefs: [{ group: 'networking.istio.io', kind: 'ServiceEntry', name }],
    action: 'ALLOW',
    rules: times(2, (at) => ({
      from: [{ source: { principals: [`cluster.local/ns/n${at}/sa/s${index}`] } }],
      to: [{ operation: { paths: [`/p${at}`] } }],
    })),
  });

const bound = (index: number): ServiceView => ({
  ...api(index),
  conditions: {
    'istio.io/WaypointBound': {
      status: 'True',
      reason: 'WaypointAccepted',
      message: 'Successfully attached to waypoint mallory/w',
    },
  },
});
const forService = (index: number, name: string): ConfigView =>
  mallory('AuthorizationPolicy', `p${index}`, {
    targetRefs: [{ group: '', kind: 'Service', name }],
    action: 'ALLOW',
    rules: [{ from: [{ source: { namespaces: ['blog2'] } }] }],
  });

/** By what it is about, of a size. None of it says anything about a namespace of others. */
const strangers: Readonly<Record<string, (size: number) => Written>> = {
  'n hosts of Services': (size) => ({
    configs: [
      virtual(
        'it',
        times(size, (index) => `s${index}`),
      ),
    ],
    services: times(size, api),
  }),
  'n hosts outside': (size) => ({
    configs: [
      virtual(
        'it',
        times(size, (index) => `h${index}.example.com`),
      ),
    ],
  }),
  'n hosts, and n Services that have none of them': (size) => ({
    configs: [
      virtual(
        'it',
        times(size, (index) => `x${index}.mallory.svc.cluster.local`),
      ),
    ],
    services: times(size, api),
  }),
  'n hosts for itself': (size) => ({
    configs: [
      virtual(
        'it',
        times(size, (index) => `s${index}`),
        { exportTo: ['.'] },
      ),
    ],
    services: times(size, api),
  }),
  'n namespaces to export to': (size) => ({
    configs: [virtual('it', ['s1'], { exportTo: times(size, (index) => `n${index}`) })],
    services: [api(1)],
  }),
  'n routes': (size) => ({
    configs: [
      virtual('it', ['s1'], {
        http: times(size, (index) => ({ match: [{ uri: { exact: `/${index}` } }], timeout: '1s' })),
      }),
    ],
    services: [api(1)],
  }),
  'n gateways': (size) => ({
    configs: [virtual('it', ['s1'], { gateways: times(size, (index) => `g${index}`) })],
    services: [api(1)],
  }),
  'n subsets': (size) => ({
    configs: [
      mallory('DestinationRule', 'it', {
        host: 's1',
        subsets: times(size, (index) => ({ name: `s${index}`, trafficPolicy: { loadBalancer: {} } })),
      }),
    ],
    services: [api(1)],
  }),
  'n destinations': (size) => ({
    configs: [
      virtual('it', ['x.example.com'], {
        gateways: ['ingress'],
        http: times(size, (index) => ({ route: [{ destination: { host: `s${index}` } }] })),
      }),
    ],
    services: times(size, api),
  }),
  'n rules of a policy': (size) => ({
    configs: [
      mallory('AuthorizationPolicy', 'it', {
        action: 'ALLOW',
        rules: times(size, (index) => ({ from: [{ source: { namespaces: [`n${index}`] } }] })),
      }),
      virtual('it', ['s1']),
    ],
    services: [api(1)],
  }),
  'n entries, and n policies that have nothing to do with them': (size) => ({
    configs: times(size, (index) => [entry(index), forEntry(index, `x${index}`)]).flat(),
  }),
  'n entries with a policy each': (size) => ({
    configs: times(size, (index) => [entry(index), forEntry(index, `e${index}`)]).flat(),
  }),
  'n Services behind a waypoint, and n policies that have nothing to do with them': (size) => ({
    configs: times(size, (index) => forService(index, `x${index}`)),
    services: times(size, bound),
  }),
  'n Services behind a waypoint with a policy each': (size) => ({
    configs: times(size, (index) => forService(index, `s${index}`)),
    services: times(size, bound),
  }),
  'a policy for n targets': (size) => ({
    configs: [
      entry(0),
      mallory('AuthorizationPolicy', 'it', {
        targetRefs: times(size, (index) => ({ group: 'networking.istio.io', kind: 'ServiceEntry', name: `x${index}` })),
        action: 'DENY',
        rules: [{}],
      }),
    ],
  }),
};

interface Homes {
  readonly names: readonly string[];
  readonly itinerary?: 'L7';
  readonly route?: Surroundings['route'];
}

const own = (name: string): readonly ConfigView[] => [
  config(
    'AuthorizationPolicy',
    { action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] },
    { namespace: name },
  ),
  config('VirtualService', { hosts: ['web'], http: [{ timeout: '1s' }] }, { namespace: name }),
];

/** What is read of a stranger's objects by looks at some namespaces, one after the other. */
function readsBy({ configs, services = [] }: Written, { names, ...more }: Homes): readonly number[] {
  let reads = 0;
  const counted = counting(() => {
    reads += 1;
  });
  const [written, theirs] = [configs.map((each) => counted(each)), services.map((each) => counted(each))];
  const all = mesh([...installed, ...names.flatMap(own), ...written]);
  const every = [...theirs, ...names.map((name) => service({ namespace: name }))];
  // As in the process: a list is there before anybody asks.
  const byHome = Map.groupBy(every, ({ namespace: home }) => home);
  const state = {
    ...all,
    services: (home?: string) => (home === undefined ? every : (byHome.get(home) ?? [])),
    inhabitedNamespaces: () => [...names, 'mallory'],
  };
  return names.map((name) => {
    const before = reads;
    const given = surroundings({
      namespace: namespace({ name, uid: name }),
      pods: [pod({ namespace: name })],
      workloads: [workload({ namespace: name })],
      services: [service({ namespace: name })],
      mesh: state,
      ...more,
    });
    istio.findings(given, more.itinerary === undefined ? 'Start' : 'UnderWay');
    return reads - before;
  });
}

const ways: readonly (readonly [string, Omit<Homes, 'names'>])[] = [
  ['before the start', {}],
  ['on the way', { itinerary: 'L7' }],
  ['out of ambient', { route: { from: 'IstioAmbient', to: 'IstioSidecar' } }],
  ['out of the mesh', { route: { from: 'IstioSidecar', to: 'None' } }],
];

describe.each(ways)('a look at one namespace %s', (_, way) => {
  it.each(Object.entries(strangers))('reads no more of a stranger who writes more: %s', (name, write) => {
    const [small, large] = [50, 400].map(
      (size) => readsBy(write(size), { names: ['shop', 'bank', 'blog'], ...way }).at(-1) ?? 0,
    );
    // Where each object stands, each Service of the cluster, and each host of which nobody knows whether it is called:
    // that is read at each look; and the rules of policies at a Service with a route, as far as its steps go.
    const perThing = /entries|behind/.test(name) ? 640 : 20;
    const allowed = /hosts|Services|destinations|entries|rules/.test(name) ? 350 * perThing : 0;
    expect((large ?? 0) - (small ?? 0)).toBeLessThanOrEqual(allowed);
  });
});

describe('what nobody bounds', () => {
  const all = times(1500, (index) => index);

  it.each(['Start', 'UnderWay'] as const)(
    'is next to nothing, however many Services and workloads a namespace has itself: %s',
    (when) => {
      const given = surroundings(
        {
          ...(when === 'UnderWay' && { itinerary: 'L7' }),
          pods: [],
          services: all.map((index) =>
            service({ name: `s${index}`, uid: `s${index}`, selector: { app: `w${index}` } }),
          ),
          workloads: all.map((index) =>
            workload({ name: `w${index}`, uid: `w${index}`, templateLabels: { app: `w${index}` } }),
          ),
        },
        [
          config('AuthorizationPolicy', {
            selector: { matchLabels: { app: 'w0' } },
            action: 'DENY',
            rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
          }),
        ],
      );

      expect(bounded(20_000, () => istio.findings(given, when))).toMatchObject({ kind: 'Done' });
    },
  );
});
