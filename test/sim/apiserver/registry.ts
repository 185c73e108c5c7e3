import type { Resource } from '../../../src/api/object.ts';
import type { ServedResource } from './served-resource.ts';

/** What the server serves right now: the built-in resources and those of established definitions. */
export class Registry {
  private readonly byPath = new Map<string, ServedResource>();
  private readonly removalListeners = new Set<(served: ServedResource) => void>();

  /** Adds a version of a resource, or replaces it. */
  add(served: ServedResource): void {
    this.byPath.set(pathKey(served.resource.group, served.resource.version, served.resource.plural), served);
  }

  remove(served: ServedResource): void {
    this.byPath.delete(pathKey(served.resource.group, served.resource.version, served.resource.plural));
    for (const listener of [...this.removalListeners]) listener(served);
  }

  /** Hears which versions are no longer served. Returns how to stop. */
  onRemove(listener: (served: ServedResource) => void): () => void {
    this.removalListeners.add(listener);
    return () => {
      this.removalListeners.delete(listener);
    };
  }

  /** In the order of registration. */
  all(): readonly ServedResource[] {
    return [...this.byPath.values()];
  }

  /** By what a URL says. */
  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.byPath.get(pathKey(group, version, plural));
  }

  /** Exactly this resource in this version. */
  of(resource: Resource): ServedResource | undefined {
    return this.find(resource.group, resource.version, resource.plural);
  }

  /** By kind; the first registered version unless one is named. */
  findKind(group: string, kind: string, version?: string): ServedResource | undefined {
    return this.all().find(
      ({ resource }) =>
        resource.group === group && resource.kind === kind && (version === undefined || resource.version === version),
    );
  }
}

function pathKey(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}

/** Group and version of an `apiVersion`. */
export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/');
  return slash === -1
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}
