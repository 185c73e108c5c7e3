import { memoize } from '../../../../base/memoize.ts';
import { own } from '../../../../base/own.ts';
import type { Surroundings } from '../../../adapter.ts';
import { record, records, strings, type Json } from '../../../json.ts';
import { configByName } from '../../../look-up.ts';
import type { ConfigView } from '../../../views.ts';
import { nameOf } from '../../vocabulary/objects.ts';
import { spend } from '../../../../base/effort.ts';
import { selecting } from '../../policy/selecting.ts';
import { isOfExit, originalOf, targetOf } from '../../policy/translate/names.ts';
import { tlsModeLabel } from '../../policy/translate/selection.ts';
import { made } from '../../settings/resources.ts';
import { servedServices } from './served.ts';
import { exitTranslationOf } from './translation.ts';

/*
 * A Service that is replaced is gone for a while, and may come back without the label that binds it. Its pods stay where they are meanwhile, and can be called by
 * their addresses.
 */

function isThere(original: ReturnType<typeof originalOf>, { mesh }: Surroundings): boolean {
  return (
    original !== undefined && configByName(mesh.configs(original.kind, original.namespace), original.name) !== undefined
  );
}

type Labels = Readonly<Record<string, string>>;

function labelsIn(selector: Json): Labels {
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

/** Ports that a policy names; undefined if some rule of it is about all of them. */
function portsOf({ rules }: Json): readonly string[] | undefined {
  const operations = records(rules).flatMap((rule) =>
    rule['to'] === undefined ? [undefined] : records(rule['to']).map(({ operation }) => record(operation)['ports']),
  );
  return operations.includes(undefined) ? undefined : operations.flatMap(strings);
}

/** Copies that are wanted now, and stand, by their originals. */
const wantedCopies = memoize((surroundings: Surroundings): ReadonlyMap<string, readonly Json[]> => {
  const { mesh, namespace } = surroundings;
  const copies = exitTranslationOf(surroundings).manifests.filter(
    ({ role, object: { kind, metadata } }) =>
      role === 'SidecarCopy' && configByName(mesh.configs(kind, namespace.name), metadata.name) !== undefined,
  );
  const byOriginal = copies.flatMap(({ originals, object }) =>
    originals.map((original) => ({ original, spec: object.spec })),
  );
  const groups = Map.groupBy(byOriginal, ({ original }) => original);
  return new Map([...groups].map(([original, all]) => [original, all.map(({ spec }) => spec)]));
});

/**
 * Whether another copy of its original is for all of these pods: another Service leads to them now. It follows the
 * original, which one for a Service that is gone cannot.
 */
function isTakenOver(seen: ConfigView, surroundings: Surroundings): boolean {
  const original = originalOf(seen);
  const copies = original && wantedCopies(surroundings).get(nameOf(original));
  if (copies === undefined) return false;
  const select = selectingHere(surroundings);
  const ports = portsOf(seen.spec);
  // On a port that only the Service which is gone had, nobody else's copy decides.
  const alike = copies.filter((spec) => {
    const others = portsOf(spec);
    return others === undefined || ports?.every((port) => others.includes(port)) === true;
  });
  const covered = new Set(alike.flatMap((spec) => select(labelsIn(record(spec['selector'])))));
  return select(labelsIn(record(seen.spec['selector']))).every((place) => covered.has(place));
}

/** Whether a copy has to stay: its original is there, and pods that it decides about, which no other copy of it does. */
function isCopyOfGone(seen: ConfigView, surroundings: Surroundings): boolean {
  return (
    isThere(originalOf(seen), surroundings) && decidesAbout(seen, surroundings) && !isTakenOver(seen, surroundings)
  );
}

/**
 * The Services that are gone while copies for them decide about pods, with what these select: nobody but the sidecars
 * enforces that now.
 */
export const missed = memoize((surroundings: Surroundings): ReadonlyMap<string, readonly Labels[]> => {
  const { mesh, namespace } = surroundings;
  const copies = made
    .flatMap(({ kind }) => mesh.configs(kind, namespace.name))
    .filter((object) => isOfExit(object, true) && isCopyOfGone(object, surroundings));
  const selectors = copies.map((object) => ({
    service: goneOf(object, surroundings),
    labels: labelsIn(record(object.spec['selector'])),
  }));
  const known = selectors.flatMap(({ service, labels }) => (service === undefined ? [] : [{ service, labels }]));
  const groups = Map.groupBy(known, ({ service }) => service);
  return new Map([...groups].map(([service, all]) => [service, all.map(({ labels }) => labels)]));
});

/**
 * Whether something that was made for a Service has to stay though that is gone: a copy as long as the pods are there
 * that it decides about, and its original; and what goes with copies, as long as one does. By itself it would refuse
 * everybody whom it does not name.
 */
export function outlives(surroundings: Surroundings, seen: ConfigView): boolean {
  const service = goneOf(seen, surroundings);
  if (service === undefined) return false;
  return originalOf(seen) === undefined
    ? missed(surroundings).has(service) && decidesAbout(seen, surroundings)
    : isCopyOfGone(seen, surroundings);
}

/** These Services, by name. */
export function goneServices(surroundings: Surroundings): readonly string[] {
  return [...missed(surroundings).keys()].sort();
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
