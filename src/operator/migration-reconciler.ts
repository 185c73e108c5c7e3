import { meshMigrations, migrationLabel, namespaceMigrations, rollbackFinalizer, type MeshMigration } from '../api/resources.ts';
import type { MeshMigrationStatus } from '../api/mesh-migration.ts';
import { decideMigration, type MigrationWrite } from '../engine/decide-migration.ts';
import { outdatedRecords, recordsOf, scopeIn } from './records.ts';
import type { KubeObject } from '../api/object.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { newsOf } from './news.ts';
import { isBehind, isStale, noteWrite, storeStatus, type Context, type Result } from './reconciler.ts';

/** Looks at a migration as a whole: its scope, the summary of its namespaces, its finalizer. */
export class MigrationReconciler {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Throws whatever a write threw, except when it only means that the picture was old. */
  async reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const { view, clock, adapter } = this.#context;
    const object = view.migrations.get(undefined, name)?.object;
    if (object === undefined) return { kind: 'Idle' };
    if (isBehind(this.#context, [{ resource: meshMigrations, namespace: undefined, name }])) return { kind: 'Stale' };
    const scope = scopeIn(view, object);
    const children = recordsOf(this.#context, object);
    const homes = view.namespaces.list();
    const { from, to } = object.spec;
    const isThere = ({ labels }: NamespaceView): boolean => adapter.arrived({ from, to }, labels) && !adapter.arrived({ from: to, to: from }, labels);
    const lateForMs = this.#context.unanswered.msLeft();
    const decision = decideMigration({ now: clock.now(), object, scope, children, outdated: outdatedRecords(view, object), homes, isThere, lateForMs });
    try {
      if (await storeStatus(this.#context, meshMigrations, object, decision.status, signal)) {
        this.#report(object, decision.status);
        return { kind: 'Again' };
      }
      if (decision.write === undefined) return object.metadata.deletionTimestamp !== undefined && lateForMs > 0 ? { kind: 'After', ms: Math.ceil(lateForMs) } : { kind: 'Idle' };
      await this.#write(object, decision.write, signal);
      return { kind: 'Again' };
    } catch (error) {
      if (isStale(error)) return { kind: 'Stale' };
      throw error;
    }
  }

  async #write(object: MeshMigration, write: MigrationWrite, signal: AbortSignal): Promise<void> {
    const { client } = this.#context;
    switch (write.kind) {
      case 'AddFinalizer':
        await this.#finalizers(object, [...(object.metadata.finalizers ?? []), rollbackFinalizer], signal);
        return;
      case 'RemoveFinalizer':
        await this.#finalizers(object, (object.metadata.finalizers ?? []).filter((finalizer) => finalizer !== rollbackFinalizer), signal);
        return;
      case 'CreateChild': {
        // No owner reference: with one, a foreground deletion of the MeshMigration (Argo CD's default) would have the
        // garbage collector delete the journals while they are needed for the rollback. The operator deletes them itself.
        const child: KubeObject = {
          metadata: { name: object.metadata.name, namespace: write.namespace, labels: { [migrationLabel]: object.metadata.name } },
          spec: { migration: object.metadata.name, from: object.spec.from, to: object.spec.to },
        };
        noteWrite(this.#context, namespaceMigrations, await client.apply(namespaceMigrations, child, { signal }));
        return;
      }
      case 'DeleteChild':
        await client.delete(namespaceMigrations, write.namespace, object.metadata.name, { uid: write.uid, resourceVersion: write.resourceVersion, signal });
        return;
    }
  }

  /** With the resourceVersion as a precondition: somebody else's finalizer is never lost. */
  async #finalizers(object: MeshMigration, finalizers: readonly string[], signal: AbortSignal): Promise<void> {
    const { name, uid, resourceVersion } = object.metadata;
    const patch = { metadata: { uid, resourceVersion, finalizers } };
    noteWrite(this.#context, meshMigrations, await this.#context.client.mergePatch(meshMigrations, undefined, name, patch, { signal }));
  }

  #report(object: MeshMigration, status: MeshMigrationStatus): void {
    const { name, uid } = object.metadata;
    const regarding = { apiVersion: object.apiVersion ?? 'meshmigration.dev/v1alpha1', kind: 'MeshMigration', name, uid };
    for (const news of newsOf(object.status ?? {}, status)) {
      this.#context.log.info({ migration: name, phase: status.phase }, news.note);
      this.#context.events.record({ regarding, ...news });
    }
  }
}
