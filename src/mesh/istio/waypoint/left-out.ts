import type { Surroundings } from '../../adapter.ts';
import { bounded } from '../../../base/effort.ts';
import { callerSteps } from '../../effort-limits.ts';
import type { ServiceFacts } from '../policy/translate/world.ts';
import {
  anyOf,
  declaredCallers,
  fromPolicies,
  guardedServices,
  wouldBeRefused,
  type Caller,
  type PolicyWorld,
} from './callers.ts';
import { observedCalls } from './observed.ts';
import { policyWorldOf } from './world.ts';

/** Somebody whom metrics saw calling a Service although `spec.callers` leaves them out, and who would be refused. */
export interface LeftOut {
  readonly service: ServiceFacts;
  readonly who: string;
  readonly from: string;
}

/**
 * What `spec.callers` leaves out. Callers that the policies refuse today are no loss; and where the policies name
 * everybody, an incomplete list of theirs is not possible: whoever is not on it does not get through now.
 */
export function leftOut(surroundings: Surroundings): readonly LeftOut[] {
  const services = guardedServices(surroundings);
  const world = policyWorldOf(surroundings);
  const told = bounded(callerSteps, () => services.flatMap(({ service }) => leftOutOf(service, world, surroundings)));
  return told.kind === 'Done'
    ? told.value
    : services.map(({ service }) => ({
        service,
        who: 'whom it takes more steps to tell than one look may take',
        from: 'Prometheus',
      }));
}

function leftOutOf(service: ServiceFacts, world: PolicyWorld, surroundings: Surroundings): readonly LeftOut[] {
  const declared = declaredCallers(service.namespace, surroundings.spec.callers);
  const calls = declared && observedCalls(service, surroundings);
  if (declared === undefined || calls === undefined) return [];
  const allowed = fromPolicies(service, world);
  const isDeclared = covering(declared.callers);
  const getsThrough = allowed.kind === 'Unknown' ? () => true : covering(allowed.callers);
  const forgotten = calls.callers
    .filter((caller) => !isDeclared(caller) && getsThrough(caller) && wouldBeRefused(caller, surroundings))
    .map(({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`);
  const outside =
    allowed.kind === 'Unknown' ? calls.withoutIdentity.map((origin) => `somebody without an identity ${origin}`) : [];
  return [...new Set([...forgotten.sort(), ...outside])].map((who) => ({ service, who, from: calls.from }));
}

function covering(callers: readonly Caller[]): (caller: Caller) => boolean {
  const isCaller = anyOf(callers);
  return ({ namespace, serviceAccount = '' }) => isCaller({ namespace, serviceAccount });
}
