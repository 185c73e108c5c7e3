import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KubeObject } from '../../../../src/api/object.ts';
import { unloadable } from '../../../../src/mesh/istio/policy/unloadable.ts';
import { arbitraryPolicy } from '../arbitrary-policy.ts';
import { parseObject, type Differential } from '../differential.ts';
import type { Disagreement } from '../disagreement.ts';
import { stagePolicyOptions } from '../authorizers.ts';
import { surface, type StageNode } from '../stage.ts';
import { homes } from '../stage-options.ts';
import { compareVerdicts } from './compare-verdicts.ts';
import { checkLoadable } from './loadable.ts';
import { proxyPorts, TestProxy, type ProxyPorts } from './proxy.ts';
import { judgedSets, sentRules } from './sets.ts';

const policyCount = 300;
const requestsPerSet = 30;

/** What came of the comparison. */
export interface EnvoyResult {
  readonly policies: number;
  readonly requests: number;
  readonly disagreements: readonly Disagreement[];
  readonly objects: ReadonlyMap<string, KubeObject>;
}

/**
 * Puts the rules that istiod generates for a sidecar into a real Envoy, sends it requests, and compares its answers
 * with our verdicts. Covered: identities of mTLS and none, addresses of the peer and of X-Forwarded-For, ports, hosts,
 * methods, paths with templates, headers, verified tokens with claims, ALLOW and DENY alone and together, CUSTOM with a
 * provider that istiod does not know. Not covered: plain TCP, server names, metadata of other filters, external
 * authorizers that are asked.
 */
export async function compareWithEnvoy(
  differential: Differential,
  node: StageNode,
  seed: number,
  signal: AbortSignal,
): Promise<EnvoyResult> {
  await checkLoadable(seed, signal);
  const ports = await proxyPorts();
  const { policies, objects, disagreements: told } = await differential.run(policiesForProxy(ports, seed));
  const sets = judgedSets(
    policies.filter(({ namespace }) => namespace === homes.home),
    sentRules(node),
  );
  const proxy = await TestProxy.start(
    ports,
    sets.map(({ set }) => set),
    signal,
  );
  try {
    const { allowed, refused, disagreements } = await compareVerdicts(proxy, sets, ports, seed, requestsPerSet);
    const requests = allowed + refused;
    assert.ok(
      Math.min(allowed, refused) > requests / 5,
      `${allowed} of ${requests} requests were allowed: too few of one kind to say anything`,
    );
    return {
      policies: sets.flatMap(({ policies: members }) => (members.length === 1 ? members : [])).length,
      requests,
      disagreements: [...told, ...disagreements],
      objects,
    };
  } finally {
    await proxy.stop();
  }
}

/**
 * Policies that all sidecars of the namespace read, about the ports of the proxy; without those that istiod or Envoy
 * refuses.
 */
function policiesForProxy(ports: ProxyPorts, seed: number): readonly KubeObject[] {
  const objects = fc
    .sample(arbitraryPolicy(surface), { seed, numRuns: policyCount })
    .map(({ spec: { rules, action }, annotations }, index) => ({
      metadata: { namespace: homes.home, name: `p-${index}`, annotations },
      spec: {
        ...(rules !== undefined && { rules: renumber(rules, ports) }),
        ...((action === 'ALLOW' || action === 'DENY') && { action }),
        ...(action === 'CUSTOM' && { action, provider: { name: 'gone' } }),
      },
    }));
  return objects.filter((object) => {
    const { policy, problems } = parseObject(object);
    return (
      problems.length === 0 &&
      policy?.kind === 'AuthorizationPolicy' &&
      unloadable(policy, stagePolicyOptions).length === 0
    );
  });
}

/** The ports of the generated policies that nobody listens on, as those of the proxy. */
function renumber(rules: unknown, { tls, plain }: ProxyPorts): unknown {
  return JSON.parse(
    JSON.stringify(rules).replaceAll('"8080"', `"${tls}"`).replaceAll('"443"', `"${plain}"`),
  ) as unknown;
}
