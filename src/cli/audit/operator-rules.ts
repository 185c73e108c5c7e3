import { rules } from '../../mesh/istio/rules.ts';
import { apply } from '../../mesh/istio/findings/rule.ts';
import { nameOf } from '../../mesh/istio/vocabulary/objects.ts';
import { inAudit, ofPods } from '../sources.ts';
import type { AuditContext, AuditEvidence, AuditedPolicy, AuditRule } from './context.ts';

/** Checks that are made of each policy by itself, whether the manifests show its pods or not. */
const ofPolicies: readonly string[] = [
  'MM020',
  'MM021',
  'MM023',
  'MM027',
  'MM064',
  'MM065',
  'MM077',
  'MM096',
  'MM097',
  'MM119',
];

/**
 * Objects of the root namespace are in sight of every namespace, but one finding about each is enough: the worst,
 * because others may only be told of it.
 */
export function once(evidence: readonly AuditEvidence[]): readonly AuditEvidence[] {
  const worst = [
    ...evidence.filter(({ severity }) => severity !== 'Critical'),
    ...evidence.filter(({ severity }) => severity === 'Critical'),
  ];
  return [...new Map(worst.map((found) => [found.object, found])).values()];
}

/** Policies that leave the data plane of pods alone: those of gateways, and those for a waypoint. */
function isElsewhere({ policy, reach }: AuditedPolicy): boolean {
  return reach === 'Gateways' || policy.targetRefs.length > 0;
}

/** What is about policies with targetRefs. */
const aboutTargets: readonly string[] = ['MM022'];

/** Checks of the operator by their ids, asked for every namespace of the context. */
export function rulesOfOperator(ids: readonly string[]): readonly AuditRule[] {
  return rules
    .filter(({ id }) => ids.includes(id))
    .map((rule) => ({
      id: rule.id,
      severity: rule.severity,
      title: rule.title,
      fix: rule.fix,
      find(context: AuditContext): readonly AuditEvidence[] {
        const { surroundings, inventory, policies } = context;
        const elsewhere = new Set(policies.filter(isElsewhere).map(({ view }) => nameOf(view)));
        const evidence = surroundings
          .flatMap((around) => apply(rule, around))
          .filter(({ object }) => aboutTargets.includes(rule.id) || !elsewhere.has(object));
        return evidence.map(({ object, message, fix, severity }) => ({
          object,
          message,
          fix,
          severity,
          source: inventory.sourceOf(object),
        }));
      },
    }));
}

/** The operator's checks that manifests can answer, but for those of pods. */
export const operatorRules: readonly AuditRule[] = rulesOfOperator(
  inAudit.filter((id) => ![...ofPolicies, ...ofPods].includes(id)),
).map((rule) => ({
  ...rule,
  find: (context) => once(rule.find(context)),
}));
