import fc from 'fast-check';
import type { Request } from '../../../../src/requests/semantics.ts';
import { verdict } from '../../../../src/requests/verdict.ts';
import { inLanes } from '../apply.ts';
import type { Disagreement } from '../disagreement.ts';
import type { ProxyPorts, TestProxy } from './proxy.ts';
import { arbitraryRequest } from './requests.ts';
import type { JudgedSet } from './sets.ts';

/** What came of it. */
export interface VerdictResult {
  readonly allowed: number;
  readonly refused: number;
  readonly disagreements: readonly Disagreement[];
}

/** Sends requests to the proxy for each set, and compares its answers with our verdicts. */
export async function compareVerdicts(
  proxy: TestProxy,
  sets: readonly JudgedSet[],
  ports: ProxyPorts,
  seed: number,
  perSet: number,
): Promise<VerdictResult> {
  const requests = fc.sample(arbitraryRequest(ports), { seed, numRuns: sets.length * perSet });
  const cases = requests.flatMap((request, index) => {
    const judged = sets[Math.floor(index / perSet)];
    return judged === undefined
      ? []
      : [{ judged, request, expected: verdict(judged.readings, request).allowed ? 200 : 403 }];
  });
  const answers = await inLanes(cases, async ({ judged, request }) => await proxy.answer(judged.set.name, request));
  const disagreements = cases.flatMap(({ judged, request, expected }, index) =>
    answers[index] === expected ? [] : [describe(judged, request, expected, answers[index])],
  );
  return {
    allowed: answers.filter((status) => status === 200).length,
    refused: answers.filter((status) => status === 403).length,
    disagreements,
  };
}

function describe(
  { policies }: JudgedSet,
  request: Request,
  expected: number,
  answer: number | undefined,
): Disagreement {
  const [only, ...others] = policies.map(({ namespace, name }) => `${namespace}/${name}`);
  const together = others.length === 0 ? '' : ` with ${others.join(' and ')}`;
  return { policy: only ?? '', where: `Envoy on ${JSON.stringify(request)}${together}`, sent: answer, model: expected };
}
