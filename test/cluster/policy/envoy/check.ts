import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KubeObject } from '../../../../src/api/object.ts';
import { defaultOptions } from '../../../../src/mesh/istio/policy/options.ts';
import { parsePolicy } from '../../../../src/mesh/istio/policy/parse.ts';
import { envoyRules } from '../../../../src/mesh/istio/policy/sidecar.ts';
import { arbitraryPolicy } from '../arbitrary-policy.ts';
import { parseObject, type Differential } from '../differential.ts';
import type { Disagreement } from '../disagreement.ts';
import { renderRule } from '../render-rbac.ts';
import { homes, surface, type StageNode } from '../stage.ts';
import { compareVerdicts } from './compare-verdicts.ts';
import type { PolicySet } from './config.ts';
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
 * Puts the rules that istiod generates for a sidecar into a real Envoy, sends it requests, and compares its answers with our
 * verdicts. Covered: identities of mTLS and none, addresses of the peer and of X-Forwarded-For, ports, hosts, methods, paths with
 * templates, headers, verified tokens with claims, ALLOW and DENY alone and together. Not covered: plain TCP, server names, metadata of
 * other filters, external authorizers.
 */
export async function compareWithEnvoy(differential: Differential, node: StageNode, seed: number, signal: AbortSignal): Promise<EnvoyResult> {
  await checkTemplates(signal);
  const ports = await proxyPorts();
  const { policies, objects, disagreements: told } = await differential.run(policiesForProxy(ports, seed));
  const sets = judgedSets(policies.filter(({ namespace }) => namespace === homes.home), sentRules(node));
  const proxy = await TestProxy.start(ports, sets.map(({ set }) => set), signal);
  try {
    const { allowed, refused, disagreements } = await compareVerdicts(proxy, sets, ports, seed, requestsPerSet);
    const requests = allowed + refused;
    assert.ok(Math.min(allowed, refused) > requests / 5, `${allowed} of ${requests} requests were allowed: too few of one kind to say anything`);
    return { policies: sets.flatMap(({ policies: members }) => (members.length === 1 ? members : [])).length, requests, disagreements: [...told, ...disagreements], objects };
  } finally {
    await proxy.stop();
  }
}

/** Policies that all sidecars of the namespace read, about the ports of the proxy; without those that istiod or Envoy refuses. */
function policiesForProxy(ports: ProxyPorts, seed: number): readonly KubeObject[] {
  const objects = fc.sample(arbitraryPolicy(surface), { seed, numRuns: policyCount }).map(({ spec: { rules, action }, annotations }, index) => ({
    metadata: { namespace: homes.home, name: `p-${index}`, annotations },
    spec: { ...(rules !== undefined && { rules: renumber(rules, ports) }), ...((action === 'ALLOW' || action === 'DENY') && { action }) },
  }));
  return objects.filter((object) => parseObject(object).problems.length === 0);
}

/** The ports of the generated policies that nobody listens on, as those of the proxy. */
function renumber(rules: unknown, { tls, plain }: ProxyPorts): unknown {
  return JSON.parse(JSON.stringify(rules).replaceAll('"8080"', `"${tls}"`).replaceAll('"443"', `"${plain}"`)) as unknown;
}

/** Templates that istiod takes and Envoy does not are those that the parser warns of. */
async function checkTemplates(signal: AbortSignal): Promise<void> {
  for (const path of ['{*}', '{**}', 'a/{*}', '/{*}', '/a/{**}', '/a/{*}/', '/{**}/b']) {
    const spec = { rules: [{ to: [{ operation: { paths: [path] } }] }] };
    const { policy, problems } = parsePolicy({ kind: 'AuthorizationPolicy', namespace: homes.home, name: 'template', annotations: {}, spec });
    assert.ok(policy?.kind === 'AuthorizationPolicy');
    const rules = envoyRules(policy, 'http', defaultOptions).map((rule) => [rule.name, renderRule(rule, 'connection')] as const);
    const set: PolicySet = { name: 'template', allow: { action: 'ALLOW', policies: Object.fromEntries(rules) } };
    assert.equal(await TestProxy.accepts([set], signal), problems.length === 0, `whether Envoy accepts the template ${path}`);
  }
}
