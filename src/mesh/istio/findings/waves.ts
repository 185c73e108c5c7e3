import { listed } from '../../../base/counted.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Awaiting } from '../../others.ts';
import { awaitsUnseen } from '../waypoint/awaits-called.ts';
import { awaitsNameless } from '../waypoint/awaits-nameless.ts';
import { awaitsCallers, awaitsHbone } from '../waypoint/awaits.ts';
import { isExit } from '../waypoint/exit/route.ts';
import type { Evidence, Rule } from './rule.ts';

type Await = (surroundings: Surroundings) => Awaiting | undefined;

/** Whatever a namespace waits for before its labels change (`itinerary.ts`). */
function awaitsOf({ route }: Surroundings): readonly Await[] {
  if (isExit(route)) return [awaitsNameless];
  return route.to === 'IstioAmbient' ? [awaitsHbone, awaitsUnseen, awaitsCallers] : [];
}

function laterOnes(surroundings: Surroundings): readonly Evidence[] {
  const { namespace, scope } = surroundings;
  const awaited = awaitsOf(surroundings).flatMap((awaits) => awaits(surroundings)?.namespaces ?? []);
  const later = [...new Set(awaited)].sort().flatMap((name) => {
    const why = scope?.comesLater(name, namespace.name);
    return why === undefined ? [] : [`${name} ${why}`];
  });
  if (later.length === 0) return [];
  return [
    {
      object: `Namespace ${namespace.name}`,
      message: `before its labels change others have to move, or to restart their sidecars, whose waves begin after its own has arrived: ${listed(later)}`,
    },
  ];
}

/** Waves against the order that calls and policies ask for. */
export const waveRules: readonly Rule[] = [
  {
    id: 'MM162',
    severity: 'Critical',
    when: 'Start',
    notOnTheWay: 'Flip waits for these namespaces, and says which waves they are in.',
    title: 'Waves contradict who has to go first',
    fix: 'Put the namespaces that the message names into the same wave of spec.waves as this one, or into an earlier one; or this one into theirs. Where only sidecars have to be restarted for HBONE, restarting these workloads (kubectl rollout restart) clears it too.',
    find: laterOnes,
  },
];
