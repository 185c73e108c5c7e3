import type { Surroundings } from '../../mesh/adapter.ts';
import type { ScopeView } from '../../mesh/others.ts';
import { findingsOf } from '../audit/audit.ts';
import { duplicateRules } from '../audit/duplicate-rules.ts';
import { rulesOfOperator } from '../audit/operator-rules.ts';
import { inPlan } from '../sources.ts';
import { severities, type AuditFinding } from '../audit/report.ts';
import { policiesByNamespace } from '../audit/staying.ts';
import { syntaxRules } from '../audit/syntax-rules.ts';
import { alsoUnsaid, amongGateways } from './gateways.ts';
import { askedOfGateways, askedOfRunning, running } from './running.ts';
import type { AuditRule, Read } from '../audit/context.ts';

/**
 * Checks of what the called do not see of callers that have moved. Who moves in the same migration is waited for by
 * itself, whatever its place here.
 */
const askedOfScope: readonly string[] = ['MM123'];

/** All others, once it is chosen whether the namespace gets a waypoint. */
const asked = inPlan.filter((id) => ![...askedOfScope, ...askedOfGateways, ...askedOfRunning].includes(id));

const rules = [...rulesOfOperator(asked), ...syntaxRules, ...duplicateRules];
const rulesOfScope = rulesOfOperator(askedOfScope);
const rulesOfRunning = rulesOfOperator(askedOfRunning);
const rulesOfGateways = rulesOfOperator(askedOfGateways).map(alsoUnsaid);

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
  const homes = [...new Set([name, rootNamespace])];
  const policies = policiesByNamespace(read.policies);
  const context = {
    ...read,
    policies: homes.flatMap((home) => policies.get(home) ?? []),
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
