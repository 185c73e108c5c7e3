import { describe, expect, it } from '@jest/globals';
import { proxyExamples } from '../../../../test/support/proxy-examples.ts';
import { istio } from '../adapter.ts';

const { seen } = proxyExamples.MM098;

function found(example: string): readonly { readonly severity: string; readonly message: string }[] {
  const given = seen[example];
  return given === undefined ? [] : istio.findings(given, 'Start').filter(({ id }) => id === 'MM098');
}

describe('a ServiceEntry behind a waypoint', () => {
  it.each([
    [
      'a policy for it that refuses',
      'Warning',
      'in ambient the pods of shop reach partner.example.com through waypoint egress/gate, and AuthorizationPolicy egress/it would refuse there what passes today, for example cluster.local/ns/shop/sa/default',
    ],
    ['a host with ports of its own', 'Warning', 'POST partner.example.com on a path that no policy names, port 80'],
    ['a host that is no HTTP', 'Warning', 'cluster.local/ns/shop/sa/default, port 9443'],
    [
      'a port that the host does not have',
      'Warning',
      'cluster.local/ns/shop/sa/default, GET on a path that no policy names, port 8080',
    ],
    [
      'leaving ambient for sidecars',
      'Critical',
      'outside of ambient the pods of shop reach partner.example.com past waypoint egress/gate, and what AuthorizationPolicy egress/it refuses there would pass, for example cluster.local/ns/shop/sa/default',
    ],
    [
      'named after the waypoint that is made',
      'Critical',
      'it names the waypoint shop/waypoint, which is going to stand before Services of the namespace',
    ],
  ])('%s: %s', (example, severity, message) => {
    expect(found(example)).toEqual([
      expect.objectContaining({ severity, message: expect.stringContaining(message) as unknown }),
    ]);
  });
});
