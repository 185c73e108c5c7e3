/** What the audit has to say about one file or directory beside this one. */
export interface Expectation {
  /**
   * `KIND namespace/name: sidecar ztunnel waypoint[, needs a waypoint]`, the kind left out for AuthorizationPolicies.
   */
  readonly policies: readonly string[];
  /** Rules that ztunnel does not enforce exactly: `namespace/name[index]: effect, because of fields`. */
  readonly rules: readonly string[];
  /** `ID object`. */
  readonly findings: readonly string[];
  /** `document:line`. */
  readonly unreadable: readonly string[];
}

/** Recorded, and each line checked against the documentation of Istio and the source of istiod and ztunnel. */
export const expectations: Readonly<Record<string, Expectation>> = {
  'argocd.yaml': {
    policies: [
      'argocd/argocd-server: Exact Exact FailsOpen',
      'argocd/argocd-redis: Exact Exact FailsOpen',
      'argocd/no-terminal: Exact FailsOpen FailsOpen, needs a waypoint',
    ],
    rules: ['argocd/no-terminal[0]: FailsOpen, because of hosts, paths'],
    findings: [
      'MM020 AuthorizationPolicy argocd/no-terminal',
      'MM072 AuthorizationPolicy argocd/argocd-server',
      'MM072 AuthorizationPolicy argocd/argocd-redis',
      'MM071 Namespace argocd',
    ],
    unreadable: [],
  },
  'autoscaling.yaml': {
    policies: ['PeerAuthentication api/default: Exact Exact Exact'],
    rules: [],
    findings: [
      'MM132 HorizontalPodAutoscaler api/api',
      'MM132 ScaledObject api/worker',
      'MM133 Canary api/web',
      'MM133 ClusterAnalysisTemplate success-rate',
      'MM134 Deployment api/web',
    ],
    unreadable: [],
  },
  'bank-ledger.yaml': {
    policies: [
      'bank/ledger-readonly: Exact FailsOpen FailsOpen, needs a waypoint',
      'bank/no-admin-port: Exact FailsClosed FailsOpen, needs a waypoint',
      'bank/branches: Exact FailsOpen FailsOpen',
      'bank/balance-reader: Exact Exact FailsOpen',
    ],
    rules: [
      'bank/ledger-readonly[0]: FailsOpen, because of methods',
      'bank/no-admin-port[0]: FailsClosed, because of paths',
      'bank/branches[1]: FailsOpen, because of request.headers[x-channel]',
    ],
    findings: [
      'MM020 AuthorizationPolicy bank/ledger-readonly',
      'MM020 AuthorizationPolicy bank/no-admin-port',
      'MM020 AuthorizationPolicy bank/branches',
      'MM072 AuthorizationPolicy bank/balance-reader',
      'MM071 Namespace bank',
    ],
    unreadable: [],
  },
  'bookinfo.yaml': {
    policies: [
      'bookinfo/allow-nothing: Exact Exact FailsOpen',
      'bookinfo/details-viewer: Exact Exact FailsOpen',
      'bookinfo/ratings-viewer: Exact Exact FailsOpen',
      'bookinfo/no-foreign-namespaces: Exact Exact FailsOpen',
      'PeerAuthentication bookinfo/default: Exact Exact Exact',
    ],
    rules: [],
    findings: [],
    unreadable: [],
  },
  'connections.yaml': {
    policies: [],
    rules: [],
    findings: ['MM148 Deployment quotes/external-dns', 'MM150 Deployment quotes/quotes', 'MM151 Service quotes/quotes'],
    unreadable: [],
  },
  'databases.yaml': {
    policies: [
      'data/postgres: Exact Exact FailsOpen',
      'data/redis: Exact Exact FailsOpen',
      'data/mongo-destination: Exact Exact FailsOpen',
    ],
    rules: [],
    findings: [],
    unreadable: [],
  },
  'deny-mixture.yaml': {
    policies: [
      'mixture/http-only: Exact FailsOpen FailsOpen, needs a waypoint',
      'mixture/same-element: Exact FailsClosed FailsOpen, needs a waypoint',
      'mixture/other-element: Exact FailsOpen FailsOpen, needs a waypoint',
      'mixture/other-clause: Exact FailsOpen FailsOpen, needs a waypoint',
      'mixture/other-rule: Exact FailsOpen FailsOpen, needs a waypoint',
      'mixture/everything: Exact Exact FailsOpen',
    ],
    rules: [
      'mixture/http-only[0]: FailsOpen, because of paths',
      'mixture/same-element[0]: FailsClosed, because of paths',
      'mixture/other-element[0]: FailsOpen, because of paths',
      'mixture/other-clause[0]: FailsOpen, because of paths',
      'mixture/other-rule[1]: FailsOpen, because of paths',
    ],
    findings: [
      'MM020 AuthorizationPolicy mixture/http-only',
      'MM020 AuthorizationPolicy mixture/same-element',
      'MM020 AuthorizationPolicy mixture/other-element',
      'MM020 AuthorizationPolicy mixture/other-clause',
      'MM020 AuthorizationPolicy mixture/other-rule',
      'MM071 Namespace mixture',
    ],
    unreadable: [],
  },
  'egress.yaml': {
    policies: [
      'egress/partner-read-only: Exact Exact Exact, needs a waypoint',
      'egress/archive-for-nobody: Exact Exact Exact, needs a waypoint',
    ],
    rules: [],
    findings: [
      'MM069 AuthorizationPolicy egress/archive-for-nobody',
      'MM098 ServiceEntry egress/partner',
      'MM071 Namespace egress',
      'MM073 AuthorizationPolicy egress/partner-read-only',
      'MM073 AuthorizationPolicy egress/archive-for-nobody',
      'MM148 Namespace orders',
    ],
    unreadable: [],
  },
  'external-authorization.yaml': {
    policies: [
      'authz/opa: Exact FailsOpen FailsOpen, needs a waypoint',
      'authz/opa-by-port: Exact FailsOpen FailsOpen, needs a waypoint',
      'authz/audit-writes: NoEffect NoEffect NoEffect',
      'authz/tomorrow: NoEffect NoEffect NoEffect',
      'authz/opa-tomorrow: FailsClosed NoEffect NoEffect',
    ],
    rules: [
      'authz/opa[0]: FailsOpen, because of action',
      'authz/opa-by-port[0]: FailsOpen, because of action',
      'authz/audit-writes[0]: NoEffect, because of action',
      'authz/tomorrow[0]: NoEffect, because of istio.io/dry-run',
      'authz/opa-tomorrow[0]: NoEffect, because of istio.io/dry-run',
    ],
    findings: [
      'MM021 AuthorizationPolicy authz/opa',
      'MM021 AuthorizationPolicy authz/opa-by-port',
      'MM021 AuthorizationPolicy authz/opa-tomorrow',
      'MM074 AuthorizationPolicy authz/opa-tomorrow',
      'MM076 AuthorizationPolicy authz/opa-tomorrow',
      'MM064 AuthorizationPolicy authz/audit-writes',
      'MM064 AuthorizationPolicy authz/tomorrow',
      'MM071 Namespace authz',
    ],
    unreadable: [],
  },
  'external-hosts.yaml': {
    policies: [],
    rules: [],
    findings: [
      'MM032 DestinationRule trade/bank',
      'MM148 Namespace trade',
      'MM161 ServiceEntry trade/partners',
      'MM161 ServiceEntry trade/mainframe',
    ],
    unreadable: [],
  },
  'helm-chart': {
    policies: ['charted/fixed: Exact Exact FailsOpen'],
    rules: [],
    findings: [],
    unreadable: ['1:1', '3:27'],
  },
  'ingress-gateway.yaml': {
    policies: [
      'edge/office-only: Exact FailsOpen FailsOpen',
      'RequestAuthentication edge/jwt: Exact FailsOpen FailsOpen',
    ],
    rules: ['edge/office-only[0]: FailsOpen, because of notRemoteIpBlocks, hosts'],
    findings: ['MM067 AuthorizationPolicy edge/office-only', 'MM067 RequestAuthentication edge/jwt'],
    unreadable: [],
  },
  'jobs.yaml': {
    policies: [],
    rules: [],
    findings: ['MM130 CronJob batch/rotate'],
    unreadable: [],
  },
  'jwt-api.yaml': {
    policies: [
      'api/require-jwt: Exact FailsOpen FailsOpen, needs a waypoint',
      'api/scopes: Exact FailsClosed FailsOpen, needs a waypoint',
      'RequestAuthentication api/jwt: Exact FailsOpen FailsOpen, needs a waypoint',
    ],
    rules: [
      'api/require-jwt[0]: FailsOpen, because of notRequestPrincipals, notPaths',
      'api/scopes[0]: FailsClosed, because of requestPrincipals, methods, request.auth.claims[scope]',
      'api/scopes[1]: FailsClosed, because of requestPrincipals',
      'api/scopes[2]: FailsClosed, because of paths',
    ],
    findings: [
      'MM020 AuthorizationPolicy api/require-jwt',
      'MM020 AuthorizationPolicy api/scopes',
      'MM024 RequestAuthentication api/jwt',
      'MM071 Namespace api',
    ],
    unreadable: [],
  },
  'keycloak.yaml': {
    policies: [
      'keycloak/admin-console: Exact FailsOpen FailsOpen, needs a waypoint',
      'keycloak/infinispan: Exact Exact FailsOpen',
    ],
    rules: ['keycloak/admin-console[0]: FailsOpen, because of notRemoteIpBlocks, paths'],
    findings: [
      'MM020 AuthorizationPolicy keycloak/admin-console',
      'MM072 AuthorizationPolicy keycloak/infinispan',
      'MM071 Namespace keycloak',
    ],
    unreadable: [],
  },
  'knative.yaml': {
    policies: [
      'serverless/allowlist-by-paths: Exact FailsClosed FailsOpen, needs a waypoint',
      'serverless/allow-activator: Exact Exact FailsOpen',
      'PeerAuthentication knative-serving/default: Exact Exact Exact',
      'PeerAuthentication knative-serving/webhook: Exact Exact Exact',
    ],
    rules: ['serverless/allowlist-by-paths[0]: FailsClosed, because of paths'],
    findings: [
      'MM020 AuthorizationPolicy serverless/allowlist-by-paths',
      'MM072 AuthorizationPolicy serverless/allow-activator',
      'MM071 Namespace serverless',
    ],
    unreadable: [],
  },
  'kubectl-get.json': {
    policies: ['dumped/viewer: Exact Exact FailsOpen', 'dumped/editor: Exact FailsClosed FailsOpen, needs a waypoint'],
    rules: ['dumped/editor[0]: FailsClosed, because of notMethods'],
    findings: [
      'MM020 AuthorizationPolicy dumped/editor',
      'MM072 AuthorizationPolicy dumped/viewer',
      'MM071 Namespace dumped',
    ],
    unreadable: [],
  },
  'kubeflow.yaml': {
    policies: [
      'kubeflow-user-example-com/ns-owner-access-istio: Exact FailsClosed FailsOpen, needs a waypoint',
      'istio-system/istio-ingressgateway: Exact Exact Exact',
      'istio-system/istio-ingressgateway-oauth2-proxy: Exact FailsOpen FailsOpen',
      'kubeflow/ml-pipeline: Exact FailsClosed FailsOpen, needs a waypoint',
      'kubeflow/minio-service: Exact Exact Exact',
      'RequestAuthentication istio-system/dex-jwt: Exact FailsOpen FailsOpen',
    ],
    rules: [
      'kubeflow-user-example-com/ns-owner-access-istio[0]: FailsClosed, because of request.headers[kubeflow-userid]',
      'kubeflow-user-example-com/ns-owner-access-istio[2]: FailsClosed, because of paths',
      'kubeflow-user-example-com/ns-owner-access-istio[3]: FailsClosed, because of methods, paths',
      'istio-system/istio-ingressgateway-oauth2-proxy[0]: FailsOpen, because of action',
      'kubeflow/ml-pipeline[1]: FailsClosed, because of request.headers[kubeflow-userid]',
    ],
    findings: [
      'MM020 AuthorizationPolicy kubeflow-user-example-com/ns-owner-access-istio',
      'MM020 AuthorizationPolicy kubeflow/ml-pipeline',
      'MM067 AuthorizationPolicy istio-system/istio-ingressgateway',
      'MM067 AuthorizationPolicy istio-system/istio-ingressgateway-oauth2-proxy',
      'MM067 RequestAuthentication istio-system/dex-jwt',
      'MM071 Namespace kubeflow-user-example-com',
      'MM071 Namespace kubeflow',
    ],
    unreadable: [],
  },
  'kustomize-output.yaml': {
    policies: [
      'payments/payments: Exact FailsClosed FailsOpen, needs a waypoint',
      'payments/stale: Exact Exact FailsOpen',
    ],
    rules: ['payments/payments[0]: FailsClosed, because of methods, paths'],
    findings: [
      'MM020 AuthorizationPolicy payments/payments',
      'MM066 AuthorizationPolicy payments/stale',
      'MM071 Namespace payments',
    ],
    unreadable: [],
  },
  'list.yaml': {
    policies: ['listed/first: Exact Exact FailsOpen', 'listed/nested: Exact FailsOpen FailsOpen, needs a waypoint'],
    rules: ['listed/nested[0]: FailsOpen, because of methods'],
    findings: [
      'MM020 AuthorizationPolicy listed/nested',
      'MM072 AuthorizationPolicy listed/first',
      'MM071 Namespace listed',
    ],
    unreadable: [],
  },
  'machines.yaml': {
    policies: [],
    rules: [],
    findings: ['MM135 Deployment desktops/desktops'],
    unreadable: [],
  },
  'mesh-unreadable.yaml': {
    policies: [],
    rules: [],
    findings: ['MM016 ConfigMap istio-system/istio'],
    unreadable: [],
  },
  'mtls-ports.yaml': {
    policies: [
      'PeerAuthentication istio-system/default: Exact Exact Exact',
      'PeerAuthentication permissive/batch: Exact FailsOpen Exact',
      'PeerAuthentication vague/default: Exact Exact Exact',
      'PeerAuthentication vague/web: Exact FailsOpen Exact',
      'PeerAuthentication strict/web: Exact Exact Exact',
    ],
    rules: [],
    findings: ['MM028 PeerAuthentication permissive/batch', 'MM028 PeerAuthentication vague/web'],
    unreadable: [],
  },
  'mtls.yaml': {
    policies: [
      'PeerAuthentication legacy/default: Exact Exact Exact',
      'PeerAuthentication legacy/mainframe: Exact Exact Exact',
      'PeerAuthentication legacy/metrics: Exact Exact Exact',
      'PeerAuthentication legacy/secure-port: Exact Exact Exact',
    ],
    rules: [],
    findings: ['MM025 PeerAuthentication legacy/mainframe', 'MM025 PeerAuthentication legacy/metrics'],
    unreadable: [],
  },
  'network-policies.yaml': {
    policies: [],
    rules: [],
    findings: [
      'MM139 NetworkPolicy dash/of-a-later-version',
      'MM139 NetworkPolicy metrics/prom',
      'MM139 NetworkPolicy dash/default-deny',
      'MM140 NetworkPolicy metrics/prom',
    ],
    unreadable: [],
  },
  'networks.yaml': {
    policies: [],
    rules: [],
    findings: ['MM137 ConfigMap istio-system/istio', 'MM141 Deployment trust/vault'],
    unreadable: [],
  },
  'nodes.yaml': {
    policies: [],
    rules: [],
    findings: ['MM125 Deployment batch/reports'],
    unreadable: [],
  },
  'observability.yaml': {
    policies: [
      'monitoring/grafana: Exact FailsClosed FailsOpen, needs a waypoint',
      'monitoring/kiali-viewer: Exact FailsOpen FailsOpen, needs a waypoint',
      'monitoring/prometheus: Exact Exact FailsOpen',
      'PeerAuthentication monitoring/default: Exact Exact Exact',
      'PeerAuthentication monitoring/grafana-metrics: Exact Exact Exact',
    ],
    rules: [
      'monitoring/grafana[0]: FailsClosed, because of hosts',
      'monitoring/kiali-viewer[0]: FailsOpen, because of notMethods, request.auth.claims[groups]',
    ],
    findings: [
      'MM020 AuthorizationPolicy monitoring/grafana',
      'MM020 AuthorizationPolicy monitoring/kiali-viewer',
      'MM072 AuthorizationPolicy monitoring/prometheus',
      'MM071 Namespace monitoring',
    ],
    unreadable: [],
  },
  'odd-selectors.yaml': {
    policies: [
      'odd/empty-selector: Exact FailsOpen FailsOpen',
      'odd/empty-labels: Exact Exact FailsOpen',
      'odd/nobody: Exact Exact FailsOpen',
      'odd/mistyped: Exact Exact FailsOpen',
    ],
    rules: ['odd/empty-selector[0]: FailsOpen, because of selector'],
    findings: [
      'MM027 AuthorizationPolicy odd/empty-selector',
      'MM066 AuthorizationPolicy odd/nobody',
      'MM074 AuthorizationPolicy odd/mistyped',
      'MM074 AuthorizationPolicy odd/bad-action',
      'MM075 AuthorizationPolicy odd/mistyped',
    ],
    unreadable: [],
  },
  'odd-values.yaml': {
    policies: [
      'values/star-in-the-middle: Exact FailsOpen FailsOpen, needs a waypoint',
      'values/star-in-front: Exact Exact FailsOpen',
      'values/by-condition: Exact FailsClosed FailsOpen, needs a waypoint',
      'values/port-name: FailsClosed Exact Exact',
    ],
    rules: [
      'values/star-in-the-middle[0]: FailsOpen, because of namespaces',
      'values/by-condition[0]: FailsClosed, because of source.serviceAccount',
      'values/by-condition[1]: FailsClosed, because of source.trustDomain',
    ],
    findings: [
      'MM065 AuthorizationPolicy values/by-condition',
      'MM077 AuthorizationPolicy values/star-in-the-middle',
      'MM077 AuthorizationPolicy values/by-condition',
      'MM008 AuthorizationPolicy values/star-in-front',
      'MM072 AuthorizationPolicy values/star-in-front',
      'MM074 AuthorizationPolicy values/port-name',
      'MM079 AuthorizationPolicy values/port-name',
      'MM071 Namespace values',
    ],
    unreadable: [],
  },
  'online-boutique.yaml': {
    policies: [
      'boutique/deny-all: Exact Exact FailsOpen',
      'boutique/frontend: Exact FailsClosed FailsOpen, needs a waypoint',
      'boutique/cartservice: Exact FailsClosed FailsOpen, needs a waypoint',
      'boutique/redis-cart: Exact Exact FailsOpen',
    ],
    rules: [
      'boutique/frontend[0]: FailsClosed, because of methods',
      'boutique/cartservice[0]: FailsClosed, because of methods, paths',
    ],
    findings: [
      'MM020 AuthorizationPolicy boutique/frontend',
      'MM020 AuthorizationPolicy boutique/cartservice',
      'MM072 AuthorizationPolicy boutique/redis-cart',
      'MM071 Namespace boutique',
    ],
    unreadable: [],
  },
  'other-mesh.yaml': {
    policies: [],
    rules: [],
    findings: ['MM142 Deployment emojivoto/voting', 'MM142 Deployment emojivoto/web'],
    unreadable: [],
  },
  'placeholders.yaml': {
    policies: ['team/callers: Exact Exact FailsOpen'],
    rules: [],
    findings: ['MM160 AuthorizationPolicy team/callers'],
    unreadable: [],
  },
  'platform.yaml': {
    policies: [],
    rules: [],
    findings: ['MM155 Namespace ledger', 'MM143 SecurityGroupPolicy ledger/ledger', 'MM145 Deployment ledger/vault'],
    unreadable: [],
  },
  'providers.yaml': {
    policies: [
      'web/login: Exact FailsOpen FailsOpen, needs a waypoint',
      'reports/mistyped: FailsClosed FailsOpen FailsOpen, needs a waypoint',
      'backoffice/everybody-opa: Exact FailsOpen FailsOpen, needs a waypoint',
      'backoffice/admin-login: Exact FailsOpen FailsOpen, needs a waypoint',
    ],
    rules: [
      'web/login[0]: FailsOpen, because of action',
      'reports/mistyped[0]: FailsOpen, because of action',
      'backoffice/everybody-opa[0]: FailsOpen, because of action',
      'backoffice/admin-login[0]: FailsOpen, because of action',
    ],
    findings: [
      'MM021 AuthorizationPolicy web/login',
      'MM021 AuthorizationPolicy reports/mistyped',
      'MM021 AuthorizationPolicy backoffice/everybody-opa',
      'MM021 AuthorizationPolicy backoffice/admin-login',
      'MM096 AuthorizationPolicy reports/mistyped',
      'MM096 AuthorizationPolicy backoffice/everybody-opa',
      'MM096 AuthorizationPolicy backoffice/admin-login',
      'MM071 Namespace web',
      'MM071 Namespace reports',
      'MM071 Namespace backoffice',
    ],
    unreadable: [],
  },
  'refused-by-envoy.yaml': {
    policies: [
      'templates/no-slash: Exact FailsOpen FailsOpen, needs a waypoint',
      'templates/two-slashes: Exact Exact Exact, needs a waypoint',
      'templates/nameless-claim: Exact FailsClosed FailsOpen, needs a waypoint',
      'templates/fine: Exact FailsClosed FailsOpen, needs a waypoint',
    ],
    rules: [
      'templates/no-slash[0]: FailsOpen, because of paths',
      'templates/nameless-claim[0]: FailsClosed, because of request.auth.claims[realm_access][]',
      'templates/fine[0]: FailsClosed, because of paths',
    ],
    findings: [
      'MM020 AuthorizationPolicy templates/no-slash',
      'MM020 AuthorizationPolicy templates/nameless-claim',
      'MM020 AuthorizationPolicy templates/fine',
      'MM097 AuthorizationPolicy templates/no-slash',
      'MM097 AuthorizationPolicy templates/two-slashes',
      'MM097 AuthorizationPolicy templates/nameless-claim',
      'MM071 Namespace templates',
      'MM073 AuthorizationPolicy templates/two-slashes',
    ],
    unreadable: [],
  },
  'spinnaker.yaml': {
    policies: [
      'spinnaker/gate-office-only: Exact FailsClosed FailsOpen',
      'spinnaker/internal-only: Exact Exact FailsOpen',
      'spinnaker/orca-sni: Exact FailsClosed FailsOpen',
    ],
    rules: [
      'spinnaker/gate-office-only[1]: FailsClosed, because of remoteIpBlocks, hosts',
      'spinnaker/orca-sni[0]: FailsClosed, because of connection.sni',
    ],
    findings: ['MM020 AuthorizationPolicy spinnaker/gate-office-only', 'MM020 AuthorizationPolicy spinnaker/orca-sni'],
    unreadable: [],
  },
  'tenants.yaml': {
    policies: [
      'istio-system/allow-nothing: Exact Exact FailsOpen',
      'istio-system/no-debug-endpoints: Exact FailsOpen FailsOpen, needs a waypoint',
      'tenant-a/same-tenant: Exact Exact FailsOpen',
      'tenant-b/allow-all: Exact Exact Exact',
      'tenant-b/deny-nothing: Exact Exact Exact',
      'PeerAuthentication istio-system/default: Exact Exact Exact',
    ],
    rules: ['istio-system/no-debug-endpoints[0]: FailsOpen, because of paths'],
    findings: [
      'MM020 AuthorizationPolicy istio-system/no-debug-endpoints',
      'MM074 AuthorizationPolicy tenant-b/deny-nothing',
      'MM078 AuthorizationPolicy istio-system/no-debug-endpoints',
    ],
    unreadable: [],
  },
  'third-party-ingress.yaml': {
    policies: ['PeerAuthentication traefik/default: Exact Exact Exact'],
    rules: [],
    findings: ['MM144 Deployment traefik/traefik'],
    unreadable: [],
  },
  'traffic.yaml': {
    policies: [],
    rules: [],
    findings: [
      'MM040 EnvoyFilter traffic/lua',
      'MM044 Sidecar traffic/default',
      'MM046 WorkloadEntry traffic/vm-1',
      'MM048 Sidecar traffic/localhost-only',
      'MM030 VirtualService traffic/reviews',
      'MM031 HTTPRoute traffic/ratings',
      'MM032 DestinationRule traffic/reviews',
      'MM041 WasmPlugin traffic/basic-auth',
      'MM042 Telemetry traffic/tracing',
      'MM047 Sidecar traffic/default',
      'MM047 Sidecar traffic/localhost-only',
    ],
    unreadable: [],
  },
  'trust-domains.yaml': {
    policies: [
      'federated/one-domain: Exact FailsOpen FailsOpen, needs a waypoint',
      'federated/other-domains: Exact FailsOpen FailsOpen, needs a waypoint',
      'federated/default-domain: Exact FailsOpen FailsOpen, needs a waypoint',
      'federated/with-scheme: Exact Exact Exact',
    ],
    rules: [
      'federated/one-domain[0]: FailsOpen, because of trustDomains',
      'federated/other-domains[0]: FailsOpen, because of notTrustDomains',
      'federated/default-domain[0]: FailsOpen, because of principals',
    ],
    findings: [
      'MM023 AuthorizationPolicy federated/default-domain',
      'MM065 AuthorizationPolicy federated/one-domain',
      'MM065 AuthorizationPolicy federated/other-domains',
      'MM068 AuthorizationPolicy federated/with-scheme',
      'MM071 Namespace federated',
    ],
    unreadable: [],
  },
  'unknown-kinds.yaml': {
    policies: ['default/no-namespace: Exact Exact FailsOpen'],
    rules: [],
    findings: [],
    unreadable: [],
  },
  'waypoint.yaml': {
    policies: [
      'store/cart: Exact Exact Exact, needs a waypoint',
      'store/cart-pod-port: Exact Exact Exact, needs a waypoint',
      'store/misspelt: Exact Exact Exact, needs a waypoint',
      'store/for-the-gateway: Exact Exact Exact',
      'store/for-the-class: Exact Exact Exact, needs a waypoint',
      'RequestAuthentication store/cart: Exact Exact Exact, needs a waypoint',
    ],
    rules: [],
    findings: [
      'MM069 AuthorizationPolicy store/misspelt',
      'MM069 AuthorizationPolicy store/for-the-class',
      'MM070 AuthorizationPolicy store/cart-pod-port',
      'MM071 Namespace store',
      'MM073 AuthorizationPolicy store/cart',
      'MM073 AuthorizationPolicy store/cart-pod-port',
      'MM073 AuthorizationPolicy store/misspelt',
      'MM073 AuthorizationPolicy store/for-the-gateway',
      'MM073 AuthorizationPolicy store/for-the-class',
      'MM073 RequestAuthentication store/cart',
    ],
    unreadable: [],
  },
};
