import { describe, expect, it } from '@jest/globals';
import { config, migrationSpec, service, surroundings, workload } from '../../../../test/support/mesh-fixtures.ts';
import { besideDash, networkPolicy } from '../../../../test/support/network-policy-examples.ts';
import type { Acknowledged, Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { istio } from '../adapter.ts';

const said = { reason: 'we know', until: '2027-01-01T00:00:00Z', isOver: false } as const;

/** Everything that can be acknowledged, in all namespaces and about all objects. */
const everything: readonly Acknowledged[] = (['MM055', 'MM139', 'MM148'] as const).map((id) => ({ ...said, id }));

function letting(namespaceSelector: object): ConfigView {
  return networkPolicy({
    ingress: [{ from: [{ namespaceSelector, podSelector: { matchLabels: { app: 'ui' } } }], ports: [{ port: 8080 }] }],
  });
}

const ofDash = letting({ matchLabels: { 'kubernetes.io/metadata.name': 'dash' } });

describe('what somebody has answered for', () => {
  it.each<[string, Surroundings]>([
    ['a pod with labels that a rule of the namespace asks for', besideDash([letting({})])],
    [
      'a ServiceEntry',
      surroundings({}, [
        config(
          'ServiceEntry',
          { hosts: ['a.example.com'], addresses: ['10.1.1.1'] },
          { namespace: 'mallory', name: 'a' },
        ),
      ]),
    ],
  ])('is nothing of a stranger that only warns: %s', (_what, given) => {
    const all = { ...given, acknowledged: everything };
    const told = istio.findings(all, 'Start').filter(({ id }) => everything.some((entry) => entry.id === id));

    expect(told.map(({ severity }) => severity)).toEqual([expect.stringMatching(/^(Warning|Info)$/)]);
    expect(istio.answered(all)).toEqual([]);
  });

  it('is each object of the namespace itself that would block', () => {
    const workloads = ['api', 'web'].map((name) => workload({ name, replicas: 4, maxUnavailable: 4 }));
    const given = surroundings({ workloads, services: [], acknowledged: everything });

    expect(istio.answered(given)).toEqual([
      { id: 'MM055', object: 'Deployment shop/api', by: 'Own' },
      { id: 'MM055', object: 'Deployment shop/web', by: 'Own' },
    ]);
    expect(istio.answered({ ...given, acknowledged: [] })).toEqual([]);
    expect(istio.answered({ ...given, acknowledged: [{ ...said, id: 'MM055', isOver: true }] })).toEqual([]);
  });

  it('is all of it, whatever there is room to tell', () => {
    const workloads = Array.from({ length: 130 }, (_, at) =>
      workload({ name: `web-${at}`, replicas: 4, maxUnavailable: 4 }),
    );
    const given = surroundings({ workloads, services: [], acknowledged: everything });

    expect(istio.findings(given, 'Start')).toHaveLength(100);
    expect(istio.answered(given)).toHaveLength(130);
  });

  it('is what was said, where pods of others decide whether there is anything to answer for', () => {
    const given = { ...besideDash([ofDash]), acknowledged: everything };

    expect(istio.findings({ ...given, acknowledged: [] }, 'Start')).toContainEqual(
      expect.objectContaining({ id: 'MM139', severity: 'Critical' }),
    );
    expect(istio.answered(given)).toEqual([{ id: 'MM139', object: '*', by: 'Others' }]);
  });

  it('is what was said of objects of others, with what was looked at', () => {
    const evil = config(
      'NetworkPolicy',
      { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 3000 }] }] },
      { namespace: 'dash', name: 'evil' },
    );
    const given = besideDash([evil], {}, { services: [service()] });
    const digest = /digest: ([0-9a-f]{32})/.exec(
      istio.findings(given, 'Start').find(({ id }) => id === 'MM139')?.fix ?? '',
    )?.[1];
    const accept = [{ finding: 'MM139', object: 'NetworkPolicy dash/evil', digest: digest ?? '' }] as const;

    expect(digest).toBeDefined();
    expect(istio.answered({ ...given, spec: migrationSpec({ accept: [...accept] }) })).toEqual([
      { id: 'MM139', object: `NetworkPolicy dash/evil ${digest ?? ''}`, by: 'Others' },
    ]);
  });
});
