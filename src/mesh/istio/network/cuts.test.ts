import { describe, expect, it } from '@jest/globals';
import { ambientUi, besideDash, networkPolicy, ui } from '../../../../test/support/network-policy-examples.ts';
import {
  captured,
  migrationSpec,
  namespace,
  plainPod,
  pod,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import type { PodView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { stepsTaken } from '../policy/effort.ts';
import { cutsOf } from './cuts.ts';

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function pods(count: number, labels: (index: number) => PodView['labels'], namespace = 'shop'): readonly PodView[] {
  return times(count, (index) =>
    pod({ name: `p${index}`, uid: `${namespace}-p${index}`, namespace, labels: { ...pod().labels, ...labels(index) } }),
  );
}

/** Steps that it takes, and milliseconds of this process. */
function cost(given: Surroundings): { readonly steps: number; readonly ms: number } {
  const [steps, begun] = [stepsTaken(), process.cpuUsage()];
  cutsOf(given);
  const { user, system } = process.cpuUsage(begun);
  return { steps: stepsTaken() - steps, ms: (user + system) / 1000 };
}

describe('what NetworkPolicies cut off', () => {
  it('is told of thousands of pods with few labels, beside hundreds of policies', () => {
    const policies = times(500, (index) =>
      networkPolicy({ ingress: [{ ports: [{ port: 8000 + index }] }] }, { name: `p${index}`, uid: `p${index}` }),
    );
    const given = besideDash(
      policies,
      { pods: pods(5000, (index) => ({ app: `u${index % 10}`, 'pod-template-hash': `h${index}` }), 'dash') },
      { pods: pods(10_000, (index) => ({ app: `w${index % 10}`, 'pod-template-hash': `h${index}` })) },
    );

    const { ms } = cost(given);

    expect(cutsOf(given)).toMatchObject({ untold: [] });
    expect(cutsOf(given).tooLarge).toBeUndefined();
    expect(cutsOf(given).lost.length).toBeGreaterThan(0);
    expect(ms).toBeLessThan(2000);
  });

  it('is told beside hundreds of namespaces', () => {
    const names = times(800, (index) => `n${index}`);
    const there = new Map(names.map((name) => [name, pods(20, (index) => ({ app: `u${index % 5}` }), name)]));
    const given = besideDash(
      times(10, (index) =>
        networkPolicy({ ingress: [{ ports: [{ port: 8080 + index }] }] }, { name: `p${index}`, uid: `p${index}` }),
      ),
    );
    const mesh = {
      ...given.mesh,
      inhabitedNamespaces: () => names,
      pods: (name: string) => there.get(name) ?? [],
      labelsOf: () => ({ 'istio-injection': 'enabled' }),
    };
    const all = { ...given, mesh };

    expect(cost(all).ms).toBeLessThan(4000);
    expect(cutsOf(all).untold).toEqual([]);
    expect(cutsOf(all).lost.length).toBeGreaterThan(800);
  });

  it('is MM119 where the namespace itself has too much of it', () => {
    const policies = times(400, (index) =>
      networkPolicy(
        {
          podSelector: { matchLabels: { pod: `${index}` } },
          ingress: times(100, (at) => ({
            from: [{ podSelector: { matchLabels: { pod: `${at}` } } }],
            ports: [{ port: 1 }],
          })),
        },
        { name: `p${index}`, uid: `p${index}` },
      ),
    );
    const given = surroundings({ pods: pods(2000, (index) => ({ pod: `${index}` })) }, policies);

    expect(cutsOf(given).tooLarge).toBe(true);
    expect(istio.findings(given, 'Start')).toContainEqual(
      expect.objectContaining({ id: 'MM119', severity: 'Critical', object: 'Namespace shop' }),
    );
    expect(cost({ ...given }).ms).toBeLessThan(5000);
  });

  it('is a warning where others have too much of it', () => {
    const theirs = times(400, (index) =>
      networkPolicy(
        {
          podSelector: { matchLabels: { pod: `${index}` } },
          ingress: times(100, (at) => ({
            from: [{ podSelector: { matchLabels: { pod: `${at}` } } }],
            ports: [{ port: 1 }],
          })),
        },
        { name: `p${index}`, uid: `p${index}`, namespace: 'dash' },
      ),
    );
    const given = besideDash(theirs, { pods: pods(2000, (index) => ({ pod: `${index}` }), 'dash') });

    expect(cutsOf(given)).toMatchObject({ untold: ['dash'], lost: [] });
    expect(istio.findings(given, 'Start').filter(({ id }) => id === 'MM139' || id === 'MM119')).toEqual([
      expect.objectContaining({ severity: 'Warning', object: 'Namespace dash' }),
    ]);
  });

  it('names one finding for each policy, and every pair once', () => {
    const given = besideDash([
      networkPolicy({ ingress: [{ ports: [{ port: 8080 }] }] }),
      networkPolicy(
        { policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }], ports: [{ port: 8080 }] }] },
        { name: 'out' },
      ),
    ]);
    const found = istio.findings(given, 'Start').filter(({ id }) => id === 'MM139');

    expect(found.map(({ object }) => object)).toEqual(['NetworkPolicy shop/only', 'NetworkPolicy shop/out']);
    expect(found[0]?.message.match(/shop\/web to shop\/web/g)).toHaveLength(1);
  });

  it('is accepted of others as it is, with its digest', () => {
    const theirs = networkPolicy({ ingress: [{ ports: [{ port: 3000 }] }] }, { namespace: 'dash' });
    const [blocking] = istio.findings(besideDash([theirs]), 'Start').filter(({ id }) => id === 'MM139');
    const [, digest] = /digest: ([a-f0-9]{32})/.exec(blocking?.fix ?? '') ?? [];
    const accepted = (policy: typeof theirs): Surroundings =>
      besideDash(
        [policy],
        {},
        { spec: migrationSpec({ accept: [{ finding: 'MM139', object: 'NetworkPolicy dash/only', digest }] }) },
      );
    const severity = (given: Surroundings): unknown =>
      istio.findings(given, 'Start').find(({ id }) => id === 'MM139')?.severity;

    expect(blocking?.severity).toBe('Critical');
    expect(severity(accepted(theirs))).toBe('Warning');
    expect(severity(accepted({ ...theirs, spec: { ...theirs.spec, ingress: [{ ports: [{ port: 3001 }] }] } }))).toBe(
      'Critical',
    );
  });

  it('holds what is on its way, and takes it back only for what is its own', () => {
    const own = networkPolicy({ ingress: [{ ports: [{ port: 8080 }] }] });
    const theirs = networkPolicy({ ingress: [{ ports: [{ port: 3000 }] }] }, { namespace: 'dash' });
    const severities = (given: Surroundings, when: 'UnderWay' | 'AtRest'): readonly string[] =>
      istio.findings(given, when).flatMap(({ id, severity }) => (id === 'MM139' ? [severity] : []));
    const moving = { itinerary: 'L4', pods: [pod()] } as const;

    expect(severities(besideDash([own], {}, moving), 'UnderWay')).toEqual(['Critical']);
    expect(severities(besideDash([theirs], {}, moving), 'UnderWay')).toEqual(['Warning']);
    expect(severities(besideDash([theirs], {}, moving), 'AtRest')).toEqual(['Warning']);
    expect(istio.unready(besideDash([theirs], {}, moving))).toMatchObject({ others: true, finding: { id: 'MM139' } });
    expect(istio.unfit(besideDash([theirs], {}, moving), workload())).toMatchObject({ others: true });
  });

  it('is critical out of ambient where nobody would get through, and told at rest beforehand', () => {
    const ambient = { 'istio.io/dataplane-mode': 'ambient' };
    const severityOf = (...rules: readonly object[]): unknown =>
      istio
        .findings(
          besideDash(
            [networkPolicy({ ingress: rules })],
            {},
            {
              route: { from: 'IstioAmbient', to: 'IstioSidecar' },
              namespace: namespace({ labels: ambient }),
              pods: [plainPod(captured)],
            },
          ),
          'Start',
        )
        .find(({ id }) => id === 'MM139')?.severity;
    const rest = besideDash(
      [networkPolicy({ ingress: [{ ports: [{ port: 15008 }] }] })],
      {},
      {
        itinerary: 'L4',
        namespace: namespace({ labels: ambient }),
        pods: [plainPod(captured)],
        route: { from: 'None', to: 'IstioAmbient' },
        back: { 'istio.io/dataplane-mode': null },
      },
    );

    expect(severityOf({ ports: [{ port: 15008 }] })).toBe('Critical');
    expect(severityOf({ ports: [{ port: 15008 }] }, { from: [{ podSelector: {} }], ports: [{ port: 8080 }] })).toBe(
      'Warning',
    );
    expect(istio.findings(rest, 'AtRest').filter(({ id }) => ['MM124', 'MM139'].includes(id))).toEqual([
      expect.objectContaining({ id: 'MM124', object: 'NetworkPolicy shop/only' }),
    ]);
    expect(istio.noWayBack(rest)).toBeUndefined();
    expect(istio.unreadyBack(rest, false)).toBeUndefined();
  });

  it('asks what wakes by its template', () => {
    const given = besideDash([networkPolicy({ ingress: [{ ports: [{ port: 'http' }] }] })], { pods: [] }, { pods: [] });

    expect(cutsOf(given).lost.map(({ port }) => port)).toEqual([8080]);
  });

  it('is nothing new between two that are in ambient already', () => {
    const policy = networkPolicy({ ingress: [{ ports: [{ port: 3000 }] }] }, { namespace: 'dash' });
    const callers = migrationSpec({ callers: [{ namespace: 'shop', from: [] }] });

    expect(cutsOf(besideDash([policy], { pods: [ambientUi] }, { spec: callers })).lost).toEqual([]);
    expect(cutsOf(besideDash([policy], { pods: [ui] }, { spec: callers })).lost).toHaveLength(1);
  });
});
