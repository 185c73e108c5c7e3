import type { KubeObject } from '../../../src/api/object.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { namespaceObject } from '../fixtures/istio-system.ts';
import { startSimCluster, type SimCluster } from '../sim-cluster.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { namespaces, type Kind } from './kinds.ts';
import { getByKey, modify } from './typed-api.ts';
import { testNamespace } from './simulation.ts';

/** A cluster with Istio on a virtual clock, for tests of istiod's controllers. */
export interface MeshSimulation {
  readonly cluster: SimCluster;
  readonly clock: VirtualClock;
  create(kind: Kind<KubeObject>, ...objects: readonly KubeObject[]): void;
  /** The object in the test namespace; it must exist. */
  read<T extends KubeObject>(kind: Kind<T>, name: string): T;
  edit<T extends KubeObject>(kind: Kind<T>, name: string, change: (current: T) => T): void;
  until(condition: () => boolean): Promise<void>;
  /** Lets everything happen that happens by itself. */
  settle(): Promise<void>;
}

/** Starts a mesh with ambient and the test namespace. */
export async function simulateMesh(seed = 1): Promise<MeshSimulation> {
  const random = seededRandom(seed);
  const clock = new VirtualClock({ random });
  const cluster = await clock.run(startSimCluster({ clock, random }), { maxMs: 60_000 });
  const { server } = cluster;
  server.create(namespaces, namespaceObject(testNamespace), { manager: 'test' });
  const read = <T extends KubeObject>(kind: Kind<T>, name: string): T => {
    const found = getByKey(server, kind, `${kind.namespaced ? testNamespace : ''}/${name}`);
    if (found === undefined) throw new Error(`${kind.plural} ${name} does not exist`);
    return found;
  };
  return {
    cluster,
    clock,
    read,
    create(kind, ...objects) {
      for (const object of objects) server.create(kind, object, { manager: 'test' });
    },
    edit(kind, name, change) {
      modify(server, kind, read(kind, name), { manager: 'test' }, change);
    },
    until: (condition) => clock.run(condition, { maxMs: 600_000 }),
    async settle() {
      await clock.advance(30_000);
    },
  };
}
