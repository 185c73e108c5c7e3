import { listed } from '../../../base/counted.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Nameless } from '../waypoint/calls/nameless-calls.ts';
import { namelessForGood } from '../waypoint/awaits-nameless.ts';
import { nameOf } from '../vocabulary/objects.ts';
import { severityOfRefusals, type Evidence, type Rule } from './rule.ts';

const consequences: Readonly<Record<Nameless['effect'], string>> = {
  Opens: 'what it refuses may get through',
  Refuses: 'it refuses what it lets through now',
};

/** One finding for each policy, wherever it decides; what may get through is said first. */
function byPolicy(all: readonly Nameless[], surroundings: Surroundings): readonly Evidence[] {
  const byEffect = [...all].sort((one, other) => Number(one.effect === 'Refuses') - Number(other.effect === 'Refuses'));
  return [...Map.groupBy(byEffect, ({ policy }) => policy)].flatMap(([policy, places]): readonly Evidence[] => {
    const [first] = places;
    if (first === undefined) return [];
    const where = listed([...new Set(places.map(({ namespace, pods }) => `${namespace} (${listed(pods)})`))]);
    return [
      {
        object: nameOf(policy),
        ...(first.effect === 'Refuses' && { severity: severityOfRefusals(surroundings) }),
        message: `it decides by who calls, and with their sidecars workloads here call in plaintext, without an identity, ${first.how}: ${consequences[first.effect]} at ${where}; ${first.called}`,
      },
    ];
  });
}

function find(surroundings: Surroundings): readonly Evidence[] {
  const all = namelessForGood(surroundings);
  const isOwn = ({ namespace }: Nameless): boolean => namespace === surroundings.namespace.name;
  return [
    ...byPolicy(all.filter(isOwn), surroundings),
    ...byPolicy(
      all.filter((each) => !isOwn(each)),
      surroundings,
    ).map((each) => ({ ...each, others: 'Protects' as const })),
  ];
}

/** What those who are called could not decide any more about callers that get sidecars. */
export const namelessRules: readonly Rule[] = [
  {
    id: 'MM136',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'calls that lose the identity of their caller are waited for on the way back' },
    title: 'Calls would lose the identity of their caller',
    fix: 'Where something may get through: ask for mutual TLS there (PeerAuthentication STRICT). Where a headless Service is called: call one with a cluster IP, or move the called first or in the same migration. Where sidecars are not told of the Service: have the Sidecar (egress hosts) and exportTo let them know it. Where they leave calls alone: take the annotation out of the template, or the setting out of the values of the injector. Or, if these do not call them, say so by naming their callers in spec.callers.',
    find,
  },
];
