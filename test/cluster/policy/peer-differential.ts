import fc from 'fast-check';
import type { KubeObject } from '../../../src/api/object.ts';
import { sleep } from '../../../src/base/clock.ts';
import { defaultOptions } from '../../../src/mesh/istio/policy/options.ts';
import { parsePolicy } from '../../../src/mesh/istio/policy/parse.ts';
import {
  convertedPeerAuthentications,
  convertPeerAuthentication,
  parentPolicies,
  type ParentPolicies,
} from '../../../src/mesh/istio/policy/peer-authentication-ztunnel.ts';
import type { PeerAuthentication } from '../../../src/mesh/istio/policy/types.ts';
import type { ZtunnelAuthorization } from '../../../src/mesh/istio/policy/ztunnel-types.ts';
import { record, type Json } from '../../../src/mesh/json.ts';
import { inLanes } from './apply.ts';
import { compareZtunnel, ztunnelModel, type NamedWorkload } from './compare-ztunnel.ts';
import { nameOf } from './differential.ts';
import type { Disagreement } from './disagreement.ts';
import { parentModes, peerNamespace, peerSpec, workloadCases, workloadEntry, type ModeCase } from './peer-cases.ts';
import { deleteNamespaces, openZtunnel } from './stage.ts';
import { homes, kinds, type StageOptions } from './stage-options.ts';
import { xdsTypes, type XdsStream } from './xds-stream.ts';

const root = defaultOptions.rootNamespace;
const sentinels = 'peers-sentinel';

/** A policy with what was above it when istiod last converted it. */
interface Known {
  readonly object: KubeObject;
  readonly policy: PeerAuthentication;
  readonly parents: ParentPolicies;
}

/** What came of it. */
export interface PeerResult {
  /** Policies that were created, edited or written again. */
  readonly compared: number;
  readonly disagreements: readonly Disagreement[];
  readonly objects: ReadonlyMap<string, KubeObject>;
}

/**
 * Applies PeerAuthentications of every mode at every level, edits them, and compares what a ztunnel is told with the
 * model.
 */
export class PeerDifferential {
  readonly #options: StageOptions;
  readonly #ztunnel: XdsStream;
  readonly #known = new Map<string, Known>();
  readonly #workloads: NamedWorkload[] = [];
  readonly #disagreements: Disagreement[] = [];
  #compared = 0;
  #steps = 0;

  private constructor(options: StageOptions, ztunnel: XdsStream) {
    this.#options = options;
    this.#ztunnel = ztunnel;
  }

  /** Lets a ztunnel connect to istiod. */
  static open(options: StageOptions): PeerDifferential {
    return new PeerDifferential(options, openZtunnel(options));
  }

  /** Every combination of modes; then `edits` random edits in any order. */
  async run(seed: number, edits: number): Promise<PeerResult> {
    await this.#prepare();
    for (const mesh of parentModes) {
      await this.#set(root, 'mesh', mesh === 'absent' ? undefined : peerSpec(mesh));
      await this.#compare(`mesh ${mesh}`);
      // istiod looks at the policies above when a policy is written, and not again: now with the new one.
      await this.#touchAll();
      await this.#compare(`mesh ${mesh}, policies written again`);
    }
    for (const [index, { namespace, name, spec }] of randomEdits(seed, edits).entries()) {
      await this.#set(namespace, name, spec);
      await this.#compare(`edit ${index} of seed ${seed}`);
    }
    return {
      compared: this.#compared,
      disagreements: this.#disagreements,
      objects: new Map([...this.#known].map(([name, { object }]) => [name, object])),
    };
  }

  /** Removes all that was created. */
  async close(): Promise<void> {
    this.#ztunnel.close();
    await this.#set(root, 'mesh', undefined);
    await deleteNamespaces(this.#options, [sentinels, ...parentModes.map(peerNamespace)]);
  }

  async #prepare(): Promise<void> {
    const { client, signal } = this.#options;
    for (const name of [sentinels, ...parentModes.map(peerNamespace)])
      await client.create(kinds.Namespace, { metadata: { name } }, signal);
    const entries = parentModes.flatMap((mode, at) =>
      workloadCases.map(({ app }, index) => workloadEntry(peerNamespace(mode), app, at * workloadCases.length + index)),
    );
    await inLanes(entries, async (entry) => await client.create(kinds.WorkloadEntry, entry, signal));
    this.#workloads.push(
      ...entries.map(({ metadata: { namespace = '', name } }) => ({ namespace, name, labels: { app: name } })),
    );
    for (const mode of parentModes) if (mode !== 'absent') await this.#set(peerNamespace(mode), 'wide', peerSpec(mode));
    await inLanes(
      parentModes.flatMap((mode) => workloadCases.map(({ app, spec }) => ({ mode, app, spec }))),
      async ({ mode, app, spec }) => {
        await this.#set(peerNamespace(mode), app, spec);
      },
    );
  }

  /** Creates, edits or deletes. */
  async #set(namespace: string, name: string, spec: Json | undefined): Promise<void> {
    const { client, signal } = this.#options;
    const key = `${namespace}/${name}`;
    if (spec === undefined) {
      if (this.#known.delete(key)) await client.delete(kinds.PeerAuthentication, namespace, name, { signal });
      return;
    }
    const stored = this.#known.has(key)
      ? await client.jsonPatch(kinds.PeerAuthentication, namespace, name, [{ op: 'add', path: '/spec', value: spec }], {
          signal,
        })
      : await client.create(kinds.PeerAuthentication, { metadata: { namespace, name }, spec }, signal);
    this.#learn(stored);
  }

  async #touchAll(): Promise<void> {
    const { client, signal } = this.#options;
    this.#steps += 1;
    const annotations = { 'test.meshmigration.dev/written': String(this.#steps) };
    await inLanes(
      [...this.#known.values()],
      async ({
        object: {
          metadata: { namespace, name },
        },
      }) => {
        this.#learn(
          await client.mergePatch(kinds.PeerAuthentication, namespace, name, { metadata: { annotations } }, { signal }),
        );
      },
    );
  }

  #learn(object: KubeObject): void {
    const { namespace = '', name, creationTimestamp = '' } = object.metadata;
    const { policy } = parsePolicy({
      kind: 'PeerAuthentication',
      namespace,
      name,
      annotations: {},
      spec: record(object['spec']),
      createdAt: Date.parse(creationTimestamp),
    });
    if (policy?.kind !== 'PeerAuthentication') throw new Error(`no PeerAuthentication: ${JSON.stringify(object)}`);
    const others = [...this.#known.values()]
      .map((known) => known.policy)
      .filter((other) => other.namespace !== namespace || other.name !== name);
    this.#compared += 1;
    this.#known.set(nameOf(object), {
      object,
      policy,
      parents: parentPolicies([...others, policy], policy.namespace, root),
    });
  }

  async #compare(step: string): Promise<void> {
    const { client, clock, signal } = this.#options;
    this.#steps += 1;
    const name = `sentinel-${this.#steps}`;
    // A STRICT policy with a PERMISSIVE port becomes a resource whatever is above it.
    this.#learn(
      await client.create(
        kinds.PeerAuthentication,
        { metadata: { namespace: sentinels, name }, spec: peerSpec('STRICT', 'sentinel', ['PERMISSIVE']) },
        signal,
      ),
    );
    const resource = `${sentinels}/converted_peer_authentication_${name}`;
    await this.#ztunnel.until(
      `a ztunnel of ${resource}`,
      () => this.#ztunnel.resources(xdsTypes.authorization).has(resource),
      signal,
    );
    const namespaces = new Set([homes.root, sentinels, ...parentModes.map(peerNamespace)]);
    const known = [...this.#known.values()];
    const model = ztunnelModel(
      [],
      known.map(({ policy }) => policy),
      converted(known),
      this.#workloads,
    );
    let found = compareZtunnel(this.#ztunnel, model, namespaces);
    const settled = clock.monotonic() + 2_000;
    while (found.length > 0 && clock.monotonic() < settled) {
      await sleep(clock, 50, signal);
      found = compareZtunnel(this.#ztunnel, model, namespaces);
    }
    this.#disagreements.push(...found.map((one) => ({ ...one, where: `after ${step}: ${one.where}` })));
  }
}

function converted(known: readonly Known[]): readonly ZtunnelAuthorization[] {
  const [always] = convertedPeerAuthentications(
    known.map(({ policy }) => policy),
    root,
  );
  const own = known
    .map(({ policy, parents }) => convertPeerAuthentication(policy, parents, root))
    .filter((authorization) => authorization !== undefined);
  return always === undefined ? own : [always, ...own];
}

interface Edit {
  readonly namespace: string;
  readonly name: string;
  readonly spec: Json | undefined;
}

/**
 * Of the mesh, of a namespace or of a workload; the parents more often, for they are the ones that istiod does not
 * follow.
 */
function randomEdits(seed: number, count: number): readonly Edit[] {
  const wide = (mode: ModeCase | 'absent'): Json | undefined => (mode === 'absent' ? undefined : peerSpec(mode));
  const namespace = fc.constantFrom(...parentModes).map(peerNamespace);
  const edit = fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .constantFrom(...parentModes)
        .map((mode): Edit => ({ namespace: root, name: 'mesh', spec: wide(mode) })),
    },
    {
      weight: 4,
      arbitrary: fc
        .record({ namespace, mode: fc.constantFrom(...parentModes) })
        .map(({ mode, ...at }): Edit => ({ ...at, name: 'wide', spec: wide(mode) })),
    },
    {
      weight: 4,
      arbitrary: fc
        .record({ namespace, from: fc.constantFrom(...workloadCases), to: fc.constantFrom(...workloadCases) })
        .map(({ from, to, ...at }): Edit => ({
          ...at,
          name: from.app,
          spec: { ...to.spec, selector: { matchLabels: { app: from.app } } },
        })),
    },
  );
  return fc.sample(edit, { seed, numRuns: count });
}
