import { timestamp } from '../../../src/base/clock.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { definitionSpec } from './crd-types.ts';
import { customResource } from './custom-resource.ts';
import { deleteObject } from './delete.ts';
import { withField } from './json.ts';
import type { ServedResource } from './served-resource.ts';
import type { ServerState } from './server-state.ts';
import type { Commit } from './store.ts';
import { commitChange, updateObject } from './update.ts';

/** The collection of the definitions themselves. */
const definitions = 'customresourcedefinitions.apiextensions.k8s.io';
/** Holds a definition until its objects are gone. */
const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

interface Entry {
  readonly generation: number | undefined;
  readonly versions: readonly ServedResource[];
}

/**
 * Serves what CustomResourceDefinitions define, and deletes their objects before they go. Upstream this is the work of
 * several controllers beside the API server; here a definition is established at the instant it is committed.
 */
class DefinitionRegistrar {
  private readonly state: ServerState;
  private readonly entries = new Map<string, Entry>();

  constructor(state: ServerState) {
    this.state = state;
    state.store.subscribe(undefined, (commit) => {
      this.hear(commit);
    });
  }

  private hear(commit: Commit): void {
    if (commit.collection === definitions) this.hearDefinition(commit);
    else if (commit.type === 'DELETED') this.finish(commit.collection);
  }

  private hearDefinition({ type, key, object }: Commit): void {
    if (type === 'DELETED') {
      this.withdraw(key);
      return;
    }
    const current = this.state.store.get(definitions, key);
    if (current === undefined) return;
    if (this.entries.get(key)?.generation !== object.metadata.generation) this.serve(key, current);
    if (type === 'ADDED') this.establish(current);
    else if (object.metadata.deletionTimestamp !== undefined) this.terminate(key);
  }

  private serve(key: string, definition: KubeObject): void {
    const spec = definitionSpec(definition);
    const versions = spec.versions.filter((version) => version.served).map((version) => customResource(spec, version));
    const before = this.entries.get(key)?.versions ?? [];
    for (const served of versions) this.state.registry.add(served);
    for (const served of before) {
      if (!versions.some((kept) => kept.resource.version === served.resource.version))
        this.state.registry.remove(served);
    }
    this.entries.set(key, { generation: definition.metadata.generation, versions });
  }

  private withdraw(key: string): void {
    for (const served of this.entries.get(key)?.versions ?? []) this.state.registry.remove(served);
    this.entries.delete(key);
  }

  private establish(definition: KubeObject): void {
    const spec = definitionSpec(definition);
    const now = timestamp(this.state.clock.now());
    const condition = (type: string, reason: string, message: string): object => ({
      type,
      status: 'True',
      lastTransitionTime: now,
      reason,
      message,
    });
    const status = {
      conditions: [
        condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ],
      acceptedNames: spec.names,
      storedVersions: spec.versions.filter((version) => version.storage).map((version) => version.name),
    };
    const served = this.state.registry.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
    if (served === undefined) return;
    updateObject(
      this.state,
      served,
      definition,
      { ...definition, status },
      { manager: 'kube-apiserver', subresource: 'status', lenient: true },
    );
  }

  private terminate(key: string): void {
    const [served] = this.entries.get(key)?.versions ?? [];
    if (served !== undefined) {
      for (const object of this.state.store.list(served.storageKey)) {
        if (object.metadata.deletionTimestamp === undefined) deleteObject(this.state, served, object, {});
      }
    }
    this.finish(key);
  }

  /**
   * Lets a deleted definition go once its last object is gone; its name is also the name of its objects' collection.
   */
  private finish(key: string): void {
    const definition = this.state.store.get(definitions, key);
    if (definition?.metadata.deletionTimestamp === undefined || this.state.store.list(key).length > 0) return;
    const kept = (definition.metadata.finalizers ?? []).filter((name) => name !== cleanupFinalizer);
    this.commit(definition, withField(definition, ['metadata', 'finalizers'], kept.length === 0 ? undefined : kept));
  }

  private commit(definition: KubeObject, next: KubeObject): void {
    const served = this.state.registry.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
    if (served !== undefined) commitChange(this.state, served, definition, next, {});
  }
}

/** Begins to serve custom resources as definitions come and go. */
export function serveDefinitions(state: ServerState): void {
  new DefinitionRegistrar(state);
}
