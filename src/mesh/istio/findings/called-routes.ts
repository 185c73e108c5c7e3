import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import {
  calledRoutes,
  calledTitle,
  possiblyCalledRoutes,
  waitsForThis,
  type Fate,
  type FateAtService,
} from '../waypoint/called-routes.ts';
import { isExit } from '../waypoint/exit/route.ts';
import { seenOf } from '../settings/accepted.ts';
import { isFollowedHere, isStranger } from '../waypoint/reach.ts';
import {
  allTrafficPolicy,
  concernsNamespace,
  hostsOf,
  meshRoutes,
  trafficPolicyOf,
} from '../waypoint/route-objects.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

/**
 * What is known of routes is known of sidecars that leave for ambient; otherwise every route counts as one that is
 * followed.
 */
function fates(surroundings: Surroundings, isAsked: (route: ConfigView) => boolean): readonly Fate[] {
  const {
    namespace: { name },
    mesh,
  } = surroundings;
  if (leavesForAmbient(surroundings)) return possiblyCalledRoutes(surroundings, isAsked);
  if (surroundings.route.from !== 'IstioSidecar' && !isExit(surroundings.route)) return []; // Nobody here follows any.
  return [
    ...meshRoutes(surroundings),
    ...mesh.configs('DestinationRule').filter((rule) => allTrafficPolicy(rule).length > 0),
  ]
    .filter(
      (route) =>
        isAsked(route) && !concernsNamespace(route, name) && isFollowedHere(route, surroundings, route.namespace),
    )
    .map((route) => ({ kind: 'Elsewhere', route, hosts: hostsOf(route) }));
}

function leavesForAmbient({ route: { from, to } }: Surroundings): boolean {
  return from === 'IstioSidecar' && to === 'IstioAmbient';
}

function lose({ route }: Fate): string {
  return route.kind === 'DestinationRule' ? `lose ${trafficPolicyOf(route).lost.join(', ')}` : 'no longer follow it';
}

function remedy(fate: Extract<Fate, { readonly kind: 'Unbound' }>): string {
  return fate.willMove
    ? `Migrate namespace ${fate.service.namespace} first: its waypoint then does it for all callers.`
    : `Put a waypoint before ${calledTitle(fate)}: its namespace has left its sidecars already.`;
}

/** Routes that are followed, or that sidecars begin to follow. */
function elsewhere(
  { route, hosts }: Extract<Fate, { readonly kind: 'Elsewhere' }>,
  begins: boolean,
): Pick<Evidence, 'message' | 'fix'> {
  const calls = `calls from this namespace to ${hosts.map(shown).join(', ')} would`;
  if (!begins) return { message: `${calls} ${lose({ kind: 'Elsewhere', route, hosts })}` };
  const what = route.kind === 'DestinationRule' ? `get ${allTrafficPolicy(route).join(', ')}` : 'begin to follow it';
  return {
    message: `${calls} ${what}`,
    fix: 'Nothing to do if it is meant for them. Otherwise have its owner limit it with exportTo.',
  };
}

/** Why something is not told, for messages. */
function tooMuch({ namespace, route }: Extract<Fate, { readonly kind: 'Untold' }>): string {
  return `takes more steps to work out than one look may take, because of how much stands in ${namespace}, for example ${nameOf(route)}`;
}

function possible(traffic: boolean): (surroundings: Surroundings) => readonly Evidence[] {
  const isAsked = ({ kind }: ConfigView): boolean => (kind === 'DestinationRule') === traffic;
  return (surroundings) =>
    fates(surroundings, isAsked).map((fate): Evidence => {
      const object = nameOf(fate.route);
      switch (fate.kind) {
        case 'Elsewhere':
          return { object, ...elsewhere(fate, isExit(surroundings.route)) };
        case 'Unbound':
          return {
            object,
            message: `calls from this namespace to ${calledTitle(fate)} would ${lose(fate)} until that is behind a waypoint, and nobody knows whether there are any`,
            fix: `${remedy(fate)} If no workload of this namespace calls it, name its callers in spec.callers.`,
          };
        case 'Lost':
          return {
            object,
            message: `calls from this namespace to ${calledTitle(fate)} would ${lose(fate)}, behind a waypoint too (${fate.why}), and nobody knows whether there are any`,
          };
        case 'Untold':
          return { object, message: `what else calls from this namespace would lose ${tooMuch(fate)}` };
      }
    });
}

type Certain = ReturnType<typeof calledRoutes>[number];

/** Routes of Services that workloads of the namespace are known to call. */
function certain(surroundings: Surroundings): readonly Certain[] {
  return leavesForAmbient(surroundings) ? calledRoutes(surroundings) : [];
}

/** Whether namespaces that are called wait for this one in turn; each is asked about once. */
function stuckOnes(surroundings: Surroundings): (fate: Fate) => boolean {
  const answers = new Map<string, boolean>();
  return (fate) => {
    if (fate.kind !== 'Unbound' || !fate.willMove) return false;
    const { namespace } = fate.service;
    const answer = answers.get(namespace) ?? waitsForThis(surroundings, namespace);
    answers.set(namespace, answer);
    return answer;
  };
}

/**
 * A stranger's is only named; for one beside the Service that is called, its owner and this one's agree before anybody
 * moves on.
 */
function othersOf({ route, service }: FateAtService, surroundings: Surroundings): Pick<Evidence, 'others' | 'seen'> {
  if (!isStranger(route, surroundings)) return {};
  return {
    others: isStranger(route, surroundings, service.namespace) ? 'Noted' : 'Holds',
    seen: seenOf(route, surroundings),
  };
}

const untoldFix =
  'Have the owner make it smaller, or limit it with exportTo. Or name who calls that namespace in spec.callers, or the object in spec.accept.';

function lostOf(fate: Certain, surroundings: Surroundings): Evidence {
  const object = nameOf(fate.route);
  // It is always what others have that is too large.
  if (fate.kind === 'Untold')
    return {
      object,
      others: 'Noted',
      seen: seenOf(fate.route, surroundings),
      message: `what calls of workloads of this namespace would lose without their sidecars ${tooMuch(fate)}`,
      fix: untoldFix,
    };
  const start = `workloads of this namespace call ${calledTitle(fate)}, and without their sidecars would ${lose(fate)}`;
  const evidence =
    fate.kind === 'Unbound'
      ? { object, message: `${start} until that is behind a waypoint`, fix: remedy(fate) }
      : { object, message: `${start}: ${fate.why}` };
  return { ...evidence, ...othersOf(fate, surroundings) };
}

function lost(surroundings: Surroundings): readonly Evidence[] {
  const isStuck = stuckOnes(surroundings);
  return certain(surroundings)
    .filter((fate) => !isStuck(fate))
    .map((fate) => lostOf(fate, surroundings));
}

function stuck(surroundings: Surroundings): readonly Evidence[] {
  const isStuck = stuckOnes(surroundings);
  return certain(surroundings).flatMap((fate) =>
    fate.kind === 'Untold' || !isStuck(fate)
      ? []
      : [
          {
            object: nameOf(fate.route),
            message: `calls from this namespace to ${calledTitle(fate)} will ${lose(fate)} from the restart of its pods until that is behind a waypoint: namespace ${fate.service.namespace} in turn waits until this one is in ambient`,
          },
        ],
  );
}

/** Routing and traffic policy of Services elsewhere, which sidecars apply as clients. */
export const calledRouteRules: readonly Rule[] = [
  {
    id: 'MM033',
    severity: 'Warning',
    when: 'Start',
    title: 'Route of another namespace',
    fix: 'If workloads of this namespace call these hosts, keep it on sidecars; otherwise limit the VirtualService with exportTo.',
    find: possible(false),
  },
  {
    id: 'MM034',
    severity: 'Warning',
    when: 'Start',
    title: 'DestinationRule of another namespace',
    fix: 'If workloads of this namespace call this host, keep it on sidecars; otherwise limit the DestinationRule with exportTo.',
    find: possible(true),
  },
  {
    id: 'MM094',
    severity: 'Critical',
    when: 'WhileMoving',
    back: { notAsked: 'it goes back to what it did before, by the routes that are there' },
    lasts: true,
    title: 'Routing of a called Service would be lost',
    fix: 'Keep this namespace on sidecars, or change the route so that a waypoint can follow it.',
    find: lost,
  },
  {
    id: 'MM095',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'Routing is lost for a while',
    fix: 'Nothing, if calls may go without it meanwhile. Otherwise set spec.policies.bypass to FailClosed: the namespace that is called then moves first, and refuses these calls until this one is in ambient.',
    find: stuck,
  },
];
