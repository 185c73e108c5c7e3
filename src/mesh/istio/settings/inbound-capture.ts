import { goBoolean } from '../../../base/go-boolean.ts';
import type { Template } from './inbound-ports.ts';

/** Pod annotation: ambient captures what the pod sends and not what comes in. */
export const bypassAnnotation = 'ambient.istio.io/bypass-inbound-capture';

/**
 * Whether ambient would leave alone what comes to a pod: no connection is redirected to ztunnel then, so plaintext
 * meets neither STRICT nor any policy; only HBONE, which has a port of ztunnel's own, does (getPodLevelTrafficOverrides
 * in cni/pkg/nodeagent and AppendInpodRules in cni/pkg/iptables). Nothing but the pod says so, neither its namespace
 * nor the mesh, and what is no boolean says nothing. A sidecar does not read it.
 */
export function bypassesInbound({ annotations }: Template): boolean {
  return goBoolean(annotations[bypassAnnotation] ?? '') === true;
}
