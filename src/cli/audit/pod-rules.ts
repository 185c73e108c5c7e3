import type { Surroundings } from '../../mesh/adapter.ts';
import { alsoUnsaid, amongGateways } from '../plan/gateways.ts';
import { isOutside } from '../plan/left.ts';
import { podsIn } from '../plan/pods.ts';
import { askedOfGateways, askedOfRunning, running } from '../plan/running.ts';
import { ofPods } from '../sources.ts';
import type { AuditContext, AuditRule } from './context.ts';
import { ofNamespace, templatesIn, type Inventory } from './inventory.ts';
import { once, rulesOfOperator } from './operator-rules.ts';

/**
 * A namespace with the pods that its templates make, on the way that the operator would take; none of one that is in no
 * mesh, or of which nothing is known but what others say of it: its pods are supposed there.
 */
function withPods({ itinerary: _, ...around }: Surroundings, inventory: Inventory): readonly Surroundings[] {
  const { name } = around.namespace;
  if (isOutside(name, { inventory })) return [];
  const isInhabited = ofNamespace(name, templatesIn(inventory)).length > 0;
  return isInhabited ? [{ ...around, pods: podsIn(name, inventory) }] : [];
}

/** Of these a Gateway is enough. */
function withGateways(around: Surroundings, inventory: Inventory): readonly Surroundings[] {
  return isOutside(around.namespace.name, { inventory })
    ? []
    : [amongGateways({ ...around, pods: podsIn(around.namespace.name, inventory) }, inventory)];
}

function asked(rule: AuditRule, of: (context: AuditContext) => readonly Surroundings[]): AuditRule {
  return { ...rule, find: (context) => once(rule.find({ ...context, surroundings: of(context) })) };
}

function seen({ surroundings, inventory }: AuditContext): readonly Surroundings[] {
  return surroundings.flatMap((around) => withPods(around, inventory));
}

const others = ofPods.filter((id) => ![...askedOfGateways, ...askedOfRunning].includes(id));

/** Checks of pods: a template says what they will be. */
export const podRules: readonly AuditRule[] = [
  ...rulesOfOperator(others).map((rule) => asked(rule, seen)),
  ...rulesOfOperator(ofPods.filter((id) => askedOfRunning.includes(id))).map((rule) =>
    asked(rule, (context) => seen(context).map(running)),
  ),
  ...rulesOfOperator(askedOfGateways).map((rule) =>
    asked(alsoUnsaid(rule), ({ surroundings, inventory }) =>
      surroundings.flatMap((around) => withGateways(around, inventory)),
    ),
  ),
];
