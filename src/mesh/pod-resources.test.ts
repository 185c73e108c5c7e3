import { describe, expect, it } from '@jest/globals';
import { podAsks } from './pod-resources.ts';
import { quantity, thousandths } from './quantity.ts';
import { costOf } from '../../test/support/cost.ts';

describe('a quantity', () => {
  it.each([
    ['100m', 100],
    ['1', 1000],
    [2, 2000],
    ['0.5', 500],
    ['.5', 500],
    ['1.', 1000],
    ['1k', 1e6],
    ['1Ki', 1_024_000],
    ['128Mi', 134_217_728_000],
    ['1e3', 1e6],
    ['2E-1', 200],
    ['1E', 1e21],
    ['1Gi', 1_073_741_824_000],
    ['-1', -1000],
  ])('%s is read', (value, expected) => {
    expect(thousandths(value)).toBe(expected);
  });

  it.each(['', 'x', '1x', '1 Gi', '1mi', undefined, null, {}])('%j is none', (value) => {
    expect(thousandths(value)).toBeUndefined();
  });

  it.each(['100m', '2', '1500m', '128Mi', '0'])('%s is shown as it was written', (value) => {
    expect(quantity(thousandths(value) ?? NaN)).toBe(value);
  });
});

describe('what a pod asks for', () => {
  const cpu = (requests: string | undefined, limits?: string): object => ({
    resources: {
      ...(requests !== undefined && { requests: { cpu: requests } }),
      ...(limits !== undefined && { limits: { cpu: limits } }),
    },
  });

  it.each<[string, object, number]>([
    ['is that of all containers', { containers: [cpu('100m'), cpu('200m')] }, 300],
    ['is the limit where no request is said', { containers: [cpu(undefined, '1')] }, 1000],
    ['is that of an init container that needs more', { initContainers: [cpu('1')], containers: [cpu('200m')] }, 1000],
    [
      'includes sidecars',
      { initContainers: [{ ...cpu('50m'), restartPolicy: 'Always' }], containers: [cpu('200m')] },
      250,
    ],
    [
      'includes sidecars beside a later init container',
      { initContainers: [{ ...cpu('50m'), restartPolicy: 'Always' }, cpu('1')], containers: [cpu('200m')] },
      1050,
    ],
    ['is what the pod says as a whole', { resources: { requests: { cpu: '2' } }, containers: [cpu('200m')] }, 2000],
    ['is nothing where nothing is said', { containers: [{}] }, 0],
    ['is nothing of an odd spec', { containers: 'x', initContainers: [{ resources: { requests: { cpu: {} } } }] }, 0],
  ])('%s', (_what, spec, expected) => {
    expect(podAsks(spec as never).requests['cpu'] ?? 0).toBe(expected);
  });

  it.each(['containers', 'initContainers'])('is added up in proportion to what is written: %s', (field) => {
    const many = Array.from({ length: 4000 }, (_, index) => ({
      restartPolicy: 'Always',
      resources: { limits: { [`example.com/r${index}`]: '1' } },
    }));
    let asked: readonly string[] = [];
    const cost = costOf(() => {
      asked = Object.keys(podAsks({ [field]: many }).requests);
    });

    expect(asked).toHaveLength(4000);
    // Everything made anew for each container takes ten seconds.
    expect(cost).toBeLessThan(150);
  });
});
