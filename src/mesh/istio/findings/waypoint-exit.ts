import type { Surroundings } from '../../adapter.ts';
import { itineraryOf } from '../waypoint/choose.ts';
import { unseenAddresses } from '../waypoint/exit/addresses.ts';
import { goneAround } from '../waypoint/exit/elsewhere.ts';
import { exitObstacles, unseenPorts } from '../waypoint/exit/obstacles.ts';
import { exitChangesOf } from '../waypoint/exit/proof.ts';
import type { Change } from '../waypoint/change.ts';
import { isLeaving } from '../waypoint/exit/leaving.ts';
import { isExit } from '../waypoint/exit/route.ts';
import { exitTranslationOf } from '../waypoint/exit/translation.ts';
import { isSaidElsewhere, type Problem } from '../policy/translate/problem.ts';
import { takenBySidecars } from './bypassed.ts';
import { changed } from './pods.ts';
import { severityOfRefusals, type Evidence, type Rule } from './rule.ts';

/** The rules below are about namespaces whose Services leave their waypoint. */
function onExit(
  find: (surroundings: Surroundings) => readonly Evidence[],
): (surroundings: Surroundings) => readonly Evidence[] {
  return (surroundings) => (isExit(surroundings.route) && itineraryOf(surroundings) === 'L7' ? find(surroundings) : []);
}

function evidence({ object, field, message, fix }: Problem): Evidence {
  return { object, message: `${field}: ${message}`, fix };
}

function obstacles(surroundings: Surroundings): readonly Problem[] {
  return [...exitObstacles(surroundings), ...exitTranslationOf(surroundings).problems].filter(
    ({ severity }) => severity === 'Critical',
  );
}

/** What the proof says, once nothing else stands in the way: what cannot be made need not be compared. */
function changes(kind: Change['kind']): (surroundings: Surroundings) => readonly Evidence[] {
  return onExit((surroundings) =>
    obstacles(surroundings).length > 0
      ? []
      : exitChangesOf(surroundings)
          .filter((change) => change.kind === kind)
          .map(({ object, message }) => ({ object, message })),
  );
}

function known(surroundings: Surroundings): readonly Evidence[] {
  return exitTranslationOf(surroundings)
    .problems.filter(({ severity }) => severity === 'Warning')
    .map(evidence);
}

const ends = changes('Ends');

/** What stands between a namespace behind waypoints and its sidecars, and who would notice. */
export const exitRules: readonly Rule[] = [
  {
    id: 'MM089',
    severity: 'Critical',
    when: 'Always',
    back: 'Asked',
    decidedBy: ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'],
    title: 'Cannot be carried over to sidecars',
    fix: 'Change the object as the message says, or keep this namespace in ambient.',
    find: (surroundings) => [
      ...(isExit(surroundings.route) ? unseenPorts(surroundings).map(evidence) : []),
      ...(isLeaving(surroundings)
        ? unseenAddresses(surroundings).map((each) => ({ ...evidence(each), onlyThere: true as const }))
        : []),
      ...onExit((each) =>
        obstacles(each)
          .filter((problem) => !isSaidElsewhere(problem))
          .map(evidence),
      )(surroundings),
    ],
  },
  {
    id: 'MM090',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'what sidecars enforced before they enforce again; what they do not see is MM089' },
    title: 'Sidecars would let a request through that is refused',
    fix: 'Give Services of the same pods the same policies, and remove what lets callers in directly whom the waypoint refuses; where plaintext gets through, ask for mutual TLS (PeerAuthentication STRICT); where ztunnel reads a policy otherwise, write it in full. Or keep this namespace in ambient.',
    find: (surroundings) => [...changes('Opens')(surroundings), ...changed('Opens', true)(surroundings)],
  },
  {
    id: 'MM091',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'what sidecars refused before they refuse again' },
    title: 'Sidecars would refuse a request that gets through',
    fix: 'If it is a policy that lets only the waypoint in to the pods, remove it, or add remoteIpBlocks: ["255.255.255.255/32"] to each source of its DENY rules, by which ztunnel alone enforces it. If it is one that ztunnel does not read as it is written, remove it, or write what is let through today. Or set spec.policies.refusals to Accept, or keep this namespace in ambient.',
    find: (surroundings) =>
      [...changes('Refuses')(surroundings), ...changed('Refuses', true)(surroundings)].map((each) => ({
        ...each,
        severity: severityOfRefusals(surroundings),
      })),
  },
  {
    id: 'MM092',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'it is about what others have, which keeps nobody from where he was' },
    title: 'Callers would go around waypoints elsewhere',
    fix: 'Move the namespace of that Service to sidecars first; or, if nothing here calls it, say so by naming its callers in spec.callers.',
    find: (surroundings) =>
      surroundings.route.from === 'IstioAmbient'
        ? goneAround(surroundings).map((each) => ({ ...each, others: 'Protects' as const }))
        : [],
  },
  {
    id: 'MM093',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'Behaves otherwise with sidecars',
    fix: 'Check whether you rely on it.',
    find: (surroundings) => [
      ...onExit((each) => [...known(each), ...ends(each)])(surroundings),
      ...changed('Ends', true)(surroundings),
      ...takenBySidecars(surroundings),
    ],
  },
];
