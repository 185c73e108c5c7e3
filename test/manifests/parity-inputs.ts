/** One document of YAML in flow style. */
type Document = string;

function object(apiVersion: string, kind: string, path: string, spec: string, metadata = ''): Document {
  const [namespace = '', name = ''] = path.split('/');
  return `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: ${name}, namespace: ${namespace}${metadata}}, spec: ${spec}}`;
}

function policy(path: string, spec: string, metadata = ''): Document {
  return object('security.istio.io/v1', 'AuthorizationPolicy', path, spec, metadata);
}

function peer(path: string, spec: string): Document {
  return object('security.istio.io/v1', 'PeerAuthentication', path, spec);
}

function tokens(path: string, more = ''): Document {
  return object(
    'security.istio.io/v1',
    'RequestAuthentication',
    path,
    `{${more}jwtRules: [{issuer: https://login.example}]}`,
  );
}

function rule(path: string, spec: string): Document {
  return object('networking.istio.io/v1', 'DestinationRule', path, spec);
}

function route(path: string, spec: string): Document {
  return object('networking.istio.io/v1', 'VirtualService', path, spec);
}

function entry(path: string, spec: string, metadata = ''): Document {
  return object('networking.istio.io/v1', 'ServiceEntry', path, spec, metadata);
}

function filter(path: string, spec: string): Document {
  return object('networking.istio.io/v1alpha3', 'EnvoyFilter', path, spec);
}

function telemetry(path: string, spec: string): Document {
  return object('telemetry.istio.io/v1', 'Telemetry', path, spec);
}

function deployment(path: string, labels: string, annotations = '{}'): Document {
  const name = path.split('/')[1] ?? '';
  return object(
    'apps/v1',
    'Deployment',
    path,
    `{replicas: 2, selector: {matchLabels: ${labels}}, template: {metadata: {labels: ${labels}, annotations: ${annotations}}, spec: {serviceAccountName: ${name}, containers: [{name: a, image: a, ports: [{containerPort: 8080}], lifecycle: {preStop: {sleep: {seconds: 5}}}}]}}}`,
  );
}

function mesh(...lines: readonly string[]): Document {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n${lines.map((line) => `    ${line}\n`).join('')}`;
}

const namespace = '{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}';
const account = (name: string): Document =>
  `{apiVersion: v1, kind: ServiceAccount, metadata: {name: ${name}, namespace: shop}}`;
const web = [namespace, account('web'), account('client'), deployment('shop/web', '{app: web}')];
const service =
  '{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}}';
const base = [...web, service];
const client = deployment('shop/client', '{app: client}');
const toWaypoint = 'targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: waypoint}]';
const gatewaySelector =
  '{selector: {matchLabels: {app: istio-ingressgateway}}, action: DENY, rules: [{from: [{source: {notRequestPrincipals: ["*"]}}]}]}';
const authorizer = (host: string): Document =>
  mesh('extensionProviders:', '- name: local', `  envoyExtAuthzGrpc: {service: ${host}, port: 9000}`);

/** Inputs of which `audit`, `plan` and the operator once said different things, and others of their kinds. */
export const parityInputs: Readonly<Record<string, readonly Document[]>> = {
  'a policy of the ingress gateway, in the root namespace': [...base, policy('istio-system/jwt', gatewaySelector)],
  'tokens for a gateway of the root namespace': [
    ...base,
    tokens('istio-system/jwt', 'targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: public}], '),
  ],
  'a filter for a waypoint': [...base, filter('shop/f', `{${toWaypoint}, configPatches: []}`)],
  'a filter in the context of waypoints': [
    ...base,
    filter('shop/f', '{configPatches: [{applyTo: HTTP_FILTER, match: {context: WAYPOINT}}]}'),
  ],
  'a filter of sidecars': [...base, filter('shop/f', '{configPatches: [{applyTo: HTTP_FILTER}]}')],
  'telemetry for a waypoint': [...base, telemetry('shop/t', `{${toWaypoint}, accessLogging: [{}]}`)],
  'telemetry of the namespace': [...base, telemetry('shop/t', '{accessLogging: [{}]}')],
  'telemetry of a namespace without Services': [...web, telemetry('shop/t', '{accessLogging: [{}]}')],
  'telemetry of the mesh': [...base, telemetry('istio-system/mesh-default', '{tracing: [{}]}')],
  'plaintext to a Service': [...base, rule('shop/d', '{host: web, trafficPolicy: {tls: {mode: DISABLE}}}')],
  'mutual TLS of a port': [
    ...base,
    rule(
      'shop/d',
      '{host: web, trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: ISTIO_MUTUAL}}]}}',
    ),
  ],
  'plaintext to everything': [
    ...base,
    rule('istio-system/d', '{host: "*.local", trafficPolicy: {tls: {mode: DISABLE}}}'),
  ],
  'load balancing': [...base, rule('shop/d', '{host: web, trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}}')],
  'load balancing without a Service': [
    ...web,
    rule('shop/d', '{host: web, trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}}'),
  ],
  'subsets only': [...base, rule('shop/d', '{host: web, subsets: [{name: v1, labels: {v: "1"}}]}')],
  'a route that changes nothing': [
    ...base,
    route('shop/v', '{hosts: [web], http: [{route: [{destination: {host: web}}]}]}'),
  ],
  'a timeout': [...base, route('shop/v', '{hosts: [web], http: [{timeout: 5s, route: [{destination: {host: web}}]}]}')],
  'a timeout without a Service': [
    ...web,
    route('shop/v', '{hosts: [web], http: [{timeout: 5s, route: [{destination: {host: web}}]}]}'),
  ],
  'ports in a PERMISSIVE mesh': [
    ...base,
    peer('istio-system/default', '{mtls: {mode: PERMISSIVE}}'),
    peer(
      'shop/w',
      '{selector: {matchLabels: {app: web}}, mtls: {mode: PERMISSIVE}, portLevelMtls: {9090: {mode: STRICT}}}',
    ),
  ],
  'ports below a namespace without a mode': [
    ...base,
    peer('istio-system/default', '{mtls: {mode: STRICT}}'),
    peer('shop/n', '{}'),
    peer('shop/w', '{selector: {matchLabels: {app: web}}, portLevelMtls: {9090: {mode: PERMISSIVE}}}'),
  ],
  'an authorizer in the pod': [
    ...base,
    client,
    policy('shop/c', '{selector: {matchLabels: {app: web}}, action: CUSTOM, provider: {name: local}, rules: [{}]}'),
    authorizer('authz.local'),
    entry(
      'shop/e',
      '{hosts: [authz.local], endpoints: [{address: 127.0.0.1}], ports: [{name: grpc, number: 9000, protocol: GRPC}], resolution: STATIC}',
    ),
  ],
  'CUSTOM that never matches': [
    ...base,
    policy('shop/c', '{action: CUSTOM, provider: {name: local}, rules: []}'),
    authorizer('opa.shop.svc.cluster.local'),
  ],
  'principals of another trust domain': [
    ...base,
    policy(
      'shop/a',
      '{rules: [{from: [{source: {principals: [old/ns/shop/sa/client, cluster.local/ns/shop/sa/client]}}]}]}',
    ),
  ],
  'principals of aliases': [
    ...web,
    mesh('trustDomain: corp.example', 'trustDomainAliases: [old.example]'),
    policy('shop/a', '{rules: [{from: [{source: {principals: [old.example/ns/shop/sa/client]}}]}]}'),
  ],
  tokens: [...base, tokens('shop/j')],
  'tokens without a Service': [...web, tokens('shop/j')],
  'paths and addresses': [
    ...base,
    policy('shop/a', '{rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}], to: [{operation: {paths: [/a]}}]}]}'),
  ],
  'a server name': [...base, policy('shop/a', '{rules: [{when: [{key: connection.sni, values: [a.example]}]}]}')],
  'methods without a Service': [...web, policy('shop/a', '{rules: [{to: [{operation: {methods: [GET]}}]}]}')],
  AUDIT: [...web, policy('shop/p', '{action: AUDIT, rules: [{}]}')],
  'a dry run': [...web, policy('shop/p', '{action: DENY, rules: [{}]}', ', annotations: {istio.io/dry-run: "true"}')],
  'trust domains': [...web, policy('shop/p', '{action: DENY, rules: [{from: [{source: {trustDomains: [a]}}]}]}')],
  'accounts in a condition': [
    ...web,
    policy('shop/p', '{action: DENY, rules: [{when: [{key: source.serviceAccount, values: [shop/a]}]}]}'),
  ],
  'a request principal that matches nothing': [
    ...web,
    policy('shop/p', '{rules: [{from: [{source: {requestPrincipals: [issuer]}}]}]}'),
  ],
  'a policy for a Service': [
    ...base,
    policy(
      'shop/p',
      '{targetRefs: [{kind: Service, group: "", name: web}], rules: [{to: [{operation: {methods: [GET]}}]}]}',
    ),
  ],
  'REGISTRY_ONLY in single quotes': [...base, mesh('outboundTrafficPolicy:', "  mode: 'REGISTRY_ONLY'")],
  'hosts outside the mesh': [
    ...base,
    entry(
      'shop/a',
      '{hosts: [a.example], location: MESH_INTERNAL, addresses: [10.9.9.9], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}], exportTo: ["."]}',
    ),
    entry('shop/b', '{hosts: ["*.b.example"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}'),
  ],
  'TLS to a host outside the mesh': [
    ...base,
    entry('shop/d', '{hosts: [d.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}'),
    rule('shop/d', '{host: d.example, trafficPolicy: {tls: {mode: SIMPLE}}}'),
  ],
  'a Sidecar with listeners': [
    ...base,
    object(
      'networking.istio.io/v1',
      'Sidecar',
      'shop/s',
      '{workloadSelector: {labels: {app: web}}, ingress: [{port: {number: 8080, protocol: HTTP, name: http}, defaultEndpoint: "127.0.0.1:8081"}], egress: [{hosts: ["./*"]}]}',
    ),
  ],
  'a plugin': [
    ...base,
    object('extensions.istio.io/v1alpha1', 'WasmPlugin', 'shop/w', '{url: "oci://a/b", phase: AUTHN}'),
  ],
  'a virtual machine': [
    ...base,
    object('networking.istio.io/v1', 'WorkloadEntry', 'shop/vm', '{address: 10.1.2.3, labels: {app: vm}}'),
  ],
  'what is in ambient already': [
    '{apiVersion: v1, kind: Namespace, metadata: {name: there, labels: {istio.io/dataplane-mode: ambient}}}',
    deployment('there/web', '{app: web}'),
    filter('there/f', '{configPatches: [{applyTo: HTTP_FILTER}]}'),
    tokens('there/j'),
    policy('there/p', '{rules: [{to: [{operation: {methods: [GET]}}]}]}'),
    telemetry('there/t', '{accessLogging: [{}]}'),
  ],
  'a namespace of gateways': [
    ...base,
    deployment('edge/edge', '{app: edge, istio: edge}', '{inject.istio.io/templates: gateway}'),
    filter('edge/f', '{configPatches: [{applyTo: HTTP_FILTER}]}'),
    policy('edge/p', '{selector: {matchLabels: {app: edge}}, rules: [{to: [{operation: {methods: [GET]}}]}]}'),
  ],
  'a filter of the mesh': [...base, filter('istio-system/f', '{configPatches: [{applyTo: HTTP_FILTER}]}')],
  'a policy of the mesh by HTTP': [
    ...base,
    policy('istio-system/p', '{action: DENY, rules: [{to: [{operation: {methods: [TRACE]}}]}]}'),
  ],
  'a route of callers elsewhere': [
    ...base,
    '{apiVersion: v1, kind: Namespace, metadata: {name: blog, labels: {istio-injection: enabled}}}',
    account('blog').replace('namespace: shop', 'namespace: blog'),
    deployment('blog/blog', '{app: blog}'),
    route(
      'blog/v',
      '{hosts: [web.shop.svc.cluster.local], http: [{timeout: 5s, route: [{destination: {host: web.shop.svc.cluster.local}}]}]}',
    ),
  ],
  'a route of a host outside that has a waypoint': [
    ...base,
    entry(
      'shop/d',
      '{hosts: [d.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}',
      ', labels: {istio.io/use-waypoint: egress}',
    ),
    rule('shop/d', '{host: d.example, trafficPolicy: {tls: {mode: SIMPLE}}}'),
  ],
  'plaintext of a port that is STRICT elsewhere': [
    ...base,
    peer('shop/n', '{mtls: {mode: STRICT}}'),
    peer('shop/w', '{selector: {matchLabels: {app: web}}, portLevelMtls: {8080: {mode: DISABLE}}}'),
  ],
};
