import { records, type Json } from '../../../../json.ts';
import { spend } from '../../../../../base/effort.ts';
import { memoize } from '../../../../../base/memoize.ts';
import type { RequestAuthentication } from '../../types.ts';
import { critical, type Problem } from '../problem.ts';
import { coverage } from '../selection.ts';
import { asksForToken } from '../translate.ts';
import { serviceTitle, titleOf, type ConfigObject, type Original } from '../world.ts';
import { isEnforcedFor, neighbours, type ExitWorld, type Served } from './served.ts';

/** What a rule does with a token that it has found valid, and not which ones it does. */
const effects: ReadonlySet<string> = new Set(['forwardOriginalToken', 'outputPayloadToHeader', 'outputClaimToHeaders']);

function outputs(rule: Json): boolean {
  return rule['outputPayloadToHeader'] !== undefined || records(rule['outputClaimToHeaders']).length > 0;
}

/** Which tokens a RequestAuthentication takes, one text for each of its rules; each Service asks. */
const tokensOf = memoize(
  ({ object }: Original<RequestAuthentication>): ReadonlySet<string> =>
    new Set(
      records(object.spec['jwtRules']).map((rule) =>
        JSON.stringify(
          Object.entries(rule)
            .filter(([field]) => !effects.has(field))
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        ),
      ),
    ),
);

/** Whether one of these takes each token that the other one does. */
function takeAll(here: readonly ReadonlySet<string>[], other: ReadonlySet<string>): boolean {
  for (const token of other) {
    spend((1 + here.length) / 8);
    if (!here.some((tokens) => tokens.has(token))) return false;
  }
  return true;
}

/** The RequestAuthentications that a waypoint applies to a Service. */
export function tokenRulesAt(served: Served, world: ExitWorld): readonly Original<RequestAuthentication>[] {
  spend(world.requestAuthentications.length / 2);
  return world.requestAuthentications.filter(({ policy }) => isEnforcedFor(policy, served, world));
}

/**
 * A token that a waypoint takes for nothing must not begin to count: the proof asks whether a request has a valid
 * token, and not whose. At a sidecar the rules of all Services of its pods hold, and those that select the pods.
 */
function newTokens(served: Served, world: ExitWorld): readonly Problem[] {
  const here = tokenRulesAt(served, world);
  const selecting = world.requestAuthentications.filter(
    ({ policy }) => policy.targetRefs.length === 0 && coverage(policy, served.service, world.workloads) !== 'None',
  );
  const others = neighbours(served, world).flatMap((other) => tokenRulesAt(other, world));
  return [...new Set([...selecting, ...others])]
    .filter((original) => !here.includes(original) && !takeAll(here.map(tokensOf), tokensOf(original)))
    .map(({ object }) =>
      critical(
        titleOf(object),
        'spec.jwtRules',
        `sidecars would take its tokens for ${serviceTitle(served.service)} too, whose waypoint does not`,
        'Let a RequestAuthentication with the same jwtRules have the Service among its targetRefs, or remove this one.',
      ),
    );
}

/**
 * Envoy takes headers that hold claims out of a request that comes in, so that nobody can invent them, and sets them
 * from the token. A sidecar behind a waypoint that kept the token would take out those that the waypoint has set.
 */
const lostClaims = memoize((original: Original<RequestAuthentication>): readonly Problem[] => {
  const lost = records(original.object.spec['jwtRules']).findIndex(
    (rule) => outputs(rule) && rule['forwardOriginalToken'] !== true,
  );
  return lost < 0
    ? []
    : [
        critical(
          titleOf(original.object),
          `spec.jwtRules[${lost}]`,
          'sidecars behind the waypoint would take the headers with claims out again, because the waypoint keeps the token from them',
          'Set forwardOriginalToken: true in the rule before the migration.',
        ),
      ];
});

/** Whether a waypoint takes some token of it out of requests. */
const keepsTokens = memoize(({ spec }: ConfigObject) =>
  records(spec['jwtRules']).some((rule) => rule['forwardOriginalToken'] !== true),
);

/**
 * A policy that selects the pods and refuses requests without a token, where the waypoint takes the token out of those
 * that it lets through.
 */
function keptTokens(served: Served, world: ExitWorld): readonly Problem[] {
  const keeps = tokenRulesAt(served, world).some(({ object }) => keepsTokens(object));
  if (!keeps) return [];
  return world.policies
    .filter(({ policy }) => coverage(policy, served.service, world.workloads) !== 'None' && asksForToken(policy, world))
    .map(({ object }) =>
      critical(
        titleOf(object),
        'spec.rules',
        `sidecars behind the waypoint of ${serviceTitle(served.service)} would refuse what comes through it: the waypoint takes the token out of the request`,
        'Set forwardOriginalToken: true in the RequestAuthentication of the waypoint before the migration.',
      ),
    );
}

/** What of the tokens would not be as it is. */
export function tokenProblems(world: ExitWorld): readonly Problem[] {
  return world.served.flatMap((served) => [
    ...tokenRulesAt(served, world).flatMap(lostClaims),
    ...newTokens(served, world),
    ...keptTokens(served, world),
  ]);
}
