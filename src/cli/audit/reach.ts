import { memoizeLast } from '../../base/memoize.ts';
import type { Attachment, PolicyMeta } from '../../mesh/istio/policy/types.ts';
import { stringMap } from '../../mesh/json.ts';
import { isInjectedGateway } from '../../mesh/istio/vocabulary/gateway-pods.ts';
import { selects, type TemplateView } from '../../mesh/views.ts';
import { ofNamespace, templatesIn, type Inventory } from './inventory.ts';

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

/** What the chart of gateways and Istio's own installation call them, by these labels; older ones name them by the last. */
const gatewayNames: Readonly<Record<string, RegExp>> = {
  istio: /(?:^|-)(?:(?:ingress|egress|eastwest)(?:gateway)?|gateway)(?:-|$)/,
  app: /^istio-(?:.+-)?(?:(?:ingress|egress|eastwest)(?:gateway)?|gateway)(?:-|$)/,
  'app.kubernetes.io/name': /^istio-(?:.+-)?(?:(?:ingress|egress|eastwest)(?:gateway)?|gateway)(?:-|$)/,
  'istio.io/gateway-name': /./,
  [gatewayNameLabel]: /./,
};

/** The chart calls the release in one label, and in the other without `istio-` (gateway.selectorLabels). */
function isPairOfChart({ app, istio }: Labels): boolean {
  return app !== undefined && istio !== undefined && app.replace(/^istio-/, '') === istio;
}

/**
 * By the labels that Istio's own installation, its chart and the Gateway API give gateways, or because a Gateway says
 * that it runs on them.
 */
export function areGatewayLabels(labels: Labels, inventory: Inventory): boolean {
  if (isPairOfChart(labels) || Object.entries(gatewayNames).some(([key, name]) => name.test(labels[key] ?? '')))
    return true;
  return inventory.configs('Gateway.networking.istio.io').some(({ spec }) => {
    const matchLabels = stringMap(spec['selector']);
    return Object.keys(matchLabels).length > 0 && selects({ matchLabels }, labels);
  });
}

/** Whether the pods of a workload are gateways; asked of each template for each policy that may select it. */
export function isGateway(workload: TemplateView, inventory: Inventory): boolean {
  return isGatewayAmong(workload, inventory);
}

const isGatewayAmong = memoizeLast(
  (workload: TemplateView, inventory: Inventory) =>
    isInjectedGateway({ annotations: workload.templateAnnotations }) ||
    areGatewayLabels(workload.templateLabels, inventory),
);

/**
 * What the selector of a policy finds among the workloads of the manifests. One of the root namespace selects pods of
 * any namespace; where each that it finds is a gateway, the manifests are believed.
 */
export function reachOf(policy: PolicyMeta & Attachment, inventory: Inventory, rootNamespace: string): Reach {
  const selector = policy.selector ?? {};
  const isOfMesh = policy.namespace === rootNamespace;
  const isWide = Object.keys(selector).length === 0;
  const all = templatesIn(inventory);
  const there = isOfMesh ? all : ofNamespace(policy.namespace, all);
  const selected = there.filter(({ templateLabels }) => selects({ matchLabels: selector }, templateLabels));
  if (selected.length > 0)
    return selected.every((workload) => isGateway(workload, inventory)) && !(isWide && isOfMesh)
      ? 'Gateways'
      : 'Workloads';
  if (areGatewayLabels(selector, inventory)) return 'Gateways';
  const later = Object.keys(selector).some((key) => laterLabels.some((pattern) => pattern.test(key)));
  return there.length === 0 || later || isOfMesh ? 'Unknown' : 'Nothing';
}
