import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { record } from '../../json.ts';
import { hasLabels } from '../../has-labels.ts';
import type { ConfigView } from '../../views.ts';
import { onlyRevision } from '../settings/mesh-config.ts';
import { spend } from '../../../base/effort.ts';
import { injectedLabels, withInjected } from '../policy/injected.ts';
import { selecting } from '../policy/selecting.ts';
import { forAllRevisions, readByRevision } from '../policy/translate/revision.ts';
import { isNarrowed } from '../policy/translate/selection.ts';
import { itineraryOf } from '../waypoint/choose.ts';
import { isExit } from '../waypoint/exit/route.ts';
import { unlessOnSidecars } from './of-sidecars.ts';
import { misreadPeers } from './peer-modes.ts';
import { applicable } from './applicable.ts';
import type { Evidence, Rule } from './rule.ts';
import { nameOf, selectorOf, targetRefs } from '../vocabulary/objects.ts';

/**
 * The namespace as if each of its templates had its pods, with their sidecars: one at zero replicas has none that show
 * their labels.
 */
const withSidecars = memoize((surroundings: Surroundings): Surroundings => {
  const running = surroundings.workloads.map((workload) => ({
    ...workload,
    templateLabels: withInjected(workload.templateLabels, workload.name),
  }));
  return { ...surroundings, workloads: [...surroundings.workloads, ...running] };
});

function selectorPolicies(surroundings: Surroundings): readonly ConfigView[] {
  const all = withSidecars(surroundings);
  return [
    ...applicable('AuthorizationPolicy', all).filter((policy) => targetRefs(policy).length === 0),
    ...applicable('PeerAuthentication', all),
  ];
}

/**
 * Whether the policy selects an injected pod, one that runs or the next one of a template, by labels that the templates
 * of the namespace do not have.
 */
function selectsByInjection(policy: ConfigView, surroundings: Surroundings): boolean {
  const matchLabels = selectorOf(policy);
  if (matchLabels === undefined || !injectedLabels.some((key) => Object.hasOwn(matchLabels, key))) return false;
  const { byName, before, asInjected } = templatesIn(surroundings);
  const next = asInjected(matchLabels);
  spend(next.length / 8);
  if (next.some((place) => !hasLabels(before[place] ?? {}, matchLabels))) return true;
  const pods = podsIn(surroundings.pods)(matchLabels);
  spend(pods.length / 8);
  return pods.some((place) => {
    const owner = surroundings.pods[place]?.owner;
    const labels = byName.get(`${owner?.kind} ${owner?.name}`);
    return labels === undefined || !hasLabels(labels, matchLabels);
  });
}

const podsIn = memoize((pods: Surroundings['pods']) =>
  selecting(
    pods.map(({ labels }) => labels),
    spend,
  ),
);

/** Of all templates: their labels by kind and name, and what the injector makes of them. Every policy asks. */
const templatesIn = memoize(({ workloads, otherTemplates }: Surroundings) => {
  const all = [...workloads, ...otherTemplates];
  return {
    byName: new Map(all.toReversed().map(({ kind, name, templateLabels }) => [`${kind} ${name}`, templateLabels])),
    before: all.map(({ templateLabels }) => templateLabels),
    asInjected: selecting(
      all.map(({ name, templateLabels }) => withInjected(templateLabels, name)),
      spend,
    ),
  };
});

/**
 * istiod gives ztunnel an AuthorizationPolicy as one of a namespace only without `selector`, and as one of a workload
 * only with `matchLabels` in it (empty ones select every pod): with `selector: {}` it is neither
 * (convertAuthorizationPolicy and buildWorkloadPolicies in pilot/pkg/serviceregistry/ambient). Sidecars apply it to
 * every pod.
 */
function hasEmptySelector({ kind, spec }: ConfigView): boolean {
  const { selector } = spec;
  return (
    kind === 'AuthorizationPolicy' &&
    selector !== undefined &&
    selector !== null &&
    (record(selector)['matchLabels'] ?? null) === null
  );
}

/** Behind a waypoint it is MM080, on the way from behind one MM089: nothing is made of such a policy. */
function ofRevision(surroundings: Surroundings): readonly Evidence[] {
  if (itineraryOf(surroundings) === 'L7') return [];
  return selectorPolicies(surroundings).flatMap((policy) => {
    const why = readByRevision(policy, onlyRevision(surroundings.mesh));
    return why === undefined ? [] : [{ object: nameOf(policy), message: why, fix: forAllRevisions }];
  });
}

/**
 * On the way to sidecars such a policy comes into force: whom it then refuses, and whom it lets in, is what MM090 and
 * MM091 say.
 */
function unattached(surroundings: Surroundings): readonly Evidence[] {
  if (isExit(surroundings.route)) return [];
  return selectorPolicies(surroundings).flatMap((policy) => {
    if (hasEmptySelector(policy))
      return [
        {
          object: nameOf(policy),
          message: 'its selector is there but empty: sidecars apply it to every pod, ztunnel to none',
        },
      ];
    // Narrowed to sidecars on purpose: behind a waypoint the copy takes over (MM080 says when that is the remedy).
    if (
      policy.kind === 'AuthorizationPolicy' &&
      isNarrowed({ selector: selectorOf(policy) ?? {} }) &&
      itineraryOf(surroundings) === 'L7'
    )
      return [];
    return selectsByInjection(policy, surroundings)
      ? [
          {
            object: nameOf(policy),
            message:
              'it selects pods by a label that only the injector sets: pods without a sidecar do not have it, so the policy would not apply to them',
          },
        ]
      : [];
  });
}

/** Policies that both data planes can evaluate, but that would not be in force for the pods they protect now. */
export const attachmentRules: readonly Rule[] = [
  {
    id: 'MM027',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'a policy that was not to apply there did not before the start' },
    title: 'Policy would not apply to pods without a sidecar',
    fix: 'Select the pods by labels of their own template, or leave the selector out to mean every pod of the namespace.',
    find: (surroundings) => [...unattached(surroundings), ...ofRevision(surroundings)],
  },
  {
    id: 'MM028',
    severity: 'Critical',
    when: 'Always',
    back: 'AskedToAmbient',
    title: 'Mutual TLS that ztunnel reads otherwise',
    fix: 'Set mtls.mode STRICT in the PeerAuthentication, name in portLevelMtls the ports that are PERMISSIVE, and give namespace-wide policies a mode and no selector.',
    find: unlessOnSidecars(misreadPeers),
  },
];
