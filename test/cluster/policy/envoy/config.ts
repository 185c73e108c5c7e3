import type { Json } from '../../../../src/mesh/json.ts';
import type { TestMesh } from './certificates.ts';

/** What Envoy is to answer: 200, unless one of these filters refuses. */
export interface PolicySet {
  readonly name: string;
  /** envoy.config.rbac.v3.RBAC, as istiod sent it. */
  readonly deny?: Json;
  readonly allow?: Json;
}

/** By which header a request says which set of policies is to judge it. */
export const setHeader = 'x-policy-set';

const anyOf = (type: string, message: Json = {}): Json => ({ '@type': `type.googleapis.com/${type}`, ...message });
const rbacType = 'envoy.extensions.filters.http.rbac.v3.RBAC';

/** An Envoy with a port for mTLS and one for plaintext, both with the same routes: one for each set of policies. */
export function envoyConfig(
  ports: { readonly tls: number; readonly plain: number },
  mesh: TestMesh,
  jwks: string,
  sets: readonly PolicySet[],
): Json {
  const filters = [
    { name: 'envoy.filters.http.jwt_authn', typed_config: jwtFilter(jwks) },
    ...['deny', 'allow'].map((name) => ({ name, typed_config: anyOf(rbacType) })),
    { name: 'envoy.filters.http.router', typed_config: anyOf('envoy.extensions.filters.http.router.v3.Router') },
  ];
  const manager = anyOf('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    // As in a sidecar: the original client is the last address of X-Forwarded-For.
    stat_prefix: 'test',
    use_remote_address: false,
    xff_num_trusted_hops: 0,
    http_filters: filters,
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: sets.map(route) }] },
  });
  const listener = (name: keyof typeof ports, transport: Json): Json => ({
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: ports[name] } },
    filter_chains: [
      { ...transport, filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] },
    ],
  });
  return {
    static_resources: {
      listeners: [
        listener('tls', {
          transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: downstreamTls(mesh) },
        }),
        listener('plain', {}),
      ],
    },
  };
}

function route({ name, deny, allow }: PolicySet): Json {
  const perRoute = (rules: Json | undefined): Json =>
    anyOf('envoy.extensions.filters.http.rbac.v3.RBACPerRoute', { rbac: rules === undefined ? {} : { rules } });
  return {
    match: { prefix: '/', headers: [{ name: setHeader, string_match: { exact: name } }] },
    direct_response: { status: 200 },
    typed_per_filter_config: { deny: perRoute(deny), allow: perRoute(allow) },
  };
}

function downstreamTls({ ca, server }: TestMesh): Json {
  const inline = (text: string): Json => ({ inline_string: text });
  return anyOf('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
    require_client_certificate: true,
    common_tls_context: {
      tls_certificates: [{ certificate_chain: inline(server.cert), private_key: inline(server.key) }],
      validation_context: { trusted_ca: inline(ca) },
    },
  });
}

/**
 * As istiod makes it of a RequestAuthentication: a token that is there is verified, and its claims are what RBAC
 * filters ask about.
 */
function jwtFilter(jwks: string): Json {
  return anyOf('envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication', {
    providers: { test: { local_jwks: { inline_string: jwks }, payload_in_metadata: 'payload' } },
    rules: [
      {
        match: { prefix: '/' },
        requires: { requires_any: { requirements: [{ provider_name: 'test' }, { allow_missing: {} }] } },
      },
    ],
  });
}
