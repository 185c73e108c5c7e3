import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parsePolicy } from '../../../../src/mesh/istio/policy/parse.ts';
import { envoyRules } from '../../../../src/mesh/istio/policy/sidecar.ts';
import type { AuthorizationPolicy } from '../../../../src/mesh/istio/policy/types.ts';
import { unloadable } from '../../../../src/mesh/istio/policy/unloadable.ts';
import { stagePolicyOptions } from '../authorizers.ts';
import { renderRule } from '../render-rbac.ts';
import type { PolicySet } from './config.ts';
import { TestProxy } from './proxy.ts';

const segments = [
  '',
  'a',
  '{*}',
  '{**}',
  '%41',
  '%',
  '~a',
  '=',
  'a:b',
  '.',
  '..',
  '@',
  '(a)',
  ';',
  "'",
  '!',
  '$',
  '&',
  ',',
  '+',
  'a*',
];
const leads = ['', '/', '//', '///'];
const tails = ['', '/', '//'];

/** Every combination of segments around a template, of slashes in front and behind, and lengths around the bound. */
function templates(): readonly string[] {
  const bodies = segments.flatMap((segment) =>
    ['{*}', '{**}'].flatMap((operator) => [
      `${segment}/${operator}`,
      `${operator}/${segment}`,
      `{*}/${segment}/${operator}`,
    ]),
  );
  const long = [100, 126, 127, 128, 129, 300].flatMap((count) => [
    `/${Array.from({ length: count }, () => '{*}').join('/')}`,
    `/${'a'.repeat(2 * count)}/{**}`,
  ]);
  return [
    ...new Set(
      ['{*}', '{**}', ...bodies].flatMap((body) =>
        leads.flatMap((lead) => tails.map((tail) => `${lead}${body}${tail}`)),
      ),
    ),
    ...long,
  ];
}

const keys = [
  'request.headers[a\nb]',
  'request.headers[\u0000]',
  'request.headers[a\r]',
  'request.headers[a b]',
  'request.headers[é]',
  'request.headers[:x]',
  'request.auth.claims[a][]',
  'request.auth.claims[][a]',
  'request.auth.claims[ ]',
  'request.auth.claims[[]]',
];

function policyOf(rule: unknown): readonly AuthorizationPolicy[] {
  const { policy, problems } = parsePolicy({
    kind: 'AuthorizationPolicy',
    namespace: 'home',
    name: 'it',
    annotations: {},
    spec: { rules: [rule] },
  });
  return policy?.kind !== 'AuthorizationPolicy' || problems.some(({ rejected }) => rejected) ? [] : [policy];
}

function setOf(policies: readonly AuthorizationPolicy[]): PolicySet {
  const rules = policies.flatMap((policy, index) =>
    envoyRules(policy, 'http', stagePolicyOptions).map((rule) => [`${index}`, renderRule(rule, 'connection')] as const),
  );
  return { name: 'loadable', allow: { action: 'ALLOW', policies: Object.fromEntries(rules) } };
}

/**
 * Envoy starts again for each policy that it refuses, so only some of them are tried; those that it takes are tried all
 * at once.
 */
const tried = 60;

/** What istiod's webhook takes and Envoy does not is what the model says. */
export async function checkLoadable(seed: number, signal: AbortSignal): Promise<void> {
  const policies = [
    ...templates().map((path) => ({ to: [{ operation: { paths: [path] } }] })),
    ...keys.map((key) => ({ when: [{ key, values: ['a'] }] })),
  ].flatMap(policyOf);
  const isGood = (policy: AuthorizationPolicy): boolean => unloadable(policy, stagePolicyOptions).length === 0;
  const [good, bad] = [policies.filter(isGood), policies.filter((policy) => !isGood(policy))];
  assert.ok(
    good.length > 100 && bad.length > 100,
    `${good.length} rules are for Envoy to take and ${bad.length} to refuse: too few to say anything`,
  );
  assert.equal(
    await TestProxy.accepts([setOf(good)], signal),
    true,
    'Envoy refuses a rule that the model takes for good',
  );
  for (const policy of fc
    .sample(fc.shuffledSubarray(bad, { minLength: tried, maxLength: tried }), { seed, numRuns: 1 })
    .flat()) {
    assert.equal(
      await TestProxy.accepts([setOf([policy])], signal),
      false,
      `Envoy takes what the model says it refuses: ${unloadable(policy, stagePolicyOptions).join(', ')}`,
    );
  }
}
