import { records } from '../../../src/mesh/json.ts';
import { config } from '../mesh-fixtures.ts';
import { changeIt, deleteIt, inTurn, make, patched, respecify } from './deeds.ts';
import type { RemediesById } from './remedy.ts';
import { accepting } from './ways.ts';

const useWaypoint = 'istio.io/use-waypoint';

/** It names no waypoint any more, and istiod knows of it. */
const unbind = changeIt((each) => ({ ...each, labels: patched(each.labels, { [useWaypoint]: null }), status: {} }));

/** As Envoy takes it. */
const corrected = respecify((spec) => ({
  ...spec,
  rules: records(spec['rules']).map((rule) => {
    const text = JSON.stringify(rule)
      .replaceAll('"{*}"', '"/{*}"')
      .replaceAll('"{**}/b"', '"/{**}/b"')
      .replaceAll('/a/{*}//', '/a/{*}/')
      .replaceAll('claims[a][]', 'claims[a][b]');
    return JSON.parse(text) as unknown;
  }),
}));

/** What proxies refuse, and hosts that go through one. */
export const proxyRemedies: RemediesById = {
  MM097: {
    ways: [
      {
        says: 'Correct the value; then wait until the proxies have taken it (istioctl proxy-status) before you go on',
        done: corrected,
        then: { MM082: 'behind a waypoint somebody has to say who calls' },
      },
    ],
  },
  MM098: {
    ways: [
      {
        says: /^Refuse it by a NetworkPolicy or at an egress gateway, then take the label istio\.io\/use-waypoint from the ServiceEntry/,
        done: inTurn(
          make(
            config(
              'NetworkPolicy',
              { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: {} }] }] },
              { name: 'egress', uid: 'egress' },
            ),
          ),
          unbind,
        ),
      },
      {
        says: /Or keep this namespace in ambient/,
        done: 'LeftOut',
        then: { MM098: 'whoever else leaves reaches the host past its waypoint too' },
      },
      {
        says: /^Take the label istio\.io\/use-waypoint from it, and bind it to a waypoint of its own/,
        done: inTurn(
          make(config('Gateway', { gatewayClassName: 'istio-waypoint' }, { name: 'own', uid: 'own' })),
          changeIt((each) => ({ ...each, labels: { [useWaypoint]: 'own' }, status: {} })),
        ),
      },
      accepting,
    ],
    besides: [
      'Let the policies admit what the pods of this namespace need, or take the label istio.io/use-waypoint from the ServiceEntry until they are migrated',
    ],
  },
  MM120: {
    ways: [
      { says: 'Let callers use the Service instead, then delete the ServiceEntry', done: deleteIt },
      {
        says: 'let its workloadSelector select other pods',
        done: respecify((spec) => ({ ...spec, workloadSelector: { labels: { app: 'other' } } })),
      },
    ],
  },
};
