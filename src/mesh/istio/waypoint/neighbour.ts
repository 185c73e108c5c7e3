import type { Surroundings } from '../../adapter.ts';
import { leadingTo } from '../../circle.ts';
import { guarded } from '../guarded.ts';
import { bounded, chainSteps, charged } from '../policy/effort.ts';

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

/**
 * Another namespace as itself: what it would look like if it were asked. It is one picture for all that a look asks of
 * it, by whatever way it comes there, so that what is worked out of a picture once is worked out once.
 */
export function neighbour(surroundings: Surroundings, name: string): Surroundings {
  const known = pictures.get(surroundings) ?? new Map<string, Surroundings>();
  const there = known.get(name) ?? pictureOf(surroundings, name);
  known.set(name, there);
  pictures.set(surroundings, known);
  pictures.set(there, known);
  return there;
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

/**
 * Those of some namespaces that do not wait in turn, in the end, for the one that would wait for them. One search tells
 * it of all of them. `untold` is what is said of each of them where that takes too long.
 */
export function inNoCircle(
  home: string,
  names: readonly string[],
  waitsFor: (name: string) => readonly string[],
  untold: 'Waits' | 'DoesNot',
): readonly string[] {
  const back = inChain<ReadonlySet<string> | 'Waits' | 'DoesNot'>(() => leadingTo(home, names, link(waitsFor)), untold);
  if (back === 'Waits') return names;
  return back === 'DoesNot' ? [] : names.filter((name) => !back.has(name));
}
