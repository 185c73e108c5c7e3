import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { ConfigView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import { config, installed, mesh, root, surroundings } from './mesh-fixtures.ts';

type Spec = Readonly<Record<string, unknown>>;

const withoutMeshConfig = installed.filter(({ kind }) => kind !== 'ConfigMap');
const toSidecar = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const toNone = { from: 'IstioAmbient', to: 'None' } as const;
const fromNone = { from: 'None', to: 'IstioAmbient' } as const;

function policy(spec: Spec, more: Partial<ConfigView> = {}): ConfigView {
  return config('AuthorizationPolicy', spec, more);
}

function custom(provider: string, more: Partial<ConfigView> = {}, attached: Spec = {}): ConfigView {
  return policy(
    {
      ...attached,
      action: 'CUSTOM',
      provider: { name: provider },
      rules: [{ to: [{ operation: { paths: ['/pay'] } }] }],
    },
    { name: provider, ...more },
  );
}

/** A mesh whose configurations declare these providers, one for each revision. */
function declaring(revisions: readonly (readonly string[])[], ...configs: readonly ConfigView[]): Surroundings {
  const maps = revisions.map((names, index) =>
    config(
      'ConfigMap',
      {
        mesh: `extensionProviders:\n${names.map((name) => `- name: ${name}\n  envoyExtAuthzGrpc: {service: ${name}.auth.svc.cluster.local, port: 9000}\n`).join('')}`,
      },
      { name: index === 0 ? 'istio' : `istio-r${index}`, namespace: root },
    ),
  );
  return surroundings({ mesh: mesh([...withoutMeshConfig, ...maps, ...configs]) });
}

function path(value: string, more: Partial<ConfigView> = {}): ConfigView {
  return policy({ rules: [{ to: [{ operation: { paths: [value] } }] }] }, more);
}

const egress = { namespace: 'egress', name: 'partner' };

/** A ServiceEntry in a namespace of its own, bound to a waypoint there. */
function entry(more: Partial<ConfigView> = {}): ConfigView {
  return config(
    'ServiceEntry',
    { hosts: ['partner.example.com'] },
    { ...egress, labels: { 'istio.io/use-waypoint': 'gate' }, ...more },
  );
}

const gate = config('Gateway', { gatewayClassName: 'istio-waypoint' }, { name: 'gate', namespace: egress.namespace });

function binding(status: string, reason: string, message: string): Partial<ConfigView> {
  return { labels: {}, status: { conditions: [{ type: 'istio.io/WaypointBound', status, reason, message }] } };
}

const toEntry = { targetRefs: [{ group: 'networking.istio.io', kind: 'ServiceEntry', name: egress.name }] };
const toGateway = { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gate' }] };
const onlyGet = policy(
  { ...toEntry, rules: [{ to: [{ operation: { methods: ['GET'] } }] }] },
  { namespace: egress.namespace },
);
const everythingOfShop = policy(
  { ...toEntry, rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] },
  { namespace: egress.namespace },
);
const denyOthers = policy(
  { ...toGateway, action: 'DENY', rules: [{ from: [{ source: { notNamespaces: ['shop'] } }] }] },
  { namespace: egress.namespace },
);
const denyShop = policy(
  { ...toGateway, action: 'DENY', rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] },
  { namespace: egress.namespace },
);
const needsWaypoint = policy({ rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });
const ours = { 'istio.io/use-waypoint': 'waypoint', 'istio.io/use-waypoint-namespace': 'shop' };

/** A second host name for pods. */
function legacy(labels: Readonly<Record<string, string>>, more: Partial<ConfigView> = {}): ConfigView {
  return config(
    'ServiceEntry',
    { hosts: ['legacy.example.com'], location: 'MESH_INTERNAL', resolution: 'STATIC', workloadSelector: { labels } },
    more,
  );
}

function around(...configs: readonly ConfigView[]): Surroundings {
  return surroundings({}, [...configs, gate]);
}

/** What the rules about proxies and egress see and ignore, by their ids. */
export const proxyExamples: Readonly<Record<'MM096' | 'MM097' | 'MM098' | 'MM120', Examples>> = {
  MM096: {
    seen: {
      'a provider that the mesh does not have': around(custom('gone')),
      'one that only some revisions have': declaring([['opa'], []], custom('opa')),
      'one for the whole mesh': around(custom('gone', { namespace: root })),
      'two that clash': declaring([['opa', 'login']], custom('opa'), custom('login')),
      'two that clash, one of them a dry run': declaring(
        [['opa', 'login']],
        custom('opa'),
        custom('login', { annotations: { 'istio.io/dry-run': 'true' } }),
      ),
    },
    ignored: {
      'a provider of the mesh': declaring([['opa']], custom('opa')),
      'one of all revisions': declaring([['opa'], ['opa', 'login']], custom('opa')),
      'two for different pods': declaring(
        [['opa', 'login']],
        custom('opa', {}, { selector: { matchLabels: { app: 'web' } } }),
        custom('login', {}, { selector: { matchLabels: { app: 'other' } } }),
      ),
      'a dry run of none': around(custom('gone', { annotations: { 'istio.io/dry-run': 'true' } })),
      'a mesh configuration that cannot be read': surroundings({
        mesh: mesh([
          ...withoutMeshConfig,
          config('ConfigMap', { mesh: 'a: [' }, { name: 'istio', namespace: root }),
          custom('gone'),
        ]),
      }),
      'another namespace': around(custom('gone', { namespace: 'blog' })),
    },
  },
  MM097: {
    seen: {
      'a template without a slash': around(path('{*}')),
      'one in a policy for the mesh': around(path('{**}/b', { namespace: root })),
      'in an AUDIT policy': around(
        policy({ action: 'AUDIT', rules: [{ to: [{ operation: { notPaths: ['/a/{*}//'] } }] }] }),
      ),
      'on the way to sidecars': surroundings({ route: { from: 'None', to: 'IstioSidecar' } }, [path('{*}')]),
      'a claim without a name': around(
        policy({ rules: [{ when: [{ key: 'request.auth.claims[a][]', values: ['b'] }] }] }),
      ),
    },
    ignored: {
      'a good template': around(path('/a/{*}')),
      'another namespace': around(path('{*}', { namespace: 'blog' })),
      'a namespace that has nothing to do with sidecars': surroundings({ route: fromNone }, [path('{*}')]),
    },
  },
  MM098: {
    seen: {
      'a policy for it that refuses': around(entry(), onlyGet),
      'a host with ports of its own': around(
        entry({
          spec: {
            hosts: ['partner.example.com'],
            ports: [
              { number: 80, name: 'http', protocol: 'HTTP', targetPort: 443 },
              { number: 9443, name: 'tls', protocol: 'TLS' },
            ],
          },
        }),
        onlyGet,
      ),
      'a host that is no HTTP': around(
        entry({ spec: { hosts: ['*.example.com'], ports: [{ number: 9443, name: 'tls', protocol: 'TLS' }] } }),
        onlyGet,
      ),
      'a port that the host does not have': around(
        entry({ spec: { hosts: ['partner.example.com'], ports: [{ number: 80, name: 'http', protocol: 'HTTP' }] } }),
        policy({ ...toEntry, rules: [{ to: [{ operation: { ports: ['80'] } }] }] }, { namespace: egress.namespace }),
      ),
      'one for its waypoint': around(entry(), denyShop),
      'one for all waypoints': around(
        entry(),
        policy(
          { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: 'istio-waypoint' }] },
          { namespace: root },
        ),
      ),
      'an external authorizer': declaring(
        [['opa']],
        gate,
        entry(),
        custom('opa', { namespace: egress.namespace }, toEntry),
      ),
      tokens: around(
        entry(),
        config('RequestAuthentication', { ...toEntry, jwtRules: [{ issuer: 'a' }] }, { namespace: egress.namespace }),
      ),
      'bound by its namespace': around(
        entry(
          binding(
            'True',
            'WaypointAccepted',
            'Successfully attached to waypoint egress/gate. Ingress traffic will traverse the waypoint',
          ),
        ),
        onlyGet,
      ),
      'to be bound when its waypoint is ready': around(
        entry(binding('False', 'WaypointIsNotReady', 'waypoint "egress/gate" is not ready')),
        onlyGet,
      ),
      'leaving ambient for sidecars': surroundings({ route: toSidecar }, [gate, entry(), onlyGet]),
      'kept to its own namespace by exportTo, which ztunnel does not know': surroundings({ route: toSidecar }, [
        gate,
        entry({ spec: { hosts: ['partner.example.com'], exportTo: ['.'] } }),
        onlyGet,
      ]),
      'leaving ambient for no mesh': surroundings({ route: toNone }, [gate, entry(), onlyGet]),
      'named after the waypoint that is made': around(needsWaypoint, entry({ labels: ours, namespace: 'shop' })),
      'waiting for the waypoint that is made': around(
        needsWaypoint,
        entry({
          ...binding('False', 'WaypointIsNotReady', 'waypoint "shop/waypoint" is not ready'),
          namespace: 'shop',
        }),
      ),
    },
    ignored: {
      'no policy': around(entry()),
      'a policy that lets all of the namespace through': around(entry(), everythingOfShop),
      'a policy that refuses others': around(entry(), denyOthers),
      'a waypoint that nobody has made': surroundings({ route: toSidecar }, [entry(), onlyGet]),
      'one that was there when it was bound': surroundings({ route: toSidecar }, [
        entry(binding('True', 'WaypointAccepted', 'Successfully attached to waypoint egress/gate')),
        onlyGet,
      ]),
      'no waypoint': around(entry({ labels: {} }), onlyGet),
      'kept from waypoints': around(entry({ labels: { 'istio.io/use-waypoint': 'none' } }), onlyGet),
      'a waypoint that does not take it': around(
        entry(
          binding(
            'False',
            'AttachmentDenied',
            'we are not permitted to attach to waypoint "egress/gate" (missing allowedRoutes?)',
          ),
        ),
        onlyGet,
      ),
      'a policy in another namespace than its target': around(entry(), policy({ ...toEntry }, { namespace: 'shop' })),
      'named after the waypoint that is made, by others, whom it does not take': around(
        needsWaypoint,
        entry({ labels: ours }),
      ),
      'a waypoint of this name that is not made': around(entry({ labels: ours })),
      'between sidecars and no mesh': surroundings({ route: { from: 'IstioSidecar', to: 'None' } }, [
        gate,
        entry(),
        onlyGet,
      ]),
    },
  },
  MM120: {
    seen: {
      'pods of a guarded Service': around(needsWaypoint, legacy({ app: 'web' })),
      'the same at rest': surroundings({ itinerary: 'L7' }, [needsWaypoint, legacy({ app: 'web' })]),
    },
    ignored: {
      'other pods': around(needsWaypoint, legacy({ app: 'vm' })),
      'no pods by labels': around(needsWaypoint, config('ServiceEntry', { hosts: ['legacy.example.com'] })),
      'labels of pods in another namespace': around(needsWaypoint, legacy({ app: 'web' }, { namespace: 'egress' })),
      'pods that need no waypoint': around(legacy({ app: 'web' })),
      'a Service that only reports': around(
        config('Telemetry', { accessLogging: [{ filter: { expression: 'response.code >= 400' } }] }),
        legacy({ app: 'web' }),
      ),
    },
  },
};
