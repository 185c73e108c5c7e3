import { listed } from '../../../base/counted.ts';
import type { Surroundings } from '../../adapter.ts';
import { mayFilter, mayFilterIn, weightOf } from '../../unread-filters.ts';
import type { ConfigView, NamespaceView, TemplateView } from '../../views.ts';
import { bounded, spend } from '../../../base/effort.ts';
import { warningSteps } from '../../effort-limits.ts';
import { unreadFilterKinds, type UnreadFilterKind } from './unread-filter-kinds.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';
import { isCaptured } from './templates.ts';

/** Those that stand in the namespace, or those of the cluster. */
function inSight({ kind, scope }: UnreadFilterKind, { mesh, namespace }: Surroundings): readonly ConfigView[] {
  return scope === 'Cluster' ? mesh.configs(kind) : mesh.configs(kind, namespace.name);
}

/** Whether TCP 15008, probes and waypoints come into it: with sidecars, and outside the mesh, pods are called as they always were. */
function changesFlows({ route: { from, to } }: Surroundings): boolean {
  return from === 'IstioAmbient' || to === 'IstioAmbient';
}

/** Those that may be about pods; where that takes too long all of them count: what is unknown is not safe. */
function thoseAbout(
  filters: readonly ConfigView[],
  templates: readonly TemplateView[],
  home: NamespaceView,
): { readonly about: readonly ConfigView[]; readonly isGuess: boolean } {
  const near = filters.filter((filter) => mayFilterIn(filter, home));
  const found = bounded(warningSteps, () =>
    near.filter((filter) => {
      spend(weightOf(filter) * (1 + templates.length / 8));
      return templates.some((template) => mayFilter(filter, template, home));
    }),
  );
  return found.kind === 'Done' ? { about: found.value, isGuess: false } : { about: near, isGuess: true };
}

function unread(surroundings: Surroundings): readonly Evidence[] {
  const { namespace, workloads, otherTemplates } = surroundings;
  if (!changesFlows(surroundings)) return [];
  const templates = [...workloads, ...otherTemplates].filter(isCaptured);
  return unreadFilterKinds.flatMap((kind): readonly Evidence[] => {
    const filters = inSight(kind, surroundings);
    if (filters.length === 0) return [];
    const { about, isGuess } = thoseAbout(filters, templates, namespace);
    if (about.length === 0) return [];
    const guess = isGuess ? ' (too many to tell which, so all of them count)' : '';
    return [
      {
        object: `Namespace ${namespace.name}`,
        message: `nobody here reads what ${listed(about.map(nameOf), 3)} ${about.length === 1 ? 'says' : 'say'} about pods of it${guess}: calls that arrive on another port then (TCP 15008), from a waypoint, and probes (from 169.254.7.127) may be cut off`,
      },
    ];
  });
}

/** Packet filters that are not worked out: what is unknown is not safe. */
export const unreadFilterRules: readonly Rule[] = [
  {
    id: 'MM155',
    severity: 'Critical',
    isAcknowledgeable: true,
    when: 'BeforeFlip',
    back: { notAsked: 'to stay half-way would cut off more, and before the start it was as it was' },
    title: 'A packet filter that nobody reads here',
    fix: 'See to it that these policies open TCP 15008 between all who call each other, from waypoints and to istiod on 15012, and probes from 169.254.7.127/32. Then answer for it: spec.acknowledge with id MM155. Or write them as NetworkPolicies of Kubernetes (networking.k8s.io), which are worked out (MM139).',
    find: unread,
  },
];
