import { describe, expect, it } from '@jest/globals';
import { config, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import { bounded, stepsTaken } from '../../../base/effort.ts';
import { mostSteps } from '../../effort-limits.ts';
import type { ConfigView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { judgedPolicies } from './misread.ts';

function many(size: number, spec: (index: number) => Readonly<Record<string, unknown>>): readonly ConfigView[] {
  return Array.from({ length: size }, (_, index) =>
    config('AuthorizationPolicy', spec(index), { name: `p${index}`, uid: `p${index}` }),
  );
}

/** Each by callers, hosts and addresses, so that it takes long to tell how it is read. */
const dear = (index: number): Readonly<Record<string, unknown>> => ({
  action: 'DENY',
  rules: Array.from({ length: 3 }, (_, at) => ({
    from: [{ source: { namespaces: [`a*b${index}-${at}`], ipBlocks: ['10.0.0.0/8'] } }],
    to: [{ operation: { methods: ['GET'], paths: [`/p${index}/*`, `*/s${at}`] } }],
  })),
});

describe('a namespace of thousands of small policies', () => {
  const given = surroundings({}, many(1200, dear));

  it('is judged within the steps of a look, and each policy of it', () => {
    const before = stepsTaken();
    const judged = bounded(mostSteps, () => judgedPolicies(given));

    expect(judged).toMatchObject({ kind: 'Done' });
    expect(judged.kind === 'Done' && judged.value.length).toBe(1200);
    expect(judged.kind === 'Done' && judged.value.every(({ planes }) => planes.ztunnel.effect === 'FailsOpen')).toBe(
      true,
    );
    expect(stepsTaken() - before).toBeLessThan(2_000_000);
  });

  it('is told of as that, and not of its Services', () => {
    expect(istio.findings(given, 'Start')).toContainEqual(
      expect.objectContaining({
        id: 'MM119',
        object: 'Namespace shop',
        message: expect.stringContaining('most of it are 1200 AuthorizationPolicies') as unknown,
      }),
    );
  });
});
