import type { KubeClient } from '../kube/client.ts';
import { pathOf, type KubeObject, type Resource } from '../api/object.ts';
import { namespaces, pods, workloadResources } from './resources.ts';
import type { Write } from './situation.ts';

/** What a write touched and the version it made, for the fence; an eviction makes no version that could be waited for. */
export interface Written {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly resourceVersion: string | undefined;
}

/** Object and verb, for logs and messages. */
export function describeWrite(write: Write, namespace: string): string {
  switch (write.kind) {
    case 'PatchNamespace': return `PATCH ${pathOf(namespaces, undefined, namespace)}`;
    case 'PatchTemplate': return `PATCH ${pathOf(resourceOf(write.workload.kind), namespace, write.workload.name)}`;
    case 'Evict': return `EVICT pod ${namespace}/${write.pod}`;
  }
}

function resourceOf(kind: string): Resource {
  const resource = workloadResources.find((candidate) => candidate.kind === kind);
  if (resource === undefined) throw new RangeError(`no workload kind: ${kind}`);
  return resource;
}

function written(resource: Resource, object: KubeObject): Written {
  const { namespace, name, resourceVersion } = object.metadata;
  return { resource, namespace, name, resourceVersion };
}

/**
 * Carries out the one write of a decision. It has its conditions in it (`test` operations, uid precondition), so the API
 * server checks them at the very moment of the write; a live read before would leave a window.
 */
export async function execute(client: KubeClient, write: Write, namespace: string, signal: AbortSignal): Promise<Written> {
  switch (write.kind) {
    case 'PatchNamespace':
      return written(namespaces, await client.jsonPatch(namespaces, undefined, namespace, write.operations, { signal }));
    case 'PatchTemplate': {
      const resource = resourceOf(write.workload.kind);
      return written(resource, await client.jsonPatch(resource, namespace, write.workload.name, write.operations, { signal }));
    }
    case 'Evict':
      await client.evict(namespace, write.pod, { uid: write.uid, signal });
      return { resource: pods, namespace, name: write.pod, resourceVersion: undefined };
  }
}
