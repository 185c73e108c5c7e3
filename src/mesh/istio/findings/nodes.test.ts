import { describe, expect, it } from '@jest/globals';
import { agents, among, node, uncovered } from '../../../../test/support/node-examples.ts';
import { mesh, pod, workload } from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import { placementOf } from '../../placement.ts';
import { istio } from '../adapter.ts';
import { stepsTaken } from '../../../base/effort.ts';

function messages(given: Surroundings): readonly string[] {
  return istio
    .findings(given, 'Start')
    .filter(({ id }) => id === 'MM125')
    .map(({ object, message }) => `${object} ${message}`);
}

const [a, b] = [node('a-1', 'a'), node('b-1', 'b')];
const everything = { tolerations: [{ operator: 'Exists' }] };
const onlyA = { nodeSelector: { pool: 'a' } };

describe('nodes without an agent of the mesh', () => {
  it('are named with what is not meant for them', () => {
    expect(messages(uncovered)).toEqual([
      expect.stringMatching(
        /^Deployment shop\/web its pods may run on b-1, for which DaemonSet istio-system\/ztunnel is not meant/,
      ),
    ]);
  });

  it('are counted where there are many', () => {
    const many = Array.from({ length: 20 }, (_, n) => node(`b-${n}`, 'b'));

    expect(messages(among([a, ...many], agents(onlyA, onlyA)))).toEqual([
      expect.stringMatching(
        / b-0, b-1, b-2, 17 more nodes, for which DaemonSet .*istio-cni-node, DaemonSet .*ztunnel /,
      ),
    ]);
  });

  it.each<readonly [string, Surroundings]>([
    ['the DaemonSet tolerates all, and is for all', among([a, b], agents())],
    ['the template keeps its pods from there', among([a, b], agents(everything, onlyA), onlyA)],
    ['the node gets a taint', among([a, node('b-1', 'b', ['mesh=no:NoSchedule'])], agents(everything, onlyA))],
  ])('are no finding any more once %s', (_, mended) => {
    expect(messages(mended)).toEqual([]);
  });

  it('hold the labels, and the restart of that workload only', () => {
    const pinned = workload({ name: 'pinned', uid: 'pinned', ...placementOf(onlyA) });
    const given = { ...uncovered, itinerary: 'L4' as const, workloads: [...uncovered.workloads, pinned] };
    const [web] = given.workloads;

    expect(istio.unready(given)?.finding.id).toBe('MM125');
    expect(web && istio.unfit(given, web)?.finding.id).toBe('MM125');
    expect(istio.unfit(given, pinned)).toBeUndefined();
  });

  it('are told at rest, as no more than a Warning', () => {
    const atRest = istio.findings({ ...uncovered, itinerary: 'L4' }, 'AtRest').filter(({ id }) => id === 'MM125');

    expect(atRest.map(({ severity }) => severity)).toEqual(['Warning']);
  });

  it('cost no more than a look may take: what is not told may run anywhere', () => {
    const values = Array.from({ length: 200 }, (_, n) => ({ key: `pool`, operator: 'NotIn', values: [`x${n}`] }));
    const podSpec = (name: string): Readonly<Record<string, unknown>> => ({
      nodeSelector: { pool: 'a', name },
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: values }] },
        },
      },
    });
    const workloads = Array.from({ length: 100 }, (_, n) =>
      workload({ name: `w${n}`, uid: `w${n}`, ...placementOf(podSpec(`w${n}`)) }),
    );
    const nodes = Array.from({ length: 1000 }, (_, n) => node(`b-${n}`, 'b'));
    const given = among([a, ...nodes], agents(onlyA, onlyA), {}, { workloads, pods: [pod()] });
    const before = stepsTaken();

    expect(messages(given).length).toBeGreaterThan(90);
    expect(stepsTaken() - before).toBeLessThan(20_000_000);
  });

  it('are asked of a mesh in which no component is found only by what says that', () => {
    expect(messages({ ...uncovered, mesh: mesh(uncovered.mesh.configs('Node'), []) })).toEqual([]);
  });
});
