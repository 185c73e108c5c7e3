import type { Surroundings } from '../../adapter.ts';
import { guarded } from '../guarded.ts';

/** Another namespace as itself: what it would look like if it were asked. */
export function neighbour({ route, spec, mesh, namespace, scope }: Surroundings, name: string): Surroundings {
  return {
    route, spec, mesh, budgets: [], namespace: { ...namespace, name, labels: mesh.labelsOf?.(name) ?? {}, annotations: {} },
    pods: mesh.pods(name), workloads: mesh.workloads(name), otherTemplates: mesh.otherTemplates(name), services: mesh.services(name), ...(scope && { scope }),
  };
}

/**
 * Asks something about another namespace. What a look there stumbles over is that namespace's: only this one answer is missing then, and everything else that
 * is asked of the namespace which looks is answered as before. Whoever may write there would block all who may call him otherwise.
 */
export function askedOf<T>(surroundings: Surroundings, name: string, ask: (there: Surroundings) => T, otherwise: (why: string) => T): T {
  return askedAt(surroundings, neighbour(surroundings, name), ask, otherwise);
}

/** The same of one that is asked several times. */
export function askedAt<T>(surroundings: Surroundings, there: Surroundings, ask: (there: Surroundings) => T, otherwise: (why: string) => T): T {
  return guarded(surroundings, `looking at namespace ${there.namespace.name}`, () => ask(there), otherwise);
}
