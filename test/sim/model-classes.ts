import * as extensions from '@kubernetes-models/istio/extensions.istio.io/v1alpha1';
import * as networking from '@kubernetes-models/istio/networking.istio.io/v1';
import { EnvoyFilter } from '@kubernetes-models/istio/networking.istio.io/v1alpha3/EnvoyFilter';
import { ProxyConfig } from '@kubernetes-models/istio/networking.istio.io/v1beta1/ProxyConfig';
import * as security from '@kubernetes-models/istio/security.istio.io/v1';
import * as telemetry from '@kubernetes-models/istio/telemetry.istio.io/v1';
import * as gateway from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';

/**
 * The models of Istio's and the Gateway API's kinds by their API group, in one version each: the others differ in nothing
 * but their name.
 */
export const modelClasses = {
  'security.istio.io': security,
  'networking.istio.io': { ...networking, EnvoyFilter, ProxyConfig },
  'telemetry.istio.io': telemetry,
  'extensions.istio.io': extensions,
  'gateway.networking.k8s.io': gateway,
} as const;
