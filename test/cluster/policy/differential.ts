import type { KubeObject } from '../../../src/api/object.ts';
import { sleep } from '../../../src/base/clock.ts';
import { parsePolicy, type ParsedPolicy } from '../../../src/mesh/istio/policy/parse.ts';
import type { AuthorizationPolicy } from '../../../src/mesh/istio/policy/types.ts';
import { record, stringMap, type Json } from '../../../src/mesh/json.ts';
import type { Transport } from '../../../src/kube/transport.ts';
import { createAll, deleteCollection, replaceAll, type Applied } from './apply.ts';
import { compareNode } from './compare-envoy.ts';
import { compareStatus } from './compare-status.ts';
import { compareZtunnel, ztunnelModel } from './compare-ztunnel.ts';
import type { Disagreement } from './disagreement.ts';
import { FilterModel } from './envoy-filters.ts';
import { stagePods, waypointClass, type Stage, type StageNode } from './stage.ts';
import { homes, kinds, type StageOptions } from './stage-options.ts';
import { xdsTypes, type XdsStream } from './xds-stream.ts';

/** What came of a batch. */
export interface BatchResult {
  readonly accepted: number;
  readonly refused: number;
  readonly agreeing: number;
  readonly disagreements: readonly Disagreement[];
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** All that are in the cluster now. */
  readonly policies: readonly AuthorizationPolicy[];
}

/** How long istiod may take until everybody has been told what the model says. */
const patienceMs = 15_000;
const namespaces = Object.values(homes);

/** Applies policies in batches and compares what istiod sends, to whom, and what it writes, with the model. */
export class Differential {
  readonly #options: StageOptions;
  readonly #admin: Transport;
  readonly #stage: Stage;
  /** What is in the cluster, by name. */
  readonly #current = new Map<string, KubeObject>();
  #batches = 0;

  constructor(options: StageOptions, admin: Transport, stage: Stage) {
    this.#options = options;
    this.#admin = admin;
    this.#stage = stage;
  }

  /** Creates the policies, edits those that are there already, and compares. */
  async run(objects: readonly KubeObject[]): Promise<BatchResult> {
    const { client, signal } = this.#options;
    this.#batches += 1;
    const isThere = (object: KubeObject): boolean => this.#current.has(nameOf(object));
    const applied = [
      ...(await replaceAll(client, kinds.AuthorizationPolicy, objects.filter(isThere), signal)),
      ...(await createAll(
        client,
        kinds.AuthorizationPolicy,
        objects.filter((object) => !isThere(object)),
        signal,
      )),
    ];
    const sentinels = await createAll(client, kinds.AuthorizationPolicy, this.#sentinels(), signal);
    for (const one of [...applied, ...sentinels])
      if ('stored' in one) this.#current.set(nameOf(one.stored), one.stored);
    const policies = [...this.#current.values()]
      .map((object) => parseObject(object).policy)
      .filter((policy): policy is AuthorizationPolicy => policy?.kind === 'AuthorizationPolicy');
    await Promise.all(
      this.#streams().map(async (stream) => {
        await this.#untilPushed(stream);
      }),
    );
    const told = await this.#compare(policies);
    const written = await this.#compareStatuses(policies);
    const disagreements = [...applied.flatMap(compareRefusal), ...told, ...written];
    const wrong = new Set(disagreements.map(({ policy }) => policy));
    const accepted = applied.flatMap((one) => ('stored' in one ? [nameOf(one.stored)] : []));
    const blameless = disagreements.some(({ policy }) => policy === '')
      ? []
      : accepted.filter((name) => !wrong.has(name));
    return {
      accepted: accepted.length,
      refused: applied.length - accepted.length,
      agreeing: blameless.length,
      disagreements,
      objects: new Map(objects.map((object) => [nameOf(object), object])),
      policies,
    };
  }

  /** Deletes everything, and waits until nobody is told of any policy; what is still sent then is a disagreement. */
  async clear(): Promise<readonly Disagreement[]> {
    await this.delete();
    return await this.#compare([]);
  }

  /** Deletes everything. */
  async delete(): Promise<void> {
    for (const namespace of namespaces)
      await deleteCollection(this.#admin, kinds.AuthorizationPolicy, namespace, this.#options.signal);
    this.#current.clear();
  }

  #streams(): readonly XdsStream[] {
    return [this.#stage.ztunnel, ...this.#stage.nodes.map(({ stream }) => stream)];
  }

  /**
   * Created last, so that whoever has been told of it has been told of all the others. One for waypoints, one for the
   * rest.
   */
  #sentinels(): readonly KubeObject[] {
    const rules = [{ from: [{ source: { principals: ['nobody'] } }] }];
    const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: waypointClass }];
    const sentinel = (name: string, spec: object): KubeObject => ({
      metadata: { namespace: homes.root, name: `${name}-${this.#batches}` },
      spec: { action: 'DENY', rules, ...spec },
    });
    return [sentinel('sentinel', {}), sentinel('sentinel-waypoint', { targetRefs })];
  }

  async #untilPushed(stream: XdsStream): Promise<void> {
    const number = this.#batches;
    const isTold = (): boolean =>
      stream === this.#stage.ztunnel
        ? stream.resources(xdsTypes.authorization).has(`${homes.root}/sentinel-${number}`)
        : [...stream.listeners.values()]
            .flat()
            .flatMap(({ filters }) => filters)
            .some(({ digest }) => denies(stream.filter(digest), [`sentinel-${number}`, `sentinel-waypoint-${number}`]));
    await stream.until(`${stream.node} of the sentinel of batch ${number}`, isTold, this.#options.signal);
  }

  /** istiod may need several pushes: what is still different when it has been silent for a while is a disagreement. */
  async #compare(policies: readonly AuthorizationPolicy[]): Promise<readonly Disagreement[]> {
    const { clock, signal } = this.#options;
    const model = new FilterModel();
    const ztunnel = ztunnelModel(policies, [], [], stagePods);
    const compareAll = (): readonly Disagreement[] => [
      ...compareZtunnel(this.#stage.ztunnel, ztunnel, new Set(namespaces)),
      ...this.#stage.nodes.flatMap((node: StageNode) => compareNode(node, policies, model)),
    ];
    const deadline = clock.monotonic() + patienceMs;
    const responses = (): number => this.#streams().reduce((sum, stream) => sum + stream.responses, 0);
    let found = compareAll();
    let quietSince = clock.monotonic();
    while (found.length > 0 && clock.monotonic() < Math.min(deadline, quietSince + 2_000)) {
      const before = responses();
      await sleep(clock, 100, signal);
      if (responses() === before) continue;
      quietSince = clock.monotonic();
      found = compareAll();
    }
    return found;
  }

  async #compareStatuses(policies: readonly AuthorizationPolicy[]): Promise<readonly Disagreement[]> {
    const { client, clock, signal } = this.#options;
    const deadline = clock.monotonic() + patienceMs;
    for (;;) {
      const lists = await Promise.all(
        namespaces.map(
          async (namespace) => (await client.list(kinds.AuthorizationPolicy, { namespace, signal })).items,
        ),
      );
      const objects = new Map(lists.flat().map((object) => [nameOf(object), object]));
      const found = policies.flatMap((policy) =>
        compareStatus(policy, objects.get(`${policy.namespace}/${policy.name}`)),
      );
      if (found.length === 0 || clock.monotonic() > deadline) return found;
      await sleep(clock, 500, signal);
    }
  }
}

/** Whether the filter has one of these policies of the root namespace. */
function denies(filter: Json, names: readonly string[]): boolean {
  const policies = record(record(filter['rules'])['policies']);
  return names.some((name) => Object.hasOwn(policies, `ns[${homes.root}]-policy[${name}]-rule[0]`));
}

/** `namespace/name`. */
export function nameOf({ metadata: { namespace = '', name } }: KubeObject): string {
  return `${namespace}/${name}`;
}

/** The policy as the model reads it. */
export function parseObject(object: KubeObject): ParsedPolicy {
  const { namespace = '', name, annotations = {} } = object.metadata;
  return parsePolicy({
    kind: 'AuthorizationPolicy',
    namespace,
    name,
    annotations: stringMap(annotations),
    spec: record(object['spec']),
  });
}

/** The parser ought to refuse exactly what the API server or istiod's webhook refuses. */
function compareRefusal(applied: Applied): readonly Disagreement[] {
  const problems = parseObject(applied.sent).problems.filter(({ rejected }) => rejected);
  const refused = 'refused' in applied ? applied.refused : undefined;
  if (problems.length > 0 === (refused !== undefined)) return [];
  return [
    {
      policy: nameOf(applied.sent),
      where: 'validation of',
      sent: refused ?? 'accepted',
      model: problems.length > 0 ? problems : 'accepted',
    },
  ];
}
