import { listed } from '../../../../base/counted.ts';
import { bounded, spend } from '../../../../base/effort.ts';
import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import { comparisonSteps } from '../../../effort-limits.ts';
import { record, type Json } from '../../../json.ts';
import { configByName } from '../../../look-up.ts';
import type { Manifest } from '../../../manifest.ts';
import type { ConfigView } from '../../../views.ts';
import { orderedText } from '../../../seal.ts';
import { isOfExit, originalOf } from '../../policy/translate/names.ts';
import type { Manifest as Made } from '../../policy/translate/manifest.ts';
import { podsBehind, selectingPods } from '../../policy/translate/selection.ts';
import { serviceTitle, type WorkloadFacts } from '../../policy/translate/world.ts';
import { missed } from './gone.ts';
import { narrowerThanAny, narrowing } from './narrower.ts';
import { exitChangesOf } from './proof.ts';
import { isAllow } from './said.ts';
import { exitWorldOf } from './served.ts';
import { labelsIn } from './taken-over.ts';
import { exitTranslationOf } from './translation.ts';

/*
 * ALLOW policies add up at sidecars, where a waypoint asks those of one Service: what is made for one Service lets
 * in at pods that another one leads to as well. At rest nobody blocks what is written there, so where the proof
 * finds somebody who would get through to pods of one Service, what is made for others of these pods is not written,
 * or left as it is. What is made for the Service itself says only what its own waypoint says, and is followed.
 */

/** Pods at which somebody would get through to a Service, and to which; undefined: to more than one. */
interface Opened {
  readonly workloads: readonly WorkloadFacts[];
  readonly at: ReadonlyMap<WorkloadFacts, string | undefined>;
}

/**
 * Where somebody would get through to the pods of a Service, or nobody can tell: so it is of one that is away, of which
 * the proof knows nothing.
 */
const opened = memoize((surroundings: Surroundings): Opened => {
  const titles = new Set(
    exitChangesOf(surroundings)
      .filter(({ kind }) => kind === 'Opens' || kind === 'Unknown')
      .map(({ object }) => object),
  );
  const away = missed(surroundings);
  const at = new Map<WorkloadFacts, string | undefined>();
  if (titles.size + away.size === 0) return { workloads: [], at };
  const { workloads, served } = exitWorldOf(surroundings);
  function open(title: string, pods: readonly WorkloadFacts[]): void {
    spend(1 + pods.length / 8);
    for (const each of pods) at.set(each, at.has(each) && at.get(each) !== title ? undefined : title);
  }
  for (const { service } of served)
    if (titles.has(serviceTitle(service))) open(serviceTitle(service), podsBehind(service, workloads));
  const select = selectingPods(workloads);
  for (const [name, selectors] of away) {
    const title = serviceTitle({ namespace: surroundings.namespace.name, name });
    const distinct = new Map(selectors.map((selector) => [orderedText(selector), selector]));
    spend(selectors.length);
    for (const selector of distinct.values())
      open(
        title,
        select(selector).flatMap((place) => workloads[place] ?? []),
      );
  }
  return { workloads, at };
});

/** What is made that lets in, by name. */
const letsIn = memoize(
  (surroundings: Surroundings): ReadonlyMap<string, Made> =>
    new Map(
      exitTranslationOf(surroundings)
        .manifests.filter(({ object }) => object.kind === 'AuthorizationPolicy' && isAllow(object.spec))
        .map((manifest) => [manifest.object.metadata.name, manifest]),
    ),
);

/** Asked once of a Service: whatever is made for it selects the same pods. */
const opensAnotherThan = memoize((surroundings: Surroundings): ((aim: Made) => boolean) => {
  const { workloads, at } = opened(surroundings);
  const select = selectingPods(workloads);
  const known = new Map<string, boolean>();
  return ({ target, object }) => {
    if (at.size === 0) return false;
    const before = known.get(target);
    if (before !== undefined) return before;
    const places = select(labelsIn(object.spec));
    spend(1 + places.length / 8);
    const found = places
      .flatMap((place) => workloads[place] ?? [])
      .some((each) => at.has(each) && at.get(each) !== target);
    known.set(target, found);
    return found;
  };
});

/** Whether it lets in at pods of another Service at which somebody would get through. */
function opensAnother(name: string, surroundings: Surroundings): boolean {
  const aim = letsIn(surroundings).get(name);
  return aim !== undefined && opensAnotherThan(surroundings)(aim);
}

/** Whether it is a copy for the same pods: what people write of their own Service is followed, whoever else is let in. */
function isOwnWord(seen: ConfigView, wanted: Json): boolean {
  return (
    originalOf(seen) !== undefined &&
    orderedText(record(seen.spec['selector'])) === orderedText(record(wanted['selector']))
  );
}

/**
 * What may be written although it is about pods at which somebody would get through: what is not there, where something
 * of ours that stands lets in all whom it would, and what stands, where it lets in no more than it does. What is not
 * shown within the steps for it is not so.
 */
const shown = memoize((surroundings: Surroundings): ReadonlySet<string> => {
  const { mesh, namespace } = surroundings;
  const policies = mesh.configs('AuthorizationPolicy', namespace.name);
  const asked = [...letsIn(surroundings).values()].filter(opensAnotherThan(surroundings));
  const found = new Set<string>();
  bounded(comparisonSteps, () => {
    const standing = policies.filter((config) => isOfExit(config, true)).map(({ spec }) => spec);
    const [isCovered, isNarrower] = [narrowerThanAny(standing), narrowing()];
    for (const { object } of asked) {
      const seen = configByName(policies, object.metadata.name);
      if (seen !== undefined && isOwnWord(seen, object.spec)) continue;
      if (seen === undefined ? isCovered(object.spec) : isNarrower(object.spec, seen.spec))
        found.add(object.metadata.name);
    }
  });
  return found;
});

/** Whether what stands has to stay as it is: as it is wanted, it would let somebody in. */
export function staysClosed(surroundings: Surroundings, seen: ConfigView, wanted: Manifest): boolean {
  const { name } = wanted.object.metadata;
  return (
    opensAnother(name, surroundings) &&
    !isOwnWord(seen, record(wanted.object['spec'])) &&
    !shown(surroundings).has(name)
  );
}

/** What is not there and would let somebody in. */
function waits(surroundings: Surroundings): (manifest: Manifest) => boolean {
  const { mesh, namespace } = surroundings;
  const there = new Set(mesh.configs('AuthorizationPolicy', namespace.name).map(({ name }) => name));
  return ({ object: { metadata } }) =>
    !there.has(metadata.name) && opensAnother(metadata.name, surroundings) && !shown(surroundings).has(metadata.name);
}

/** What is to be made, but for what is not there and would let somebody in. */
export function notFurther(surroundings: Surroundings, manifests: readonly Manifest[]): readonly Manifest[] {
  const isWaiting = waits(surroundings);
  return manifests.filter((manifest) => !isWaiting(manifest));
}

/**
 * The originals of these that are in force nowhere because a Service is away, as phrases: whom they let in is refused.
 * Only told: nothing is written for it, so dying before or after changes nothing, and E is what holds them back.
 */
export function heldBack(surroundings: Surroundings, manifests: readonly Manifest[]): readonly string[] {
  const away = [...missed(surroundings).keys()].sort();
  if (away.length === 0) return [];
  const names = listed(away.map((name) => serviceTitle({ namespace: surroundings.namespace.name, name })));
  return manifests
    .filter(waits(surroundings))
    .map(
      ({ follows = '' }) =>
        `${follows}: it would let more in at pods of another Service, and waits as long as what was made for ${names} stands, which is not there`,
    );
}
