import { isSameKind, type Resource } from '../api/object.ts';
import { namespaceMigrations, type NamespaceMigration } from '../api/resources.ts';
import type { Written } from '../engine/execute.ts';
import { namespaces, pods, services, workloadResources } from '../engine/resources.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import type { Context } from './reconciler.ts';

const anyName = '*';

/** Kinds that the operator changes and sees, besides those that it makes. */
export function isWatched(resource: Resource): boolean {
  return [namespaces, services, pods, ...workloadResources].some((each) => isSameKind(each, resource));
}

/** Kinds of which the operator changes objects of many names. */
function manyOf(meshes: readonly MeshAdapter[]): readonly Resource[] {
  return [...meshes.flatMap(({ made }) => made.map(({ resource }) => resource)), services];
}

/** Every object of which the decision about a namespace must know our last write. */
export function touchedFor(
  { view, meshes }: Context,
  child: NamespaceMigration,
): readonly { readonly resource: Resource; readonly namespace: string | undefined; readonly name: string }[] {
  const namespace = child.metadata.namespace ?? '';
  const workloads = view.workloads(namespace);
  return [
    { resource: namespaceMigrations, namespace, name: child.metadata.name },
    { resource: namespaces, namespace: undefined, name: namespace },
    ...manyOf([meshes.along(child.spec)]).map((resource) => ({ resource, namespace, name: anyName })),
    ...workloadResources.flatMap((resource) =>
      workloads.filter(({ kind }) => kind === resource.kind).map(({ name }) => ({ resource, namespace, name })),
    ),
  ];
}

/**
 * Services and objects of our own have many names: for them the fence is one for the kind in the namespace. Kinds that
 * are not watched never come to be seen.
 */
export function fenceOff(
  { fence, meshes, clock }: Context,
  { resource, namespace, name, resourceVersion }: Written,
): void {
  if (resourceVersion === undefined) return;
  const isMany = manyOf(meshes.all).some((each) => isSameKind(each, resource));
  if (isMany || isWatched(resource))
    fence.wrote(resource, namespace, isMany ? anyName : name, resourceVersion, clock.monotonic());
}
