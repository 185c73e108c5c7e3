import { seededRandom } from '../../src/base/random.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { watchEvents } from '../../src/kube/watch-stream.ts';
import { lacksHbone, modeOf } from '../../src/mesh/istio/vocabulary/pod-mode.ts';
import { sidecarReads } from '../../src/mesh/istio/policy/attachment.ts';
import {
  ambientDirect,
  sidecarToAmbient,
  sidecarToSidecar,
  verdictOn,
  type DataPath,
  type Destination,
} from '../../src/mesh/istio/policy/data-path.ts';
import { defaultOptions } from '../../src/mesh/istio/policy/options.ts';
import { parsePolicy } from '../../src/mesh/istio/policy/parse.ts';
import { effectiveMtls } from '../../src/mesh/istio/policy/peer-authentication.ts';
import { asSidecars } from '../../src/mesh/istio/policy/sidecar.ts';
import { record } from '../../src/mesh/json.ts';
import { projectPod } from '../../src/mesh/project.ts';
import type { PodView } from '../../src/mesh/views.ts';
import { kinds } from '../scenarios/manifests.ts';
import type { SimCluster } from './sim-cluster.ts';

/** Who calls whom, and what must come of it at every instant. */
export interface Call {
  readonly caller: string;
  readonly called: string;
  readonly allowed: boolean;
}

/**
 * Sends, in thought, one request from each caller's pod to each called pod whenever a pod of either changes. It knows
 * what a client can see of the data planes: ztunnel sends plaintext to a sidecar that takes no HBONE, and then nobody
 * knows who calls. Policies are read as sidecars read them, because it is the called sidecars that are too old; called
 * pods in ambient enforce rules by identity alike.
 */
export class IdentityWatch {
  readonly #client: KubeClient;
  readonly #cluster: SimCluster;
  readonly #calls: readonly Call[];
  readonly #wrong = new Set<string>();
  readonly #stopping = new AbortController();
  #looks = 0;

  constructor(cluster: SimCluster, calls: readonly Call[]) {
    this.#client = new KubeClient({
      transport: cluster.admin,
      clock: cluster.clock,
      random: seededRandom(1),
      fieldManager: 'watch',
    });
    this.#cluster = cluster;
    this.#calls = calls;
  }

  async start(): Promise<void> {
    await this.#look();
    for (const home of new Set(this.#calls.flatMap(({ caller, called }) => [caller, called]))) void this.#follow(home);
  }

  /** Ends it; the verdicts that were not as they have to be, each once. */
  stop(): readonly string[] {
    this.#stopping.abort(new Error('the watch is over'));
    if (this.#looks < 2) throw new Error('nothing was seen to change');
    return [...this.#wrong];
  }

  async #follow(namespace: string): Promise<void> {
    const { signal } = this.#stopping;
    const { resourceVersion } = await this.#client.listPage(kinds.Pod, { namespace, signal });
    const stream = await this.#client.watch(kinds.Pod, { namespace, resourceVersion, timeoutSeconds: 3600 }, signal);
    const request = { server: this.#client.server, method: 'GET', path: 'pods' };
    const events = watchEvents(stream, {
      clock: this.#cluster.clock,
      idleMs: () => 3_600_000,
      abort: (reason) => {
        this.#stopping.abort(reason);
      },
      request,
    });
    try {
      for await (const event of events) if (event.type !== 'BOOKMARK') await this.#look();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #look(): Promise<void> {
    this.#looks += 1;
    for (const { caller, called, allowed } of this.#calls) {
      const [callers, pods, policies, peers] = await Promise.all([
        this.#pods(caller),
        this.#pods(called),
        this.#list('AuthorizationPolicy', called),
        this.#list('PeerAuthentication', called),
      ]);
      for (const from of callers) {
        for (const to of pods) {
          const verdict = verdictOn(pathOf(from, to, destinationOf(to, policies, peers)), requestOf(from));
          if (verdict.allowed !== allowed)
            this.#wrong.add(
              `${modeOf(from)} to ${modeOf(to)}${lacksHbone(to) ? ' without HBONE' : ''}: ${verdict.allowed ? 'allowed' : 'refused'}`,
            );
        }
      }
    }
  }

  async #list(kind: keyof typeof kinds, namespace: string): Promise<readonly KubeObject[]> {
    return (await this.#client.list(kinds[kind], { namespace, signal: this.#stopping.signal })).items;
  }

  async #pods(namespace: string): Promise<readonly PodView[]> {
    return (await this.#list('Pod', namespace))
      .map(projectPod)
      .filter((pod) => pod.ready && !pod.terminating && ['Sidecar', 'Ambient'].includes(modeOf(pod)));
  }
}

function requestOf({ namespace, serviceAccount }: PodView): Parameters<typeof verdictOn>[1] {
  const identity = `cluster.local/ns/${namespace}/sa/${serviceAccount}`;
  return {
    identity,
    sourceIp: '10.0.0.1',
    remoteIp: '10.0.0.1',
    destinationIp: '10.0.0.2',
    workloadPort: 8080,
    servicePort: 80,
    metadata: {},
  };
}

function destinationOf(pod: PodView, policies: readonly KubeObject[], peers: readonly KubeObject[]): Destination {
  const parsed = [...policies, ...peers].flatMap((object) => {
    const {
      kind = '',
      metadata: { name, namespace = '', annotations = {} },
    } = object;
    const { policy } = parsePolicy({ kind, name, namespace, annotations, spec: record(object['spec']) });
    return policy === undefined ? [] : [policy];
  });
  const workload = { namespace: pod.namespace, labels: pod.labels };
  const authorization = parsed
    .filter((policy) => policy.kind === 'AuthorizationPolicy')
    .filter((policy) => sidecarReads(policy, workload, defaultOptions));
  const authentication = parsed.filter((policy) => policy.kind === 'PeerAuthentication');
  const mtls = effectiveMtls(authentication, workload, defaultOptions.rootNamespace);
  return {
    plane: modeOf(pod) === 'Sidecar' ? 'sidecar' : 'ztunnel',
    readings: asSidecars(authorization, 'tcp', defaultOptions),
    mtls,
  };
}

function pathOf(from: PodView, to: PodView, destination: Destination): DataPath {
  if (modeOf(from) === 'Ambient') return ambientDirect(destination, 'Service', !lacksHbone(to));
  return modeOf(to) === 'Sidecar' ? sidecarToSidecar(destination, 'Service') : sidecarToAmbient(destination, 'Service');
}
