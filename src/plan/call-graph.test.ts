import { describe, expect, it } from '@jest/globals';
import type { NamespaceCallers } from '../mesh/adapter.ts';
import { istio } from '../mesh/istio/adapter.ts';
import { config, installed, mesh, migrationSpec, pod, surroundings } from '../../test/support/mesh-fixtures.ts';
import { circleFrom } from '../mesh/circle.ts';
import { callGraph } from './call-graph.ts';

function known(...namespaces: readonly string[]): NamespaceCallers {
  return { kind: 'Known', namespaces, from: 'spec.callers' };
}

describe('the call graph', () => {
  it('has an edge for each caller that is known, and one from everybody where nobody is', () => {
    const asked: string[] = [];
    const answers: Readonly<Record<string, NamespaceCallers>> = { a: known(), b: known('a', 'b', 'elsewhere') };
    const graph = callGraph(['c', 'a', 'b'], (namespace) => {
      asked.push(namespace);
      return answers[namespace] ?? { kind: 'Unknown', why: 'nobody says' };
    });

    expect(graph.callersOf('b')).toEqual([{ caller: 'a', called: 'b', known: true, why: 'spec.callers' }]);
    expect(graph.callersOf('c').map(({ caller, known: sure }) => [caller, sure])).toEqual([['a', false], ['b', false]]);
    expect(graph.calledBy('a').map(({ called }) => called)).toEqual(['b', 'c']);
    expect(graph.calledBy('b').map(({ called }) => called)).toEqual(['c']);
    expect(asked.sort()).toEqual(['a', 'b', 'c']);
  });

  it('finds the way by which a namespace would wait for itself, and none where there is none', () => {
    const waits: Readonly<Record<string, readonly string[]>> = { a: ['b'], b: ['c', 'd'], c: [], d: ['a'] };

    expect(circleFrom('a', (name) => waits[name] ?? [])).toEqual(['a', 'b', 'd', 'a']);
    expect(circleFrom('c', (name) => waits[name] ?? [])).toBeUndefined();
  });
});

describe('callers of a namespace', () => {
  const allow = (source: object, selector?: object): ReturnType<typeof config> =>
    config('AuthorizationPolicy', { action: 'ALLOW', ...(selector && { selector }), rules: [{ from: [{ source }] }] });
  const around = (...policies: readonly ReturnType<typeof config>[]): ReturnType<typeof surroundings> => surroundings({}, policies);

  it.each([
    ['an ALLOW of identities for all pods', around(allow({ principals: ['cluster.local/ns/front/sa/web'] })), ['front']],
    ['an ALLOW of namespaces', around(allow({ namespaces: ['front', 'back'] })), ['back', 'front']],
  ])('are known by %s', (_name, picture, namespaces) => {
    expect(istio.callersOf('shop', picture)).toEqual({ kind: 'Known', namespaces, from: 'its ALLOW policies' });
  });

  it.each([
    ['no policy', around()],
    ['an ALLOW of a pattern', around(allow({ namespaces: ['team-*'] }))],
    ['an ALLOW of some of the pods', surroundings({ pods: [pod(), pod({ name: 'api-1', labels: { app: 'api' } })] }, [allow({ namespaces: ['front'] }, { matchLabels: { app: 'web' } })])],
    ['a DENY', around(config('AuthorizationPolicy', { action: 'DENY', rules: [{ from: [{ source: { namespaces: ['front'] } }] }] }))],
  ])('may be everybody with %s', (_name, picture) => {
    expect(istio.callersOf('shop', picture)).toMatchObject({ kind: 'Unknown' });
  });

  it('are those that the user declares, of another namespace too', () => {
    const picture = surroundings({ spec: migrationSpec({ callers: [{ namespace: 'bank', from: [{ namespace: 'shop' }] }] }), mesh: mesh(installed) });

    expect(istio.callersOf('bank', picture)).toEqual({ kind: 'Known', namespaces: ['shop'], from: 'spec.callers' });
  });
});
