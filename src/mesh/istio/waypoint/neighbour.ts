import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { leadingTo } from '../../circle.ts';
import { guarded } from '../../guarded.ts';
import { bounded, charged } from '../../../base/effort.ts';
import { chainSteps } from '../../effort-limits.ts';

function pictureOf({ route, spec, mesh, namespace, scope }: Surroundings, name: string): Surroundings {
  return {
    route,
    spec,
    mesh,
    budgets: [],
    namespace: { ...namespace, name, labels: mesh.labelsOf?.(name) ?? {}, annotations: {} },
    pods: mesh.pods(name),
    workloads: mesh.workloads(name),
    otherTemplates: mesh.otherTemplates(name),
    services: mesh.services(name),
    ...(scope && { scope }),
  };
}

/** The other namespaces that were asked from one, or from each other, by what they look like. */
const pictures = new WeakMap<Surroundings, Map<string, Surroundings>>();

function picturesFrom(surroundings: Surroundings): Map<string, Surroundings> {
  const known = pictures.get(surroundings) ?? new Map<string, Surroundings>();
  pictures.set(surroundings, known);
  return known;
}

/**
 * Another namespace as itself: what it would look like if it were asked. It is one picture for all that a look asks of
 * it, by whatever way it comes there, so that what is worked out of a picture once is worked out once.
 */
export function neighbour(surroundings: Surroundings, name: string): Surroundings {
  const known = picturesFrom(surroundings);
  const there = known.get(name) ?? pictureOf(surroundings, name);
  known.set(name, there);
  pictures.set(there, known);
  return there;
}

/**
 * The same namespaces as they look where something about the migration is otherwise: again one picture of each for all
 * that is asked from any of them.
 */
export function asIf(change: (surroundings: Surroundings) => Surroundings): (of: Surroundings) => Surroundings {
  const changed = memoize((_pictures: Map<string, Surroundings>) => new Map<string, Surroundings>());
  return memoize((surroundings) => {
    const { name } = surroundings.namespace;
    const otherwise = changed(picturesFrom(surroundings));
    const there = otherwise.get(name) ?? change(surroundings);
    if (there === surroundings) return surroundings;
    otherwise.set(name, there);
    pictures.set(there, otherwise);
    return there;
  });
}

/**
 * Asks something about another namespace. What a look there stumbles over is that namespace's: only this one answer is
 * missing then, and everything else that is asked of the namespace which looks is answered as before. Whoever may write
 * there would block all who may call him otherwise.
 */
export function askedOf<T>(
  surroundings: Surroundings,
  name: string,
  ask: (there: Surroundings) => T,
  otherwise: (why: string) => T,
): T {
  return askedAt(surroundings, neighbour(surroundings, name), ask, otherwise);
}

/** The same of one that is asked several times. */
export function askedAt<T>(
  surroundings: Surroundings,
  there: Surroundings,
  ask: (there: Surroundings) => T,
  otherwise: (why: string) => T,
): T {
  return guarded(surroundings, `looking at namespace ${there.namespace.name}`, () => ask(there), otherwise);
}

/**
 * Asks from one namespace to the next, all within the steps of one question: how many there are, and how much stands in
 * them, is for others to decide. `otherwise` is what is answered when it takes more.
 */
export function inChain<T>(work: () => T, otherwise: T): T {
  const told = bounded(chainSteps, work);
  return told.kind === 'Done' ? told.value : otherwise;
}

/** One link of it: what it takes to ask there counts for the whole. */
export function link<A, T>(ask: (name: A) => T): (name: A) => T {
  return (name) => charged(() => ask(name));
}

/** For whom a namespace waits: because it is known that one of them calls the other, or because nobody knows. */
export interface Waits {
  readonly known: readonly string[];
  /** Only those of whom the others say nothing. */
  readonly guessed: readonly string[];
}

/** For nobody. */
export const nobody: Waits = { known: [], guessed: [] };

/** The namespaces at the other end of some calls. */
export function waitsOf(calls: readonly { readonly namespace: string; readonly known: boolean }[]): Waits {
  const known = new Set(calls.filter((each) => each.known).map(({ namespace }) => namespace));
  const all = new Set(calls.map(({ namespace }) => namespace));
  return { known: [...known], guessed: [...all].filter((name) => !known.has(name)) };
}

/**
 * Those of some namespaces that do not wait in turn, in the end, for the one that would wait for them. `untold` is what
 * is said of each of them where that takes too long.
 *
 * What nobody knows may add to an order and must not dissolve it: so a circle of what is known is looked for in what is
 * known alone, and a guess gives way in any. Both depend only on who waits for whom, and on nothing that one of them has
 * decided: each decides for itself, and no circle is left, since one with a guess would have lost it.
 */
export function inNoCircle(
  home: string,
  { known, guessed }: Waits,
  waitsFor: (name: string) => Waits,
  untold: 'Waits' | 'DoesNot',
): ReadonlySet<string> {
  const asked = new Map<string, Waits>();
  const ask = link((name: string): Waits => {
    const waits = asked.get(name) ?? waitsFor(name);
    asked.set(name, waits);
    return waits;
  });
  const kept = (names: readonly string[], next: (name: string) => readonly string[]): readonly string[] => {
    if (names.length === 0) return [];
    const back = inChain<ReadonlySet<string> | undefined>(() => leadingTo(home, names, next), undefined);
    if (back === undefined) return untold === 'Waits' ? names : [];
    return names.filter((name) => !back.has(name));
  };
  return new Set([
    ...kept(known, (name) => ask(name).known),
    ...kept(guessed, (name) => {
      const waits = ask(name);
      return [...waits.known, ...waits.guessed];
    }),
  ]);
}
