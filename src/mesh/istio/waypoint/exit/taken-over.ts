import { appliedAnnotation } from '../../../../api/resources.ts';
import { append, include } from '../../../../base/collected.ts';
import { bounded, spend } from '../../../../base/effort.ts';
import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import { comparisonSteps } from '../../../effort-limits.ts';
import { record, records, type Json } from '../../../json.ts';
import { configByName } from '../../../look-up.ts';
import { orderedText, type Sealed } from '../../../seal.ts';
import type { ConfigView } from '../../../views.ts';
import { selecting, type Selecting } from '../../policy/selecting.ts';
import { isOurs, originalOf } from '../../policy/translate/names.ts';
import { namedPorts } from '../../policy/translate/rewrite.ts';
import { tlsModeLabel } from '../../policy/translate/selection.ts';
import { ruleForPods } from '../../policy/translate/to-sidecar/rewrite.ts';
import { nameOf } from '../../vocabulary/objects.ts';
import { anyPort, isAllow, saidBy, type Said } from './said.ts';
import { exitTranslationOf } from './translation.ts';

/*
 * A copy for a Service that is gone follows nothing any more. Where other Services lead to its pods their copies of
 * the same original do, and decide in its place: at each place and port by themselves, several of them together if
 * need be.
 */

type Labels = Readonly<Record<string, string>>;

/** The pods that something of ours selects, whatever the sidecar in them is called. */
export function labelsIn({ selector }: Json): Labels {
  const { [tlsModeLabel]: _mode, ...labels } = record(record(selector)['matchLabels']);
  return Object.fromEntries(
    Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Everything that runs, or may come: each object that was made is asked whether it is about some of it. */
const selectingHere = memoize(({ pods, workloads, otherTemplates }: Surroundings): Selecting =>
  selecting(
    [
      ...pods.filter(({ finished }) => !finished).map(({ labels }) => labels),
      ...[...workloads, ...otherTemplates].map(({ templateLabels }) => templateLabels),
    ],
    spend,
  ),
);

/** Those that something of ours decides about. */
export function placesOf({ spec }: Pick<ConfigView, 'spec'>, surroundings: Surroundings): readonly number[] {
  return selectingHere(surroundings)(labelsIn(spec));
}

/** What something of ours is a copy of, as it is now; undefined once that is gone. */
export function originalNow(copy: ConfigView, { mesh }: Surroundings): ConfigView | undefined {
  const original = originalOf(copy);
  return original && configByName(mesh.configs(original.kind, original.namespace), original.name);
}

/** Whether it says the same at every port: then so does a copy of it, whatever Service that is for. */
function isForAllPorts({ spec }: Pick<ConfigView, 'spec'>): boolean {
  spend(1 + records(spec['rules']).length / 4);
  return namedPorts(records(spec['rules'])).length === 0;
}

/** One port for all: at which each thing is said does not matter. */
const anywhere = [{ service: 1, workload: 1 }];

function withoutPorts(rule: Json): Json {
  const operations = records(rule['to']).map((to) => {
    const { ports: _ports, notPorts: _notPorts, ...operation } = record(to['operation']) as Record<string, unknown>;
    return { operation };
  });
  return { ...rule, to: operations, when: records(rule['when']).filter(({ key }) => key !== 'destination.port') };
}

/** What an original says at one port or another, in the words of a copy; as texts. */
function textsOf({ namespace: home, spec }: ConfigView, { namespace }: Surroundings): ReadonlySet<string> {
  const toPods = { ports: anywhere, ...(home !== namespace.name && { home }) };
  const rules = records(spec['rules']).flatMap((rule) => ruleForPods(withoutPorts(rule), toPods) ?? []);
  return new Set(saidBy({ ...spec, rules }).map(({ text }) => text));
}

/** Whether one of ours says what it would be applied with now, by the seals. */
function isAsApplied(seen: ConfigView, { annotations }: Pick<Sealed, 'annotations'>): boolean {
  return seen.annotations[appliedAnnotation] === annotations?.[appliedAnnotation];
}

/**
 * Copies that are wanted now, as they stand, by their originals. What somebody has edited says what he likes, and what
 * the API server refuses to bring up to date says what its original said once: both decide in nobody's place. Safe: E,
 * what counts less lets less go. Dying before or after: nothing is written for it.
 */
const standingCopies = memoize((surroundings: Surroundings): ReadonlyMap<string, readonly Json[]> => {
  const { mesh, namespace } = surroundings;
  const copies = exitTranslationOf(surroundings)
    .manifests.filter(({ role }) => role === 'SidecarCopy')
    .flatMap(({ originals, object: { kind, metadata } }) => {
      const seen = configByName(mesh.configs(kind, namespace.name), metadata.name);
      return seen !== undefined && isOurs(seen) && isAsApplied(seen, metadata)
        ? originals.map((original) => ({ original, spec: seen.spec }))
        : [];
    });
  const groups = Map.groupBy(copies, ({ original }) => original);
  return new Map([...groups].map(([original, all]) => [original, all.map(({ spec }) => spec)]));
});

/** What is said at each port, as texts. */
type Decisions = ReadonlyMap<string, ReadonlySet<string>>;

function together(policies: readonly Json[]): Decisions {
  const found = new Map<string, Set<string>>();
  for (const { text, ports } of policies.flatMap(saidBy)) for (const port of ports) include(found, port, text);
  return found;
}

/** What the copies of an original decide, place by place; undefined where there is none. */
type DecidedAt = (place: number) => Decisions | undefined;

/** Copies that say the same count once, and so do places at which the same ones are. */
function decidedBy(copies: readonly Json[], surroundings: Surroundings): DecidedAt {
  const distinct = new Map(
    copies.map((spec) => {
      const text = orderedText({ ...spec, selector: labelsIn(spec) });
      spend(1 + text.length / 64);
      return [text, spec];
    }),
  );
  const at = new Map<number, Json[]>();
  for (const spec of distinct.values()) {
    const places = placesOf({ spec }, surroundings);
    spend(places.length / 8);
    for (const place of places) append(at, place, spec);
  }
  const ids = new Map([...distinct.values()].map((spec, id) => [spec, id]));
  const known = new Map<string, Decisions>();
  return (place) => {
    const here = at.get(place);
    if (here === undefined) return undefined;
    spend(1 + here.length / 8);
    const key = here.map((spec) => ids.get(spec)).join();
    const decisions = known.get(key) ?? together(here);
    known.set(key, decisions);
    return decisions;
  };
}

function isSaid(text: string | undefined, at: ReadonlySet<string> | undefined): boolean {
  return at !== undefined && (text === undefined || at.has(text));
}

/** Of which it matters what is said; without a text only that something is. */
function areSaid(needed: readonly Partial<Said>[], decisions: Decisions): boolean {
  return needed.every(({ text, ports = [] }) => {
    spend(1 + ports.length / 8);
    return ports.every((port) => [port, anyPort].some((each) => isSaid(text, decisions.get(each))));
  });
}

/**
 * What others have to say before a copy may go. Where the original is the same at every port they say what it says now,
 * so that only the ports count. What lets in, and is no word of the original any more, nobody has to say.
 */
function neededOf({ spec }: ConfigView, original: ConfigView, surroundings: Surroundings): readonly Partial<Said>[] {
  const said = saidBy(spec);
  if (isForAllPorts(original)) return [{ ports: [...new Set(said.flatMap(({ ports }) => ports))] }];
  if (!isAllow(spec)) return said;
  const words = textsOf(original, surroundings);
  return said.filter(({ text }) => words.has(text));
}

/**
 * Those of some copies for which others decide: another Service leads to each of their pods now, at each of their ports.
 * What is not shown within the steps for it is not so.
 */
export function takenOver(copies: readonly ConfigView[], surroundings: Surroundings): ReadonlySet<ConfigView> {
  const found = new Set<ConfigView>();
  const byOriginal = Map.groupBy(copies, (copy) => originalNow(copy, surroundings));
  bounded(comparisonSteps, () => {
    for (const [original, all] of byOriginal) {
      const others = original && standingCopies(surroundings).get(nameOf(original));
      if (original === undefined || others === undefined) continue;
      const decidedAt = decidedBy(others, surroundings);
      for (const copy of all) {
        const needed = neededOf(copy, original, surroundings);
        // Alike at all places where the same ones decide.
        const decisions = new Set(placesOf(copy, surroundings).map(decidedAt));
        if ([...decisions].every((each) => each !== undefined && areSaid(needed, each))) found.add(copy);
      }
    }
  });
  return found;
}
