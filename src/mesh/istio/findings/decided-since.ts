import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { stoodBefore } from '../../made-since.ts';
import type { ConfigView, PodView } from '../../views.ts';
import { inReach, selectorOf, targetRefs } from '../vocabulary/objects.ts';
import { markOf, markOfPolicy } from '../waypoint/calls/mark.ts';
import { spend } from '../../../base/effort.ts';
import { selectedBy } from '../policy/selecting.ts';
import { isMade } from '../policy/translate/names.ts';

/*
 * What decides about calls to pods, and has come since the start: with it the same template, or the same gateway, is another thing than it was.
 */

const decidingKinds = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'];

/** Objects of these kinds, not of ours, that may select pods of the namespace, and which of them select which. */
const deciding = memoize((surroundings: Surroundings) => {
  const configs = inReach(decidingKinds, surroundings).filter(
    (config) => targetRefs(config).length === 0 && !isMade(config, surroundings),
  );
  const selecting = selectedBy(configs.map(selectorOf), spend);
  return {
    configs,
    about: memoize((labels: PodView['labels']) => selecting(labels).flatMap((place) => configs[place] ?? [])),
  };
});

/** Pods, or what makes them: who they are, however they are called, and their labels; none of what is about all. */
export interface Decided {
  readonly who: string;
  readonly labels: PodView['labels'] | undefined;
}

const markOfConfig = memoize((config: ConfigView): string => markOfPolicy('decides', config));

/** By which it is remembered that it decides about these: by itself what is for all, with them what selects some. */
export function markOfDeciding(config: ConfigView, { who }: Decided): string {
  return selectorOf(config) === undefined ? markOfConfig(config) : markOf('decides', who, markOfConfig(config));
}

/** Those of some kinds that decide about them. */
export function decidingAbout(
  kinds: readonly string[],
  { labels }: Decided,
  surroundings: Surroundings,
): readonly ConfigView[] {
  if (kinds.length === 0) return [];
  const { configs, about } = deciding(surroundings);
  const found = labels === undefined ? configs : about(labels);
  spend(found.length / 8);
  return found.filter(({ kind }) => kinds.includes(kind));
}

/** Whether without it somebody may be refused who is not with it: that it has gone decides, too. */
function letsIn({ kind, spec }: ConfigView): boolean {
  return kind === 'PeerAuthentication' || (kind === 'AuthorizationPolicy' && (spec['action'] ?? 'ALLOW') === 'ALLOW');
}

/** All of these together, as they are. */
export function markOfLetting(configs: readonly ConfigView[]): string {
  return markOf('lets in', '', configs.filter(letsIn).map(markOfConfig).sort().join(' '));
}

/**
 * Whether something decides about them since the start, or has gone that let somebody in. Where nobody has remembered
 * what did, in a journal of an older operator, what stood before the start counts as it is.
 */
export function isDecidedAnew(
  decided: Decided,
  surroundings: Surroundings,
  kinds: readonly string[] = decidingKinds,
): boolean {
  if (kinds.length === 0) return false;
  const { heldBefore: before } = surroundings;
  const about = decidingAbout(kinds, decided, surroundings);
  if (before === undefined) return about.some(({ createdAt }) => !stoodBefore(createdAt, surroundings));
  return about.some((config) => !before.has(markOfDeciding(config, decided))) || !before.has(markOfLetting(about));
}
