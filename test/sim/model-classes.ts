/**
 * The models of Istio's and the Gateway API's kinds, in the version that their projects store; the versions of a kind
 * differ in nothing but their name. Loaded by the environment of the tests, once for all files of a process.
 */
export const modelClasses = {
  'security.istio.io': await import('@kubernetes-models/istio/security.istio.io/v1'),
  'networking.istio.io': {
    ...(await import('@kubernetes-models/istio/networking.istio.io/v1')),
    ...(await import('@kubernetes-models/istio/networking.istio.io/v1alpha3/EnvoyFilter')),
    ...(await import('@kubernetes-models/istio/networking.istio.io/v1beta1/ProxyConfig')),
  },
  'telemetry.istio.io': await import('@kubernetes-models/istio/telemetry.istio.io/v1'),
  'extensions.istio.io': await import('@kubernetes-models/istio/extensions.istio.io/v1alpha1'),
  'gateway.networking.k8s.io': await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1'),
};
