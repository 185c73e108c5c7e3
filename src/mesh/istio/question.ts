import { Recent } from '../../base/recent.ts';
import type { Surroundings } from '../adapter.ts';
import type { ConfigView, PodView, ServiceView, TemplateView, WorkloadView } from '../views.ts';
import { guarded } from './guarded.ts';
import { injects } from './injection.ts';
import { bounded, spend } from './policy/effort.ts';
import { neighbour } from './waypoint/neighbour.ts';

/*
 * What everybody asks about everybody: each look at one namespace looks at what stands in all others, and whoever writes there decides how much that is.
 * So it is asked in one way only, in which nobody can forget to count it, or to remember it, or to keep a fault there from those who ask.
 */

/**
 * A namespace as such a question sees it. What is read of it is noted: the answer counts for as long as all of that is
 * the same.
 */
export interface There {
  readonly name: string;
  rootNamespace(): string;
  label(key: string): string | undefined;
  /** Whether its pods get sidecars. */
  injects(): boolean;
  pods(): readonly PodView[];
  workloads(): readonly WorkloadView[];
  otherTemplates(): readonly TemplateView[];
  services(): readonly ServiceView[];
  /** Objects of a kind that apply there: its own, and those of the root namespace. */
  configs(kind: string): readonly ConfigView[];
}

/** How something is read, and what was read. */
interface Noted {
  readonly read: (of: Surroundings) => unknown;
  readonly value: unknown;
}

function thereOf(of: Surroundings, note: (noted: Noted) => void): There {
  function noted<T>(read: (of: Surroundings) => T): T {
    const value = read(of);
    note({ read, value });
    return value;
  }
  const { name } = of.namespace;
  const rootNamespace = (): string => noted(({ mesh }) => mesh.rootNamespace);
  return {
    name,
    rootNamespace,
    label: (key) => noted(({ namespace }) => namespace.labels[key]),
    injects: () => noted(({ namespace }) => injects(namespace.labels)),
    pods: () => noted(({ pods }) => pods),
    workloads: () => noted(({ workloads }) => workloads),
    otherTemplates: () => noted(({ otherTemplates }) => otherTemplates),
    services: () => noted(({ services }) => services),
    configs: (kind) =>
      [...new Set([name, rootNamespace()])].flatMap((home) => noted(({ mesh }) => mesh.configs(kind, home))),
  };
}

/** Of the objects of one namespace and one question: they may be anybody's, and everybody asks. */
const steps = 200_000;

/** Things that are asked about besides: whoever asks may ask about something else than the others. */
const mostAsked = 16;

interface Answer<T> {
  readonly noted: readonly Noted[];
  readonly value: T;
}

interface Asking<A, T> {
  readonly ask: (there: There, about: A) => T;
  /** What is answered where that takes more steps than a look may take. */
  readonly otherwise: (there: There, about: A) => T;
}

/**
 * A question about one namespace that depends on what stands there, and on `about`, alone: worked out once for as long
 * as these stay as they are, within steps of its own.
 */
export function question<T, A = undefined>({ ask, otherwise }: Asking<A, T>): (of: Surroundings, about: A) => T {
  const answers = new WeakMap<readonly PodView[], Recent<Answer<T>>>();
  return (of, about) => {
    spend(1);
    const known = answers.get(of.pods) ?? new Recent<Answer<T>>(mostAsked);
    answers.set(of.pods, known);
    const key = JSON.stringify([of.namespace.name, about]);
    const before = known.get(key);
    if (before?.noted.every(({ read, value }) => read(of) === value) === true) return before.value;
    const noted: Noted[] = [];
    const there = thereOf(of, (each) => noted.push(each));
    const found = bounded(steps, () => ask(there, about));
    const value = found.kind === 'Done' ? found.value : otherwise(there, about);
    known.set(key, { noted, value });
    return value;
  };
}

/** Every namespace that another may have to do with, itself among them, in order. */
export function everywhere(surroundings: Surroundings): readonly string[] {
  return [...new Set([surroundings.namespace.name, ...surroundings.mesh.namespacesWithPods()])].sort();
}

/**
 * Asks about some namespaces, each as itself. What a look at another one stumbles over is an object of that namespace:
 * nobody else is blocked by what it protects itself with.
 */
export function ofEach<T>(
  names: readonly string[],
  surroundings: Surroundings,
  ask: (there: Surroundings) => readonly T[],
): readonly T[] {
  return names.flatMap((name) =>
    name === surroundings.namespace.name
      ? ask(surroundings)
      : guarded<readonly T[]>(
          surroundings,
          `looking at namespace ${name}`,
          () => ask(neighbour(surroundings, name)),
          () => [],
        ),
  );
}
