import { nameOf } from '../../mesh/istio/vocabulary/objects.ts';
import type { AuditContext, AuditEvidence, AuditRule } from './context.ts';

/** Said by MM027. */
const saidElsewhere: readonly string[] = ['spec.selector'];

function problems(context: AuditContext, rejected: boolean): readonly AuditEvidence[] {
  return context.problems
    .filter(({ problem }) => problem.rejected === rejected && !saidElsewhere.includes(problem.field))
    .map(({ view, source, problem: { field, message } }) => ({
      object: nameOf(view),
      message: `${field} ${message}`,
      source,
    }));
}

/** What is written otherwise than Istio reads it. */
export const syntaxRules: readonly AuditRule[] = [
  {
    id: 'MM074',
    severity: 'Warning',
    title: 'Policy that would be refused',
    fix: 'Correct the field; the API server or the webhook of Istio does not take the policy as it is.',
    find: (context) => problems(context, true),
  },
  {
    id: 'MM075',
    severity: 'Warning',
    title: 'Part of a policy is ignored',
    fix: 'Correct or remove the field: without it the policy means something else.',
    find: (context) => problems(context, false),
  },
];
