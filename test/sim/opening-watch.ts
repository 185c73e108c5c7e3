import type { KubeObject } from '../../src/api/object.ts';
import { managedBy, managedByLabel } from '../../src/api/resources.ts';
import { seededRandom } from '../../src/base/random.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { watchEvents } from '../../src/kube/watch-stream.ts';
import { modeOf } from '../../src/mesh/istio/vocabulary/pod-mode.ts';
import { parsePolicy } from '../../src/mesh/istio/policy/parse.ts';
import type { AuthorizationPolicy } from '../../src/mesh/istio/policy/types.ts';
import type { Manifest, Role } from '../../src/mesh/istio/policy/translate/manifest.ts';
import { record, records, stringMap, text } from '../../src/mesh/json.ts';
import { projectPod } from '../../src/mesh/project.ts';
import { kinds } from '../scenarios/manifests.ts';
import { changes, service, world, type Change, type Moment } from '../support/translation-world.ts';
import type { SimCluster } from './sim-cluster.ts';

const watchedKinds = ['AuthorizationPolicy', 'Service', 'Pod'] as const;

type WatchedKind = (typeof watchedKinds)[number];

/** What changed for callers, in the words of `changes`. */
export type Changed = Pick<Change, 'kind' | 'path' | 'service'>;

/**
 * Looks at a namespace while it is migrated and works out, from nothing but the objects in the API server, which
 * requests are let through that were refused before the operator started, and the other way round. It knows no
 * itinerary: who reads a policy it takes from `translation-world.ts`, and a policy counts from when istiod has written
 * its status.
 */
export class OpeningWatch {
  readonly #client: KubeClient;
  readonly #cluster: SimCluster;
  readonly #home: string;
  readonly #services: readonly string[];
  readonly #seen = new Map<string, Moment>();
  readonly #stopping = new AbortController();

  constructor(cluster: SimCluster, home: string, services: readonly string[]) {
    this.#client = new KubeClient({
      transport: cluster.admin,
      clock: cluster.clock,
      random: seededRandom(1),
      fieldManager: 'watch',
    });
    this.#cluster = cluster;
    this.#home = home;
    this.#services = services;
  }

  /** Looks now, and whenever something has changed. */
  async start(): Promise<void> {
    await this.#look();
    for (const kind of watchedKinds) void this.#follow(kind);
  }

  async #follow(kind: WatchedKind): Promise<void> {
    const { signal } = this.#stopping;
    const { resourceVersion } = await this.#client.listPage(kinds[kind], { namespace: this.#home, signal });
    const stream = await this.#client.watch(
      kinds[kind],
      { namespace: this.#home, resourceVersion, timeoutSeconds: 3600 },
      signal,
    );
    const events = watchEvents(stream, {
      clock: this.#cluster.clock,
      idleMs: () => 3_600_000,
      abort: (reason) => {
        this.#stopping.abort(reason);
      },
      request: { server: this.#client.server, method: 'GET', path: kind },
    });
    try {
      for await (const event of events) if (event.type !== 'BOOKMARK') await this.#look();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Ends it; what changed on the way, each once. */
  stop(): readonly Changed[] {
    this.#stopping.abort(new Error('the watch is over'));
    const facts = world({
      namespace: this.#home,
      waypoint: { namespace: this.#home, name: 'waypoint', serviceAccount: 'waypoint' },
      services: this.#services.map((name) =>
        service(name, [{ port: 80, targetPort: 8080 }], { namespace: this.#home }),
      ),
      workloads: this.#services.map((name) => ({
        kind: 'Deployment',
        name,
        labels: { app: name },
        ports: {},
        declared: [8080],
      })),
    });
    const [first, ...later] = this.#seen.values();
    if (first === undefined || later.length === 0) throw new Error('nothing was seen to change');
    const found = later
      .flatMap((moment) => changes(facts, [first, moment]))
      .filter(({ kind, path }) => kind === 'Opens' || path === 'Ambient to Service');
    return [
      ...new Map(
        found.map(({ kind, path, service: name }) => [`${kind} ${path} ${name}`, { kind, path, service: name }]),
      ).values(),
    ];
  }

  /** Pods in both data planes are two moments: each request may meet either. */
  async #look(): Promise<void> {
    const { signal } = this.#stopping;
    const list = async (kind: WatchedKind): Promise<readonly KubeObject[]> =>
      (await this.#client.list(kinds[kind], { namespace: this.#home, signal })).items;
    const [policies, services, pods] = await Promise.all([list('AuthorizationPolicy'), list('Service'), list('Pod')]);
    const modes = new Set(
      pods
        .map(projectPod)
        .filter(({ labels, ready }) => ready && this.#services.includes(labels['app'] ?? ''))
        .map(modeOf),
    );
    const inForce = policies.filter(isRead);
    const own = (object: KubeObject): boolean => object.metadata.labels?.[managedByLabel] === managedBy;
    const bound = services
      .filter(isBound)
      .map(({ metadata: { name } }) => service(name, [{ port: 80, targetPort: 8080 }], { namespace: this.#home }));
    for (const [mode, destination] of [
      ['Sidecar', 'Sidecar'],
      ['Ambient', 'Ztunnel'],
    ] as const) {
      if (!modes.has(mode)) continue;
      const moment: Moment = {
        name: destination,
        originals: inForce.filter((object) => !own(object)).map(asPolicy),
        manifests: inForce.filter(own).map(asManifest),
        bound,
        destination,
      };
      this.#seen.set(JSON.stringify(moment), this.#seen.get(JSON.stringify(moment)) ?? moment);
    }
  }
}

/** istiod has written about this generation of it, whatever it says. */
function isRead({ metadata: { generation = 0 }, status }: KubeObject & { readonly status?: unknown }): boolean {
  return records(record(status)['conditions']).some(
    ({ observedGeneration }) => Number(observedGeneration) >= generation,
  );
}

function isBound({ status }: KubeObject & { readonly status?: unknown }): boolean {
  return records(record(status)['conditions']).some(
    ({ type, status: holds }) => type === 'istio.io/WaypointBound' && holds === 'True',
  );
}

function asPolicy({
  metadata: { name, namespace = '', annotations },
  spec,
}: KubeObject & { readonly spec?: unknown }): AuthorizationPolicy {
  const { policy } = parsePolicy({
    kind: 'AuthorizationPolicy',
    name,
    namespace,
    annotations: stringMap(annotations),
    spec: record(spec),
  });
  if (policy?.kind !== 'AuthorizationPolicy') throw new Error(`${name} is no AuthorizationPolicy`);
  return policy;
}

function asManifest({
  metadata: { name, namespace = '', labels = {}, annotations = {} },
  spec,
}: KubeObject & { readonly spec?: unknown }): Manifest {
  const object = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace, labels, annotations },
    spec: record(spec),
  };
  return { role: text(labels['meshmigration.dev/role']) as Role, object, originals: [], target: '', changes: [] };
}
