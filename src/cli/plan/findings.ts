import type { Surroundings } from '../../mesh/adapter.ts';
import type { ScopeView } from '../../mesh/others.ts';
import { findingsOf } from '../audit/audit.ts';
import { duplicateRules } from '../audit/duplicate-rules.ts';
import { rulesOfOperator } from '../audit/operator-rules.ts';
import { inPlan } from '../sources.ts';
import { severities, type AuditFinding } from '../audit/report.ts';
import { syntaxRules } from '../audit/syntax-rules.ts';
import { amongGateways, gatewayRule } from './gateways.ts';
import type { AuditRule, Read } from '../audit/context.ts';

/**
 * Checks of what the called do not see of callers that have moved. Who moves in the same migration is waited for by
 * itself, whatever its place here.
 */
const askedOfScope: readonly string[] = ['MM123'];

/** Checks of the gateways of the namespace, which are no workloads of the plan. */
const askedOfGateways: readonly string[] = ['MM138'];

/** Checks of what runs, or will: a Job runs once, and nobody knows when. */
const askedOfRunning: readonly string[] = ['MM050', 'MM061'];

/** What makes pods that run at times, and end by themselves. */
const atTimes: readonly (string | undefined)[] = ['Job', 'CronJob'];

function running(surroundings: Surroundings): Surroundings {
  const { pods, otherTemplates } = surroundings;
  return {
    ...surroundings,
    pods: pods.filter(({ uid, owner }) => uid !== '' || !atTimes.includes(owner?.kind)),
    otherTemplates: otherTemplates.filter(({ kind }) => kind !== 'Job'),
  };
}

/** All others, once it is chosen whether the namespace gets a waypoint. */
const asked = inPlan.filter((id) => ![...askedOfScope, ...askedOfGateways, ...askedOfRunning].includes(id));

const rules = [...rulesOfOperator(asked), ...syntaxRules, ...duplicateRules];
const rulesOfScope = rulesOfOperator(askedOfScope);
const rulesOfRunning = rulesOfOperator(askedOfRunning);
const rulesOfGateways = [...rulesOfOperator(askedOfGateways), gatewayRule];

/** The namespaces of a plan, none of which has begun to move. */
function scopeOf(planned: ReadonlySet<string>): ScopeView {
  return {
    moves: (namespace) => planned.has(namespace),
    restartsForHbone: () => false,
    halted: () => undefined,
    comesLater: () => undefined,
    wayBack: () => 'ComesAlong',
    goingBack: () => [],
    declared: () => [],
    unseenBefore: () => undefined,
    callersBefore: () => undefined,
    stalledBack: () => undefined,
  };
}

/** What stands in the way of a namespace, or behaves otherwise afterwards. `planned`: all that move. */
export function findingsAbout(
  surroundings: Surroundings,
  read: Read,
  planned: ReadonlySet<string>,
): readonly AuditFinding[] {
  const {
    namespace: { name },
    mesh: { rootNamespace },
  } = surroundings;
  const isHere = (namespace: string): boolean => namespace === name || namespace === rootNamespace;
  const context = {
    ...read,
    policies: read.policies.filter(({ policy }) => isHere(policy.namespace)),
    problems: read.problems.filter(({ view }) => isHere(view.namespace)),
    inventory: {
      ...read.inventory,
      duplicates: read.inventory.duplicates.filter(({ namespace = name }) => isHere(namespace)),
      placeholders: read.inventory.placeholders.filter(({ manifest: { object } }) =>
        isHere(object.metadata.namespace ?? name),
      ),
    },
  };
  const ask = (asking: readonly AuditRule[], of: Surroundings): readonly AuditFinding[] =>
    findingsOf(asking, { ...context, surroundings: [of] });
  return [
    ...ask(rules, surroundings),
    ...ask(rulesOfRunning, running(surroundings)),
    ...ask(rulesOfScope, { ...surroundings, scope: scopeOf(planned) }),
    ...ask(rulesOfGateways, amongGateways(surroundings, read.inventory)),
  ].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}
