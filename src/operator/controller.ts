import { meshMigrations, namespaceMigrations } from '../api/resources.ts';
import { namespaces } from '../engine/resources.ts';
import type { Random } from '../base/random.ts';
import type { Resource } from '../kube/object.ts';
import { InvalidError, UnavailableError } from '../kube/errors.ts';
import { MigrationReconciler } from './migration-reconciler.ts';
import { NamespaceReconciler } from './namespace-reconciler.ts';
import type { Context, Result } from './reconciler.ts';
import { WorkQueue } from './work-queue.ts';

/** Summaries may lag by this, so that a hundred changes of namespaces make one write of the migration. */
const summaryDelayMs = 250;

/** Every key is looked at again at least this often, in case a wait was computed wrongly: a look without a change writes nothing. */
const resyncMs = 10 * 60_000;

type Key = { readonly kind: 'Migration'; readonly name: string } | { readonly kind: 'Namespace'; readonly namespace: string; readonly name: string };

function encode(key: Key): string {
  return key.kind === 'Migration' ? `m/${key.name}` : `n/${key.namespace}/${key.name}`;
}

function decode(key: string): Key {
  const [kind, first = '', second = ''] = key.split('/');
  return kind === 'm' ? { kind: 'Migration', name: first } : { kind: 'Namespace', namespace: first, name: second };
}

/** Maps changes of the cluster to keys, and runs the reconcilers on them while this process leads. */
export class Controller {
  readonly #context: Context;
  readonly #queue: WorkQueue;
  readonly #migrations: MigrationReconciler;
  readonly #namespaces: NamespaceReconciler;
  readonly #workers: number;

  constructor(context: Context, random: Random, workers: number) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, random);
    this.#migrations = new MigrationReconciler(context);
    this.#namespaces = new NamespaceReconciler(context);
    this.#workers = workers;
    context.view.onChange((resource, namespace, name) => { this.#changed(resource, namespace, name); });
  }

  /** Works until `signal` is aborted; a write that has been sent is waited for. */
  async run(signal: AbortSignal): Promise<void> {
    this.#addAll();
    await Promise.all(Array.from({ length: this.#workers }, async () => { await this.#work(signal); }));
    this.#queue.stop();
  }

  #addAll(): void {
    for (const { name } of this.#context.view.migrations.list()) this.#queue.add(encode({ kind: 'Migration', name }));
    for (const { namespace = '', name } of this.#context.view.children.list()) this.#queue.add(encode({ kind: 'Namespace', namespace, name }));
  }

  #changed(resource: Resource, namespace: string | undefined, name: string): void {
    const { view } = this.#context;
    switch (resource.kind) {
      case meshMigrations.kind:
        this.#queue.add(encode({ kind: 'Migration', name }));
        // Another migration's scope may have become free, or taken.
        for (const other of view.migrations.list()) this.#queue.addAfter(encode({ kind: 'Migration', name: other.name }), summaryDelayMs);
        for (const child of view.children.list()) this.#addChild(child.namespace ?? '', child.name);
        return;
      case namespaceMigrations.kind: {
        this.#addChild(namespace ?? '', name);
        this.#queue.addAfter(encode({ kind: 'Migration', name: view.children.get(namespace, name)?.object.spec.migration ?? name }), summaryDelayMs);
        // A slot may have become free.
        for (const child of view.children.list()) if (child.object.status?.writtenPhase === 'Pending') this.#addChild(child.namespace ?? '', child.name);
        return;
      }
      case namespaces.kind:
        for (const migration of view.migrations.list()) this.#queue.addAfter(encode({ kind: 'Migration', name: migration.name }), summaryDelayMs);
        this.#addChildrenIn(name);
        return;
      default:
        // What changes in the root namespace, or has no namespace, or is a route across namespaces, can concern everyone not at the end.
        if (namespace === undefined || namespace === view.mesh.rootNamespace || resource.group.endsWith('istio.io') || resource.group.startsWith('gateway.')) this.#addOpen();
        else this.#addChildrenIn(namespace);
    }
  }

  #addChild(namespace: string, name: string): void {
    this.#queue.add(encode({ kind: 'Namespace', namespace, name }));
  }

  #addChildrenIn(namespace: string): void {
    for (const child of this.#context.view.children.list(namespace)) this.#addChild(namespace, child.name);
  }

  #addOpen(): void {
    for (const { object, namespace = '', name } of this.#context.view.children.list()) {
      if (!['Migrated', 'RolledBack', 'Finalized'].includes(object.status?.writtenPhase ?? '')) this.#addChild(namespace, name);
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (;;) {
      const key = await this.#queue.take(signal);
      if (key === undefined) return;
      try {
        this.#requeue(key, await this.#reconcile(decode(key), signal));
      } catch (error) {
        if (!signal.aborted) this.#failed(key, error);
      } finally {
        this.#queue.done(key);
      }
    }
  }

  async #reconcile(key: Key, signal: AbortSignal): Promise<Result> {
    return key.kind === 'Migration' ? await this.#migrations.reconcile(key.name, signal) : await this.#namespaces.reconcile(key.namespace, key.name, signal);
  }

  #requeue(key: string, result: Result): void {
    this.#queue.forget(key);
    switch (result.kind) {
      case 'Again': this.#queue.add(key); return;
      case 'After': this.#queue.addAfter(key, result.ms); return;
      case 'Idle': this.#queue.addAfter(key, resyncMs);
    }
  }

  #failed(key: string, error: unknown): void {
    const { log } = this.#context;
    const fields = { key, err: error, failures: this.#queue.failures(key) + 1 };
    if (error instanceof InvalidError) log.debug(fields, 'The object changed since it was read; looking again');
    else if (error instanceof UnavailableError) log.warn(fields, 'The API server is not available; trying again');
    else log.error(fields, 'Reconciling failed; trying again');
    this.#queue.addFailed(key);
  }
}
