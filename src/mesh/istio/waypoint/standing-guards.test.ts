import { describe, expect, it } from '@jest/globals';
import {
  captured,
  config,
  installed,
  mesh,
  namespace,
  plainPod,
  pod,
  scopeView,
  service,
  surroundings,
} from '../../../../test/support/mesh-fixtures.ts';
import type { ConfigView, PodView, ServiceView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { bounded, stepsTaken } from '../../../base/effort.ts';
import { identityOf, roleLabel, stableName, targetAnnotation } from '../policy/translate/names.ts';
import { refusedByGuards } from './standing-guards.ts';
import { costOf } from '../../../../test/support/cost.ts';

const home = 'mallory';
const denying = {
  action: 'DENY',
  rules: [{ from: [{ source: { notPrincipals: ['cluster.local/ns/mallory/sa/waypoint'] } }] }],
};

/** What has the name of a guard: anybody can work that out. */
function guard(spec: Readonly<Record<string, unknown>>, more: Partial<ConfigView> = {}): ConfigView {
  const identity = identityOf('Guard', 'AuthorizationPolicy', undefined, {
    kind: 'Service',
    namespace: home,
    name: 'api',
  });
  return config(
    'AuthorizationPolicy',
    { selector: { matchLabels: { app: 'api' } }, ...spec },
    {
      namespace: home,
      name: stableName(['guard'], identity, new Set()),
      uid: 'guard',
      labels: { [roleLabel]: 'Guard' },
      annotations: { [targetAnnotation]: `Service/${home}/api` },
      ...more,
    },
  );
}

const naming = config(
  'AuthorizationPolicy',
  {
    selector: { matchLabels: { app: 'api' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { namespaces: ['shop'] } }] }],
  },
  { namespace: home, name: 'who', uid: 'who' },
);
const gateway = config(
  'Gateway',
  { gatewayClassName: 'istio-waypoint' },
  { namespace: home, name: 'waypoint', uid: 'gateway' },
);
const ambient = plainPod({ ...captured, namespace: home, name: 'api', labels: { app: 'api' } });
const outside = plainPod({ namespace: home, name: 'api', labels: { app: 'api' } });
const api = service({ namespace: home, name: 'api', selector: { app: 'api' } });
const bound = {
  ...api,
  conditions: {
    'istio.io/WaypointBound': {
      status: 'True',
      reason: 'WaypointAccepted',
      message: 'Successfully attached to waypoint mallory/waypoint',
    },
  },
};

/** Who stays, and would refuse `shop`, which is named by the policies there. */
function stays(
  configs: readonly ConfigView[],
  there: PodView,
  called: ServiceView = api,
  labels: Readonly<Record<string, string>> = {},
  own: readonly PodView[] = [pod()],
): readonly string[] {
  const whole = mesh([...installed, naming, ...configs]);
  const scope = scopeView({ moves: () => true });
  const picture = surroundings({
    scope,
    itinerary: 'L4',
    pods: own,
    mesh: {
      ...whole,
      pods: (asked) => ({ [home]: [there], shop: own })[asked] ?? [],
      services: (asked = home) => (asked === home ? [called] : []),
      inhabitedNamespaces: () => ['shop', home],
      labelsOf: (asked) => (asked === home ? labels : {}),
    },
  });
  return istio.refusing(picture).stay;
}

describe('what looks like a guard in a namespace that no migration takes back', () => {
  it.each<[string, readonly string[]]>([
    ['a waypoint that is there', stays([guard(denying), gateway], ambient)],
    ['a rule for everybody', stays([guard({ action: 'DENY', rules: [{}] }), gateway], ambient)],
    [
      'patterns that may mean somebody there',
      stays(
        [
          guard({
            action: 'DENY',
            rules: [{ from: [{ source: { principals: ['cluster.local/*'], namespaces: ['sh*'] } }] }],
          }),
          gateway,
        ],
        ambient,
      ),
    ],
    [
      'others that are left out',
      stays(
        [
          guard({
            action: 'DENY',
            rules: [
              {
                from: [
                  {
                    source: {
                      notPrincipals: ['cluster.local/ns/mallory/sa/waypoint', 'cluster.local/ns/shop/sa/other'],
                    },
                  },
                ],
              },
            ],
          }),
          gateway,
        ],
        ambient,
      ),
    ],
    [
      'the same identity of another trust domain that is left out',
      stays(
        [
          guard({
            action: 'DENY',
            rules: [{ from: [{ source: { notPrincipals: ['example.com/ns/shop/sa/default'] } }] }],
          }),
          gateway,
        ],
        ambient,
      ),
    ],
    ['a Service that istiod has bound', stays([guard(denying)], ambient, bound)],
    [
      'pods that ambient is going to take',
      stays([guard(denying), gateway], outside, api, { 'istio.io/dataplane-mode': 'ambient' }),
    ],
  ])('counts with %s', (_title, found) => {
    expect(found).toEqual([home]);
  });

  it.each<[string, readonly string[]]>([
    ['it refuses nobody', stays([guard({ action: 'AUDIT', rules: [{}] }), gateway], ambient)],
    [
      'it lets some through',
      stays([guard({ action: 'ALLOW', rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] }), gateway], ambient),
    ],
    [
      'it is a dry run',
      stays(
        [
          guard(denying, { annotations: { [targetAnnotation]: `Service/${home}/api`, 'istio.io/dry-run': 'true' } }),
          gateway,
        ],
        ambient,
      ),
    ],
    [
      'it names callers that are others',
      stays(
        [guard({ action: 'DENY', rules: [{ from: [{ source: { namespaces: ['nobody-at-all'] } }] }] }), gateway],
        ambient,
      ),
    ],
    [
      'it names identities of others',
      stays(
        [
          guard({ action: 'DENY', rules: [{ from: [{ source: { principals: ['cluster.local/ns/nobody/sa/x'] } }] }] }),
          gateway,
        ],
        ambient,
      ),
    ],
    ['it has no rule', stays([guard({ action: 'DENY', rules: [] }), gateway], ambient)],
    [
      'it leaves out the namespace',
      stays(
        [guard({ action: 'DENY', rules: [{ from: [{ source: { notNamespaces: ['shop'] } }] }] }), gateway],
        ambient,
      ),
    ],
    [
      'it leaves out all that run there',
      stays(
        [
          guard({
            action: 'DENY',
            rules: [{ from: [{ source: { notPrincipals: ['cluster.local/ns/shop/sa/default'] } }] }],
          }),
          gateway,
        ],
        ambient,
      ),
    ],
    [
      'the only gateway is none of a mesh',
      stays(
        [
          guard(denying),
          config('Gateway', { gatewayClassName: 'istio' }, { namespace: home, name: 'ingress', uid: 'gateway' }),
        ],
        ambient,
      ),
    ],
    ['no pod reads it', stays([guard(denying), gateway], outside)],
    ['nothing there is behind a waypoint', stays([guard(denying)], ambient)],
  ])('does not where %s', (_title, found) => {
    expect(found).toEqual([]);
  });
});

describe('what looks like many guards', () => {
  it('is asked of each of its sources once, however many accounts there are that it might refuse', () => {
    const source = { source: { notPrincipals: ['*'] } };
    const rules = Array.from({ length: 80 }, () => ({ from: Array.from({ length: 500 }, () => source) }));
    const accounts = Array.from({ length: 2000 }, (_, index) =>
      pod({ name: `p${index}`, uid: `p${index}`, serviceAccount: `a${index}` }),
    );
    let found: readonly unknown[] = accounts;
    const cost = costOf(() => {
      found = stays([guard({ action: 'DENY', rules }), gateway], ambient, api, {}, accounts);
    });

    expect(found).toEqual([]);
    // Each source for each account takes seconds.
    expect(cost).toBeLessThan(60);
  });
});

describe('many guards and many namespaces that go back', () => {
  const names = Array.from({ length: 500 }, (_, at) => `n${at}`);

  /** Steps to tell whom so many guards refuse, by the waypoints that they let through. */
  function stepsOf(waypointOf: (at: number) => string): number {
    const guards = Array.from({ length: 500 }, (_, at) => {
      const notPrincipals = [`cluster.local/ns/${home}/sa/${waypointOf(at)}`];
      return guard({ action: 'DENY', rules: [{ from: [{ source: { notPrincipals } }] }] }, { uid: `guard${at}` });
    });
    const around = mesh([...installed, ...guards]);
    const policies = around.configs('AuthorizationPolicy', home);
    const picture = surroundings({
      namespace: namespace({ name: home }),
      mesh: {
        ...around,
        configs: (kind, of) => (kind === 'AuthorizationPolicy' ? policies : around.configs(kind, of)),
      },
    });
    const before = stepsTaken();
    bounded(2_000_000, () => refusedByGuards(names, picture));
    return stepsTaken() - before;
  }

  it('are asked once where they refuse the same callers, and counted where they do not', () => {
    expect(stepsOf(() => 'waypoint')).toBeLessThan(10_000);
    expect(stepsOf((at) => `w${at}`)).toBeGreaterThan(500_000);
  });
});
