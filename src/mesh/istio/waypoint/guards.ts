import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Manifest } from '../../manifest.ts';
import { record, records, strings, type Json } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { exitChangesOf } from './exit/proof.ts';
import { isExit } from './exit/route.ts';
import { changesOf } from './proof.ts';
import { translationOf } from './translation.ts';

/** All fields of a guard's one rule: sources and operations have none in common. */
function fieldsOf({ rules }: Json): Json {
  const [rule] = records(rules);
  const [from] = records(rule?.['from']);
  const [to] = records(rule?.['to']);
  return { ...record(from?.['source']), ...record(to?.['operation']) };
}

function isWithin(these: unknown, those: unknown): boolean {
  const outer = strings(those);
  return strings(these).every((value) => outer.includes(value));
}

/** Whether a field of a DENY takes requests out of it that are in it now; one that is absent takes none out. */
function leavesOut(field: string, seen: unknown, wanted: unknown): boolean {
  if (field.startsWith('not')) return !isWithin(wanted, seen);
  return wanted !== undefined && (seen === undefined || !isWithin(seen, wanted));
}

/**
 * Whether a guard would refuse less of what reaches its pods. Which pods these are is the Service's to say, and
 * followed at once.
 */
export function refusesLess(seen: Json, wanted: Json): boolean {
  const [before, after] = [fieldsOf(seen), fieldsOf(wanted)];
  return Object.keys({ ...before, ...after }).some((field) => leavesOut(field, before[field], after[field]));
}

/** Whether the proof finds a request that would get through; what cannot be worked out may open as well. */
export function opens(surroundings: Surroundings): boolean {
  return (isExit(surroundings.route) ? exitChangesOf : changesOf)(surroundings).some(
    ({ kind }) => kind === 'Opens' || kind === 'Unknown',
  );
}

/**
 * Whether a guard has to stay as it is: without it, or as it is wanted, it would refuse less, and the proof finds a
 * request that would get through then. Said of a guard that has been made; more is refused at once.
 */
export function guardStays(surroundings: Surroundings, seen: ConfigView, wanted: Manifest | undefined): boolean {
  return (wanted === undefined || refusesLess(seen.spec, record(wanted.object['spec']))) && opens(surroundings);
}

/** As if nothing were to stay direct; the same picture each time, so that what follows from it is worked out once. */
const nothingDirect = memoize((surroundings: Surroundings): Surroundings => {
  const { spec } = surroundings;
  return { ...surroundings, spec: { ...spec, policies: { ...spec.policies, direct: [] } } };
});

function isDirect({ spec, namespace }: Surroundings): boolean {
  return spec.policies.direct.some((entry) => entry.namespace === namespace.name);
}

/** The guards of Services at which somebody gets through by what may go past them. */
function holed(surroundings: Surroundings): ReadonlySet<string> {
  const opened = new Set(
    changesOf(surroundings)
      .filter(({ kind }) => kind === 'Opens')
      .map(({ object }) => object),
  );
  const guards = translationOf(surroundings).manifests.filter(
    ({ role, target }) => role === 'Guard' && opened.has(target),
  );
  return new Set(guards.map(({ object }) => object.metadata.name));
}

/**
 * Guards as they are to be. What may go past one goes by it as long as the proof finds nothing that gets through by
 * that: a policy that is edited later may make a hole of it, and the guard of that Service without it only refuses more.
 */
export function withoutHoles(
  surroundings: Surroundings,
  guardsOf: (surroundings: Surroundings) => readonly Manifest[],
): readonly Manifest[] {
  const guards = guardsOf(surroundings);
  const holes = isDirect(surroundings) ? holed(surroundings) : new Set<string>();
  if (holes.size === 0) return guards;
  const whole = new Map(guardsOf(nothingDirect(surroundings)).map((guard) => [guard.object.metadata.name, guard]));
  return guards.map((guard) => {
    const { name } = guard.object.metadata;
    return holes.has(name) ? (whole.get(name) ?? guard) : guard;
  });
}
