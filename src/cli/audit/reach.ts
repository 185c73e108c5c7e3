import type { Attachment, PolicyMeta } from '../../mesh/istio/policy/types.ts';
import { stringMap } from '../../mesh/json.ts';
import { isInjectedGateway } from '../../mesh/istio/vocabulary/gateway-pods.ts';
import { selects, type TemplateView } from '../../mesh/views.ts';
import { templatesIn, type Inventory } from './inventory.ts';

/** What a policy with a selector, or without one, applies to as far as the manifests show. */
export type Reach =
  | 'Workloads'
  /** Only pods of gateways: they have a proxy of their own in both data planes. */
  | 'Gateways'
  /** There are workloads where it applies, and it selects none of them. */
  | 'Nothing'
  /** No workload stands where it applies: they come from elsewhere. */
  | 'Unknown';

type Labels = Readonly<Record<string, string>>;

const gatewayNameLabel = 'gateway.networking.k8s.io/gateway-name';

/** Labels that pods get when they run; no manifest shows them. */
const laterLabels = [
  /^security\.istio\.io\/tlsMode$/,
  /^networking\.istio\.io\/tunnel$/,
  /^service\.istio\.io\/canonical-/,
  /hash$/,
  /^statefulset\.kubernetes\.io\//,
];

/**
 * By the label that Istio's own installation and the Gateway API give gateways, or because a Gateway says that it runs
 * on them.
 */
export function areGatewayLabels(labels: Labels, inventory: Inventory): boolean {
  if (labels[gatewayNameLabel] !== undefined || /^(?:ingress|egress|eastwest)?gateway$/.test(labels['istio'] ?? ''))
    return true;
  return inventory.configs('Gateway.networking.istio.io').some(({ spec }) => {
    const matchLabels = stringMap(spec['selector']);
    return Object.keys(matchLabels).length > 0 && selects({ matchLabels }, labels);
  });
}

/** Whether the pods of a workload are gateways. */
export function isGateway(workload: TemplateView, inventory: Inventory): boolean {
  return (
    isInjectedGateway({ annotations: workload.templateAnnotations }) ||
    areGatewayLabels(workload.templateLabels, inventory)
  );
}

/** What the selector of a policy finds among the workloads of the manifests. */
export function reachOf(policy: PolicyMeta & Attachment, inventory: Inventory, rootNamespace: string): Reach {
  const selector = policy.selector ?? {};
  if (areGatewayLabels(selector, inventory)) return 'Gateways';
  const there = templatesIn(inventory).filter(
    ({ namespace }) => policy.namespace === rootNamespace || namespace === policy.namespace,
  );
  const selected = there.filter(({ templateLabels }) => selects({ matchLabels: selector }, templateLabels));
  if (selected.length > 0)
    return selected.every((workload) => isGateway(workload, inventory)) && policy.namespace !== rootNamespace
      ? 'Gateways'
      : 'Workloads';
  const later = Object.keys(selector).some((key) => laterLabels.some((pattern) => pattern.test(key)));
  return there.length === 0 || later || policy.namespace === rootNamespace ? 'Unknown' : 'Nothing';
}
