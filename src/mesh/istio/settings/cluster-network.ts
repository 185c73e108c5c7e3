import type { KubeObject } from '../../../api/object.ts';
import { record, type Json } from '../../json.ts';

/* How the pods of OpenShift get what comes from their node: by OVN-Kubernetes past its routing table, or through it. */

/** What is kept of the Network of the cluster operator: nothing where packets go through the host. */
export function keepClusterNetwork({ spec }: KubeObject): Json {
  const { type, ovnKubernetesConfig } = record(record(spec)['defaultNetwork']);
  const { routingViaHost } = record(record(ovnKubernetesConfig)['gatewayConfig']);
  return type === 'OVNKubernetes' && routingViaHost !== true ? { isShared: true } : {};
}
