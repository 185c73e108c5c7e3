import type { Surroundings } from '../../adapter.ts';
import type { SelectorView, TemplateView } from '../../views.ts';
import { selects } from '../../views.ts';
import { record, records, stringMap, strings, text, type Json } from '../../json.ts';
import { nameOf, type Evidence, type Rule } from './rule.ts';
import { isCaptured } from './templates.ts';

function selectorIn(value: unknown): SelectorView {
  const { matchLabels, matchExpressions } = record(value);
  return {
    matchLabels: stringMap(matchLabels),
    matchExpressions: records(matchExpressions).map(({ key, operator, values }) => ({
      key: text(key) ?? '',
      operator: text(operator) ?? '',
      values: strings(values),
    })),
  };
}

/** By ServiceAccounts nobody here can tell whom, because their labels are not read: it may be anybody. */
function mayBeFor({ podSelector }: Json, { templateLabels }: TemplateView): boolean {
  return podSelector === undefined || selects(selectorIn(podSelector), templateLabels);
}

/** Groups of addresses that the network of a platform gives to pods, past what the node agent sees of them. */
function ofSecurityGroups({ route, mesh, namespace, workloads, otherTemplates }: Surroundings): readonly Evidence[] {
  if (route.to !== 'IstioAmbient') return [];
  const templates = [...workloads, ...otherTemplates].filter(isCaptured);
  return mesh.configs('SecurityGroupPolicy', namespace.name).flatMap((policy): readonly Evidence[] => {
    const found = templates.find((template) => mayBeFor(policy.spec, template));
    return found === undefined
      ? []
      : [
          {
            object: nameOf(policy),
            message: `it may give pods of ${found.kind} ${found.name} an interface of their own (security groups for pods): by default probes of the kubelet then fail in ambient, so that new pods are never Ready, and the namespace goes back`,
          },
        ];
  });
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
];
