import type { KubeObject } from '../../src/api/object.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { namespace, object, type kinds } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import {
  behaving,
  conditionsAre,
  service,
  waypoint,
  waypointParameters,
  type ConditionTuple,
} from './waypoint-world.ts';

type Kind = keyof typeof kinds;

/** Manifests in a namespace of their own, and the conditions that istiod then writes. */
interface StatusCase {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly objects: (home: string) => readonly KubeObject[];
  readonly expected: (
    home: string,
  ) => readonly (readonly [kind: Kind, name: string, conditions: readonly ConditionTuple[]])[];
}

const accepted: ConditionTuple = ['Accepted', 'True', 'Accepted', 'Resource accepted'];
const resolved: ConditionTuple = ['ResolvedRefs', 'True', 'ResolvedRefs', 'All references resolved'];

function programmed(home: string, name = 'waypoint', port = 15008): ConditionTuple {
  return [
    'Programmed',
    'True',
    'Programmed',
    `Resource programmed, assigned to service(s) ${name}.${home}.svc.cluster.local:${port}`,
  ];
}

function withoutService(home: string, name: string): ConditionTuple {
  return [
    'Programmed',
    'False',
    'AddressNotUsable',
    `Failed to assign to any requested addresses: hostname "${name}.${home}.svc.cluster.local" not found`,
  ];
}

function boundTo(waypointKey: string, more = ''): readonly ConditionTuple[] {
  return [
    ['istio.io/WaypointBound', 'True', 'WaypointAccepted', `Successfully attached to waypoint ${waypointKey}${more}`],
  ];
}

function notBound(reason: string, message: string): readonly ConditionTuple[] {
  return [['istio.io/WaypointBound', 'False', reason, message]];
}

function policy(home: string, name: string, spec: Readonly<Record<string, unknown>>): KubeObject {
  return object('AuthorizationPolicy', home, name, { rules: [{}], ...spec });
}

function target(kind: string, name: string, group = ''): Readonly<Record<string, string>> {
  return { group, kind, name };
}

const gatewayGroup = 'gateway.networking.k8s.io';
const use = (name: string): Readonly<Record<string, string>> => ({ 'istio.io/use-waypoint': name });

/** What every Service, Gateway and AuthorizationPolicy of a mesh with waypoints is told. */
export const statusCases: readonly StatusCase[] = [
  {
    name: 'services',
    labels: use('waypoint'),
    objects: (home) => [
      waypoint(home),
      service(home, 'inherits'),
      service(home, 'opts-out', use('none')),
      service(home, 'names-another', use('absent')),
      service(home, 'headless', { 'istio.io/ingress-use-waypoint': 'false' }, { clusterIP: 'None' }),
      service(home, 'for-ingress', { 'istio.io/ingress-use-waypoint': 'true' }),
      {
        kind: 'Service',
        metadata: { name: 'external', namespace: home },
        spec: { type: 'ExternalName', externalName: 'example.com' },
      },
    ],
    expected: (home) => [
      ['Gateway', 'waypoint', [accepted, programmed(home), resolved]],
      ['Service', 'inherits', boundTo(`${home}/waypoint`)],
      [
        'Service',
        'headless',
        boundTo(
          `${home}/waypoint`,
          '. Ingress traffic is not using the waypoint, set the istio.io/ingress-use-waypoint label to true if desired.',
        ),
      ],
      ['Service', 'for-ingress', boundTo(`${home}/waypoint`, '. Ingress traffic will traverse the waypoint')],
      ['Service', 'names-another', notBound('WaypointIsNotReady', `waypoint "${home}/absent" is not ready`)],
      ['Service', 'opts-out', []],
      ['Service', 'external', []],
      ['Service', 'waypoint', []],
    ],
  },
  {
    name: 'unready',
    objects: (home) => [
      waypointParameters(home, 'broken', behaving({ [podBehaviour.neverReady]: 'always' })),
      waypoint(home, { parameters: 'broken' }),
      service(home, 'a', use('waypoint')),
    ],
    // Nothing here says that no pod of the waypoint is Ready.
    expected: (home) => [
      ['Gateway', 'waypoint', [accepted, programmed(home), resolved]],
      ['Service', 'a', boundTo(`${home}/waypoint`)],
    ],
  },
  {
    name: 'traffic',
    objects: (home) => [
      waypoint(home, { labels: { 'istio.io/waypoint-for': 'workload' } }),
      waypoint(home, { name: 'all', labels: { 'istio.io/waypoint-for': 'all' } }),
      service(home, 'a', use('waypoint')),
      service(home, 'b', use('all')),
      service(home, 'elsewhere', { ...use('waypoint'), 'istio.io/use-waypoint-namespace': 'istio-system' }),
    ],
    expected: (home) => [
      [
        'Service',
        'a',
        notBound(
          'UnsupportedTrafficType',
          `attempting to bind to traffic type "service" which the waypoint "${home}/waypoint" does not support`,
        ),
      ],
      ['Service', 'b', boundTo(`${home}/all`)],
      ['Service', 'elsewhere', notBound('WaypointIsNotReady', 'waypoint "istio-system/waypoint" is not ready')],
    ],
  },
  {
    name: 'gateways',
    objects: (home) => [
      waypoint(home, { name: 'odd', listener: { name: 'http', port: 80, protocol: 'HTTP' } }),
      waypoint(home, { name: 'other-revision', labels: { 'istio.io/rev': 'canary' } }),
      waypoint(home, { name: 'no-parameters', parameters: 'absent' }),
      { kind: 'ConfigMap', metadata: { name: 'unknown', namespace: home }, data: { replicas: '2' } },
      waypoint(home, { name: 'unknown-parameters', parameters: 'unknown' }),
      waypoint(home, { name: 'closed', from: { from: 'Same' } }),
      waypoint(home, { name: 'selective', from: { from: 'Selector', selector: { matchLabels: { team: 'none' } } } }),
      service(home, 'a', use('closed')),
      service(home, 'b', use('selective')),
    ],
    expected: (home) => [
      ['Gateway', 'odd', [accepted, programmed(home, 'odd', 80), resolved]],
      [
        'Gateway',
        'other-revision',
        [
          ['Accepted', 'Unknown', 'Pending', 'Waiting for controller'],
          ['Programmed', 'Unknown', 'Pending', 'Waiting for controller'],
        ],
      ],
      [
        'Gateway',
        'no-parameters',
        [
          ['Accepted', 'False', 'InvalidParameters', `parametersRef ConfigMap ${home}/absent does not exist`],
          withoutService(home, 'no-parameters'),
          resolved,
        ],
      ],
      ['Gateway', 'unknown-parameters', [accepted, withoutService(home, 'unknown-parameters'), resolved]],
      ['Service', 'a', boundTo(`${home}/closed`)],
      [
        'Service',
        'b',
        notBound(
          'AttachmentDenied',
          `we are not permitted to attach to waypoint "${home}/selective" (missing allowedRoutes?)`,
        ),
      ],
    ],
  },
  {
    name: 'targets',
    objects: (home) => [
      waypoint(home),
      service(home, 'a', use('waypoint')),
      service(home, 'free'),
      policy(home, 'to-service', { targetRefs: [target('Service', 'a')] }),
      policy(home, 'to-free', { targetRefs: [target('Service', 'free')] }),
      policy(home, 'to-absent', { targetRefs: [target('Service', 'absent')] }),
      policy(home, 'to-gateway', { targetRefs: [target('Gateway', 'waypoint', gatewayGroup)] }),
      policy(home, 'to-absent-gateway', { targetRefs: [target('Gateway', 'absent', gatewayGroup)] }),
      policy(home, 'to-class', { targetRefs: [target('GatewayClass', 'istio-waypoint', gatewayGroup)] }),
      policy(home, 'to-some', { targetRefs: [target('Service', 'a'), target('Service', 'free')] }),
      policy(home, 'to-none', { targetRefs: [target('Service', 'absent'), target('Service', 'free')] }),
    ],
    expected: (home) => [
      ['AuthorizationPolicy', 'to-service', [['WaypointAccepted', 'True', 'Accepted', `bound to ${home}/waypoint`]]],
      [
        'AuthorizationPolicy',
        'to-free',
        [['WaypointAccepted', 'False', 'AncestorNotBound', `Service ${home}/free is not bound to a waypoint`]],
      ],
      [
        'AuthorizationPolicy',
        'to-absent',
        [['WaypointAccepted', 'False', 'TargetNotFound', `Service ${home}/absent was not found`]],
      ],
      ['AuthorizationPolicy', 'to-gateway', [['WaypointAccepted', 'True', 'Accepted', `bound to ${home}/waypoint`]]],
      ['AuthorizationPolicy', 'to-absent-gateway', [['WaypointAccepted', 'False', 'TargetNotFound', 'not bound']]],
      [
        'AuthorizationPolicy',
        'to-class',
        [
          [
            'WaypointAccepted',
            'False',
            'Invalid',
            'AuthorizationPolicy must be in the root namespace `istio-system` when referencing a GatewayClass',
          ],
        ],
      ],
      [
        'AuthorizationPolicy',
        'to-some',
        [['WaypointAccepted', 'True', 'PartiallyInvalid', `Invalid targetRefs: Service.core:${home}/free`]],
      ],
      [
        'AuthorizationPolicy',
        'to-none',
        [
          [
            'WaypointAccepted',
            'False',
            'Invalid',
            `Invalid targetRefs: Service.core:${home}/absent, Service.core:${home}/free`,
          ],
        ],
      ],
    ],
  },
  {
    name: 'selectors',
    objects: (home) => [
      policy(home, 'all', {}),
      policy(home, 'some', { selector: { matchLabels: { app: 'a' } }, action: 'DENY' }),
      policy(home, 'methods', { rules: [{ to: [{ operation: { methods: ['GET'], ports: ['80'] } }] }] }),
      policy(home, 'audit', { action: 'AUDIT' }),
    ],
    expected: () => [
      ['AuthorizationPolicy', 'all', [['ZtunnelAccepted', 'True', 'Accepted', 'attached to ztunnel']]],
      ['AuthorizationPolicy', 'some', [['ZtunnelAccepted', 'True', 'Accepted', 'attached to ztunnel']]],
      [
        'AuthorizationPolicy',
        'methods',
        [
          [
            'ZtunnelAccepted',
            'True',
            'UnsupportedValue',
            'ztunnel does not support HTTP attributes (found: methods). In ambient mode you must use a waypoint proxy ' +
              'to enforce HTTP rules. Within an ALLOW policy, rules matching HTTP attributes are omitted. This will be more restrictive than requested.',
          ],
        ],
      ],
      [
        'AuthorizationPolicy',
        'audit',
        [['ZtunnelAccepted', 'False', 'UnsupportedValue', 'ztunnel does not support the AUDIT action']],
      ],
    ],
  },
];

/** The table above, as a story. */
export const waypointStatuses: Scenario = {
  name: 'waypoint-statuses',
  async run(world) {
    for (const { name, labels = {}, objects, expected } of statusCases) {
      const home = world.ns(name);
      await world.create(namespace(home, labels), ...objects(home));
      for (const [kind, object, conditions] of expected(home))
        await conditionsAre(world, kind, home, object, conditions);
    }
  },
};
