import type { Finding } from '../api/common.ts';
import type { ItineraryName } from '../api/namespace-migration.ts';
import type { LabelTargets, StepPlan } from '../mesh/adapter.ts';
import { hexOf } from '../base/sha256.ts';
import type { Manifest } from '../mesh/manifest.ts';
import { orderedText } from '../mesh/seal.ts';
import { digestFrom } from '../plan/digest.ts';
import { answeredFor } from './acceptances.ts';
import type { Situation } from './situation.ts';

/** What was chosen for a namespace that is not started. */
export interface Chosen {
  readonly itinerary: ItineraryName;
  readonly waypoint: string | undefined;
  readonly labels: LabelTargets;
  readonly steps: readonly StepPlan[];
}

/** As many characters as tell two texts apart that nobody has chosen to look alike within the life of a migration. */
const partLength = 16;

function partOf(value: object): string {
  return hexOf(orderedText(value)).slice(0, partLength);
}

/** What one of them is and says; without it where it is wanted, which no plan knows. */
function said({ resource, object, follows = '' }: Manifest): object {
  const { group, plural } = resource;
  const { metadata, ...body } = object;
  return { group, plural, name: metadata.name, annotations: metadata.annotations ?? {}, follows, body };
}

/**
 * What the steps would make, by their order; the sentence instead where that cannot be told. As it is seen before the
 * start, which the checks have worked out already.
 */
function madeBy({ steps }: Chosen, { surroundings }: Situation): object {
  return steps.flatMap(({ name, work }) => {
    if (work.kind !== 'Apply') return [];
    const made = work.objects(surroundings);
    return [[name, typeof made === 'string' ? made : made.map(said)]];
  });
}

/** Findings of others about the namespace void no approval: they write what they like. */
function isOwn({ object }: Finding, namespace: string): boolean {
  return object === `Namespace ${namespace}` || object.includes(` ${namespace}/`);
}

/** What whoever approves is warned of, or what somebody has answered for. */
function warnings({ spec, surroundings: { namespace } }: Situation, findings: readonly Finding[]): readonly string[] {
  const answered = new Set(answeredFor(spec, namespace.name, findings));
  return findings
    .filter(({ severity }) => severity === 'Warning')
    .filter((finding) => answered.has(finding) || isOwn(finding, namespace.name))
    .map(({ id, object }) => `${id} ${object}`);
}

/**
 * What the plan of a namespace consists of, as far as somebody approves of it: its steps with the labels that they set,
 * the objects that are made, and what is warned of or answered for. Not what changes while nothing is decided anew:
 * pods, versions, times, the order of restarts.
 */
export function planDigest(situation: Situation, chosen: Chosen, findings: readonly Finding[]): string {
  const { itinerary, waypoint = '', labels, steps } = chosen;
  const targets = steps.flatMap(({ work }) => ('targets' in work ? [work.targets] : []));
  return digestFrom({
    steps: partOf({ itinerary, waypoint, labels, targets, names: steps.map(({ name }) => name) }),
    objects: partOf(madeBy(chosen, situation)),
    warnings: warnings(situation, findings),
  });
}
