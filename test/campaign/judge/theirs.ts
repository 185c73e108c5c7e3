import type { KubeObject } from '../../../src/api/object.ts';
import type { Committed, States } from './states.ts';
import { isWaypoint, planeOf, type Before, type Call, type Peer, type Plane } from './traffic.ts';

/**
 * What people have opened themselves, in namespaces in which the operator has nothing under way: whom they have taken out
 * of the mesh before there was a migration, what they have moved by hand and restarted, and waypoints of theirs that they
 * have deleted.
 */
export class Theirs {
  readonly #states: States;
  readonly #before: Before;
  /** Pods that were outside before the migration and are so still, by uid. */
  readonly #strays = new Set<string>();
  /** Namespaces whose labels somebody had changed before the migration. */
  readonly #moved = new Set<string>();
  /** Namespaces in which the operator has changed anything. */
  readonly #begun = new Set<string>();
  /** Gateways that people have deleted and not made anew. */
  readonly #deleted = new Set<string>();

  constructor(states: States, before: Before) {
    this.#states = states;
    this.#before = before;
  }

  /** What is there now was there before the migration. */
  start(namespaces: readonly string[]): void {
    for (const namespace of namespaces) {
      const was = this.#before.plane(namespace);
      if (was === 'None') continue;
      if (askedFor(this.#states.get('Namespace', undefined, namespace)) !== was) this.#moved.add(namespace);
      for (const pod of this.#states.all('Pod', namespace))
        if (!isWaypoint(pod) && planeOf(pod) === 'None') this.#strays.add(pod.metadata.uid ?? '');
    }
  }

  /** Whoever is put into the mesh again is to stay there. */
  committed({ kind, after }: Committed): void {
    if (kind === 'Pod' && after !== undefined && planeOf(after) !== 'None')
      this.#strays.delete(after.metadata.uid ?? '');
  }

  /** A person has written something. */
  edited({ kind, key, after }: Committed): void {
    if (kind !== 'Gateway') return;
    if (after === undefined) this.#deleted.add(key);
    else this.#deleted.delete(key);
  }

  /** The operator has written something. */
  written({ kind, key }: Committed): void {
    if (kind === 'MeshMigration' || kind === 'NamespaceMigration') return;
    this.#begun.add(key.split('/')[0] ?? '');
  }

  /** Whether somebody had taken the pod out of the mesh before the migration, and nobody has put it back. */
  isStray({ metadata: { uid = '' } }: KubeObject): boolean {
    return this.#strays.has(uid);
  }

  /** Whether somebody has moved and restarted the pod himself, and the operator has not begun there. */
  isMovedByHand({ namespace, plane }: Peer): boolean {
    return this.#moved.has(namespace) && !this.#begun.has(namespace) && plane !== this.#before.plane(namespace);
  }

  /** Whether somebody has deleted his waypoint before the Service, and nothing of a migration is under way there. */
  isWithoutWaypoint({ to: { namespace }, service }: Call): boolean {
    const gateway = service === undefined ? undefined : this.#before.gateway(namespace, service);
    const home = this.#states.get('Namespace', undefined, namespace);
    return (
      gateway !== undefined &&
      this.#deleted.has(`${namespace}/${gateway}`) &&
      home?.metadata.annotations?.['meshmigration.dev/journal'] === undefined
    );
  }
}

/** The data plane of new pods, by the labels of their namespace. */
function askedFor(namespace: KubeObject | undefined): Plane {
  const labels = namespace?.metadata.labels ?? {};
  if (labels['istio-injection'] === 'enabled') return 'Sidecar';
  return labels['istio.io/dataplane-mode'] === 'ambient' ? 'Ambient' : 'None';
}
