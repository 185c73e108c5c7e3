import { seededRandom } from '../../../src/base/random.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { SimApiServer } from '../apiserver/sim-api-server.ts';
import { namespaceObject } from '../fixtures/istio-system.ts';
import { node } from '../fixtures/nodes.ts';
import type { SimApi } from '../sim-api.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { startKubernetes } from './all.ts';
import { namespaces, nodes, pods, type Kind } from './kinds.ts';
import type { Pod } from './pod-types.ts';
import { isActive } from './pods.ts';
import { listOf, modify } from './typed-api.ts';

/** The namespace of test objects. */
export const testNamespace = 'shop';

/** Kubernetes without a mesh on a virtual clock, for tests of single controllers. */
export interface Simulation {
  readonly api: SimApi;
  readonly clock: VirtualClock;
  create(kind: Kind<KubeObject>, object: object): void;
  /** The object in the test namespace; it must exist. */
  read<T extends KubeObject>(kind: Kind<T>, name: string): T;
  edit<T extends KubeObject>(kind: Kind<T>, name: string, change: (current: T) => T): void;
  pods(): readonly Pod[];
  /** Lets virtual time pass until the condition holds. */
  until(condition: () => boolean, maxMs?: number): Promise<void>;
  stop(): void;
}

/** Starts a cluster with three nodes and the test namespace. */
export function simulate(seed = 1, nodeCount = 3): Simulation {
  const random = seededRandom(seed);
  const clock = new VirtualClock({ random });
  const api = new SimApiServer({ clock, random });
  const abort = new AbortController();
  startKubernetes({ api, clock, random, signal: abort.signal });
  for (let number = 1; number <= nodeCount; number += 1) api.create(nodes, node(number), { manager: 'test' });
  api.create(namespaces, namespaceObject(testNamespace), { manager: 'test' });
  const read = <T extends KubeObject>(kind: Kind<T>, name: string): T => {
    const found = api.get(kind, kind.namespaced ? testNamespace : undefined, name);
    if (found === undefined) throw new Error(`${kind.plural} ${name} does not exist`);
    return found as T;
  };
  return {
    api,
    clock,
    read,
    create(kind, object) {
      api.create(kind, object as KubeObject, { manager: 'test' });
    },
    edit(kind, name, change) {
      modify(api, kind, read(kind, name), { manager: 'test' }, change);
    },
    pods: () => listOf(api, pods, testNamespace).filter(isActive),
    until: (condition, maxMs = 3_600_000) => clock.run(condition, { maxMs }),
    stop() {
      abort.abort();
    },
  };
}

/** A pod template with one container. */
export function template(labels: Readonly<Record<string, string>>, annotations: Readonly<Record<string, string>> = {}) {
  return { metadata: { labels, annotations }, spec: { containers: [{ name: 'app', image: 'example.test/app:1' }] } };
}

/** The metadata, selector and template that every workload has. */
export function workload(name: string, annotations: Readonly<Record<string, string>> = {}) {
  const labels = { app: name };
  return {
    metadata: { name, namespace: testNamespace },
    selector: { matchLabels: labels },
    template: template(labels, annotations),
  };
}
