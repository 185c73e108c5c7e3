import type { Surroundings } from '../../src/mesh/adapter.ts';
import {
  calledByApi,
  calledByConversion,
  calledByIngress,
  calledByRoute,
  calledByRoutes,
  calledByWebhooks,
} from '../../src/mesh/outside-kinds.ts';
import type { ConfigView, ServiceView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import { config, migrationSpec, namespace, plainPod, root, service, surroundings, workload } from './mesh-fixtures.ts';

type Spec = Readonly<Record<string, unknown>>;

/** Refuses something by its path, which needs a waypoint. */
const byPath = config('AuthorizationPolicy', {
  selector: { matchLabels: { app: 'web' } },
  action: 'DENY',
  rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }],
});
const toSidecars = { from: 'None', to: 'IstioSidecar' } as const;
const open: Partial<ServiceView> = { opensBy: 'its type is LoadBalancer' };
const declared = { callers: [{ namespace: 'shop', from: [] }] };

/** Its one Service is behind a waypoint, and nobody in the mesh calls it. */
export function guarded(
  more: Partial<ServiceView>,
  configs: readonly ConfigView[] = [],
  spec: Spec = {},
): Surroundings {
  return surroundings({ spec: migrationSpec({ ...declared, ...spec }), services: [service(more)] }, [
    byPath,
    ...configs,
  ]);
}

/** As the API server has it, and as much of it as is looked at. */
export function ingress(spec: Spec, annotations: Readonly<Record<string, string>> = {}, home = 'shop'): ConfigView {
  const metadata = { name: 'door', namespace: home, annotations };
  return config('Ingress', calledByIngress({ metadata, spec }), { name: 'door', namespace: home });
}

/** A configuration of webhooks of which one calls a Service. */
export function webhook(kind: string, called: Spec): ConfigView {
  const object = {
    metadata: { name: 'checks' },
    webhooks: [{ clientConfig: { url: 'https://x' } }, { clientConfig: { service: called } }],
  };
  return config(kind, calledByWebhooks(object), { name: 'checks', namespace: '' });
}

const bySeveral = (more: Spec): Spec => ({ routes: [{ services: [{ name: 'api' }, { name: 'web', ...more }] }] });
const toWeb = { rules: [{ http: { paths: [{ backend: { service: { name: 'web', port: { number: 80 } } } }] } }] };
const apiService = (called: Spec): ConfigView =>
  config('APIService', calledByApi({ metadata: { name: 'v1.x' }, spec: { service: called } }), {
    name: 'v1.x',
    namespace: '',
  });

/** A CustomResourceDefinition whose objects a Service converts. */
function conversion(called: Spec): ConfigView {
  const name = 'things.example.com';
  const spec = {
    group: 'example.com',
    conversion: { strategy: 'Webhook', webhook: { clientConfig: { service: called } } },
  };
  return config('CustomResourceDefinition', calledByConversion({ metadata: { name }, spec }), { name, namespace: '' });
}

function routed(gatewayClassName: string, home = 'shop', controllerName?: string): readonly ConfigView[] {
  return [
    config(
      'HTTPRoute',
      {
        parentRefs: [{ name: 'door', namespace: 'edge' }],
        rules: [{ backendRefs: [{ name: 'web', namespace: 'shop' }] }],
      },
      { namespace: home },
    ),
    config('Gateway', { gatewayClassName }, { name: 'door', namespace: 'edge' }),
    ...(controllerName === undefined
      ? []
      : [config('GatewayClass', { controllerName }, { name: gatewayClassName, namespace: '' })]),
  ];
}

const strict = config('PeerAuthentication', { mtls: { mode: 'STRICT' } }, { namespace: root });
const admitted = config(
  'PeerAuthentication',
  { selector: { matchLabels: { app: 'web' } }, portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } },
  { name: 'door' },
);

/** From no mesh, where nobody is refused today. */
export function joining(more: Partial<ServiceView>, configs: readonly ConfigView[]): Surroundings {
  return surroundings(
    {
      route: { from: 'None', to: 'IstioAmbient' },
      namespace: namespace({ labels: {} }),
      pods: [plainPod()],
      services: [service(more)],
    },
    configs,
  );
}

/** What the rule about callers from outside sees and ignores, by its id. */
export const fromOutsideExamples: Readonly<Record<'MM128', Examples>> = {
  MM128: {
    seen: {
      'a Service of type LoadBalancer': guarded(open),
      'an Ingress': guarded({}, [ingress(toWeb)]),
      'an Ingress by its default backend': guarded({}, [ingress({ defaultBackend: { service: { name: 'web' } } })]),
      'a Route of OpenShift': guarded({}, [
        config('Route', calledByRoute({ metadata: { name: 'door' }, spec: { to: { kind: 'Service', name: 'web' } } })),
      ]),
      'its other backends': guarded({}, [
        config(
          'Route',
          calledByRoute({
            metadata: { name: 'door' },
            spec: { to: { name: 'a' }, alternateBackends: [{ name: 'web' }] },
          }),
        ),
      ]),
      'an IngressRoute': guarded({}, [
        config('IngressRoute', calledByRoutes({ metadata: { name: 'door' }, spec: bySeveral({}) })),
      ]),
      'an HTTPProxy for TCP': guarded({}, [
        config(
          'HTTPProxy',
          calledByRoutes({ metadata: { name: 'door' }, spec: { tcpproxy: { services: [{ name: 'web', port: 80 }] } } }),
        ),
      ]),
      'a webhook that validates': guarded({}, [
        webhook('ValidatingWebhookConfiguration', { namespace: 'shop', name: 'web' }),
      ]),
      'a webhook that changes': guarded({}, [
        webhook('MutatingWebhookConfiguration', { namespace: 'shop', name: 'web' }),
      ]),
      'a group of the API': guarded({}, [apiService({ namespace: 'shop', name: 'web' })]),
      'a conversion of objects': guarded({}, [conversion({ namespace: 'shop', name: 'web' })]),
      'a route of a gateway of others': guarded({}, routed('nginx')),
      'one of a class that sounds like Istio': guarded({}, routed('istio-like', 'shop', 'example.com/controller')),
      'refused callers that are accepted, as a Warning': guarded(open, [], { policies: { refusals: 'Accept' } }),
      'STRICT that comes into force': joining(open, [strict]),
      'the same for sidecars': { ...joining(open, [strict]), route: toSidecars },
    },
    ignored: {
      'a Service of the cluster': guarded({}),
      'an Ingress of Istio': guarded({}, [ingress({ ingressClassName: 'istio', ...toWeb })]),
      'the same by its annotation': guarded({}, [ingress(toWeb, { 'kubernetes.io/ingress.class': 'istio' })]),
      'an Ingress whose controller calls Services': guarded({}, [
        ingress(toWeb, { 'nginx.ingress.kubernetes.io/service-upstream': 'true' }),
      ]),
      'an IngressRoute whose controller calls Services': guarded({}, [
        config('IngressRoute', calledByRoutes({ metadata: { name: 'door' }, spec: bySeveral({ nativeLB: true }) })),
      ]),
      'an IngressRoute to something else': guarded({}, [
        config(
          'IngressRoute',
          calledByRoutes({ metadata: { name: 'door' }, spec: bySeveral({ kind: 'TraefikService' }) }),
        ),
      ]),
      'an Ingress elsewhere to a Service of that name': guarded({}, [ingress(toWeb, {}, 'mallory')]),
      'a webhook of another Service': guarded({}, [
        webhook('ValidatingWebhookConfiguration', { namespace: 'shop', name: 'api' }),
      ]),
      'a conversion by another Service': guarded({}, [conversion({ namespace: 'shop', name: 'api' })]),
      'a route of a gateway of Istio': guarded({}, routed('istio')),
      'one of a class of ones own': guarded({}, routed('edge', 'shop', 'istio.io/gateway-controller')),
      'a route of a stranger': guarded({}, routed('nginx', 'mallory')),
      'a Service that needs no waypoint': surroundings({ services: [service(open)] }),
      'callers who are refused today': surroundings({ services: [service(open)], spec: migrationSpec(declared) }, [
        byPath,
        strict,
      ]),
      'STRICT that admits them': joining(open, [strict, admitted]),
      'no STRICT': joining(open, []),
      'what a sidecar would leave alone': {
        ...joining(open, [strict]),
        route: toSidecars,
        workloads: [workload({ templateAnnotations: { 'traffic.sidecar.istio.io/excludeInboundPorts': '8080' } })],
      },
      'what gets no sidecar': {
        ...joining(open, [strict]),
        route: toSidecars,
        workloads: [workload({ templateLabels: { app: 'web', 'sidecar.istio.io/inject': 'false' } })],
      },
      'STRICT for the mesh only': joining({}, [strict]),
    },
  },
};
