import { nameOf } from '../../mesh/istio/vocabulary/objects.ts';
import type { AuditContext, AuditEvidence, AuditRule } from './context.ts';
import { unknownFieldsOf } from './known-fields.ts';

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

/** Of other kinds than policies the names of their fields are looked at. */
function dropped({ inventory, surroundings, options }: AuditContext): readonly AuditEvidence[] {
  const homes = new Set([options.rootNamespace, ...surroundings.map(({ namespace: { name } }) => name)]);
  return unknownFieldsOf((kind) => inventory.located(kind))
    .filter(({ view }) => homes.has(view.namespace))
    .map(({ view, source, field }) => ({
      object: nameOf({ ...view, kind: view.kind.split('.', 1)[0] ?? view.kind }),
      message: `${field} is not a field of this kind: it is dropped`,
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
    title: 'Part of an object is ignored',
    fix: 'Correct or remove the field: without it the object means something else.',
    find: (context) => [...problems(context, false), ...dropped(context)],
  },
];
