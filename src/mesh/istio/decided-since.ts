import { memoize } from '../../base/memoize.ts';
import type { Surroundings } from '../adapter.ts';
import { hasLabels } from '../has-labels.ts';
import { stoodBefore } from '../made-since.ts';
import type { ConfigView, PodView } from '../views.ts';
import { selectorOf } from './findings/rule.ts';
import { markOfPolicy } from './mark.ts';
import { isMade } from './policy/translate/names.ts';

/*
 * What decides about calls to pods, and has come since the start: with it the same template, or the same gateway, is another thing than it was.
 */

/** Objects of some kinds, not of ours, that may select pods of the namespace. */
export function inReach(kinds: readonly string[], surroundings: Surroundings): readonly ConfigView[] {
  const { mesh, namespace } = surroundings;
  const homes = [...new Set([namespace.name, mesh.rootNamespace])];
  return kinds
    .flatMap((kind) => homes.flatMap((home) => mesh.configs(kind, home)))
    .filter((config) => !isMade(config, surroundings));
}

/** By which it is remembered. */
export function markOfDeciding(config: ConfigView): string {
  return markOfPolicy('decides', config);
}

/** Whether it selects pods with these labels, or may select some. */
export function maySelect(config: ConfigView, labels: PodView['labels'] | undefined): boolean {
  const selector = selectorOf(config);
  return selector === undefined || labels === undefined || hasLabels(labels, selector);
}

const decidingKinds = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'];

/**
 * What decides since the start. Where nobody has remembered what did, in a journal of an older operator, what stood
 * before the start counts as it is.
 */
const decidingSince = memoize((surroundings: Surroundings): readonly ConfigView[] =>
  inReach(decidingKinds, surroundings).filter((config) =>
    surroundings.heldBefore === undefined
      ? !stoodBefore(config.createdAt, surroundings)
      : !surroundings.heldBefore.has(markOfDeciding(config)),
  ),
);

/** Whether something has come since the start that decides about pods with these labels. */
export function isDecidedAnew(
  labels: PodView['labels'] | undefined,
  surroundings: Surroundings,
  kinds: readonly string[] = decidingKinds,
): boolean {
  if (kinds.length === 0) return false;
  return decidingSince(surroundings).some((config) => kinds.includes(config.kind) && maySelect(config, labels));
}
