import { rules } from '../../mesh/istio/rules.ts';
import { apply } from '../../mesh/istio/findings/rule.ts';
import { nameOf } from '../../mesh/istio/vocabulary/objects.ts';
import type { AuditContext, AuditEvidence, AuditedPolicy, AuditRule } from './context.ts';

/**
 * Checks of the operator that say the same about a manifest. Left out are those about running pods and the control
 * plane, those about AuthorizationPolicies that `policy-rules.ts` makes from what each data plane does, and those about
 * a waypoint being there already, which a manifest is allowed to ask for.
 */
export const shared: readonly string[] = [
  'MM024',
  'MM025',
  'MM028',
  'MM030',
  'MM031',
  'MM032',
  'MM040',
  'MM041',
  'MM042',
  'MM044',
  'MM046',
  'MM047',
  'MM048',
  'MM098',
  'MM125',
  'MM130',
  'MM132',
  'MM133',
  'MM134',
  'MM135',
  'MM137',
  'MM139',
  'MM140',
  'MM141',
  'MM142',
  'MM143',
  'MM144',
  'MM145',
  'MM148',
  'MM150',
  'MM151',
  'MM155',
  'MM161',
];

/**
 * Objects of the root namespace are in sight of every namespace, but one finding about each is enough: the worst,
 * because others may only be told of it.
 */
function once(evidence: readonly AuditEvidence[]): readonly AuditEvidence[] {
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
          .filter(({ object }) => !elsewhere.has(object));
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

/** The operator's checks that manifests can answer. */
export const operatorRules: readonly AuditRule[] = rulesOfOperator(shared).map((rule) => ({
  ...rule,
  find: (context) => once(rule.find(context)),
}));
