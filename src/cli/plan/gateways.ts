import type { Surroundings } from '../../mesh/adapter.ts';
import { optOutOf } from '../../mesh/istio/findings/captured-gateways.ts';
import { nameOf } from '../../mesh/istio/vocabulary/objects.ts';
import { dataplaneModeLabel } from '../../mesh/istio/vocabulary/labels.ts';
import { gatewayNameLabel } from '../../mesh/istio/vocabulary/gateway.ts';
import { isOwnedByGateway } from '../../mesh/istio/vocabulary/gateway-pods.ts';
import { record, records, stringMap, text } from '../../mesh/json.ts';
import { projectWorkload } from '../../mesh/project-workload.ts';
import type { ConfigView, WorkloadView } from '../../mesh/views.ts';
import type { AuditContext, AuditEvidence, AuditRule } from '../audit/context.ts';
import type { Inventory } from '../audit/inventory.ts';

/** Classes of which istiod makes the pods, but for waypoints, which it keeps out itself. */
const gatewayClasses: readonly (string | undefined)[] = ['istio'];

/** Whether istiod makes a Deployment for it, and does not use one that is there (IsManaged in gateway_utils.go). */
function isManaged({ spec }: ConfigView): boolean {
  if (!gatewayClasses.includes(text(spec['gatewayClassName']))) return false;
  const [first, ...others] = records(spec['addresses']);
  return first === undefined || (others.length === 0 && (text(first['type']) ?? 'IPAddress') === 'IPAddress');
}

/** What istiod labels the pods with: what `infrastructure` says, and else what the Gateway has itself. */
function podLabels({ spec, labels }: ConfigView): Readonly<Record<string, string>> {
  const own = record(spec['infrastructure'])['labels'];
  return own === undefined ? labels : stringMap(own);
}

function isStated(gateway: ConfigView): boolean {
  return [gateway.labels, podLabels(gateway)].some((labels) => labels[dataplaneModeLabel] !== undefined);
}

/** The Deployment that istiod makes, as far as it matters to whom the namespace takes along. */
function supposed(gateway: ConfigView): WorkloadView {
  const { name, namespace, spec } = gateway;
  return projectWorkload('Deployment')({
    metadata: {
      name: `${name}-${text(spec['gatewayClassName']) ?? ''}`,
      namespace,
      ownerReferences: [{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', name, uid: '' }],
    },
    spec: { template: { metadata: { labels: { ...podLabels(gateway), [gatewayNameLabel]: name } } } },
  });
}

/** Gateways of the Gateway API in a namespace, by what is known of their pods. */
interface Gateways {
  /** Deployments: those of the manifests, and those that istiod makes as their Gateways say. */
  readonly workloads: readonly WorkloadView[];
  /** Neither a Deployment nor the Gateway says what becomes of the pods. */
  readonly unsaid: readonly ConfigView[];
}

function gatewaysIn(namespace: string, inventory: Inventory): Gateways {
  const made = inventory.workloads.filter((workload) => workload.namespace === namespace && isOwnedByGateway(workload));
  const known = new Set(made.map(({ gateway }) => gateway));
  const others = inventory
    .configs('Gateway', namespace)
    .filter((gateway) => isManaged(gateway) && !known.has(gateway.name));
  return {
    workloads: [...made, ...others.filter(isStated).map(supposed)],
    unsaid: others.filter((gateway) => !isStated(gateway)),
  };
}

/** With the gateways of the namespace as its workloads, for the checks that are about these. */
export function amongGateways(surroundings: Surroundings, inventory: Inventory): Surroundings {
  return { ...surroundings, workloads: gatewaysIn(surroundings.namespace.name, inventory).workloads };
}

/**
 * The part of MM138 that only manifests ask: of a Gateway that says nothing istiod decides, and the operator sees what
 * it has done (setLabelOverrides in pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go).
 */
function unsaid({ surroundings, inventory }: AuditContext): readonly AuditEvidence[] {
  return surroundings
    .flatMap(({ namespace: { name } }) => gatewaysIn(name, inventory).unsaid)
    .map((gateway) => ({
      object: nameOf(gateway),
      message:
        'it does not say whether its pods are to be captured with the namespace: istiod keeps them out where it runs with ambient enabled, and has made them anew since',
      fix: optOutOf(gateway.namespace, gateway.name),
      severity: 'Warning',
      source: inventory.sourceOf(nameOf(gateway)),
    }));
}

/** The check of gateways, by the Gateways that say nothing too. */
export function alsoUnsaid(rule: AuditRule): AuditRule {
  return { ...rule, find: (context) => [...rule.find(context), ...unsaid(context)] };
}
