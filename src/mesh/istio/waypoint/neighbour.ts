import type { Surroundings } from '../../adapter.ts';

/** Another namespace as itself: what it would look like if it were asked. */
export function neighbour({ route, spec, mesh, namespace, scope }: Surroundings, name: string): Surroundings {
  return {
    route, spec, mesh, budgets: [], namespace: { ...namespace, name, labels: mesh.labelsOf?.(name) ?? {}, annotations: {} },
    pods: mesh.pods(name), workloads: mesh.workloads(name), otherTemplates: mesh.otherTemplates(name), services: mesh.services(name), ...(scope && { scope }),
  };
}
