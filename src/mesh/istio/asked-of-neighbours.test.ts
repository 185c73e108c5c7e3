import { describe, expect, it } from '@jest/globals';
import {
  captured,
  config,
  injected,
  installed,
  mesh,
  migrationSpec,
  plainPod,
  pod,
  surroundings,
  workload,
} from '../../../test/support/mesh-fixtures.ts';
import type { MeshState, Surroundings } from '../adapter.ts';
import type { ConfigView, PodView, WorkloadView } from '../views.ts';
import { oldSidecars } from './waypoint/calls/old-sidecars.ts';
import { unseenBy } from './waypoint/calls/unseen-callers.ts';
import { costOf } from '../../../test/support/cost.ts';

type Spec = Readonly<Record<string, unknown>>;

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function mallory(kind: string, name: string, spec: Spec): ConfigView {
  return config(kind, spec, { name, namespace: 'mallory', uid: `${kind}-${name}` });
}

const byAddress: Spec = { action: 'DENY', rules: [{ from: [{ source: { ipBlocks: ['10.9.9.9'] } }] }] };
const { 'networking.istio.io/tunnel': _tunnel, ...oldLabels } = injected.labels;

/** Labels that are alike in everything but the last of them that a policy asks for. */
function wide(size: number, index: number): Readonly<Record<string, string>> {
  return { ...Object.fromEntries(times(size, (at) => [`l${at}`, 'x'])), [`l${size}`]: String(index) };
}

interface Theirs {
  readonly configs: readonly ConfigView[];
  readonly pods: readonly PodView[];
  readonly workloads?: readonly WorkloadView[];
}

const none: readonly never[] = [];

/** `shop` looks; `mallory` is in no migration. Whatever is there stays the same lists, as in the process. */
function beside({ configs, pods, workloads = [] }: Theirs): Surroundings {
  const all = mesh([...installed, ...configs]);
  const lists = new Map<string, readonly ConfigView[]>();
  const state: MeshState = {
    ...all,
    inhabitedNamespaces: () => ['shop', 'mallory'],
    labelsOf: () => ({ 'istio-injection': 'enabled' }),
    configs: (kind, home) => {
      const list = lists.get(`${kind} ${home}`) ?? all.configs(kind, home);
      lists.set(`${kind} ${home}`, list);
      return list;
    },
    pods: (name) => (name === 'mallory' ? pods : none),
    workloads: (name) => (name === 'mallory' ? workloads : none),
    otherTemplates: () => none,
  };
  return surroundings({ mesh: state, spec: migrationSpec() });
}

/** The same objects, counting how often a look asks them for something, however deep. */
function counting(read: () => void): <T extends object>(object: T) => T {
  return function counted<T extends object>(object: T): T {
    return new Proxy(object, {
      get(target, key) {
        read();
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'object' && value !== null && !Object.isFrozen(target) ? counted(value) : value;
      },
    });
  };
}

function named(index: number, count: number): Spec {
  return {
    action: 'ALLOW',
    rules: [
      { from: [{ source: { principals: times(count, (at) => `cluster.local/ns/n${at % 50}/sa/s${index}-${at}`) } }] },
    ],
  };
}

/** By what is large: so many policies, and so many pods or templates. */
const shapes: Readonly<Record<string, (policies: number, pods: number) => Theirs>> = {
  'callers that policies name, and templates': (policies, pods) => ({
    configs: [
      mallory('AuthorizationPolicy', 'by-address', byAddress),
      ...times(policies, (index) => mallory('AuthorizationPolicy', `a${index}`, named(index, 20))),
    ],
    pods: [pod({ namespace: 'mallory' })],
    workloads: times(pods, (index) => workload({ namespace: 'mallory', name: `w${index}`, replicas: 0 })),
  }),
  'selectors by address that select nothing, and pods': (policies, pods) => ({
    configs: times(policies, (index) =>
      mallory('AuthorizationPolicy', `a${index}`, { ...byAddress, selector: { matchLabels: wide(20, -1) } }),
    ),
    pods: times(pods, (index) =>
      pod({ namespace: 'mallory', name: `p${index}`, labels: { ...injected.labels, ...wide(20, index) } }),
    ),
  }),
  'policies that say nothing of callers, and old sidecars': (policies, pods) => ({
    configs: times(policies, (index) =>
      mallory('AuthorizationPolicy', `a${index}`, {
        action: 'DENY',
        rules: times(20, (at) => ({ to: [{ operation: { paths: [`/${at}`] } }] })),
      }),
    ),
    pods: times(pods, (index) => pod({ namespace: 'mallory', name: `p${index}`, labels: oldLabels })),
  }),
  'modes of ports, and old sidecars': (policies, pods) => ({
    configs: times(policies, (index) =>
      mallory('PeerAuthentication', `a${index}`, {
        selector: { matchLabels: { app: 'web' } },
        mtls: { mode: 'PERMISSIVE' },
        portLevelMtls: Object.fromEntries(times(20, (at) => [String(1 + at), { mode: 'PERMISSIVE' }])),
      }),
    ),
    pods: times(pods, (index) => pod({ namespace: 'mallory', name: `p${index}`, labels: oldLabels })),
  }),
};

function ask(given: Surroundings): unknown {
  return [unseenBy(given), oldSidecars(given)];
}

/** What is read of policies and pods by one look. */
function reads(theirs: Theirs): readonly number[] {
  let count = 0;
  const counted = counting(() => {
    count += 1;
  });
  const given = beside({
    configs: theirs.configs.map((each) => counted(each)),
    pods: theirs.pods.map((each) => counted(each)),
    workloads: theirs.workloads?.map((each) => counted(each)) ?? [],
  });
  return times(2, () => {
    const before = count;
    ask({ ...given });
    return count - before;
  });
}

describe('what is asked of a neighbour', () => {
  it.each(Object.keys(shapes))('takes no longer than what is written there, however it is divided: %s', (name) => {
    const [policies = 0, pods = 0, both = 0] = [
      [100, 10],
      [10, 100],
      [100, 100],
    ].map(([many = 0, others = 0]) => reads(shapes[name]?.(many, others) ?? { configs: [], pods: [] })[0]);

    expect(both).toBeLessThan(1.5 * (policies + pods));
  });

  it.each(Object.keys(shapes))('is remembered while nothing there changes: %s', (name) => {
    const [first = 0, again = 0] = reads(shapes[name]?.(100, 100) ?? { configs: [], pods: [] });

    expect(again).toBeLessThan(first / 5);
  });
});

describe('who calls a neighbour', () => {
  it.each([
    ['its policies by address', injected.labels, byAddress],
    ['its old sidecars', oldLabels, named(0, 1)],
  ])('is told once of all that it has: asked because of %s', (_, labels, spec) => {
    const given = beside({
      configs: [mallory('AuthorizationPolicy', 'it', spec), mallory('AuthorizationPolicy', 'callers', named(1, 5000))],
      pods: [pod({ namespace: 'mallory', labels })],
      workloads: times(300, (index) => workload({ namespace: 'mallory', name: `w${index}`, replicas: 0 })),
    });
    let asked: unknown;
    const cost = costOf(() => {
      asked = ask(given);
    });

    expect(asked).toEqual([[], []]);
    // All callers made anew for each template takes seconds.
    expect(cost).toBeLessThan(45);
  });
});

describe('what would take too long to tell of a neighbour', () => {
  const size = 200;
  const selecting = { selector: { matchLabels: Object.fromEntries(times(size, (at) => [`l${at}`, 'x'])) } };
  const sidecars = (labels: Readonly<Record<string, string>>): readonly PodView[] =>
    times(200, (index) =>
      pod({ namespace: 'mallory', name: `p${index}`, labels: { ...labels, ...wide(size, index) } }),
    );

  it('counts as seen by nobody, and names what decides there', () => {
    const given = beside({
      configs: times(200, (index) => mallory('AuthorizationPolicy', `a${index}`, { ...byAddress, ...selecting })),
      pods: sidecars(injected.labels),
    });
    const found = unseenBy(given);

    expect(found).toHaveLength(200);
    expect(found[0]).toMatchObject({
      namespace: 'mallory',
      pods: ['200 pods and workloads, of which it takes more steps to tell than one look may take'],
    });
    expect(found[0]?.called).toMatch(/nobody knows who calls them/);
  });

  it('leaves open who calls there', () => {
    const given = beside({
      configs: [
        mallory('AuthorizationPolicy', 'by-address', byAddress),
        ...times(200, (index) => mallory('AuthorizationPolicy', `a${index}`, { ...named(index, 1), ...selecting })),
      ],
      pods: sidecars(injected.labels),
    });

    expect(unseenBy(given)[0]?.called).toBe(
      'nobody knows who calls them: who calls mallory takes more steps to work out than one look may take',
    );
  });

  it('counts as deciding by who calls', () => {
    const deny = { action: 'DENY', rules: [{ from: [{ source: { namespaces: ['x'] } }] }] };
    const given = beside({
      configs: times(200, (index) =>
        mallory('AuthorizationPolicy', `a${index}`, {
          ...deny,
          selector: { matchLabels: { ...selecting.selector.matchLabels, [`l${size}`]: 'y', never: String(index) } },
        }),
      ),
      pods: sidecars(oldLabels),
    });
    expect(oldSidecars(given)[0]?.matters).toBeUndefined();

    const peers = beside({
      configs: times(200, (index) =>
        mallory('PeerAuthentication', `a${index}`, { ...selecting, mtls: { mode: 'PERMISSIVE' } }),
      ),
      pods: sidecars(oldLabels),
    });
    expect(oldSidecars(peers)[0]?.matters).toBe(
      'it takes more steps to tell what decides by who calls than one look may take',
    );
  });

  it("is nobody else's: who is in ambient there is asked nothing", () => {
    const given = beside({
      configs: times(200, (index) => mallory('AuthorizationPolicy', `a${index}`, { ...byAddress, ...selecting })),
      pods: [plainPod({ ...captured, namespace: 'mallory' })],
    });

    expect(ask(given)).toEqual([[], []]);
  });
});
