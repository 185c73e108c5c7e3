import { Recent } from '../../../../base/recent.ts';
import type { MeshObjects, Surroundings } from '../../../adapter.ts';
import type { ConfigView, PodView, ServiceView, TemplateView, WorkloadView } from '../../../views.ts';
import type { Inhabitants } from './asleep.ts';
import { injects } from '../../vocabulary/injection.ts';
import { bounded, spend } from '../../../../base/effort.ts';
import { askedOf } from '../neighbour.ts';

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
  /** What else in the mesh decides there. */
  readonly mesh: MeshObjects;
  label(key: string): string | undefined;
  /** Whether its pods get sidecars. */
  injects(): boolean;
  pods(): readonly PodView[];
  workloads(): readonly WorkloadView[];
  otherTemplates(): readonly TemplateView[];
  services(): readonly ServiceView[];
  inhabitants(): Inhabitants;
  /** Objects of a kind that apply there: its own, and those of the root namespace. */
  configs(kind: string): readonly ConfigView[];
}

/** How something is read, and what was read. */
interface Noted {
  readonly read: (of: Surroundings) => unknown;
  readonly value: unknown;
}

/** By what is read, which is noted once. */
type Notes = Map<string, Noted>;

function meshOf(noted: <T>(what: string, read: (of: Surroundings) => T) => T): MeshObjects {
  return {
    ...(noted('defaults', ({ mesh }) => mesh.assumesDefaults) === true && { assumesDefaults: true }),
    get rootNamespace() {
      return noted('root', ({ mesh }) => mesh.rootNamespace);
    },
    get controlPlaneNamespace() {
      return noted('control plane', ({ mesh }) => mesh.controlPlaneNamespace);
    },
    configs: (kind, home) => noted(`configs ${kind} ${home ?? '*'}`, ({ mesh }) => mesh.configs(kind, home)),
    workloads: (home) => noted(`workloads ${home}`, ({ mesh }) => mesh.workloads(home)),
  };
}

function thereOf(of: Surroundings, notes: Notes): There {
  function noted<T>(what: string, read: (of: Surroundings) => T): T {
    const value = read(of);
    notes.set(what, { read, value });
    return value;
  }
  const { name } = of.namespace;
  const mesh = meshOf(noted);
  const there: Omit<There, 'inhabitants'> = {
    name,
    mesh,
    label: (key) => noted(`label ${key}`, ({ namespace }) => namespace.labels[key]),
    injects: () => noted('injects', ({ namespace }) => injects(namespace.labels)),
    pods: () => noted('pods', ({ pods }) => pods),
    workloads: () => noted('own workloads', ({ workloads }) => workloads),
    otherTemplates: () => noted('other templates', ({ otherTemplates }) => otherTemplates),
    services: () => noted('services', ({ services }) => services),
    configs: (kind) => [...new Set([name, mesh.rootNamespace])].flatMap((home) => mesh.configs(kind, home)),
  };
  return {
    ...there,
    inhabitants: () => {
      noted('labels', ({ namespace }) => JSON.stringify(namespace.labels));
      const [pods, workloads, otherTemplates] = [there.pods(), there.workloads(), there.otherTemplates()];
      return { pods, workloads, otherTemplates, labels: of.namespace.labels };
    },
  };
}

/** Of the objects of one namespace and one question: they may be anybody's, and everybody asks. */
const steps = 200_000;

/** Things that are asked about besides: whoever asks may ask about something else than the others. */
const mostAsked = 16;

interface Answer<T> {
  readonly noted: Notes;
  readonly value: T;
}

interface Asking<A, T> {
  readonly ask: (there: There, about: A) => T;
  /** What is answered where that takes more steps than a look may take. */
  readonly otherwise: (there: There, about: A) => T;
}

/**
 * A list of a namespace that has something in it: answers are remembered by it, and an empty list may be that of any
 * namespace.
 */
export function filled({ pods, workloads, otherTemplates }: Omit<Inhabitants, 'labels'>): readonly unknown[] {
  return [pods, workloads, otherTemplates].find(({ length }) => length > 0) ?? pods;
}

/**
 * A question about one namespace that depends on what stands there, and on `about`, alone: worked out once for as long
 * as these stay as they are, within steps of its own.
 */
export function question<T, A = undefined>({ ask, otherwise }: Asking<A, T>): (of: Surroundings, about: A) => T {
  const answers = new WeakMap<readonly unknown[], Recent<Answer<T>>>();
  return (of, about) => {
    const key = JSON.stringify([of.namespace.name, about]);
    spend(1 + key.length / 1024);
    const list = filled(of);
    const known = answers.get(list) ?? new Recent<Answer<T>>(mostAsked);
    answers.set(list, known);
    const before = known.get(key);
    if (before !== undefined && [...before.noted.values()].every(({ read, value }) => read(of) === value))
      return before.value;
    const noted: Notes = new Map();
    const there = thereOf(of, noted);
    const found = bounded(steps, () => ask(there, about));
    const value = found.kind === 'Done' ? found.value : otherwise(there, about);
    known.set(key, { noted, value });
    return value;
  };
}

/** Every namespace that another may have to do with, itself among them, in order; who sleeps there wakes. */
export function everywhere(surroundings: Surroundings): readonly string[] {
  return [...new Set([surroundings.namespace.name, ...surroundings.mesh.inhabitedNamespaces()])].sort();
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
    name === surroundings.namespace.name ? ask(surroundings) : askedOf<readonly T[]>(surroundings, name, ask, () => []),
  );
}
