import { meshMigrations } from '../../api/resources.ts';
import type { Resource } from '../../api/object.ts';
import { budgets, namespaces, pods, services, templateResources, workloadResources } from '../../engine/resources.ts';
import type { MeshAdapter } from '../../mesh/adapter.ts';
import type { WatchedKind } from '../../mesh/watched-kind.ts';
import { configKindsOf } from '../audit/config-kinds.ts';

/** A kind that is read of a cluster. */
export interface LiveKind {
  readonly resource: Resource;
  /** Only in the namespace of the control plane. */
  readonly isOfRoot: boolean;
  /** So many at a time, where each is large. */
  readonly page?: number;
  /** What is not found where it may not be read; where it does not say, the checks rest on it. */
  readonly optional?: string;
  /** One that comes with the mesh: where none of these is served, there is no mesh. */
  readonly isOfMesh: boolean;
}

function row(resource: Resource, optional?: string): LiveKind {
  return { resource, isOfRoot: false, isOfMesh: false, ...(optional !== undefined && { optional }) };
}

/** Groups of Kubernetes itself, the ones of its own special interest groups among them. */
const ofKubernetes = /^(?:|apps|batch|policy|autoscaling|(?:.+\.)?k8s\.io)$/;

/** The kinds that checks of manifests read, each once: who is asked about is told apart afterwards. */
export function liveKinds(mesh: Pick<MeshAdapter, 'watched'>): readonly LiveKind[] {
  return [
    ...[namespaces, services, ...workloadResources].map((resource) => row(resource)),
    ...[pods, budgets, ...templateResources].map((resource) => row(resource)),
    row(meshMigrations, 'which namespaces are to move is not known, so that all are taken to'),
    ...configKindsOf(mesh).map((kind): LiveKind => {
      const { resource, optional, page, namespace }: Pick<WatchedKind, 'resource'> & Partial<WatchedKind> = kind;
      return {
        ...row(resource, optional),
        ...(page !== undefined && { page }),
        isOfRoot: namespace === 'Root',
        isOfMesh: optional === undefined && !ofKubernetes.test(resource.group),
      };
    }),
  ];
}
