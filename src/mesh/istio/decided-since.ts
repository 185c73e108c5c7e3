import { memoize } from '../../base/memoize.ts';
import type { Surroundings } from '../adapter.ts';
import { hasLabels } from '../has-labels.ts';
import { stoodBefore } from '../made-since.ts';
import type { ConfigView, PodView } from '../views.ts';
import { selectorOf } from './findings/rule.ts';
import { markOf, markOfPolicy } from './mark.ts';
import { isMade } from './policy/translate/names.ts';

/*
 * What decides about calls to pods, and has come since the start: with it the same template, or the same gateway, is another thing than it was.
 */

const decidingKinds = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'];

/** Objects of these kinds, not of ours, that may select pods of the namespace: its own, and those of the mesh. */
const deciding = memoize((surroundings: Surroundings): readonly ConfigView[] => {
  const { mesh, namespace } = surroundings;
  const homes = [...new Set([namespace.name, mesh.rootNamespace])];
  return decidingKinds
    .flatMap((kind) => homes.flatMap((home) => mesh.configs(kind, home)))
    .filter((config) => !isMade(config, surroundings));
});

/** By which it is remembered. */
export const markOfDeciding = memoize((config: ConfigView): string => markOfPolicy('decides', config));

/** Whether it selects pods with these labels, or may select some. */
export function maySelect(config: ConfigView, labels: PodView['labels'] | undefined): boolean {
  const selector = selectorOf(config);
  return selector === undefined || labels === undefined || hasLabels(labels, selector);
}

/** Those of some kinds that decide about pods with these labels. */
export function decidingAbout(
  kinds: readonly string[],
  labels: PodView['labels'] | undefined,
  surroundings: Surroundings,
): readonly ConfigView[] {
  if (kinds.length === 0) return [];
  return deciding(surroundings).filter((config) => kinds.includes(config.kind) && maySelect(config, labels));
}

/**
 * What decides since the start. Where nobody has remembered what did, in a journal of an older operator, what stood
 * before the start counts as it is.
 */
const decidingSince = memoize((surroundings: Surroundings): readonly ConfigView[] =>
  deciding(surroundings).filter((config) =>
    surroundings.heldBefore === undefined
      ? !stoodBefore(config.createdAt, surroundings)
      : !surroundings.heldBefore.has(markOfDeciding(config)),
  ),
);

/** Whether without it somebody may be refused who is not with it: that it has gone decides, too. */
function letsIn({ kind, spec }: ConfigView): boolean {
  return kind === 'PeerAuthentication' || (kind === 'AuthorizationPolicy' && (spec['action'] ?? 'ALLOW') === 'ALLOW');
}

/** All of these together, as they are. */
export function markOfLetting(configs: readonly ConfigView[]): string {
  return markOf('lets in', '', configs.filter(letsIn).map(markOfDeciding).sort().join(' '));
}

/**
 * Whether something has come since the start that decides about pods with these labels, or has gone that let somebody
 * in.
 */
export function isDecidedAnew(
  labels: PodView['labels'] | undefined,
  surroundings: Surroundings,
  kinds: readonly string[] = decidingKinds,
): boolean {
  if (kinds.length === 0) return false;
  const { heldBefore } = surroundings;
  const about = decidingAbout(kinds, labels, surroundings);
  const since = new Set(decidingSince(surroundings));
  if (about.some((config) => since.has(config))) return true;
  return heldBefore !== undefined && !heldBefore.has(markOfLetting(about));
}
