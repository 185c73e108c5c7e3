/*
 * Headers that proxies write or take out themselves, before they decide by them or on the way from the caller. What
 * travels in all others is the application's, and the same wherever it is asked.
 *
 * - main_internal: the listener of a waypoint in which policies and routes are asked (buildWaypointInboundHTTPFilters
 *   in pilot/pkg/networking/core/listener_waypoint.go). The connection with the certificate of the caller has ended
 *   before it; so it has at a sidecar that is reached by HBONE (buildInboundHBONEListeners in listener_inbound.go).
 * - Envoy: mutateRequestHeaders and mutateXfccRequestHeader in source/common/http/conn_manager_utility.cc.
 */

/** Some headers, and why two proxies do not see the same in them. */
export interface ProxyHeader {
  /** In small letters; with `*` at its end all that begin so. */
  readonly names: readonly string[];
  readonly why: string;
  /** Nothing is in it where a caller without a sidecar calls a sidecar, which sees no certificate of him. */
  readonly unseenFromAmbient?: true;
}

/** A name in full is more than one with `*`; the last are for what nobody here knows of the two families of Envoy. */
export const proxyHeaders: readonly ProxyHeader[] = [
  {
    // A sidecar appends to it (ProxyHeaders in pilot/pkg/networking/util/proxy_headers.go); main_internal takes it out,
    // or with ambient.istio.io/xfcc-include-client-identity writes another text into it (WaypointXFCCClientIdentityFilter).
    names: ['x-forwarded-client-cert'],
    why: 'a sidecar writes this header by the certificate of who calls it, a waypoint takes it out',
    unseenFromAmbient: true,
  },
  {
    // The outbound listener of a sidecar, and useRemoteAddress of gateways (gateway.go).
    names: ['x-forwarded-for', 'x-envoy-external-address', 'x-envoy-internal'],
    why: 'proxies tell by this header where a request came from, each from its own place on the way',
  },
  {
    // By whether the connection has TLS, where none before has said it; the scheme is made of it.
    names: ['x-forwarded-proto', ':scheme'],
    why: 'a proxy that finds none in the request writes what its own connection is, which is another at each',
  },
  {
    // The filter istio.metadata_exchange, or peer_metadata, in the outbound listener (pilot/pkg/xds/filters/filters.go).
    names: ['x-envoy-peer-metadata', 'x-envoy-peer-metadata-id'],
    why: 'the sidecar of the caller writes this header, and a caller in ambient has none',
    unseenFromAmbient: true,
  },
  {
    // The router of the caller's sidecar (source/common/router/router.cc).
    names: [
      'x-envoy-attempt-count',
      'x-envoy-expected-rq-timeout-ms',
      'x-envoy-original-path',
      'x-envoy-original-host',
      'x-envoy-decorator-operation',
    ],
    why: 'the sidecar of the caller writes this header, and a caller in ambient has none',
    unseenFromAmbient: true,
  },
  {
    // generate_request_id, and the tracers (pilot/pkg/networking/core/tracing.go).
    names: [
      'x-request-id',
      'x-b3-*',
      'b3',
      'traceparent',
      'tracestate',
      'x-ot-span-context',
      'x-cloud-trace-context',
      'grpc-trace-bin',
      'x-datadog-*',
      'sw8',
    ],
    why: 'the first proxy on the way writes this header where the application sends none, and it is another than before',
  },
  {
    names: ['x-forwarded-*', 'x-envoy-*'],
    why: 'proxies write and take out headers of this name, and there are others on the way than before',
  },
];

const named = proxyHeaders.flatMap((header) => header.names.map((name) => [name, header] as const));
const exact = new Map(named.filter(([name]) => !name.endsWith('*')));
const families = named
  .filter(([name]) => name.endsWith('*'))
  .map(([name, header]) => [name.slice(0, -1), header] as const);

/** What is known of a header that proxies write; undefined for one that is the application's. */
export function proxyHeaderOf(name: string): ProxyHeader | undefined {
  const small = name.toLowerCase();
  return exact.get(small) ?? families.find(([prefix]) => small.startsWith(prefix))?.[1];
}

const headerKey = /^request\.headers\[(.+)\]$/;

/** The same for the key of a condition, `request.headers[x-forwarded-for]`. */
export function proxyHeaderIn(key: string): ProxyHeader | undefined {
  const name = headerKey.exec(key)?.[1];
  return name === undefined ? undefined : proxyHeaderOf(name);
}
