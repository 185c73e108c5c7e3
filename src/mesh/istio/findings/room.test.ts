import { describe, expect, it } from '@jest/globals';
import { config, namespace, surroundings, workload } from '../../../../test/support/mesh-fixtures.ts';
import { mostWorkloads } from '../../../api/namespace-migration.ts';
import type { Finding } from '../../../api/common.ts';
import { istio } from '../adapter.ts';
import { heldBefore } from './held-before.ts';
import { mostHeldBefore } from '../../others.ts';

const leavesPort = { 'traffic.sidecar.istio.io/excludeInboundPorts': '9090' };

/** A namespace that goes to ambient, of so many workloads. */
function of(count: number, annotations: Readonly<Record<string, string>> = {}): ReturnType<typeof surroundings> {
  return surroundings(
    {
      namespace: namespace(),
      workloads: Array.from({ length: count }, (_, index) =>
        workload({ name: `w${index}`, uid: `u${index}`, templateAnnotations: annotations }),
      ),
    },
    [config('AuthorizationPolicy', { action: 'DENY', rules: [{ to: [{ operation: { ports: ['9090'] } }] }] })],
  );
}

function found(given: ReturnType<typeof surroundings>): Finding | undefined {
  return istio.findings(given, 'Start').find(({ id }) => id === 'MM146');
}

describe('what there is no room for', () => {
  it('is a workload more than a record holds', () => {
    expect(found(of(mostWorkloads))).toBeUndefined();
    expect(found(of(mostWorkloads + 1))).toMatchObject({
      severity: 'Critical',
      message: expect.stringContaining(`has ${mostWorkloads + 1} workloads`) as unknown,
    });
  });

  it('is a mark more than a journal holds, which is a Warning', () => {
    const [few, many] = [of(200, leavesPort), of(600, leavesPort)];

    expect(heldBefore(few).length).toBeLessThan(mostHeldBefore);
    expect(found(few)).toBeUndefined();
    expect(heldBefore(many)).toHaveLength(mostHeldBefore);
    expect(found(many)).toMatchObject({ severity: 'Warning' });
  });
});
