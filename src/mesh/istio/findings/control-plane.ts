import { listed } from '../../../base/counted.ts';
import type { Surroundings } from '../../adapter.ts';
import { records } from '../../json.ts';
import type { WorkloadView } from '../../views.ts';
import { carriersOf, nodeAgentNamespaces, type NodeAgent } from '../vocabulary/node-agents.ts';
import { modeOf } from '../vocabulary/pod-mode.ts';
import { watched } from '../settings/resources.ts';
import type { Evidence, Rule } from './rule.ts';
import { restartsByEviction } from '../../restartable.ts';

function entersAmbient({ route }: Surroundings): boolean {
  return route.to === 'IstioAmbient';
}

/**
 * The ambient GatewayClass exists only while istiod runs with PILOT_ENABLE_AMBIENT (gatewaycommon/classinfo.go): a free
 * test.
 */
function ambientEnabled({ mesh }: Surroundings): boolean {
  return mesh
    .configs('GatewayClass')
    .some(
      (gatewayClass) =>
        gatewayClass.name === 'istio-waypoint' &&
        records(gatewayClass.status['conditions']).some(
          (condition) => condition['type'] === 'Accepted' && condition['status'] === 'True',
        ),
    );
}

/** Whether its controller replaces pods by itself and has not got to the end: with OnDelete nobody rolls anything out. */
function rollsOut(set: WorkloadView): boolean {
  return !restartsByEviction(set) && (set.observedGeneration < set.generation || set.updated < set.replicas);
}

/**
 * Of one that is not whole, where the component runs on some node. While it rolls out connections are cut, which
 * passes. Where nothing rolls out and some are not available a node is down, which may last: a new pod there does not
 * start without its node agent, so nothing runs outside the mesh by it, and what goes back does not wait for a machine.
 */
function whatIsMissing(set: WorkloadView): Omit<Evidence, 'object'> {
  return {
    message: `${set.available} of ${set.replicas} pods are available and ${set.updated} are up to date`,
    passing: true,
    ...(!rollsOut(set) && { onlyThere: true }),
  };
}

/** Others that carry its label are named: one may be the component, in a namespace that nobody has told of. */
function notFound(agent: NodeAgent, others: readonly WorkloadView[], { mesh }: Surroundings): Evidence {
  const names = others.map(({ namespace, name }) => `${namespace}/${name}`);
  const besides =
    names.length === 0
      ? ''
      : `; ${listed(names)} ${names.length === 1 ? 'carries' : 'carry'} its label, which anybody may set: where that is Istio's, start the operator with --node-agents-namespace`;
  return {
    object: `DaemonSet ${agent}`,
    message: `there is no ${agent} DaemonSet in a namespace of Istio (${nodeAgentNamespaces(mesh).join(', ')})${besides}`,
  };
}

/**
 * A node component is fit when it runs on every node that wants it, and on some; a rollout in progress cuts
 * connections. It may be divided among several DaemonSets, and one of them be for nodes of which there are none now.
 */
function nodeComponent(agent: NodeAgent): (surroundings: Surroundings) => readonly Evidence[] {
  return (surroundings) => {
    if (!entersAmbient(surroundings)) return [];
    const { genuine: found, others } = carriersOf(agent, surroundings.mesh);
    if (found.length === 0) return [notFound(agent, others, surroundings)];
    const runs = found.some(({ available }) => available > 0);
    return found
      .filter((set) => !runs || set.available < set.replicas || rollsOut(set))
      .map((set) => ({
        object: `DaemonSet ${set.namespace}/${set.name}`,
        ...(runs ? whatIsMissing(set) : { message: 'none of its pods is available' }),
      }));
  };
}

/** Of kinds that make pods. */
const ofPods = 'what is critical about their pods is seen when these start, and may take the namespace back then';

/** Whether the control plane can take the namespace in. */
export const controlPlaneRules: readonly Rule[] = [
  {
    id: 'MM010',
    severity: 'Critical',
    when: 'WhileMoving',
    back: 'Asked',
    title: 'Ambient is not enabled in istiod',
    fix: 'Upgrade the istiod chart with --set profile=ambient (PILOT_ENABLE_AMBIENT=true) and wait until GatewayClass istio-waypoint is Accepted.',
    find: (surroundings) =>
      !entersAmbient(surroundings) || !surroundings.mesh.serves('GatewayClass') || ambientEnabled(surroundings)
        ? []
        : [
            {
              object: 'GatewayClass istio-waypoint',
              message: 'it is missing or not Accepted, so istiod runs without ambient',
            },
          ],
  },
  {
    id: 'MM011',
    severity: 'Critical',
    when: 'WhileMoving',
    back: 'Asked',
    title: 'Gateway API CRDs are missing',
    fix: 'Install the Gateway API CRDs (standard channel) before istiod is upgraded to ambient.',
    find: (surroundings) =>
      !entersAmbient(surroundings) || surroundings.mesh.serves('GatewayClass')
        ? []
        : [
            {
              object: 'CustomResourceDefinition gatewayclasses.gateway.networking.k8s.io',
              message: 'the API server does not serve it; ambient needs it',
            },
          ],
  },
  {
    id: 'MM012',
    severity: 'Critical',
    when: 'WhileMoving',
    back: 'AskedAnew',
    title: 'istio-cni is not ready on every node',
    fix: 'Install the istio-cni chart with profile=ambient, or wait until its rollout is done.',
    find: nodeComponent('istio-cni-node'),
  },
  {
    id: 'MM013',
    severity: 'Critical',
    when: 'WhileMoving',
    back: 'AskedAnew',
    title: 'ztunnel is not ready on every node',
    fix: 'Install the ztunnel chart, or wait until its rollout is done.',
    find: nodeComponent('ztunnel'),
  },
  {
    id: 'MM014',
    severity: 'Critical',
    when: 'WhileMoving',
    back: 'AskedAnew',
    title: 'No sidecar injector',
    fix: 'Install istiod with its injection webhook.',
    find: ({ route, mesh }) =>
      route.to !== 'IstioSidecar' ||
      mesh.configs('MutatingWebhookConfiguration').some((hook) => hook.labels['app'] === 'sidecar-injector')
        ? []
        : [
            {
              object: 'MutatingWebhookConfiguration istio-sidecar-injector',
              message: 'no webhook would inject sidecars into restarted pods',
            },
          ],
  },
  {
    id: 'MM015',
    severity: 'Warning',
    when: 'Start',
    title: 'Connections will be cut',
    fix: 'Start the migration when clients can reconnect.',
    find: ({ route, namespace, pods }) =>
      route.from !== 'None' || route.to !== 'IstioAmbient' || !pods.some((pod) => modeOf(pod) === 'None')
        ? []
        : [
            {
              object: `Namespace ${namespace.name}`,
              message: 'the node agent captures running pods at once, which breaks their established connections',
            },
          ],
  },
  {
    id: 'MM018',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'The operator cannot read what it looks at',
    fix: 'Give the operator the rights of its version: kubectl apply -f deploy/kustomize/rbac.yaml. Where it has them, whoever serves the kind does not answer: kubectl get of that kind says why.',
    find: ({ mesh }) =>
      (mesh.unreadable ?? []).map((kind) => ({
        object: 'ClusterRole mesh-migration-operator',
        message: `it does not let the operator list and watch objects of the kind ${kind}, or nobody answers for them: ${watched.find((each) => each.kind === kind)?.optional ?? ofPods}`,
      })),
  },
];
