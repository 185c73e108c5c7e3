import { memoize } from '../../../../base/memoize.ts';
import { own } from '../../../../base/own.ts';
import type { Surroundings } from '../../../adapter.ts';
import { record, type Json } from '../../../json.ts';
import { configByName } from '../../../look-up.ts';
import type { ConfigView } from '../../../views.ts';
import { spend } from '../../policy/effort.ts';
import { selecting } from '../../policy/selecting.ts';
import { isOfExit, originalOf, targetOf } from '../../policy/translate/names.ts';
import { tlsModeLabel } from '../../policy/translate/selection.ts';
import { made } from '../../resources.ts';
import { servedServices } from './served.ts';

/*
 * A Service that is replaced is gone for a while, and may come back without the label that binds it. Its pods stay where they are meanwhile, and can be called by
 * their addresses.
 */

function isThere(original: ReturnType<typeof originalOf>, { mesh }: Surroundings): boolean {
  return (
    original === undefined || configByName(mesh.configs(original.kind, original.namespace), original.name) !== undefined
  );
}

function labelsIn(selector: Json): Readonly<Record<string, string>> {
  const { [tlsModeLabel]: _mode, ...labels } = record(selector['matchLabels']);
  return Object.fromEntries(
    Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Everything that runs, or may come: each object that was made is asked whether it is about some of it. */
const selectingHere = memoize(({ pods, workloads, otherTemplates }: Surroundings) =>
  selecting(
    [
      ...pods.filter(({ finished }) => !finished).map(({ labels }) => labels),
      ...[...workloads, ...otherTemplates].map(({ templateLabels }) => templateLabels),
    ],
    spend,
  ),
);

function decidesAbout({ spec }: ConfigView, surroundings: Surroundings): boolean {
  return selectingHere(surroundings)(labelsIn(record(spec['selector']))).length > 0;
}

const served = memoize(
  (surroundings: Surroundings): ReadonlySet<string> =>
    new Set(servedServices(surroundings).map(({ service }) => service.name)),
);

/** The Service that something was made for, if it was behind a waypoint and is not there any more. */
function goneOf(object: ConfigView, surroundings: Surroundings): string | undefined {
  const target = targetOf(object);
  if (target?.kind !== 'Service' || own(surroundings.records, target.name) === undefined) return undefined;
  return served(surroundings).has(target.name) ? undefined : target.name;
}

/**
 * Whether something that was made for a Service has to stay though that is gone: as long as the pods are there that it
 * decides about, and its original.
 */
export function outlives(surroundings: Surroundings, seen: ConfigView): boolean {
  return (
    goneOf(seen, surroundings) !== undefined &&
    isThere(originalOf(seen), surroundings) &&
    decidesAbout(seen, surroundings)
  );
}

/**
 * The Services that are gone while something stands that was made for them after an original of theirs: nobody but the
 * sidecars enforces that now.
 */
export function goneServices(surroundings: Surroundings): readonly string[] {
  const { mesh, namespace } = surroundings;
  const names = made
    .flatMap(({ kind }) => mesh.configs(kind, namespace.name))
    .filter((object) => isOfExit(object, true) && originalOf(object) !== undefined && outlives(surroundings, object))
    .flatMap((object) => goneOf(object, surroundings) ?? []);
  return [...new Set(names)].sort();
}

/**
 * The Services of which it has to be known what they were: those behind a waypoint, and those that are gone for as long
 * as something stands that was made for them.
 */
export function servedEver(surroundings: Surroundings): readonly string[] {
  const { mesh, namespace } = surroundings;
  const gone = made
    .flatMap(({ kind }) => mesh.configs(kind, namespace.name))
    .filter((object) => isOfExit(object, true))
    .flatMap((object) => goneOf(object, surroundings) ?? []);
  return [...served(surroundings), ...new Set(gone)];
}
