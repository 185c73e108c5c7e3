import type { Surroundings } from '../../../src/mesh/adapter.ts';
import { list, record, records } from '../../../src/mesh/json.ts';
import type { ConfigView } from '../../../src/mesh/views.ts';
import { config, installed, mesh, root, service, surroundings, workload } from '../mesh-fixtures.ts';
import {
  changeIt,
  configureMesh,
  deleteIt,
  eachConfig,
  eachService,
  inTurn,
  labelTemplates,
  make,
  patched,
  respecify,
} from './deeds.ts';
import type { Remedy } from './remedy.ts';

type Spec = Readonly<Record<string, unknown>>;

const blog = [{ source: { namespaces: ['blog'] } }];
const get = [{ operation: { methods: ['GET'] } }];
const byHttp = { rules: [{ from: blog, to: get }] };
const http = config('AuthorizationPolicy', byHttp);
const waypoint = 'cluster.local/ns/shop/sa/waypoint';
const tlsMode = 'security.istio.io/tlsMode';

/** Beside a policy that needs a waypoint. */
function beside(...configs: readonly ConfigView[]): Surroundings {
  return surroundings({}, [http, ...configs]);
}

function policy(spec: Spec, name = 'other'): ConfigView {
  return config('AuthorizationPolicy', spec, { name, uid: name });
}

function when(key: string, ...values: readonly string[]): Surroundings {
  return beside(policy({ action: 'DENY', rules: [{ from: blog, when: [{ key, values }] }] }));
}

function plugin(spec: Spec, more: Partial<ConfigView> = {}): Surroundings {
  return beside(config('WasmPlugin', { url: 'oci://plugins/one:1', ...spec }, more));
}

function route(spec: Spec, more: Partial<ConfigView> = {}): ConfigView {
  return config('VirtualService', { hosts: ['web'], ...spec }, more);
}

const toWeb = [{ destination: { host: 'web' } }];
const gatewayRoute = config('HTTPRoute', {
  parentRefs: [{ kind: 'Service', group: '', name: 'web' }],
  rules: [{ backendRefs: [{ name: 'web', port: 80 }] }],
});

function nested(levels: number): unknown {
  return Array.from({ length: levels }).reduce<unknown>((inner) => ({ a: inner }), 'x');
}

const api = service({ name: 'api', uid: 'api', selector: { app: 'api' } });
const twoServices = {
  services: [service(), api],
  workloads: [workload(), workload({ name: 'api', uid: 'api', templateLabels: { app: 'api' } })],
};
const tcp = service({
  name: 'raw',
  uid: 'raw',
  ports: [{ name: 'tcp-raw', port: 8080, targetPort: 8080, protocol: 'TCP' }],
});

const asked =
  'extensionProviders: [{name: opa, envoyExtAuthzHttp: {service: opa.auth.svc.cluster.local, port: 9000, includeRequestHeadersInCheck: [x-forwarded-client-cert]}}]';

/** What a waypoint would not do as sidecars did, of each kind. */
export const carriedOverExamples: Readonly<Record<string, Surroundings>> = {
  'the address of the called': when('destination.ip', '10.0.0.1'),
  'a server name': when('connection.sni', 'web.example.com'),
  'what another filter has found out': when('experimental.envoy.filters.network.mysql_proxy[db.table]', '[update]'),
  'a field that nobody knows': beside(policy({ action: 'DENY', rules: [{ from: [{ source: { moods: ['bad'] } }] }] })),
  'a DENY of all but some': beside(
    policy({
      action: 'DENY',
      rules: [{ from: [{ source: { notPrincipals: ['cluster.local/ns/blog/sa/reader'] } }], to: get }],
    }),
  ),
  'a DENY whose limit ztunnel drops': beside(
    policy({ action: 'DENY', rules: [{ to: [{ operation: { methods: ['POST'], ports: ['8080'] } }] }] }),
  ),
  'a template with the label of sidecars': surroundings(
    { workloads: [workload({ templateLabels: { app: 'web', [tlsMode]: 'istio' } })] },
    [http],
  ),
  'an EnvoyFilter': beside(config('EnvoyFilter', { configPatches: [{}] })),
  'a plugin that is too deep': plugin({ pluginConfig: nested(200) }),
  'a plugin for certain ports': plugin({ match: [{ ports: [{ number: 8080 }] }] }),
  'a plugin of callers': plugin({ match: [{ mode: 'CLIENT' }] }),
  'a plugin of connections': plugin({ type: 'NETWORK' }),
  'a plugin in a file': plugin({ url: 'file:///opt/plugin.wasm' }),
  'a plugin of the mesh with a Secret': plugin({ imagePullSecret: 'registry' }, { namespace: root }),
  'two plugins of one rank': beside(
    ...['one', 'two'].map((name) =>
      config(
        'WasmPlugin',
        { selector: { matchLabels: { app: 'web' } }, phase: 'AUTHZ', url: `oci://plugins/${name}:1` },
        { name, uid: name },
      ),
    ),
  ),
  'an authorizer that is asked by the certificate': surroundings({
    mesh: mesh([
      ...installed.filter(({ kind }) => kind !== 'ConfigMap'),
      policy({ action: 'CUSTOM', provider: { name: 'opa' }, rules: [{ from: blog, to: get }] }),
      config('ConfigMap', { mesh: asked }, { name: 'istio', namespace: root }),
    ]),
  }),
  'a policy that waits for the waypoint': beside(
    policy({ targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }], ...byHttp }),
  ),
  'one port of two protocols': surroundings({ services: [service(), tcp] }, [http]),
  'routes of both kinds': beside(route({ http: [{ route: toWeb }] }), gatewayRoute),
  'a route that the waypoint does not see': beside(route({ exportTo: ['blog'], http: [{ route: toWeb }] })),
  'a route of the whole mesh': beside(
    route(
      {
        hosts: ['web.shop.svc.cluster.local'],
        http: [{ route: [{ destination: { host: 'web.shop.svc.cluster.local' } }] }],
      },
      { namespace: root },
    ),
  ),
  'a match by who calls': beside(route({ http: [{ match: [{ sourceNamespace: 'blog' }], route: toWeb }] })),
  'a route to other policies': surroundings(twoServices, [
    config('AuthorizationPolicy', { ...byHttp, selector: { matchLabels: { app: 'web' } } }),
    route({ http: [{ route: [{ destination: { host: 'api' } }] }] }),
  ]),
  'a route that rewrites what a policy asks for': beside(
    policy({ action: 'DENY', rules: [{ from: blog, to: [{ operation: { paths: ['/admin'] } }] }] }),
    route({ http: [{ match: [{ uri: { prefix: '/a' } }], rewrite: { uri: '/admin' }, route: toWeb }] }),
  ),
  'a policy of one revision': beside(
    { ...policy(byHttp), labels: { 'istio.io/rev': 'canary' } },
    config('ConfigMap', { mesh: '' }, { name: 'istio-canary', uid: 'canary', namespace: root }),
  ),
  'a port by a name that no pod has': surroundings(
    { services: [service({ ports: [{ name: 'http', port: 80, targetPort: 'metrics', protocol: 'TCP' }] })] },
    [policy({ rules: [{ from: blog, to: [{ operation: { methods: ['GET'], ports: ['8080'] } }] }] })],
  ),
};

function eachRule(change: (rule: Spec) => Spec): ReturnType<typeof respecify> {
  return respecify((spec) => ({ ...spec, rules: records(spec['rules']).map(change) }));
}

/** The waypoint is none of those whom the rule denies. */
const exempted = eachRule((rule) => {
  const from = rule['from'] === undefined ? [{}] : records(rule['from']);
  return {
    ...rule,
    from: from.map(({ source }) => ({
      source: { ...record(source), notPrincipals: [...list(record(source)['notPrincipals']), waypoint] },
    })),
  };
});

/** What is said about each of these. */
export const carriedOverWays: readonly Remedy[] = [
  {
    says: /^Select the pods by labels instead of addresses/,
    done: respecify((spec) => ({
      ...spec,
      selector: { matchLabels: { app: 'web' } },
      rules: [{ from: blog, to: get }],
    })),
  },
  {
    says: /^Use hosts, or ports, instead of connection\.sni/,
    done: eachRule(({ when: _when, ...rule }) => ({ ...rule, to: [{ operation: { hosts: ['web.example.com'] } }] })),
  },
  {
    says: /or ports, instead of connection\.sni/,
    done: eachRule(({ when: _when, ...rule }) => ({ ...rule, to: [{ operation: { ports: ['8080'] } }] })),
  },
  {
    says: /^Express the condition by headers or claims/,
    done: eachRule((rule) => ({ ...rule, when: [{ key: 'request.headers[x-table]', values: ['update'] }] })),
  },
  {
    says: /^Remove the field, or keep the namespace where it is/,
    done: eachRule(() => ({ from: blog })),
  },
  { says: /, or keep the namespace where it is/, done: 'LeftOut' },
  { says: /^Exempt the principal cluster\.local\/ns\/shop\/sa\/waypoint by notPrincipals in the rule/, done: exempted },
  {
    says: /^Add security\.istio\.io\/tlsMode: istio to spec\.selector\.matchLabels/,
    done: respecify((spec) => ({ ...spec, selector: { matchLabels: { [tlsMode]: 'istio' } } })),
  },
  { says: /or exempt the principal cluster\.local\/ns\/shop\/sa\/waypoint by notPrincipals/, done: exempted },
  { says: /^Remove the label from the template/, done: labelTemplates({ [tlsMode]: null }) },
  {
    says: /^Replace it by a WasmPlugin, a Telemetry or an HTTPRoute filter/,
    done: inTurn(deleteIt, make(config('WasmPlugin', { url: 'oci://plugins/one:1' }))),
  },
  { says: /, or keep this namespace on sidecars\.$/, done: 'LeftOut' },
  { says: /^Nest it less/, done: respecify((spec) => ({ ...spec, pluginConfig: nested(5) })) },
  { says: /^Remove match\.ports/, done: respecify(({ match: _match, ...spec }) => spec) },
  {
    says: /^Attach it to the Services that are called/,
    done: respecify((spec) => ({ ...spec, match: [{ mode: 'SERVER' }] })),
  },
  { says: /^Make it an HTTP plugin/, done: respecify(({ type: _type, ...spec }) => spec) },
  {
    says: /^Publish it in a registry or on a web server/,
    done: respecify((spec) => ({ ...spec, url: 'oci://plugins/one:1' })),
  },
  {
    says: /^Create the Secret in the namespace and a plugin of its own/,
    done: changeIt((each) => ({ ...each, namespace: 'shop' })),
  },
  { says: /^Give each another spec\.priority/, done: respecify((spec) => ({ ...spec, priority: 10 })) },
  {
    says: /^Have the authorizer decide by a token, or let policies tell the callers apart by principals, and take the header out of includeRequestHeadersInCheck/,
    done: configureMesh((text) => text.replace('x-forwarded-client-cert', 'authorization')),
  },
  { says: /^Remove it before the migration, and apply it again afterwards/, done: deleteIt },
  {
    says: /^Give the port the same name prefix or appProtocol in both Services/,
    done: eachService((each) => [{ ...each, ports: each.ports.map((port) => ({ ...port, name: 'http' })) }]),
  },
  { says: /^Keep one of them/, done: deleteIt },
  {
    says: /^Export it to namespace shop too/,
    done: respecify((spec) => ({ ...spec, exportTo: ['blog', '.'] })),
  },
  { says: /^Move it to namespace shop/, done: changeIt((each) => ({ ...each, namespace: 'shop' })) },
  {
    says: /^Remove the field, or keep this namespace on sidecars/,
    done: respecify((spec) => ({ ...spec, http: records(spec['http']).map(({ match: _match, ...each }) => each) })),
  },
  {
    says: /^Give both Services the same policies/,
    done: eachConfig((each) => [each.kind === 'AuthorizationPolicy' ? { ...each, spec: byHttp } : each]),
  },
  { says: /or let callers address the other Service themselves/, done: deleteIt },
  {
    says: /^Rewrite AuthorizationPolicy shop\/other for what callers send/,
    done: eachConfig((each) => [
      each.name === 'other'
        ? { ...each, spec: { action: 'DENY', rules: [{ from: blog, to: [{ operation: { hosts: ['x'] } }] }] } }
        : each,
    ]),
  },
  { says: /, or let the application rewrite/, done: respecify((spec) => ({ ...spec, http: [{ route: toWeb }] })) },
  {
    says: /^Remove the label istio\.io\/rev from the object/,
    done: changeIt((each) => ({ ...each, labels: patched(each.labels, { 'istio.io/rev': null }) })),
  },
  {
    says: /^Use a number as targetPort/,
    done: eachService((each) => [{ ...each, ports: each.ports.map((port) => ({ ...port, targetPort: 8080 })) }]),
  },
  {
    says: /or name the same container port in all pods of the Service/,
    done: (given) => ({
      ...given,
      workloads: given.workloads.map((each) => ({ ...each, containerPorts: [{ name: 'metrics', port: 8080 }] })),
    }),
  },
];
