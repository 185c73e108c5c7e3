import { describe, expect, it } from '@jest/globals';
import { networkPolicy } from '../../../../test/support/network-policy-examples.ts';
import { captured, mesh, namespace, plainPod, pod, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import type { MeshState, Route, Surroundings } from '../../adapter.ts';
import type { ConfigView, PodView } from '../../views.ts';
import { stepsTaken } from '../../../base/effort.ts';
import { bytesOfAnswers } from './answers.ts';
import { cutsOf } from './cuts.ts';

interface Home {
  readonly labels: Readonly<Record<string, string>>;
  readonly pods: readonly PodView[];
  readonly configs: readonly ConfigView[];
}

const none: readonly never[] = [];

/** Lists stay the same from one look to the next. */
function looks(homes: ReadonlyMap<string, Home>): (name: string, route: Route) => Surroundings {
  const all = [...homes.values()].flatMap(({ configs }) => configs);
  const state: MeshState = {
    ...mesh(all),
    inhabitedNamespaces: () => [...homes.keys()],
    labelsOf: (name) => homes.get(name)?.labels ?? {},
    configs: (kind, home) => {
      if (kind !== 'NetworkPolicy') return none;
      return home === undefined ? all : (homes.get(home)?.configs ?? none);
    },
    pods: (name) => homes.get(name)?.pods ?? none,
    workloads: () => none,
    otherTemplates: () => none,
    services: () => none,
  };
  return (name, route) => {
    const { labels = {}, pods = none } = homes.get(name) ?? {};
    const lists = { pods, workloads: none, otherTemplates: none, services: none };
    return surroundings({ route, namespace: namespace({ name, labels }), ...lists, mesh: state });
  };
}

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const ports = [8080, 9090].map((port) => ({ container: 'app', name: `p${port}`, port }));

function podOf(base: PodView, home: string, name: string, more: PodView['labels']): PodView {
  const owner = { kind: 'Deployment', name };
  const labels = { ...base.labels, ...more };
  return { ...base, name, uid: `${home}-${name}`, namespace: home, owner, labels, containerPorts: ports };
}

const apps = 8;
const into: Route = { from: 'IstioSidecar', to: 'IstioAmbient' };
const out: Route = { from: 'IstioAmbient', to: 'IstioSidecar' };

/** Each application has a policy, which lets some peers call one of its two ports. */
function homeOf(home: string, peer: object): Home {
  const one = (index: number): ConfigView =>
    networkPolicy(
      {
        podSelector: { matchLabels: { app: `a${index}` } },
        ingress: [{ from: [{ podSelector: {} }, peer], ports: [{ port: 8080 }, { port: 15008 }] }],
      },
      { name: `a${index}`, uid: `${home}-a${index}`, namespace: home },
    );
  return {
    labels: { 'istio-injection': 'enabled' },
    pods: times(apps, (index) => podOf(pod(), home, `d${index}`, { app: `a${index}` })),
    configs: times(apps, one),
  };
}

const peers: Readonly<Record<string, object>> = {
  'all that call are alike': { namespaceSelector: {} },
  'all that call are told apart': {
    namespaceSelector: {},
    podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['x'] }] },
  },
};

describe('what is remembered of other namespaces', () => {
  it.each(Object.entries(peers))('lasts while all of them look in turn, where %s', (_, peer) => {
    const names = times(80, (index) => `n${index}`);
    const look = looks(new Map(names.map((name) => [name, homeOf(name, peer)])));
    const who = names.slice(0, 10);
    const bytes = bytesOfAnswers();
    const steps = (): number => {
      const before = stepsTaken();
      for (const name of who) expect(cutsOf(look(name, into)).untold).toEqual([]);
      return stepsTaken() - before;
    };
    const first = steps();

    expect(first).toBeGreaterThan(20_000);
    expect(steps()).toBeLessThan(first / 10);
    expect(bytesOfAnswers() - bytes).toBeLessThan(who.length * names.length * 300);
  });

  it.each(Object.entries(peers))('says the same as what was found, where %s', (_, peer) => {
    const names = times(4, (index) => `n${index}`);
    const look = looks(new Map(names.map((name) => [name, homeOf(name, peer)])));
    const found = cutsOf(look('n0', into));
    const again = cutsOf(look('n0', into));

    expect(found.limited.length).toBeGreaterThan(0);
    expect(found.limited.length).toBeLessThanOrEqual(2 * apps * names.length);
    expect(again).toEqual(found);
    expect(again.limited[0]?.policy).toBe(found.limited[0]?.policy);
  });

  it('does not grow with the names of pods', () => {
    const bytesWith = (length: number): number => {
      const names = times(10, (index) => `m${length}-${index}`);
      const homes = new Map(
        names.map((name): readonly [string, Home] => [
          name,
          {
            labels: { 'istio.io/dataplane-mode': 'ambient' },
            pods: times(apps, (index) => podOf(plainPod(captured), name, `d${index}`, { app: `a${index}` })),
            configs: [],
          },
        ]),
      );
      homes.set('mallory', {
        labels: { 'istio-injection': 'enabled' },
        pods: times(200, (index) => podOf(pod(), 'mallory', `m${index}-`.padEnd(length, 'x'), {})),
        configs: [networkPolicy({ ingress: [{ from: [{ namespaceSelector: {} }] }] }, { namespace: 'mallory' })],
      });
      const look = looks(homes);
      const before = bytesOfAnswers();
      for (const name of names) expect(cutsOf(look(name, out)).kept.length).toBeGreaterThan(0);
      return bytesOfAnswers() - before;
    };

    expect(bytesWith(250)).toBeLessThanOrEqual(bytesWith(10) + 2000);
    expect(bytesWith(250)).toBeLessThan(10_000);
  });
});
