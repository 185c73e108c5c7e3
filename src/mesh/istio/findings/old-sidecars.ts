import type { Surroundings } from '../../adapter.ts';
import { oldSidecars, type OldSidecars } from '../waypoint/calls/old-sidecars.ts';
import { awaitedCallers, circleOfCallers } from '../waypoint/awaits.ts';
import { some, type Evidence, type Rule } from './rule.ts';

/** Namespaces that are named one by one. */
const maxNamed = 20;

function evidence({ namespace, pods, called, matters }: OldSidecars): Evidence {
  const object = `Namespace ${namespace}`;
  const start = `${pods.length} sidecars were injected before ambient was enabled: pods in ambient reach them only in plaintext, without an identity (${some(pods)})`;
  return matters === undefined
    ? {
        object,
        severity: 'Warning',
        message: `${start}. Nothing decides by who calls there, so nothing changes for their callers`,
      }
    : { object, message: `${start}. There ${matters}; and ${called}` };
}

/** Those that this migration does not restart before anybody moves. */
function staying(surroundings: Surroundings): readonly Evidence[] {
  const stay = oldSidecars(surroundings)
    .filter(({ restarted }) => !restarted)
    .sort((a, b) => Number(a.matters === undefined) - Number(b.matters === undefined));
  const rest = stay.slice(maxNamed);
  const more: readonly Evidence[] =
    rest.length === 0
      ? []
      : [
          {
            object: `${rest.length} more namespaces`,
            message: `the same holds there: ${rest.map(({ namespace }) => namespace).join(', ')}`,
            ...(rest.every(({ matters }) => matters === undefined) && { severity: 'Warning' as const }),
          },
        ];
  return [...stay.slice(0, maxNamed).map(evidence), ...more];
}

function waiting(surroundings: Surroundings): readonly Evidence[] {
  const names = [...awaitedCallers(surroundings).keys()]
    .filter((name) => surroundings.scope?.moves(name) === true)
    .sort();
  return names.length === 0
    ? []
    : [
        {
          object: `Namespace ${surroundings.namespace.name}`,
          message: `its callers ${names.join(', ')} are in scope: they go first. It waits for them before its labels change, behind its waypoint already and without a slot, and then goes on by itself`,
        },
      ];
}

function circle(surroundings: Surroundings): readonly Evidence[] {
  const names = circleOfCallers(surroundings);
  return names === undefined
    ? []
    : [
        {
          object: `Namespace ${surroundings.namespace.name}`,
          message: `namespaces call each other in a circle, and whichever moves first refuses the others: ${names.toReversed().join(' calls ')}`,
        },
      ];
}

/** What has to happen in other namespaces before this one may move. */
export const orderRules: readonly Rule[] = [
  {
    id: 'MM100',
    severity: 'Critical',
    when: 'Start',
    notOnTheWay: 'Flip and each restart after it wait for these sidecars (awaitsHbone).',
    title: 'Sidecars that are called cannot take HBONE',
    fix: 'Restart these workloads (kubectl rollout restart), and delete pods that nothing restarts: the finding clears by itself. Or name the namespace in spec.restart.hboneNamespaces, and the operator restarts them for this and nothing else. Or, if nothing here calls them, say so by naming their callers in spec.callers.',
    find: staying,
  },
  {
    id: 'MM101',
    severity: 'Info',
    when: 'Start',
    title: 'Waits for its callers',
    fix: 'Nothing to do while they are on their way. One that is paused, blocked or rolled back holds it: start that one again.',
    find: waiting,
  },
  {
    id: 'MM102',
    severity: 'Critical',
    when: 'Start',
    notOnTheWay: 'Flip waits for the callers and names the circle (awaitsCallers).',
    title: 'Namespaces call each other in a circle',
    fix: 'No order spares one of them: set spec.policies.bypass to FailClosed and choose a quiet hour. Or, where policies let one call another and it does not, name in spec.callers who does.',
    find: circle,
  },
];
