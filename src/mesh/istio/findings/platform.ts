import type { Surroundings } from '../../adapter.ts';
import { spend } from '../../../base/effort.ts';
import { selecting } from '../policy/selecting.ts';
import { firstFor } from '../settings/security-groups.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';
import { isCaptured } from './templates.ts';
import { warned } from './warned.ts';

/** Groups of addresses that the network of a platform gives to pods, past what the node agent sees of them. */
function ofSecurityGroups(surroundings: Surroundings): readonly Evidence[] {
  const { route, mesh, namespace, workloads, otherTemplates } = surroundings;
  const policies = mesh.configs('SecurityGroupPolicy', namespace.name);
  if (route.to !== 'IstioAmbient' || policies.length === 0) return [];
  const templates = [...workloads, ...otherTemplates].filter(isCaptured);
  return warned(surroundings, 'SecurityGroupPolicies with workloads', () => {
    const select = selecting(
      templates.map(({ templateLabels }) => templateLabels),
      spend,
    );
    return policies.flatMap((policy): readonly Evidence[] => {
      const found = firstFor(policy, templates, select);
      return found === undefined
        ? []
        : [
            {
              object: nameOf(policy),
              message: `it may give pods of ${found.kind} ${found.name} an interface of their own (security groups for pods): by default probes of the kubelet then fail in ambient, so that new pods are never Ready, and the namespace goes back`,
            },
          ];
    });
  });
}

/** A network by which what the node agent makes of probes does not come back (istio.io, platform prerequisites). */
function ofClusterNetwork({ route, mesh, workloads, otherTemplates }: Surroundings): readonly Evidence[] {
  if (route.to !== 'IstioAmbient' || ![...workloads, ...otherTemplates].some(isCaptured)) return [];
  return mesh
    .configs('Network')
    .filter(({ spec }) => spec['isShared'] === true)
    .map((network) => ({
      object: nameOf(network),
      message:
        'OVN-Kubernetes takes packets past the routing table of the node (shared gateway mode): probes of the kubelet fail in ambient, so that new pods which have some are never Ready, and the namespace goes back',
    }));
}

/** What a platform does that ambient has to be told of. */
export const platformRules: readonly Rule[] = [
  {
    id: 'MM143',
    severity: 'Warning',
    when: 'Start',
    title: 'Security groups for pods',
    fix: 'Set POD_SECURITY_GROUP_ENFORCING_MODE=standard on DaemonSet aws-node and make these pods anew, or, since Istio 1.30, AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE on istio-cni-node. If that is so already, there is nothing to do.',
    find: ofSecurityGroups,
  },
  {
    id: 'MM156',
    severity: 'Warning',
    when: 'Start',
    title: 'Probes do not come back by the network of OpenShift',
    fix: 'Have OVN-Kubernetes route through the host (local gateway mode): set spec.defaultNetwork.ovnKubernetesConfig.gatewayConfig.routingViaHost to true in Network cluster of operator.openshift.io. If no pod of the namespace has a probe of HTTP, gRPC or TCP, there is nothing to do.',
    find: ofClusterNetwork,
  },
];
