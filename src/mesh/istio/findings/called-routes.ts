import type { Surroundings } from '../../adapter.ts';
import { calledRoutes, calledTitle, waitsForThis, type Fate } from '../waypoint/called-routes.ts';
import { isFollowedHere, isStranger } from './reach.ts';
import { concernsNamespace, hostsOf, lostTrafficPolicy, meshRoutes } from './route-objects.ts';
import { nameOf, type Evidence, type Rule } from './rule.ts';

/** What is known of routes is known of sidecars that leave for ambient; otherwise every route counts as one that is followed. */
function fates(surroundings: Surroundings): readonly Fate[] {
  const { route: { from, to }, namespace: { name }, mesh } = surroundings;
  if (from === 'IstioSidecar' && to === 'IstioAmbient') return calledRoutes(surroundings);
  return [...meshRoutes(surroundings), ...mesh.configs('DestinationRule').filter((rule) => lostTrafficPolicy(rule).length > 0)]
    .filter((route) => !concernsNamespace(route, name) && isFollowedHere(route, surroundings, route.namespace))
    .map((route) => ({ kind: 'Elsewhere', route, hosts: hostsOf(route) }));
}

function isKind(fate: Fate, traffic: boolean): boolean {
  return (fate.route.kind === 'DestinationRule') === traffic;
}

function lose({ route }: Fate): string {
  return route.kind === 'DestinationRule' ? `lose ${lostTrafficPolicy(route).join(', ')}` : 'no longer follow it';
}

function remedy(fate: Extract<Fate, { readonly kind: 'Unbound' }>): string {
  return fate.willMove
    ? `Migrate namespace ${fate.service.namespace} first: its waypoint then does it for all callers.`
    : `Put a waypoint before ${calledTitle(fate)}: its namespace has left its sidecars already.`;
}

function possible(traffic: boolean): (surroundings: Surroundings) => readonly Evidence[] {
  return (surroundings) => fates(surroundings).filter((fate) => isKind(fate, traffic)).flatMap((fate): readonly Evidence[] => {
    const object = nameOf(fate.route);
    switch (fate.kind) {
      case 'Elsewhere': return [{ object, message: `calls from this namespace to ${fate.hosts.join(', ')} would ${lose(fate)}` }];
      case 'Unbound': return fate.calls === 'Yes' ? [] : [{
        object, message: `calls from this namespace to ${calledTitle(fate)} would ${lose(fate)} until that is behind a waypoint, and nobody knows whether there are any`,
        fix: `${remedy(fate)} If no workload of this namespace calls it, name its callers in spec.callers.`,
      }];
      case 'Lost': return fate.calls === 'Yes' ? [] : [{ object, message: `calls from this namespace to ${calledTitle(fate)} would ${lose(fate)}, behind a waypoint too (${fate.why}), and nobody knows whether there are any` }];
    }
  });
}

/** Routes of Services that workloads of the namespace are known to call. */
function certain(surroundings: Surroundings): readonly Extract<Fate, { readonly calls: string }>[] {
  return fates(surroundings).flatMap((fate) => (fate.kind !== 'Elsewhere' && fate.calls === 'Yes' ? [fate] : []));
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

/** A stranger's is only named; for one beside the Service that is called, its owner and this one's agree before anybody moves on. */
function othersOf({ route, service }: Extract<Fate, { readonly calls: string }>, surroundings: Surroundings): Pick<Evidence, 'others'> {
  if (!isStranger(route, surroundings)) return {};
  return { others: isStranger(route, surroundings, service.namespace) ? 'Noted' : 'Holds' };
}

function lost(surroundings: Surroundings): readonly Evidence[] {
  const isStuck = stuckOnes(surroundings);
  return certain(surroundings).filter((fate) => !isStuck(fate)).map((fate) => {
    const start = `workloads of this namespace call ${calledTitle(fate)}, and without their sidecars would ${lose(fate)}`;
    const evidence = fate.kind === 'Unbound'
      ? { object: nameOf(fate.route), message: `${start} until that is behind a waypoint`, fix: remedy(fate) }
      : { object: nameOf(fate.route), message: `${start}: ${fate.why}` };
    return { ...evidence, ...othersOf(fate, surroundings) };
  });
}

function stuck(surroundings: Surroundings): readonly Evidence[] {
  return certain(surroundings).filter(stuckOnes(surroundings)).map((fate) => ({
    object: nameOf(fate.route),
    message: `calls from this namespace to ${calledTitle(fate)} will ${lose(fate)} from the restart of its pods until that is behind a waypoint: namespace ${fate.service.namespace} in turn waits until this one is in ambient`,
  }));
}

/** Routing and traffic policy of Services elsewhere, which sidecars apply as clients. */
export const calledRouteRules: readonly Rule[] = [
  {
    id: 'MM033', severity: 'Warning', when: 'Start', title: 'Route of another namespace',
    fix: 'If workloads of this namespace call these hosts, keep it on sidecars; otherwise limit the VirtualService with exportTo.',
    find: possible(false),
  },
  {
    id: 'MM034', severity: 'Warning', when: 'Start', title: 'DestinationRule of another namespace',
    fix: 'If workloads of this namespace call this host, keep it on sidecars; otherwise limit the DestinationRule with exportTo.',
    find: possible(true),
  },
  {
    id: 'MM094', severity: 'Critical', when: 'WhileMoving', title: 'Routing of a called Service would be lost',
    fix: 'Keep this namespace on sidecars, or change the route so that a waypoint can follow it.',
    find: lost,
  },
  {
    id: 'MM095', severity: 'Warning', when: 'Start', title: 'Routing is lost for a while',
    fix: 'Nothing, if calls may go without it meanwhile. Otherwise set spec.policies.bypass to FailClosed: the namespace that is called then moves first, and refuses these calls until this one is in ambient.',
    find: stuck,
  },
];
